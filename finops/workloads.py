"""What each workload of a cluster costs: its share of the nodes that its pods select, and what is left over.

The nodes are charged as a pool; a workload's part is the largest share it takes of what they have of
anything. What no workload takes is overhead: the system, the agents on every node, and idle room. The
parts and the overhead of a pool are together what the pool costs: nothing is charged twice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from finops.estimators import karpenter, pods
from finops.instances import instances
from finops.quantity import HOURS
from plan.graph import Graph, Resource

if TYPE_CHECKING:
    from finops.estimate import Line

__all__ = ["OVERHEAD", "Share", "shares"]

OVERHEAD = "overhead and idle"
CENT = Decimal("0.01")
NODES = "BoxUsage:"


@dataclass(frozen=True, slots=True)
class Share:
    """USD a month of `pool` in `region` that fall on `workload` (a URN, or the overhead)."""

    workload: str
    pool: str
    region: str
    cost: Decimal


def shares(graph: Graph, lines: Iterable[Line]) -> tuple[Share, ...]:
    """The expected cost of every node pool, split over the workloads that select it."""
    by_pool: dict[str, list[Line]] = {}
    for line in lines:
        if line.type.endswith(":NodePool"):
            by_pool.setdefault(line.urn, []).append(line)
    found: list[Share] = []
    for urn, group in by_pool.items():
        pool = graph.get(urn)
        if pool is not None:
            found += _split(graph, pool, group)
    return tuple(found)


def _split(graph: Graph, pool: Resource, lines: Sequence[Line]) -> Iterator[Share]:
    cost = sum((line.expected for line in lines), Decimal(0))
    spec, metadata = pool.inputs.get("spec"), pool.inputs.get("metadata")
    name = str(metadata.get("name", pool.name)) if isinstance(metadata, dict) else pool.name
    labels = pods.labels_of(spec, name)
    asked = pods.asked_of(graph, pool, labels)
    nodes = [it for it in lines if it.price.usage_type.startswith(NODES) and it.quantities.expected]
    kind = instances().get(nodes[0].price.usage_type.removeprefix(NODES)) if nodes else None
    if not asked or kind is None or not cost:
        return
    count = sum((it.quantities.expected for it in nodes), Decimal(0)) / HOURS
    parts = [pods.share_of(one, karpenter.Allowed(kind, Decimal(0)), count) for one in asked]
    scale = max(sum(parts, Decimal(0)), Decimal(1))
    left = cost
    for one, part in zip(asked, parts, strict=True):
        amount = min((cost * part / scale).quantize(CENT, ROUND_HALF_UP), left)
        left -= amount
        yield Share(one.resource.urn, name, lines[0].region, amount)
    yield Share(OVERHEAD, name, lines[0].region, left)
