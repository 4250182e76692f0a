"""Both estimates of one plan, side by side: what each says of a resource, whether they agree, and if not, why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from finops.estimate import Estimate, Line
from finops.infracost.endpoint import serving
from finops.infracost.reasons import Reason, agree, explained
from finops.infracost.results import Theirs, counted, read, unsupported
from finops.infracost.run import SECONDS, breakdown
from finops.infracost.usage import usage_file
from finops.prices.book import PriceBook
from finops.usage import Usage
from plan.export.terraform import export, plan_json
from plan.graph import Graph, Resource
from problems import Missing

__all__ = ["Comparison", "Coverage", "Row", "compare", "joined"]

SCHEMA = "tradewind.infracost/1"
Ours = Literal["priced", "free", "unpriced"]
TheirState = Literal["priced", "free", "no price", "unsupported", "not sent"]
"""No price: Infracost knows the type, and the price book has no answer to what it asks. Not sent: the
resource is not in the plan document (Kubernetes, or newer than Terraform's provider 5.100)."""
Verdict = Literal["same", "explained", "unexplained", "ours only", "theirs only", "neither"]


@dataclass(frozen=True, slots=True)
class Row:
    """One resource: `floor`, `expected` are ours and `theirs` Infracost's USD a month."""

    urn: str
    address: str
    type: str
    name: str
    region: str
    ours: Ours
    floor: Decimal
    expected: Decimal
    state: TheirState
    theirs: Decimal
    verdict: Verdict
    reasons: tuple[tuple[Reason, Decimal], ...] = ()
    """Each with its part of the difference, ours less theirs."""

    @property
    def difference(self) -> Decimal:
        return self.expected - self.theirs


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one type, how many resources each side prices, takes to be free, or cannot price."""

    type: str
    resources: int
    ours: Mapping[str, int]
    theirs: Mapping[str, int]


@dataclass(frozen=True)
class Comparison:
    """Rows in the order of the graph; `unanswered` are the price queries that the book has no answer to."""

    rows: tuple[Row, ...]
    unanswered: tuple[str, ...]
    version: str
    seconds: float

    @cached_property
    def both(self) -> tuple[Row, ...]:
        """What both price: the two sums are of the same resources."""
        return tuple(row for row in self.rows if row.ours == row.state == "priced")

    @cached_property
    def coverage(self) -> tuple[Coverage, ...]:
        """By type, those with the most resources first."""
        groups: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            groups[row.type].append(row)
        found = [
            Coverage(type, len(rows), Counter(it.ours for it in rows), Counter(it.state for it in rows))
            for type, rows in groups.items()
        ]
        return tuple(sorted(found, key=lambda it: (-it.resources, it.type)))

    def of(self, *verdicts: Verdict) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.verdict in verdicts)

    @cached_property
    def used(self) -> tuple[tuple[Reason, int, Decimal], ...]:
        """Why what both price differs: each reason, in how many resources, and its part. Largest first."""
        groups: defaultdict[str, list[Decimal]] = defaultdict(list)
        found = {reason.name: reason for row in self.both for reason, _ in row.reasons}
        for row in self.both:
            for reason, part in row.reasons:
                groups[reason.name].append(part)
        rows = [(found[name], len(parts), sum(parts, Decimal(0))) for name, parts in groups.items()]
        return tuple(sorted(rows, key=lambda it: (-abs(it[2]), it[0].name)))

    def to_dict(self) -> dict[str, Any]:
        """The versioned document (`finops/schemas/infracost.json`): money as text, in a fixed order."""
        return {
            "schema": SCHEMA,
            "infracost": self.version,
            "currency": "USD",
            "both": {
                "resources": len(self.both),
                "floor": _money(it.floor for it in self.both),
                "expected": _money(it.expected for it in self.both),
                "theirs": _money(it.theirs for it in self.both),
            },
            "resources": [_row(row) for row in sorted(self.rows, key=lambda it: it.urn)],
            "reasons": [
                {
                    "name": reason.name, "kind": reason.kind, "why": reason.why, "resources": count,
                    "difference": _money([amount]),
                }
                for reason, count, amount in self.used
            ],
            "coverage": [
                {
                    "type": it.type, "resources": it.resources, "ours": dict(sorted(it.ours.items())),
                    "theirs": dict(sorted(it.theirs.items())),
                }
                for it in self.coverage
            ],
            "unanswered": list(self.unanswered),
        }  # fmt: skip


def compare(
    graph: Graph, estimate: Estimate, usage: Usage, book: PriceBook, *, command: str | None = None,
    seconds: float = SECONDS,
) -> Comparison:  # fmt: skip
    """Run Infracost on `graph`, with the prices of `book` and the usage that `estimate` counts on.

    Raises `Missing` where Infracost is absent, of another version, or fails.
    """
    made = export(graph)
    asked = usage_file(made.blocks, graph, usage, estimate.lines)
    with serving(book) as endpoint:
        run = breakdown(plan_json(made), asked, endpoint.url, command=command, seconds=seconds)
    theirs, unknown = read(run.document), unsupported(run.document)
    if made.blocks and not theirs and not counted(run.document):
        raise Missing(
            f"Infracost {run.version} was given {len(made.blocks)} resources and knows none of them, although it "
            "ended with 0: its answer cannot be compared"
        )
    types = {block.urn: block.type for block in made.blocks}
    rows = joined(graph, estimate, made.addresses, types, theirs, unknown)
    unanswered = tuple(sorted(str(query) for query in endpoint.unanswered))
    return Comparison(rows, unanswered, run.version, run.seconds)


def joined(
    graph: Graph, estimate: Estimate, addresses: Mapping[str, str], types: Mapping[str, str],
    theirs: Mapping[str, Theirs], unknown: Collection[str] = (),
) -> tuple[Row, ...]:  # fmt: skip
    """One row for each managed resource. Pure. `theirs` is by Terraform address, `unknown` are the types
    that Infracost does not support; any other that it does not list is free to it."""
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    for line in estimate.lines:
        lines[line.urn].append(line)
    unpriced = {item.urn for item in estimate.unpriced}
    return tuple(
        _joined(
            resource, lines[resource.urn], resource.urn in unpriced, addresses.get(resource.urn, ""),
            types.get(resource.urn, resource.type), theirs.get(addresses.get(resource.urn, "")), unknown,
        )
        for resource in graph
        if resource.is_managed
    )  # fmt: skip


def _joined(
    resource: Resource, lines: list[Line], unpriced: bool, address: str, type: str, theirs: Theirs | None,
    unknown: Collection[str],
) -> Row:  # fmt: skip
    ours: Ours = "priced" if lines else "unpriced" if unpriced else "free"
    state: TheirState = "unsupported" if type in unknown else _state(address, theirs)
    expected = sum((line.expected for line in lines), Decimal(0))
    cost = theirs.cost if theirs is not None else Decimal(0)
    verdict: Verdict
    reasons: tuple[tuple[Reason, Decimal], ...] = ()
    if ours == state == "priced" and theirs is not None:
        verdict = "same"
        if not agree(expected, cost):
            whole, reasons = explained(type, resource.region, lines, theirs.components)
            verdict = "explained" if whole else "unexplained"
    elif ours == "priced":
        verdict = "ours only"
        if state == "no price" and theirs is not None:
            _, reasons = explained(type, resource.region, lines, theirs.components)
    else:
        # A charge of nothing, by the usage that both were told, is no charge.
        verdict = "theirs only" if cost else "neither"
    return Row(
        resource.urn, address, type, resource.name, resource.region, ours,
        sum((line.floor for line in lines), Decimal(0)), expected, state, cost, verdict, reasons,
    )  # fmt: skip


def _state(address: str, theirs: Theirs | None) -> TheirState:
    if not address:
        return "not sent"
    if theirs is None or not theirs.components:
        return "free"
    return "priced" if theirs.is_priced else "no price"


def _row(row: Row) -> dict[str, Any]:
    return {
        "urn": row.urn, "address": row.address, "type": row.type, "region": row.region,
        "ours": row.ours, "floor": _money([row.floor]), "expected": _money([row.expected]),
        "theirs": row.state, "infracost": _money([row.theirs]), "verdict": row.verdict,
        "reasons": [{"name": reason.name, "difference": _money([part])} for reason, part in row.reasons],
    }  # fmt: skip


def _money(amounts: Iterable[Decimal]) -> str:
    return f"{sum(amounts, Decimal(0)):.2f}"
