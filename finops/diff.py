"""What a change costs: two estimates and the steps between their graphs, resource by resource, with the reason.

    change = cost_change(old, new, before, after, diff(old, new))
    change.before, change.after     USD a month of everything
    change.entries                  what changes, or costs another sum, the largest difference first

A resource found again under another URN is one entry: its cost before is the one under the old URN.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from finops.estimate import Cost, Estimate, Line
from finops.place import place_of
from plan.diff import Diff, Step
from plan.graph import Graph, Resource
from plan.joins import at
from plan.tags import effective
from plan.values import Template, Value

__all__ = ["Charge", "CostChange", "Entry", "Property", "cost_change"]

OWNER = ("owner", "team")
"""Tags that name who answers for a resource, the first that is there."""

ZERO = Cost()


@dataclass(frozen=True, slots=True)
class Charge:
    """One price component of a resource that costs another sum: USD a month, and why."""

    item: str
    region: str
    before: Cost
    after: Cost
    why: str

    @property
    def difference(self) -> Cost:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Property:
    """An input that parts. The values are texts, both "" where they are long, secret or not known."""

    path: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource that changes, or costs another sum. `unpriced` says that part of its cost is not known."""

    step: Step
    before: Cost
    after: Cost
    charges: tuple[Charge, ...] = ()
    properties: tuple[Property, ...] = ()
    unpriced: bool = False
    cell: str = ""
    component: str = ""
    tenant: str = ""
    owner: str = ""
    source: str = ""

    @property
    def difference(self) -> Cost:
        return self.after - self.before


@dataclass(frozen=True)
class CostChange:
    """Totals of everything and the entries between them. `groups` are sums before and after by `cell`,
    `component`, `tenant` and `owner`; "" stands for lines that have none."""

    before: Cost
    after: Cost
    entries: tuple[Entry, ...]
    groups: Mapping[str, Mapping[str, tuple[Cost, Cost]]]
    newly_unpriced: tuple[str, ...] = ()
    """URNs after of what cannot be priced and was priced, or was not there, before."""

    @property
    def difference(self) -> Cost:
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """By how much the expected cost rises; None where there was none before."""
        if not self.before.expected:
            return None
        return (self.after.expected - self.before.expected) / self.before.expected * 100


def cost_change(old: Graph, new: Graph, before: Estimate, after: Estimate, steps: Diff) -> CostChange:
    """The cost of going from `old` to `new`. Pure; linear in resources, lines and changed inputs."""
    lines_before, lines_after = _by_urn(before), _by_urn(after)
    unpriced_before = {item.urn for item in before.unpriced}
    unpriced_after = {item.urn for item in after.unpriced}
    entries = []
    newly = []
    owners = _Owners(old), _Owners(new)
    for step in steps.steps:
        was = step.renamed_from or step.urn
        here = old.get(was) if step.operation != "create" else None
        there = new.get(step.urn) if step.operation not in ("delete", "discard") else None
        one = lines_before.get(was, []) if here else []
        two = lines_after.get(step.urn, []) if there else []
        missing = bool(there) and step.urn in unpriced_after
        if missing and not (here and was in unpriced_before):
            newly.append(step.urn)
        entry = _entry(step, here, there, one, two)
        untold = missing or (here is not None and was in unpriced_before)
        if _matters(entry, untold):
            graph, resource = (new, there) if there else (old, here)
            owner = owners[1 if there else 0].of(resource) if resource else ""
            entries.append(_placed(entry, graph, resource, untold, owner))
    entries.sort(key=_largest_first)
    return CostChange(
        before.total, after.total, tuple(entries), _groups(old, new, before, after), tuple(newly)
    )


def _by_urn(estimate: Estimate) -> dict[str, list[Line]]:
    groups: defaultdict[str, list[Line]] = defaultdict(list)
    for line in estimate.lines:
        groups[line.urn].append(line)
    return groups


def _entry(
    step: Step, here: Resource | None, there: Resource | None, one: list[Line], two: list[Line]
) -> Entry:
    return Entry(
        step,
        Cost.of(one),
        Cost.of(two),
        tuple(sorted(_charges(one, two), key=_largest_charge_first)),
        tuple(_properties(step, here, there)),
    )


def _largest_charge_first(charge: Charge) -> tuple[Decimal, Decimal, str, str]:
    difference = charge.difference
    return (-abs(difference.expected), -abs(difference.ceiling), charge.item, charge.region)


def _matters(entry: Entry, untold: bool) -> bool:
    changed = entry.step.operation not in ("same", "read") or entry.step.renamed_from
    return bool(changed) or entry.before != entry.after or (untold and entry.step.operation != "same")


def _placed(entry: Entry, graph: Graph, resource: Resource | None, untold: bool, owner: str) -> Entry:
    if resource is None:
        return entry
    place = place_of(resource, graph)
    return Entry(
        entry.step,
        entry.before,
        entry.after,
        entry.charges,
        entry.properties,
        untold,
        resource.stack,
        place.component,
        place.tenant,
        owner,
        resource.source,
    )


def _largest_first(entry: Entry) -> tuple[Decimal, Decimal, str]:
    difference = entry.difference
    return (-abs(difference.expected), -abs(difference.ceiling), entry.step.urn)


# Why: price components.


def _charges(one: Iterable[Line], two: Iterable[Line]) -> Iterator[Charge]:
    """The components whose sums part. Those of one name are paired in their order; each speaks for itself."""
    before, after = _by_item(one), _by_item(two)
    for key in {**before, **after}:
        was, now = before.get(key, []), after.get(key, [])
        sums = Cost.of(was), Cost.of(now)
        if sums[0] != sums[1]:
            yield Charge(*key, *sums, _why(was, now))


def _by_item(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    groups: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.item, line.region].append(line)
    return groups


def _why(was: list[Line], now: list[Line]) -> str:
    if not was:
        return "new"
    if not now:
        return "gone"
    if len(was) > 1 or len(now) > 1:
        return "amounts"
    old, new = was[0], now[0]
    said = []
    if old.price.rate != new.price.rate or old.price.tiers != new.price.tiers:
        said.append(f"${_plain(old.price.rate)} to ${_plain(new.price.rate)} per {new.unit}")
    if old.quantities.expected != new.quantities.expected:
        said.append(f"{_plain(old.quantities.expected)} to {_plain(new.quantities.expected)} {new.unit}")
    return ", ".join(said) or "limits"


def _plain(number: Decimal) -> str:
    """Thousands separated, at most six digits behind the point, no trailing zeros."""
    text = f"{number:,.6f}".rstrip("0").rstrip(".")
    return text or "0"


# Why: properties.

_SHOWN = re.compile(
    r"(?i)(type|class|mode|version|engine|size|count|capacity|days|hours|zones?|units|iops|throughput|min|max"
    r"|desired|replicas|enabled|tier|memory|storage|retention\w*)$"
)
"""Names whose values may be printed: what decides cost, and holds nothing that could be a secret."""
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def _properties(step: Step, here: Resource | None, there: Resource | None) -> Iterator[Property]:
    """The inputs that part, those that force a replacement first."""
    for change in sorted(step.changes, key=lambda it: not it.replaces):
        old = _value(here, change.path)
        new = _value(there, change.path)
        name = re.sub(r"\[\d+\]$", "", change.path).rpartition(".")[2]
        shown = _SHOWN.search(name) and change.known and "tags" not in change.path
        texts = (_text(old), _text(new)) if shown else ("", "")
        yield Property(change.path, *(texts if all(texts) else ("", "")))


def _value(resource: Resource | None, path: str) -> Value:
    """The input at a path as `plan.changes` writes it: `ingress[0].fromPort`, `tags["a b"]`."""
    value: Value = resource.inputs if resource else None
    for quoted, index, name in re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', path):
        if isinstance(value, list):
            value = value[int(index)] if index and int(index) < len(value) else None
        else:
            value = value.get(quoted or name) if isinstance(value, Mapping) else None
    return value


def _text(value: Value) -> str:
    """A short plain value as text; "" for any other."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, str) and not isinstance(value, Template) and _HARMLESS.fullmatch(value):
        return str(value)
    return ""


# Sums by who and where.


class _Owners:
    """Who answers for the resources of a graph: the tag that says so. A Kubernetes object without the label
    belongs to whom the AWS resources of its nearest component belong to, where that is one."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._around: dict[str, str] = {}

    def of(self, resource: Resource) -> str:
        tagged = self._tagged(resource)
        if tagged or resource.package != "kubernetes":
            return tagged
        around = (self._of_component(outer.urn) for outer in self._graph.ancestors(resource))
        return next((owner for owner in around if owner), "")

    def _tagged(self, resource: Resource) -> str:
        kubernetes = resource.package == "kubernetes"
        tags: object = (
            at(resource.inputs, "metadata.labels") if kubernetes else effective(self._graph, resource)
        )
        for key in OWNER:
            value = tags.get(key) if isinstance(tags, Mapping) else None
            if isinstance(value, str) and not isinstance(value, Template):
                return value
        return ""

    def _of_component(self, urn: str) -> str:
        if urn not in self._around:
            children = (it for it in self._graph.children(urn) if it.package == "aws")
            owners = {self._tagged(child) for child in children} - {""}
            self._around[urn] = owners.pop() if len(owners) == 1 else ""
        return self._around[urn]


def _groups(
    old: Graph, new: Graph, before: Estimate, after: Estimate
) -> dict[str, dict[str, tuple[Cost, Cost]]]:
    one, two = _sums(old, before), _sums(new, after)
    return {
        what: {
            name: (one[what].get(name, ZERO), two[what].get(name, ZERO))
            for name in sorted({**one[what], **two[what]})
        }
        for what in one
    }


def _sums(graph: Graph, estimate: Estimate) -> dict[str, dict[str, Cost]]:
    known, owners = _Owners(graph), dict[str, str]()
    for line in estimate.lines:
        if line.urn not in owners:
            resource = graph.get(line.urn)
            owners[line.urn] = known.of(resource) if resource else ""
    keys: dict[str, Callable[[Line], str]] = {
        "cell": lambda line: line.urn.removeprefix("urn:pulumi:").partition("::")[0],
        "component": lambda line: line.component,
        "tenant": lambda line: line.tenant,
        "owner": lambda line: owners[line.urn],
    }
    found: dict[str, dict[str, Cost]] = {}
    for what, key in keys.items():
        groups: defaultdict[str, list[Line]] = defaultdict(list)
        for line in estimate.lines:
            groups[key(line)].append(line)
        found[what] = {name: Cost.of(lines) for name, lines in groups.items()}
    return found
