"""The page of `tradewind cost --infracost`: both estimates side by side, why they differ, what each covers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import money, number
from cli.pages.layout import SHOWN, more, section

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Plan
    from finops.infracost import Comparison
    from finops.infracost.comparison import Coverage, Row

__all__ = ["draw", "markdown"]

TYPES = 30
UNANSWERED = 5


def draw(console: Console, plan: Plan, found: Comparison) -> None:
    """What both price and differ in, with the reasons; what only one prices; coverage by type."""
    console.print(f"[bold]{escape(plan.target)}[/]   {escape(headline(found))}\n")
    _draw_rows(console, plan, found)
    _draw_reasons(console, found)
    _draw_one_sided(console, found)
    _draw_coverage(console, plan, found)
    for text in _remarks(plan, found):
        console.print(text)


def headline(found: Comparison) -> str:
    """How many agree, and the sums of what both price."""
    floor, expected, theirs = sums(found.both)
    return (
        f"{number(len(found.both), 'resource')} priced by both: {len(found.of('same'))} agree within 1 %, "
        f"{len(found.of('explained'))} differ for a named reason, {len(found.of('unexplained'))} unexplained; "
        f"floor {money(floor)}, expected {money(expected)}, Infracost {found.version} {money(theirs)}"
    )


def sums(rows: tuple[Row, ...] | list[Row]) -> tuple[Decimal, Decimal, Decimal]:
    """Floor, expected and Infracost's, USD a month."""
    none = Decimal(0)
    return (
        sum((it.floor for it in rows), none),
        sum((it.expected for it in rows), none),
        sum((it.theirs for it in rows), none),
    )


def _different(found: Comparison) -> list[Row]:
    rows = found.of("unexplained", "explained")
    return sorted(rows, key=lambda it: (it.verdict != "unexplained", -abs(it.difference), it.urn))


def _draw_rows(console: Console, plan: Plan, found: Comparison) -> None:
    rows = _different(found)
    if not rows:
        return
    columns = [("floor", "right"), ("expected", "right"), ("infracost", "right"), ("resource", "left")]
    table = section("SIDE BY SIDE", [*columns, ("because of", "left")])
    for row in rows[:SHOWN]:
        amounts = (money(row.floor), money(row.expected), money(row.theirs))
        table.add_row(row.region or "global", *amounts, escape(row.address), _why(row))
    console.print(table)
    command = f"tradewind cost {plan.target} --infracost --format csv"
    if folded := more(len(rows), SHOWN, "that differ", command):
        console.print(f"[dim]{escape(folded)}[/]")
    console.print()


def _why(row: Row) -> str:
    """Names of the reasons, each with its part of the difference; what they leave is unexplained."""
    told = [f"{reason.name} {money(part)}" for reason, part in row.reasons]
    return ", ".join([*told, "unexplained"] if row.verdict == "unexplained" else told)


def _draw_reasons(console: Console, found: Comparison) -> None:
    if not found.used:
        return
    columns = [("resources", "right"), ("ours - theirs", "right"), ("kind", "left"), ("why", "left")]
    table = section("REASON", columns)
    for reason, count, amount in found.used:
        table.add_row(reason.name, str(count), money(amount), reason.kind, escape(reason.why))
    console.print(table)
    console.print()


def _one_sided(found: Comparison) -> list[tuple[str, str, list[Row]]]:
    """Rows that only one side prices, by type and by what the other says; dearest first."""
    groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found.of("ours only", "theirs only"):
        other = f"here: {row.ours}" if row.verdict == "theirs only" else f"Infracost: {row.state}"
        defects = [reason.name for reason, _ in row.reasons] if row.state == "no price" else []
        groups[(row.type, ", ".join([other, *defects]))].append(row)
    rows = [(type, other, them) for (type, other), them in groups.items()]
    return sorted(rows, key=lambda it: (-abs(sum((row.difference for row in it[2]), Decimal(0))), it[0]))


def _draw_one_sided(console: Console, found: Comparison) -> None:
    rows = _one_sided(found)
    if not rows:
        return
    columns = [("resources", "right"), ("floor", "right"), ("expected", "right"), ("infracost", "right")]
    table = section("ONE SIDE ONLY", [*columns, ("the other", "left")])
    for type, other, them in rows:
        table.add_row(escape(type), str(len(them)), *(money(it) for it in sums(them)), other)
    console.print(table)
    console.print()


def _draw_coverage(console: Console, plan: Plan, found: Comparison) -> None:
    """Types that either side prices or cannot price; those free to both are one row."""
    table = section("COVERAGE", [("resources", "right"), ("here", "left"), ("infracost", "left")])
    rows, free = split(found)
    for row in rows[:TYPES]:
        table.add_row(escape(row.type), str(row.resources), counts(row.ours), counts(row.theirs))
    if free:
        total = sum(row.resources for row in free)
        table.add_row(f"{number(len(free), 'type')} free to both", str(total), "", "")
    ours, theirs = totals(found)
    table.add_row("[bold]all[/]", f"[bold]{len(found.rows)}[/]", f"[bold]{ours}[/]", f"[bold]{theirs}[/]")
    console.print(table)
    command = f"tradewind cost {plan.target} --infracost --format json"
    if folded := more(len(rows), TYPES, "types", command):
        console.print(f"[dim]{escape(folded)}[/]")


def split(found: Comparison) -> tuple[list[Coverage], list[Coverage]]:
    """Types with something to tell, and those that are free to both (or free, and not Infracost's to know)."""
    free = [
        it for it in found.coverage if set(it.ours) == {"free"} and set(it.theirs) <= {"free", "not sent"}
    ]
    return [it for it in found.coverage if it not in free], free


def counts(states: Mapping[str, int]) -> str:
    """`36 priced, 6 free`."""
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items(), key=lambda it: -it[1]))


def totals(found: Comparison) -> tuple[str, str]:
    ours: defaultdict[str, int] = defaultdict(int)
    theirs: defaultdict[str, int] = defaultdict(int)
    for row in found.rows:
        ours[row.ours] += 1
        theirs[row.state] += 1
    return counts(ours), counts(theirs)


def _remarks(plan: Plan, found: Comparison) -> Iterator[str]:
    if found.unanswered:
        queries = number(len(found.unanswered), "price query", "price queries")
        yield ""
        yield f"{queries} of Infracost without an answer in the price book:"
        for text in found.unanswered[:UNANSWERED]:
            yield f"  [dim]{escape(text)}[/]"
        command = f"tradewind cost {plan.target} --infracost --format json"
        if folded := more(len(found.unanswered), UNANSWERED, "queries", command):
            yield f"  [dim]{escape(folded)}[/]"


def markdown(plan: Plan, found: Comparison) -> str:
    """The differences, the reasons and the coverage as Markdown tables."""
    rows, free = split(found)
    ours, theirs = totals(found)
    shown = _different(found)[: 2 * SHOWN]
    lines = [f"**{plan.target}: {headline(found)}**"]
    if shown:
        lines += ["", "| resource | floor | expected | infracost | because of |", "|---|--:|--:|--:|---|"]
        for row in shown:
            amounts = " | ".join(money(it) for it in (row.floor, row.expected, row.theirs))
            lines.append(f"| {_cell(row.address)} | {amounts} | {_why(row)} |")
    if found.used:
        lines += ["", "| reason | kind | resources | ours - theirs | why |", "|---|---|--:|--:|---|"]
        for reason, count, amount in found.used:
            lines.append(f"| {reason.name} | {reason.kind} | {count} | {money(amount)} | {reason.why} |")
    lines += ["", "| type | resources | here | infracost |", "|---|--:|---|---|"]
    for it in rows:
        lines.append(f"| {_cell(it.type)} | {it.resources} | {counts(it.ours)} | {counts(it.theirs)} |")
    if free:
        lines.append(f"| {number(len(free), 'type')} free to both | {sum(it.resources for it in free)} | | |")
    lines.append(f"| **all** | {len(found.rows)} | {ours} | {theirs} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "&#124;")
