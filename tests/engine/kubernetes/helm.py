"""`helm.sh/v3:Release` without a chart: Helm's own record in the cluster, and nothing that a chart renders.

No registry of charts is reachable here, so no workload comes of a release. What is real is what Helm keeps
about it, a Secret of type `helm.sh/release.v1` per revision with labels and contents as Helm 3 writes them
(`helm list` would show it), the namespace it makes, and the refusals: of a name in use, and of a namespace
that is not there. The version of the chart is the one asked for; the plugin reads it from the chart.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.engine.kubernetes import changes, naming
from tests.engine.kubernetes.api import Api, Refused
from tests.engine.kubernetes.objects import INPUTS, Change, Failed
from tests.engine.kubernetes.values import UNKNOWN, Secret, as_secret_as, plain

TYPE = "kubernetes:helm.sh/v3:Release"
FIXED = ("name", "namespace")
SECONDS = 300
"""Time limit that the plugin fills in."""
MANAGER = "Helm"
COMPUTED = ("resourceNames", "status")


@dataclass(frozen=True)
class Releases:
    """Releases of one cluster; without a server the inputs are the outputs."""

    api: Api | None
    namespace: str

    def check(self, urn: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """The inputs as the plugin completes them: name, namespace, time limit; what is not set is left out."""
        checked = {key: value for key, value in news.items() if _is_set(value) and key not in COMPUTED}
        if "name" not in checked:
            checked["name"] = olds.get("name") or naming.unique(urn, b"")
        checked.setdefault("namespace", self.namespace)
        if not checked.get("skipAwait"):
            checked.setdefault("timeout", SECONDS)
        return checked

    def diff(self, state: dict[str, Any], old_inputs: dict[str, Any], news: dict[str, Any]) -> Change:
        places, replacing = {}, set()
        for path, how in changes.differences(plain(old_inputs), plain(news)):
            places[changes.text(path)] = how
            if changes.replaces(path, FIXED):
                replacing.add(changes.text(path))
        return Change(places, frozenset(replacing))

    def create(self, inputs: dict[str, Any], *, preview: bool) -> tuple[str, dict[str, Any]]:
        if preview:
            return "", {**inputs, INPUTS: Secret(inputs), **dict.fromkeys(COMPUTED, UNKNOWN)}
        asked = plain(inputs)
        identity = f"{asked['namespace']}/{asked['name']}"
        if self.api is not None:
            if self._records(asked["namespace"], asked["name"]):
                raise Failed(f"Helm release {identity}: cannot re-use a name that is still in use")
            if asked.get("createNamespace"):
                self._make_namespace(asked["namespace"])
            self._record(asked, 1)
        return identity, _state(inputs, 1)

    def update(self, state: dict[str, Any], news: dict[str, Any], *, preview: bool) -> dict[str, Any]:
        asked = plain(news)
        revision = int((plain(state).get("status") or {}).get("revision", 1))
        if preview:
            return {**news, INPUTS: Secret(news), **dict.fromkeys(COMPUTED, UNKNOWN)}
        if self.api is not None:
            records = self._records(asked["namespace"], asked["name"])
            if not records:
                raise Failed(f"Helm release {asked['namespace']}/{asked['name']} has no deployed releases")
            revision = max(records)
            self._supersede(asked["namespace"], records[revision])
            self._record(asked, revision + 1)
        return _state(news, revision + 1)

    def read(self, identity: str, inputs: dict[str, Any], state: dict[str, Any]) -> Any:
        """`(inputs, state)` as Helm's newest record has them, or None without one."""
        if self.api is None:
            return inputs, state
        namespace, name = naming.parts(identity)
        records = self._records(namespace, name)
        if not records:
            return None
        found = unpack(records[max(records)])
        meta = found["chart"]["metadata"]
        seen: dict[str, Any] = {**inputs, "name": name, "namespace": namespace}
        seen.setdefault("chart", meta["name"])
        if "version" in plain(inputs) or not inputs:
            seen["version"] = meta["version"]
        if found["config"] or "values" in inputs:
            seen["values"] = found["config"]
        marked = as_secret_as(seen, inputs)
        return marked, _state(marked, max(records), found["info"]["status"])

    def delete(self, identity: str) -> None:
        if self.api is None:
            return
        namespace, name = naming.parts(identity)
        kind = self.api.kind("v1", "Secret")
        for record in self._records(namespace, name).values():
            self.api.delete(kind, namespace, record["metadata"]["name"], propagation="Background")

    def _records(self, namespace: str, name: str) -> dict[int, dict[str, Any]]:
        """Helm's Secrets of one release by revision."""
        assert self.api
        found = self.api.all(
            self.api.kind("v1", "Secret"), namespace, labelSelector=f"owner=helm,name={name}"
        )
        return {int(it["metadata"]["labels"]["version"]): it for it in found}

    def _record(self, asked: dict[str, Any], revision: int) -> None:
        assert self.api
        name, namespace = asked["name"], asked["namespace"]
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"sh.helm.release.v1.{name}.v{revision}",
                "namespace": namespace,
                "labels": {"name": name, "owner": "helm", "status": "deployed", "version": str(revision)},
            },
            "type": "helm.sh/release.v1",
            "data": {"release": pack(_release(asked, revision))},
        }
        try:
            self.api.create(self.api.kind("v1", "Secret"), namespace, secret, manager=MANAGER)
        except Refused as error:
            raise Failed(f"Helm release {namespace}/{name}: create: failed to create: {error}") from None

    def _supersede(self, namespace: str, record: dict[str, Any]) -> None:
        assert self.api
        release = unpack(record)
        release["info"]["status"] = "superseded"
        change = {"metadata": {"labels": {"status": "superseded"}}, "data": {"release": pack(release)}}
        name = record["metadata"]["name"]
        self.api.merge(self.api.kind("v1", "Secret"), namespace, name, change, manager=MANAGER)

    def _make_namespace(self, name: str) -> None:
        assert self.api
        kind = self.api.kind("v1", "Namespace")
        labels = {"name": name}
        thing = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        try:
            self.api.create(kind, "", thing, manager=MANAGER)
        except Refused as error:
            if error.reason != "AlreadyExists":
                raise Failed(f"namespace {name}: {error}") from None


def pack(release: dict[str, Any]) -> str:
    """Helm's form of a record: JSON, gzip, base64; and base64 again, as all data of a Secret."""
    inner = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    return base64.b64encode(inner).decode()


def unpack(secret: dict[str, Any]) -> dict[str, Any]:
    inner = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    found: dict[str, Any] = json.loads(gzip.decompress(inner))
    return found


def _release(asked: dict[str, Any], revision: int) -> dict[str, Any]:
    now = dt.datetime.now(tz=dt.UTC).isoformat()
    return {
        "name": asked["name"],
        "namespace": asked["namespace"],
        "version": revision,
        "info": {
            "first_deployed": now,
            "last_deployed": now,
            "deleted": "",
            "description": asked.get("description", "Install complete"),
            "status": "deployed",
        },
        "chart": {
            "metadata": {"name": _chart(asked), "version": asked.get("version", ""), "apiVersion": "v2"},
            "templates": [],
            "values": {},
        },
        "config": asked.get("values") or {},
        "manifest": "",
    }


def _state(inputs: dict[str, Any], revision: int, status: str = "deployed") -> dict[str, Any]:
    asked = plain(inputs)
    told = {
        "name": asked["name"],
        "namespace": asked["namespace"],
        "chart": _chart(asked),
        "version": asked.get("version", ""),
        "revision": revision,
        "status": status,
    }
    return {**inputs, "resourceNames": {}, "status": told, INPUTS: Secret(inputs)}


def _chart(asked: dict[str, Any]) -> str:
    return str(asked.get("chart", "")).rstrip("/").rpartition("/")[2]


def _is_set(value: Any) -> bool:
    """Whether the plugin keeps it: it drops what is false, zero or empty."""
    return isinstance(value, Secret) or value not in (None, False, 0, "", {}, [])
