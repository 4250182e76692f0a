"""The page of `tradewind check`: rules broken, exempted, and not to be told before deployment."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import number
from cli.pages.layout import grid, style_of
from plan.graph import name_of

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Plan
    from policies.report import Report, Violation

__all__ = ["draw", "markdown"]

PLACES = 5
"""Resources listed under one rule before the rest is counted."""


def draw(console: Console, plan: Plan, report: Report) -> None:
    """One block a rule: what it is for, each place, the fix."""
    console.print(
        f"[bold]{escape(plan.target)}[/]   {number(len(report.rules), 'rule')} over {number(report.resources, 'resource')}: "
        f"{len(report.mandatory)} mandatory broken, {len(report.advisory)} advisory, {len(report.exempt)} exempt, "
        f"{len(report.undetermined)} cannot be told before deployment\n"
    )
    rationale = {rule.id: rule.rationale for rule in report.rules}
    for (level, rule), violations in _by_rule(report).items():
        console.print(f"{style_of(level)}  [bold]{rule}[/]   {escape(rationale.get(rule, ''))}")
        table = grid("left", "left")
        for violation in violations[:PLACES]:
            table.add_row(f"    {escape(violation.source)}", escape(violation.message))
        console.print(table)
        if len(violations) > PLACES:
            console.print(f"    [dim]+ {len(violations) - PLACES} more: --format json[/]")
        console.print(f"    [dim]fix[/]  {escape(violations[0].fix)}\n")
    _draw_exempt(console, report)
    _draw_undetermined(console, report)
    for skipped in report.skipped:
        console.print(f"[dim]not applied  {skipped.rule}: {escape(skipped.why)}[/]")


def _by_rule(report: Report) -> dict[tuple[str, str], list[Violation]]:
    groups: defaultdict[tuple[str, str], list[Violation]] = defaultdict(list)
    for violation in report.violations:
        groups[(violation.level, violation.rule)].append(violation)
    return dict(groups)


def _draw_exempt(console: Console, report: Report) -> None:
    for one in report.exempt:
        until = f" until {one.until}" if one.until else ""
        console.print(
            f"exempt  [bold]{one.violation.rule}[/]  {escape(name_of(one.violation.urn))}{until}: {escape(one.reason)} ({escape(one.place)})"
        )
    if report.exempt:
        console.print()


def _draw_undetermined(console: Console, report: Report) -> None:
    """What cannot be told is never folded into what passed: one line a rule."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in report.undetermined:
        groups[(one.rule, one.why)].append(name_of(one.urn))
    for (rule, why), names in groups.items():
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        console.print(f"[magenta]cannot be told[/]  [bold]{rule}[/]  {escape(shown)}: {escape(why)}")


def markdown(report: Report) -> str:
    """The broken rules as a Markdown table."""
    head = f"**{len(report.mandatory)} mandatory broken, {len(report.advisory)} advisory**"
    rows = [
        f"| {one.level} | {one.rule} | {_cell(one.message)} | {_cell(one.source)} | {_cell(one.fix)} |"
        for one in report.violations
    ]
    return "\n".join(
        [
            head,
            "",
            *(["| level | rule | what | where | fix |", "|---|---|---|---|---|", *rows] if rows else []),
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("\n", " ")
