"""Kubernetes objects as Pulumi resources: check, diff, create, read, update, delete, on a real API server.

Done as pulumi-kubernetes does it: automatic names and default namespaces, previews by dry run, replacement
where Kubernetes allows no change, deletion that waits until the object is gone. Different from it:

- objects are created by server-side apply too, where the plugin posts them and takes the fields over later;
- unknown fields are refused, where the plugin lets the server warn;
- nothing waits for a workload to become ready, because there are no nodes; a Service of type LoadBalancer
  gets the host name that a cloud's controller would write into its status.

Without a server the inputs are the outputs, and nothing is kept.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engine.kubernetes import changes, naming
from tests.engine.kubernetes.api import Api, Kind, NoKind, Refused
from tests.engine.kubernetes.values import UNKNOWN, Secret, as_secret_as, has_unknown, plain

MANAGER = "__fieldManager"
INPUTS = "__inputs"
FIRST_VERSION = "__initialApiVersion"
INTERNAL = (INPUTS, MANAGER, FIRST_VERSION)
SERVER_FIELDS = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "resourceVersion", "uid",
)  # fmt: skip
"""Of `metadata`, what nobody may set."""
WAIT = "TRADEWIND_KUBERNETES_SECONDS"
"""Variable with the time limit of a deletion; by default a minute, the plugin's own is ten."""
TRIES = 6


class Failed(Exception):
    """What the engine shows of an operation that failed."""


@dataclass(frozen=True)
class Change:
    """A diff's outcome: `places` by path as the engine writes it, each `add`, `delete` or `update`."""

    places: Mapping[str, str] = field(default_factory=dict)
    replacing: frozenset[str] = frozenset()
    delete_first: bool = False


@dataclass(frozen=True)
class Objects:
    """`settings` are the provider's; `namespace` is where objects go that name none."""

    api: Api | None
    settings: Mapping[str, Any]
    namespace: str

    def check(self, urn: str, olds: dict[str, Any], news: dict[str, Any], seed: bytes, proposed: str) -> Any:
        """The inputs with a name and a namespace. `olds` are the inputs of last time, empty at first."""
        if naming.is_list(urn):
            raise Failed("a list cannot be a resource: declare what it lists")
        checked = dict(news)
        meta = dict(plain(news.get("metadata")) or {}) if news.get("metadata") != UNKNOWN else None
        if meta is None:
            return checked
        given = news["metadata"] if isinstance(news.get("metadata"), dict) else {}
        meta = {key: given.get(key, value) for key, value in meta.items() if key not in SERVER_FIELDS}
        if not meta.get("name"):
            if naming.is_patch(urn, news.get("kind", "")):
                raise Failed("a Patch resource must name the object in `.metadata.name`")
            if meta.get("generateName"):
                raise Failed("`.metadata.generateName` does not go together with server-side apply")
            old = plain(olds)
            autonamed = naming.is_autonamed(old)
            meta["name"] = old["metadata"]["name"] if autonamed else proposed or naming.unique(urn, seed)
            meta["annotations"] = {**(meta.get("annotations") or {}), naming.AUTONAMED: "true"}
        checked["metadata"] = meta
        if naming.namespaced(self.api, plain(checked)):
            meta["namespace"] = meta.get("namespace") or self.namespace
        else:
            meta.pop("namespace", None)
        return as_secret_as(checked, news)

    def diff(
        self, urn: str, state: dict[str, Any], old_inputs: dict[str, Any], news: dict[str, Any]
    ) -> Change:
        """Changes from the object as last seen, where the inputs of last time had a say, to `news`."""
        old, new, live = plain(old_inputs), plain(news), plain(state)
        if self.api is not None:
            seen = {key: value for key, value in live.items() if key not in INTERNAL}
            old = changes.as_live(old, _with_string_data(seen, old))
        patch = naming.is_patch(urn, new.get("kind", ""))
        fixed = changes.ALWAYS if patch else changes.fixed(new, dict(self.settings))
        places, replacing = {}, set()
        for path, how in changes.differences(old, new):
            places[changes.text(path)] = how
            if changes.replaces(path, fixed):
                replacing.add(changes.text(path))
        meta, before = new.get("metadata", {}), live.get("metadata", {})
        same_place = all(meta.get(key) == before.get(key) for key in ("name", "namespace"))
        delete_first = bool(replacing) and same_place and not naming.is_autonamed(new)
        return Change(places, frozenset(replacing), delete_first)

    def create(self, urn: str, inputs: dict[str, Any], *, preview: bool) -> tuple[str, dict[str, Any]]:
        """Id and state; the id is empty in a preview."""
        thing = _dashed(plain(inputs))
        if self.api is None:
            return ("" if preview else naming.identity(thing)), inputs
        patch = naming.is_patch(urn, thing["kind"])
        if preview and (has_unknown(inputs) or patch or not self._served(thing)):
            return "", inputs
        manager = _note(thing, "patchFieldManager") or f"pulumi-kubernetes-{secrets.token_hex(4)}"
        try:
            live = self._put(
                thing, manager, preview=preview, may_exist=patch or self._is_set("upsertExistingObjects")
            )
        except (Refused, NoKind) as error:
            if (
                preview
                and isinstance(error, Refused)
                and error.reason in ("AlreadyExists", "NotFound", "Forbidden")
            ):
                return "", inputs
            raise Failed(f"resource {urn} was not created: {_said(error, manager)}") from None
        if preview:
            live.pop("status", None)
        return ("" if preview else naming.identity(live)), state_of(inputs, live, manager)

    def read(self, identity: str, inputs: dict[str, Any], state: dict[str, Any], type_: str) -> Any:
        """`(inputs, state)` as they are now, or None where the object is gone."""
        if self.api is None:
            return inputs, state
        wanted = plain(inputs) or plain(state) or _imported(type_)
        namespace, name = naming.parts(identity)
        try:
            live = self.api.find(self.api.of(wanted), namespace, name)
        except NoKind:
            return None
        if live is None:
            return None
        given = _dashed(plain(inputs))
        if inputs:
            seen = changes.as_live(given, _with_string_data(live, given))
        else:
            seen = _without_server_fields(live)
        seen = as_secret_as(_underscored(seen), inputs)
        return seen, state_of(
            seen, live, str(plain(state).get(MANAGER) or f"pulumi-kubernetes-{secrets.token_hex(4)}")
        )

    def update(
        self, urn: str, state: dict[str, Any], news: dict[str, Any], *, preview: bool
    ) -> dict[str, Any]:
        thing = _dashed(plain(news))
        if self.api is None or (preview and (has_unknown(news) or not self._served(thing))):
            return news
        manager = _note(thing, "patchFieldManager") or str(plain(state)[MANAGER])
        try:
            if self.api.find(self.api.of(thing), *naming.parts(naming.identity(thing))) is None:
                raise Failed(
                    f"resource {urn} was not updated: {naming.identity(thing)} is no longer in the cluster"
                )
            live = self.api.apply(thing, manager=manager, force=self._force(thing), preview=preview)
        except (Refused, NoKind) as error:
            raise Failed(f"resource {urn} was not updated: {_said(error, manager)}") from None
        return state_of(news, live, manager)

    def delete(self, urn: str, identity: str, state: dict[str, Any], seconds: float) -> None:
        """Returns when the object is gone; raises `Failed` with what keeps it when that takes too long."""
        if self.api is None:
            return
        live = plain(state)
        namespace, name = naming.parts(identity)
        try:
            kind = self.api.of(live)
            if naming.is_patch(urn, kind.kind):
                bare = {key: live[key] for key in ("apiVersion", "kind")}
                meta = {"name": name, **({"namespace": namespace} if namespace else {})}
                if self.api.find(kind, namespace, name):
                    self.api.apply({**bare, "metadata": meta}, manager=str(live[MANAGER]))
                return
            policy = _note(live, "deletionPropagationPolicy").capitalize() or "Foreground"
            if self.api.delete(kind, namespace, name, propagation=policy):
                self._wait_until_gone(kind, namespace, name, live["metadata"].get("uid"), seconds)
        except NoKind:
            return
        except Refused as error:
            raise Failed(f"resource {urn} was not deleted: {error}") from None

    def _put(self, thing: dict[str, Any], manager: str, *, preview: bool, may_exist: bool) -> dict[str, Any]:
        """Apply, again for a while where a namespace or a definition is only just being made."""
        assert self.api
        for attempt in range(TRIES):
            try:
                kind = self.api.of(thing)
                name = thing["metadata"]["name"]
                if not may_exist and self.api.find(kind, thing["metadata"].get("namespace", ""), name):
                    raise Refused(409, "AlreadyExists", f'{kind.plural} "{name}" already exists')
                # A preview of something new always takes what it needs: there is no state to lose.
                live = self.api.apply(
                    thing, manager=manager, force=preview or self._force(thing), preview=preview
                )
                return live if preview else self._with_address(kind, live)
            except (Refused, NoKind) as error:
                missing = isinstance(error, NoKind) or error.reason == "NotFound"
                if preview or not missing or attempt == TRIES - 1:
                    raise
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    def _with_address(self, kind: Kind, live: dict[str, Any]) -> dict[str, Any]:
        """What a cloud's load balancer controller does to a Service of its type."""
        if (kind.api_version, kind.kind) != ("v1", "Service") or live["spec"].get("type") != "LoadBalancer":
            return live
        assert self.api
        digest = hashlib.sha256(live["metadata"]["uid"].encode()).hexdigest()
        region = os.environ.get("AWS_REGION", "us-east-1")
        host = f"k8s-{digest[:20]}-{digest[20:30]}.elb.{region}.amazonaws.com"
        status = {"status": {"loadBalancer": {"ingress": [{"hostname": host}]}}}
        meta = live["metadata"]
        done: dict[str, Any] = self.api.merge(
            kind, meta["namespace"], meta["name"], status, manager="load-balancer-controller", part="status"
        )
        return done

    def _wait_until_gone(
        self, kind: Kind, namespace: str, name: str, uid: str | None, seconds: float
    ) -> None:
        assert self.api
        limit = seconds or float(os.environ.get(WAIT, "60"))
        deadline, pause = time.monotonic() + limit, 0.05
        while True:
            live = self.api.find(kind, namespace, name)
            # Another object of that name is somebody else's.
            if live is None or (uid and live["metadata"]["uid"] != uid):
                return
            if time.monotonic() > deadline:
                place = f"{kind.kind} {naming.identity(live)}"
                raise Failed(
                    f"{place} is marked for deletion but still there after {limit:.0f} s: {_keeps(live)}"
                )
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _served(self, thing: dict[str, Any]) -> bool:
        assert self.api
        try:
            self.api.of(thing)
        except NoKind:
            return False
        return True

    def _force(self, thing: dict[str, Any]) -> bool:
        return self._is_set("enablePatchForce") or _note(thing, "patchForce") == "true"

    def _is_set(self, name: str) -> bool:
        return str(self.settings.get(name, "")).lower() == "true"


def state_of(inputs: dict[str, Any], live: dict[str, Any], manager: str) -> dict[str, Any]:
    """What the engine keeps: the object as the server has it, and what is needed to compare it later."""
    shown = as_secret_as(_underscored(live), inputs)
    if live.get("kind") == "Secret" and isinstance(shown.get("data"), dict):
        shown["data"] = Secret(shown["data"])
    return {**shown, INPUTS: inputs, FIRST_VERSION: live["apiVersion"], MANAGER: manager}


def _imported(type_: str) -> dict[str, Any]:
    """`apiVersion` and `kind` of a type token such as `kubernetes:apps/v1:Deployment`."""
    _, version, kind = type_.split(":")
    return {"apiVersion": version.removeprefix("core/"), "kind": kind}


def _with_string_data(live: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """A Secret as it was put in: what the server took as `stringData` it keeps under `data`, in base64."""
    if live.get("kind") != "Secret" or "stringData" not in inputs:
        return live
    text = {
        key: base64.b64decode(value).decode(errors="replace")
        for key, value in (live.get("data") or {}).items()
        if key in inputs["stringData"]
    }
    return {**live, "stringData": text}


def _keeps(live: dict[str, Any]) -> str:
    """Why a deleted object is still there, in the server's words."""
    told = [
        condition["message"]
        for condition in (live.get("status") or {}).get("conditions") or []
        if isinstance(condition, dict) and condition.get("status") == "True" and condition.get("message")
    ]
    finalizers = [*live["metadata"].get("finalizers", []), *live.get("spec", {}).get("finalizers", [])]
    held = f"its finalizers are {', '.join(finalizers)}" if finalizers else "it has no finalizers"
    return "; ".join([held, *told])


def _said(error: Exception, manager: str) -> str:
    if isinstance(error, Refused) and error.reason == "Conflict":
        return f'another field manager owns what "{manager}" applies: {error}'
    if isinstance(error, NoKind):
        return f"{error}: is its CustomResourceDefinition installed?"
    return str(error)


def _note(thing: dict[str, Any], name: str) -> str:
    """The annotation `pulumi.com/<name>`."""
    return str((thing.get("metadata", {}).get("annotations") or {}).get(f"pulumi.com/{name}", ""))


def _without_server_fields(live: dict[str, Any]) -> dict[str, Any]:
    meta = {key: value for key, value in live["metadata"].items() if key not in SERVER_FIELDS}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": meta}


def _dashed(value: Any) -> Any:
    return _renamed(value, "x_kubernetes_", "_", "-")


def _underscored(value: Any) -> Any:
    return _renamed(value, "x-kubernetes-", "-", "_")


def _renamed(value: Any, prefix: str, old: str, new: str) -> Any:
    """Keys such as `x-kubernetes-preserve-unknown-fields`, which SDKs write with underscores."""
    if isinstance(value, dict):
        return {
            key.replace(old, new) if key.startswith(prefix) else key: _renamed(each, prefix, old, new)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_renamed(each, prefix, old, new) for each in value]
    return value
