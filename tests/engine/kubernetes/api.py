"""One Kubernetes API server, spoken to in its own terms: kinds, objects, server-side apply.

Objects are plain dictionaries as the server writes them. What it refuses is raised with its own message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
SECONDS = 30.0
"""Limit of one request."""
PATIENCE, PAUSE = 40, 0.25
"""How often a server may put off a request, and for how many seconds each time."""


class Unreachable(Exception):
    """The server does not answer, or is not who it should be."""


class Refused(Exception):
    """The server said no: `status` is HTTP's, `reason` is Kubernetes' (`NotFound`, `Conflict`, `Invalid`, ...)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(message)


class NoKind(Exception):
    """The server knows no such kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...] = ()

    def path(self, namespace: str = "", name: str = "") -> str:
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{name}" if name else "")


class Api:
    """`authority` is the PEM of who signed the server's certificate."""

    def __init__(self, endpoint: str, authority: bytes, token: str) -> None:
        self.endpoint, self._authority, self._token = endpoint, authority, token
        self._kinds: dict[str, dict[str, Kind]] = {}

    @cached_property
    def _client(self) -> Any:
        from kubernetes.client import ApiClient, Configuration

        configuration = Configuration()
        configuration.host = self.endpoint
        configuration.ca_cert_data = self._authority.decode()
        configuration.api_key = {"authorization": f"Bearer {self._token}"}
        configuration.retries = False
        return ApiClient(configuration)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """The answer's JSON. Raises `Refused` with the server's message, `Unreachable` without an answer."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        prepared = self._client.param_serialize(
            method, path, query_params=list((query or {}).items()), header_params=headers, body=body,
            auth_settings=["BearerToken"],
        )  # fmt: skip
        for _ in range(PATIENCE):
            status, content = self._send(prepared)
            # A server that is busy, or that only begins to serve a kind, asks to be asked again.
            if status != 429:
                break
            time.sleep(PAUSE)
        if not 200 <= status <= 299:
            raise _refusal(status, content)
        try:
            return json.loads(content)
        except ValueError:
            return content.decode()

    def _send(self, prepared: Any) -> tuple[int, bytes]:
        from kubernetes.client.rest import ApiException
        from urllib3.exceptions import HTTPError

        try:
            answer = self._client.call_api(*prepared, _request_timeout=SECONDS)
            return answer.status, answer.read()
        except ApiException as error:
            body = error.body or ""
            return error.status, body.encode() if isinstance(body, str) else body
        except (HTTPError, OSError) as error:
            raise Unreachable(f"{self.endpoint} does not answer: {type(error).__name__}") from None

    def kind(self, api_version: str, kind: str) -> Kind:
        """Raises `NoKind`; a kind that is not known yet is looked up anew each time."""
        if kind not in self._kinds.get(api_version, {}):
            self._kinds[api_version] = {it.kind: it for it in self._served(api_version)}
        try:
            return self._kinds[api_version][kind]
        except KeyError:
            raise NoKind(f'no matches for kind "{kind}" in version "{api_version}"') from None

    def kinds(self) -> Iterator[Kind]:
        """Every kind, in the version that the server prefers."""
        groups = self.request("GET", "/apis")["groups"]
        for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
            yield from self._served(version)

    def _served(self, api_version: str) -> list[Kind]:
        root = "/apis/" if "/" in api_version else "/api/"
        try:
            resources = self.request("GET", root + api_version)["resources"]
        except Refused as error:
            if error.status == 404:
                return []
            raise
        return [
            Kind(api_version, it["kind"], it["name"], it["namespaced"], tuple(it["verbs"]))
            for it in resources
            if "/" not in it["name"]
        ]

    def of(self, thing: Mapping[str, Any]) -> Kind:
        return self.kind(thing["apiVersion"], thing["kind"])

    def find(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """The object, or None where there is none."""
        try:
            found: dict[str, Any] = self.request("GET", kind.path(namespace, name))
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return found

    def all(self, kind: Kind, namespace: str = "", **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.request("GET", kind.path(namespace), query=query)["items"]
        return found

    def apply(
        self,
        thing: Mapping[str, Any],
        *,
        manager: str,
        force: bool = False,
        preview: bool = False,
    ) -> dict[str, Any]:
        """Server-side apply under the field manager `manager`; a field that the kind does not have is refused.

        With `preview` the server checks and fills in everything, and stores nothing.
        """
        meta = thing["metadata"]
        query = {
            "fieldManager": manager,
            "force": "true" if force else "false",
            "fieldValidation": "Strict",
            **({"dryRun": "All"} if preview else {}),
        }
        path = self.of(thing).path(meta.get("namespace", ""), meta["name"])
        done: dict[str, Any] = self.request("PATCH", path, thing, query=query, content_type=APPLY)
        return done

    def merge(
        self, kind: Kind, namespace: str, name: str, change: Any, *, manager: str, part: str = ""
    ) -> Any:
        """A merge patch of the object, or of its subresource `part`, as `kubectl edit` would do it."""
        path = kind.path(namespace, name) + (f"/{part}" if part else "")
        return self.request("PATCH", path, change, query={"fieldManager": manager}, content_type=MERGE)

    def create(self, kind: Kind, namespace: str, thing: Mapping[str, Any], *, manager: str) -> Any:
        query = {"fieldManager": manager, "fieldValidation": "Strict"}
        return self.request("POST", kind.path(namespace), thing, query=query)

    def delete(self, kind: Kind, namespace: str, name: str, *, propagation: str = "Foreground") -> bool:
        """Ask for the object's deletion; False where there is none."""
        try:
            self.request("DELETE", kind.path(namespace, name), {"propagationPolicy": propagation})
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return True


def _refusal(status: int, body: Any) -> Refused:
    try:
        told = json.loads(body or "{}")
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    return Refused(status, told.get("reason", ""), told.get("message") or f"HTTP status {status}")
