"""What the pods of a plan ask for: how many nodes of a pool they need, and what Kueue lets through.

Counted are pods whose node selector names a pool, by Karpenter's own label or by labels of the pool's
template. Pods without a selector may run anywhere and are counted nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any

from finops.estimators.karpenter import Allowed, Pool, quantity_of
from plan.graph import Graph, Resource

__all__ = ["OVERHEAD", "Asked", "asked_of", "labels_of", "limited", "needed", "share_of"]

OVERHEAD = Decimal("0.10")
"""Share of a node that the system and the agents on every node take."""
POOL = "karpenter.sh/nodepool"
TEMPLATED = (
    "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:ReplicaSet",
    "kubernetes:batch/v1:Job", "kubernetes:argoproj.io/v1alpha1:Rollout",
)  # fmt: skip
COUNTS = {"Job": "parallelism"}
QUEUES = ("kubernetes:kueue.x-k8s.io/v1beta1:ClusterQueue", "kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue")
FLAVORS = (
    "kubernetes:kueue.x-k8s.io/v1beta1:ResourceFlavor", "kubernetes:kueue.x-k8s.io/v1beta2:ResourceFlavor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What one workload asks for in all its replicas: units by Kubernetes resource, memory in GiB."""

    resource: Resource
    replicas: Decimal
    units: Mapping[str, Decimal]


def labels_of(spec: Any, name: str) -> dict[str, str]:
    """The labels that nodes of a pool carry, as far as its spec says."""
    metadata = _mapping(_mapping(_mapping(spec).get("template")).get("metadata"))
    return {POOL: name, **{key: str(value) for key, value in _mapping(metadata.get("labels")).items()}}


def asked_of(graph: Graph, pool: Resource, labels: Mapping[str, str]) -> tuple[Asked, ...]:
    """The workloads of the same cluster whose selector the pool's `labels` meet."""
    return tuple(
        found
        for resource in _of_cluster(graph, pool.provider, TEMPLATED)
        if (found := _asked(resource, labels)) is not None
    )


def needed(asked: tuple[Asked, ...], allowed: Allowed) -> Decimal:
    """Nodes of one type that hold what is asked for: by the resource that fills them first."""
    totals = _totals(asked)
    most = Decimal(0)
    for key, units in totals.items():
        capacity = allowed.instance.units(key) * (1 if "/" in key else 1 - OVERHEAD)
        if units and not capacity:
            return Decimal(0)
        most = max(most, units / capacity if units else Decimal(0))
    return most.to_integral_value(ROUND_CEILING)


def share_of(one: Asked, allowed: Allowed, nodes: Decimal) -> Decimal:
    """The part of `nodes` that a workload takes: its largest share of what they have of a resource."""
    if not nodes:
        return Decimal(0)
    shares = [
        units / (allowed.instance.units(key) * nodes)
        for key, units in one.units.items()
        if allowed.instance.units(key)
    ]
    return min(max(shares, default=Decimal(0)), Decimal(1))


def limited(
    pool: Pool, graph: Graph, resource: Resource, labels: Mapping[str, str], allowed: Sequence[Allowed]
) -> tuple[Pool, bool]:
    """`pool` within what Kueue's queues admit to it, and whether a quota is narrower than its limits.

    A quota counts where its flavor's node labels are those of the pool: what is queued for it cannot ask
    for more than the nominal quotas of all queues together, what one lends another included. One whole node of
    each of the `allowed` types may run for any pod, however small the quota.
    """
    quotas: dict[str, Decimal] = {}
    flavors = {
        str(_mapping(it.inputs.get("metadata")).get("name", it.name))
        for it in _of_cluster(graph, resource.provider, FLAVORS)
        if _meets(_mapping(_mapping(it.inputs.get("spec")).get("nodeLabels")), labels)
    }
    for queue in _of_cluster(graph, resource.provider, QUEUES):
        for key, units in _quotas(queue, flavors):
            quotas[key] = quotas.get(key, Decimal(0)) + units
    for key, units in quotas.items():
        room = units if "/" in key else units / (1 - OVERHEAD)
        quotas[key] = max(room, *(it.instance.units(key) for it in allowed), Decimal(0))
    narrower = {
        key: units for key, units in quotas.items() if key not in pool.limits or units < pool.limits[key]
    }
    if not narrower:
        return pool, False
    return replace(pool, limits={**pool.limits, **narrower}), True


def _of_cluster(graph: Graph, provider: str, types: Sequence[str]) -> list[Resource]:
    """The resources of `types` in the cluster that `provider` stands for."""
    return [it for it in graph.of_type(*types) if it.provider == provider]


def _quotas(queue: Resource, flavors: set[str]) -> Iterator[tuple[str, Decimal]]:
    for group in _list(_mapping(queue.inputs.get("spec")).get("resourceGroups")):
        for flavor in _list(_mapping(group).get("flavors")):
            if str(_mapping(flavor).get("name")) in flavors:
                for row in _list(_mapping(flavor).get("resources")):
                    key = str(_mapping(row).get("name"))
                    units = _units(key, _mapping(row).get("nominalQuota"))
                    if units is not None:
                        yield key, units


def _asked(resource: Resource, labels: Mapping[str, str]) -> Asked | None:
    kind = resource.type.rpartition(":")[2]
    spec = _mapping(resource.inputs.get("spec"))
    pod = _mapping(_mapping(spec.get("template")).get("spec"))
    if not _meets(_mapping(pod.get("nodeSelector")), labels):
        return None
    count = _units("pods", spec.get(COUNTS.get(kind, "replicas"), 1))
    replicas = Decimal(1) if count is None else count
    units: dict[str, Decimal] = {}
    for container in _list(pod.get("containers")):
        stated = _mapping(_mapping(container).get("resources"))
        for key, value in {**_mapping(stated.get("limits")), **_mapping(stated.get("requests"))}.items():
            amount = _units(str(key), value)
            if amount is not None:
                units[str(key)] = units.get(str(key), Decimal(0)) + amount * replicas
    return Asked(resource, replicas, units)


def _totals(asked: tuple[Asked, ...]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for one in asked:
        for key, units in one.units.items():
            totals[key] = totals.get(key, Decimal(0)) + units
    return {key: units for key, units in totals.items() if key in ("cpu", "memory") or "/" in key}


def _meets(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether nodes with `labels` are selected; what selects nothing selects no pool in particular."""
    return bool(selector) and all(labels.get(str(key)) == str(value) for key, value in selector.items())


def _units(key: str, value: Any) -> Decimal | None:
    try:
        units = quantity_of(key, str(value))
    except ArithmeticError:
        return None
    return units if units.is_finite() and 0 <= units < Decimal(10) ** 9 else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
