"""What parts two targets: answers before, answers after, and the document between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from cli.diff_document import (
    Amounts,
    Charge,
    Document,
    Environment,
    Gate,
    Group,
    Property,
    Region,
    Row,
    Rule,
)
from finops.diff import CostChange, Entry, cost_change
from plan.data_stores import holds_data
from plan.diff import Diff, diff
from plan.graph import Graph, name_of

if TYPE_CHECKING:
    from finops.estimate import Cost, Estimate
    from plan.survive import RegionLoss, Survival
    from policies.report import Report, Violation

__all__ = ["Side", "document", "environment"]


@dataclass(frozen=True)
class Side:
    """One target answered. `there` is false where the environment does not exist on this side; `apart` says
    that it is another deployment than the other side: nothing is deleted by looking at the two.
    """

    target: str
    graph: Graph
    estimate: Estimate
    report: Report
    survival: Survival
    there: bool = True
    apart: bool = False


def document(
    base: str, head: str, compared: Sequence[tuple[str, Side, Side]], gates: Iterable[str] = ()
) -> Document:
    """The whole answer; environments in the order given."""
    sides = [side for _, before, after in compared for side in (before, after)]
    dates = [dated for side in sides if (dated := side.estimate.prices_as_of)]
    span = (min(dates)[0].isoformat(), max(end for _, end in dates).isoformat()) if dates else ()
    assumed = {text for side in sides for text in (*side.graph.assumptions, *side.estimate.assumptions)}
    return Document(
        base=base,
        head=head,
        prices_as_of=tuple(dict.fromkeys(span)),
        unverified=sum(len(after.estimate.unverified) for _, _, after in compared),
        assumed=len(assumed),
        environments=tuple(environment(*one) for one in compared),
        gates=tuple(Gate(text=text) for text in gates),
    )


def environment(name: str, before: Side, after: Side) -> Environment:
    """What changes from `before` to `after`."""
    steps = diff(before.graph, after.graph)
    change = cost_change(before.graph, after.graph, before.estimate, after.estimate, steps)
    rows = tuple(_row(entry, before.apart) for entry in change.entries)
    return Environment(
        name=name,
        base=before.target,
        head=after.target,
        in_base=before.there,
        in_head=after.there,
        resources_before=_managed(before.graph),
        resources_after=_managed(after.graph),
        counts=dict(sorted(Counter(row.operation for row in rows).items())),
        cost=_amounts(change.before, change.after),
        unpriced_before=len({item.urn for item in before.estimate.unpriced}),
        unpriced_after=len({item.urn for item in after.estimate.unpriced}),
        newly_unpriced=tuple(name_of(urn) for urn in change.newly_unpriced),
        mandatory_before=len(before.report.mandatory),
        mandatory_after=len(after.report.mandatory),
        rows=rows,
        rules=tuple(_rules(before, after, steps)),
        regions=tuple(_regions(before.survival, after.survival)),
        groups=tuple(_groups(change)),
    )


def _managed(graph: Graph) -> int:
    return sum(resource.is_managed for resource in graph)


def _amounts(before: Cost, after: Cost) -> Amounts:
    return Amounts(
        floor_before=before.floor,
        floor_after=after.floor,
        expected_before=before.expected,
        expected_after=after.expected,
        ceiling_before=before.ceiling,
        ceiling_after=after.ceiling,
    )


def _row(entry: Entry, apart: bool) -> Row:
    step = entry.step
    renamed = step.operation == "same" and step.renamed_from
    return Row(
        operation="rename" if renamed else step.operation,
        urn=step.urn,
        renamed_from=step.renamed_from,
        type=step.type,
        name=step.name,
        region=step.region,
        cell=entry.cell,
        component=entry.component,
        tenant=entry.tenant,
        owner=entry.owner,
        source=entry.source,
        cost=_amounts(entry.before, entry.after),
        unpriced=entry.unpriced,
        charges=tuple(
            Charge(
                item=it.item,
                region=it.region,
                before=it.before.expected,
                after=it.after.expected,
                ceiling_before=it.before.ceiling,
                ceiling_after=it.after.ceiling,
                why=it.why,
            )
            for it in entry.charges
        ),
        properties=tuple(Property(path=it.path, before=it.before, after=it.after) for it in entry.properties),
        replaces=step.replaces,
        holds_data=holds_data(step.type) and not apart,
        loses_data=step.loses_data and not apart,
        retained=step.retained,
        refused="" if apart else step.refused,
    )


# Rules.

_Key = tuple[str, str, str]


def _rules(before: Side, after: Side, steps: Diff) -> Iterator[Rule]:
    """New ones first. The same rule broken by the same resource at the same level is the same finding, even
    where its sentence reads otherwise; of several, those with the same sentence are paired first."""
    now = {step.renamed_from: step.urn for step in steps.steps if step.renamed_from}
    old = _keyed(before.report.violations, now)
    new = _keyed(after.report.violations, {})
    for key, found in new.items():
        for violation in _unpaired(found, old.get(key, [])):
            yield _rule(violation, "new")
    exempt = {(it.violation.rule, it.violation.urn) for it in after.report.exempt}
    untold = {(it.rule, it.urn) for it in after.report.undetermined}
    for key, found in old.items():
        for violation in _unpaired(found, new.get(key, [])):
            place = (violation.rule, now.get(violation.urn, violation.urn))
            if place in exempt:
                yield _rule(violation, "exempt")
            elif place in untold:
                yield _rule(violation, "undetermined")
            else:
                yield _rule(violation, "fixed" if place[1] in after.graph else "removed")


def _keyed(violations: Iterable[Violation], now: Mapping[str, str]) -> dict[_Key, list[Violation]]:
    groups: defaultdict[_Key, list[Violation]] = defaultdict(list)
    for one in violations:
        groups[one.rule, one.level, now.get(one.urn, one.urn)].append(one)
    return groups


def _unpaired(found: list[Violation], others: list[Violation]) -> list[Violation]:
    """Those of `found` that are more than `others`, other sentences first."""
    known = Counter(one.message for one in others)
    same: list[Violation] = []
    rest: list[Violation] = []
    for one in found:
        (same if known[one.message] > 0 else rest).append(one)
        known[one.message] -= 1
    return rest[: max(0, len(found) - len(others))]


def _rule(violation: Violation, became: str) -> Rule:
    return Rule.model_validate(
        {
            "became": became,
            "rule": violation.rule,
            "severity": violation.severity,
            "level": violation.level,
            "urn": violation.urn,
            "name": name_of(violation.urn),
            "message": violation.message,
            "fix": violation.fix,
            "source": violation.source,
        }
    )


# Survivability.


def _regions(before: Survival, after: Survival) -> Iterator[Region]:
    old = {loss.region: loss for loss in before.regions}
    new = {loss.region: loss for loss in after.regions}
    for region in sorted({**old, **new}):
        was, now = old.get(region), new.get(region)
        said = [it.text for it in now.because[:5]] if now else []
        yield Region(
            region=region,
            before=was.verdict if was else "",
            after=now.verdict if now else "",
            because=tuple(said),
            source=_source(now),
        )


def _source(loss: RegionLoss | None) -> str:
    return next((it.source for it in loss.because if it.source), "") if loss else ""


def _groups(change: CostChange) -> Iterator[Group]:
    for by, groups in change.groups.items():
        parted = [(name, costs) for name, costs in groups.items() if costs[0] != costs[1]]
        parted.sort(key=lambda it: (-abs(_rise(*it[1])), it[0]))
        for name, (before, after) in parted:
            yield Group.model_validate({"by": by, "name": name, "cost": _amounts(before, after)})


def _rise(before: Cost, after: Cost) -> Decimal:
    return after.expected - before.expected
