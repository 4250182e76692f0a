"""How much will be used: what the usage file states, and documented defaults for the rest.

    ceiling_factor: 4
    defaults:                                  # for every resource of a type
      ec2.NatGateway: {processed_gb: 500}
      s3.Bucket@eu-west-1: {standard_gb: 20000}
    resources:                                 # for some: name, URN or path of components, with * and ?
      "*/feature-store/online-*": {write_requests: {expected: 4e9, ceiling: 9e9}}
    node_pools:                                # what Karpenter will run
      train: {instance_type: p5.48xlarge, average_nodes: 2, spot_share: 0.5}

A number is what is expected; the floor is then 0 and the ceiling `ceiling_factor` times as much, and the
estimate says so. `@region` narrows an entry to one region. Later entries of `resources` win.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from finops.quantity import Quantity
from finops.usage_file import Default, Entry, Known, Reader, Stated
from plan.graph import Graph, Resource
from problems import InputError, Problem
from problems.text import read_text

__all__ = ["NodePool", "Usage", "known", "load", "path_of", "short_name"]

DEFAULTS = Path(__file__).parent / "usage_defaults.yaml"
POOL_KEYS = ("instance_type", "average_nodes", "ceiling_nodes", "gpu_hours_per_month", "spot_share")


@dataclass(frozen=True, slots=True)
class NodePool:
    """What is expected of a Karpenter pool; `stated` is False for the documented default."""

    instance_type: str = ""
    average_nodes: Decimal | None = None
    ceiling_nodes: Decimal | None = None
    gpu_hours_per_month: Decimal | None = None
    spot_share: Decimal | None = None
    stated: bool = False


@dataclass
class Usage:
    """Answers how much of a usage key one resource has in a month.

    `types` and `resources` are as in the file; `factor` is the file's `ceiling_factor`.
    """

    types: tuple[Entry, ...] = ()
    resources: tuple[Entry, ...] = ()
    node_pools: tuple[Entry, ...] = ()
    factor: Decimal | None = None
    place: str = ""
    _matching: dict[str, tuple[Entry, ...]] = field(default_factory=dict, repr=False)
    _plain: dict[tuple[str, str], Quantity] = field(default_factory=dict, repr=False)

    @property
    def ceiling_factor(self) -> Decimal:
        """How many times the expected usage counts as its ceiling where no ceiling is stated."""
        return self.factor if self.factor is not None else known().ceiling_factor

    def of(
        self, resource: Resource, graph: Graph, key: str, *, limit: Decimal | None = None, because: str = ""
    ) -> Quantity:
        """How much of `key` in a month.

        `limit` is what the resource itself lets through at most, `because` of what: it is the ceiling
        where nobody stated a lower one. Raises `KeyError` when the type has no such key.
        """
        default = known().types[short_name(resource.type)][key]
        for entry in reversed(self._of(resource, graph)):
            if key in entry.values:
                return self._quantity(key, default, entry.values[key], limit, because)
        if limit is not None:
            return self._quantity(key, default, None, limit, because)
        plain = (resource.type, key)
        if plain not in self._plain:
            self._plain[plain] = self._quantity(key, default, None, None, "")
        return self._plain[plain]

    def _quantity(
        self, key: str, default: Default, entered: Stated | None, limit: Decimal | None, because: str
    ) -> Quantity:
        stated, origin = (default.stated, "default") if entered is None else (entered, "stated")
        most = [it for it in (default.maximum, limit) if it is not None]
        ceiling, words = stated.ceiling, f"{key} ({origin})"
        if ceiling is None and limit is not None:
            ceiling, words = limit, because
        elif ceiling is None:
            ceiling = stated.expected * self.ceiling_factor
            words = f"{key} ({origin}, no limit: at most {self.ceiling_factor} x)"
        ceiling = min([ceiling, *most])
        return Quantity.between(min(stated.floor, ceiling), stated.expected, ceiling, words)

    def node_pool(self, name: str, region: str) -> NodePool:
        """What is stated for the Karpenter pool `name` in `region`, over the documented default."""
        values: dict[str, Any] = dict(known().node_pool)
        found = False
        for entry in self.node_pools:
            if fnmatch.fnmatchcase(name, entry.pattern) and entry.region in ("", region):
                if not found or "gpu_hours_per_month" in entry.values:
                    values.pop("average_nodes", None)
                values |= entry.values
                found = True
        return NodePool(**values, stated=found)

    def _of(self, resource: Resource, graph: Graph) -> tuple[Entry, ...]:
        """The entries that hold for `resource`, the strongest last."""
        if resource.urn not in self._matching:
            name = short_name(resource.type)
            entries = [it for it in self.types if it.pattern == name and it.region in ("", resource.region)]
            # What holds for one region says more than what holds for all.
            entries.sort(key=lambda it: bool(it.region))
            if self.resources:
                path = path_of(resource, graph)
                entries += [it for it in self.resources if _fits(it, resource, path)]
            self._matching[resource.urn] = tuple(entries)
        return self._matching[resource.urn]


@cache
def short_name(token: str) -> str:
    """`aws:ec2/natGateway:NatGateway` as `ec2.NatGateway`: how the usage file names a type."""
    package, _, rest = token.partition(":")
    module, _, kind = rest.rpartition(":")
    module = module.partition("/")[0]
    return f"{module}.{kind}" if package == "aws" else f"{package}.{module}.{kind}"


def path_of(resource: Resource, graph: Graph) -> str:
    """Names of the components around `resource` and its own, outermost first: `store/online/scores`."""
    outer = [it.name for it in graph.ancestors(resource) if it.package != "pulumi"]
    return "/".join([*reversed(outer), resource.name])


@cache
def known() -> Known:
    """The documented defaults: every usage key of every type, and the values where nothing is stated."""
    return Known.read(DEFAULTS)


def load(path: Path | str | None, graph: Graph | None = None) -> Usage:
    """The usage file at `path`; without one, the documented defaults alone.

    With a `graph`, entries for resources and pools that are not in it are problems too (unless they name
    a region of which the graph has nothing). Raises `InputError` with every problem, each with its line.
    """
    if path is None:
        return Usage()
    file = Path(path)
    text = read_text(file, undone="nothing was priced")
    reader = Reader(str(file), known(), POOL_KEYS)
    reader.read(text)
    usage = Usage(
        tuple(reader.types), tuple(reader.resources), tuple(reader.node_pools), reader.factor, str(file)
    )
    problems = [*reader.problems, *(_strangers(usage, graph) if graph is not None else ())]
    if problems:
        raise InputError(sorted(problems, key=_position), "nothing was priced")
    return usage


def _fits(entry: Entry, resource: Resource, path: str) -> bool:
    if entry.region and entry.region != resource.region:
        return False
    pattern = entry.pattern
    return pattern in (resource.name, resource.urn) or bool(_compiled(pattern).match(path))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


def _position(problem: Problem) -> tuple[int, int]:
    line, _, column = problem.place.rpartition(":")
    return (int(line.rpartition(":")[2]), int(column)) if column.isdigit() and ":" in line else (0, 0)


def _strangers(usage: Usage, graph: Graph) -> list[Problem]:
    """Entries that hold for nothing in `graph`, and keys that none of their resources knows."""
    regions = {resource.region for resource in graph}
    managed = [(it, path_of(it, graph)) for it in graph if it.is_managed]
    problems = []
    for entry in usage.resources:
        if entry.region and entry.region not in regions:
            continue
        hit = [resource for resource, path in managed if _fits(entry, resource, path)]
        if not hit:
            names = {resource.name for resource, _ in managed}
            problems.append(entry.problem("no resource of the plan has this name, URN or path", names))
            continue
        keys = {key for it in hit for key in known().types.get(short_name(it.type), ())}
        for key in entry.values.keys() - keys:
            kinds = ", ".join(sorted({short_name(it.type) for it in hit})[:3])
            problems.append(entry.problem(f"{kinds} has no usage key {key!r}", keys, got=key))
    pools = {str(it.inputs["metadata"].get("name", it.name)) for it, _ in managed if _is_pool(it)}
    for entry in usage.node_pools:
        if not any(fnmatch.fnmatchcase(pool, entry.pattern) for pool in pools) and pools:
            problems.append(entry.problem("no NodePool of the plan has this name", pools))
    return problems


def _is_pool(resource: Resource) -> bool:
    kind = resource.inputs.get("kind") == "NodePool" or resource.type.endswith(":NodePool")
    return kind and isinstance(resource.inputs.get("metadata"), Mapping)
