"""Everything that is in a cluster, and taking out what somebody put there.

When EKS deletes a cluster, all that was in it is gone. The API servers of tests outlive the clusters that
they stand for, so what is left in one is erased when it is given back.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from tests.engine.kubernetes.api import Api, Refused
from tests.engine.kubernetes.connection import api_at, known

PASSING = frozenset(
    {"APIService", "ComponentStatus", "ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Lease"}
)
"""Kinds that come and go on their own, or that follow another object."""
SECONDS = 20.0


def contents(api: Api) -> frozenset[str]:
    """`apiVersion/kind namespace/name` of every object, the passing ones left out."""
    found = set()
    for kind in api.kinds():
        if kind.kind not in PASSING and {"list", "delete"} <= set(kind.verbs):
            for item in api.all(kind):
                meta = item["metadata"]
                if not _follows(kind.kind, meta["name"]):
                    found.add(f"{kind.api_version}/{kind.kind} {meta.get('namespace', '')}/{meta['name']}")
    return frozenset(found)


def erase_at(endpoint: str) -> list[str]:
    """Empty the API server at `endpoint`, one of this world's `clusters.json`; returns what was on it."""
    for entry in known():
        if entry["endpoint"] == endpoint:
            api = api_at(entry)
            held = sorted(contents(api) - frozenset(entry["built_in"]))
            erase(api, entry["built_in"])
            return held
    return []


def erase(api: Api, built_in: Iterable[str]) -> list[str]:
    """Delete all but `built_in`, finalizers or not; returns what is there all the same after a while."""
    kept, deadline = frozenset(built_in), time.monotonic() + SECONDS
    while (left := contents(api) - kept) and time.monotonic() < deadline:
        for each in left:
            _remove(api, each)
        time.sleep(0.2)
    return sorted(left)


def _remove(api: Api, each: str) -> None:
    what, _, where = each.partition(" ")
    version, _, name_of_kind = what.rpartition("/")
    namespace, _, name = where.partition("/")
    kind = api.kind(version, name_of_kind)
    try:
        if api.delete(kind, namespace, name, propagation="Background") and kind.kind != "Namespace":
            api.merge(kind, namespace, name, {"metadata": {"finalizers": None}}, manager="erase")
    except Refused as error:
        # Gone in between, or another who deletes was faster: the next round sees what is left.
        if error.status not in (404, 409):
            raise


def _follows(kind: str, name: str) -> bool:
    """What controllers make in every namespace, and make again."""
    return (kind, name) in {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
