"""WHAT: resources by kind and region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plan.aws_types import is_global
from plan.graph import Graph, Resource

__all__ = ["GLOBAL", "UNTOLD", "What", "kind_of", "what"]

GLOBAL = "global"
"""Column of what has no region."""
UNTOLD = "no region"
"""Column of what has one that nothing in the program or its configuration tells."""


@dataclass(frozen=True, slots=True)
class What:
    """Managed resources counted: `counts[kind][region]`; kinds by falling total, regions as given."""

    regions: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> int:
        return sum(sum(row.values()) for row in self.counts.values())


def kind_of(graph: Graph, resource: Resource) -> str:
    """What `resource` is a part of: its outermost component that is not a cell, else its service.

    `tradewind:index:Network` is "network"; a bare `aws:s3/bucket:Bucket` is "s3".
    """
    components = [ancestor for ancestor in graph.ancestors(resource) if ancestor.package != "pulumi"]
    named = [
        name
        for name in (part.type.rpartition(":")[2] for part in reversed(components))
        if not name.endswith("Cell")
    ]
    if named and not all(part.custom for part in components):
        return _words(named[0])
    if resource.package != "aws":
        return resource.package
    return resource.type.split(":")[1].partition("/")[0]


def what(graph: Graph, regions: Sequence[str] = ()) -> What:
    """Count the managed resources of `graph`: `regions` in their order, then others by size, then the global ones."""
    table: dict[str, Counter[str]] = {}
    by_region: Counter[str] = Counter()
    for resource in graph:
        if resource.is_managed:
            region = resource.region or (GLOBAL if _is_global(resource) else UNTOLD)
            table.setdefault(kind_of(graph, resource), Counter())[region] += 1
            by_region[region] += 1
    known = {region: place for place, region in enumerate(regions)}
    columns = sorted(
        by_region,
        key=lambda it: (it in (GLOBAL, UNTOLD), it == UNTOLD, known.get(it, len(known)), -by_region[it], it),
    )
    kinds = sorted(table, key=lambda kind: (-table[kind].total(), kind))
    return What(tuple(columns), {kind: dict(table[kind]) for kind in kinds})


def _is_global(resource: Resource) -> bool:
    return resource.package != "aws" or is_global(resource.type)


def _words(name: str) -> str:
    """`FeatureStoreRegion` as "feature store": halves of one thing count as one kind."""
    text = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    return text.removesuffix(" region")
