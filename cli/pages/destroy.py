"""The page and the JSON document of `tradewind destroy`: what went, what failed, what stays and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from cli.output import number
from cli.pages.layout import grid, more, section
from cli.pages.words import duration, kind_named
from plan.graph import Graph, name_of

if TYPE_CHECKING:
    from rich.console import Console

    from deploy.events import Outcome
    from deploy.teardown import Standing
    from deploy.teardown_remains import Remain
    from deploy.waves import Report

__all__ = ["Teardown", "document", "draw", "draw_unseen"]

SHOWN = 12
_RESULTS = {"succeeded": "green", "failed": "bold red", "interrupted": "yellow", "not run": "dim"}


@dataclass
class Teardown:
    """What the page is about; `graphs` are the states before, by stack.

    `result` is "destroyed", "failed", "refused" or "nothing to destroy".
    """

    environment: str
    graphs: Mapping[str, Graph]
    standing: Standing
    result: str = ""
    report: Report | None = None
    seconds: float = 0.0
    remains: Sequence[Remain] = field(default_factory=list)

    @property
    def outcomes(self) -> Sequence[Outcome]:
        return self.report.outcomes if self.report else ()


def draw(console: Console, page: Teardown) -> None:
    """Cells with what was deleted, failures, what stays, what nobody could look up."""
    took = f"   [dim]{duration(page.seconds)}[/]" if page.seconds else ""
    console.print(f"[bold]{escape(page.environment)}[/]   {page.result}{took}\n")
    if page.outcomes:
        table = section("CELL", [("result", "left"), ("deleted", "right"), ("took", "right")])
        for outcome in page.outcomes:
            result = f"[{_RESULTS[outcome.result]}]{outcome.result}[/]"
            deleted = f"{outcome.counts.get('delete', 0):,}"
            table.add_row(escape(outcome.cell), result, deleted, duration(outcome.seconds))
        console.print(table)
    for outcome in page.outcomes:
        for failure in outcome.failures:
            what = kind_named(failure.urn.split("::")[2].rpartition("$")[2]) if failure.urn else ""
            console.print(
                f"\n[bold red]FAILED[/]  {escape(outcome.cell)}  {escape(f'{what} {name_of(failure.urn)}') if failure.urn else ''}"
            )
            console.print(f"  {escape(failure.message)}")
            if failure.fix:
                console.print(f"  [dim]fix[/]  {escape(failure.fix)}")
    _draw_remains(console, page)
    draw_unseen(console, page)
    if page.result == "failed":
        console.print(
            f"\n[bold]NEXT[/]  tradewind destroy {escape(page.environment)}   goes on where it ended"
        )


def _draw_remains(console: Console, page: Teardown) -> None:
    """What stays, alike things in one row: keys of one cell that go on the same day."""
    if not page.remains:
        return
    alike = Counter(
        (one.stack, one.kind, one.until.isoformat() if one.until else "for ever", one.cost, one.why)
        for one in page.remains
    )
    table = section("STAYS", [("where", "left"), ("until", "left"), ("costs", "left"), ("because", "left")])
    for (stack, kind, until, cost, why), count in list(alike.items())[:SHOWN]:
        table.add_row(number(count, escape(kind)), escape(stack), until, cost, escape(why))
    console.print()
    console.print(table)
    rest = more(len(alike), SHOWN, "rows", f"tradewind destroy {page.environment} --format json")
    if rest:
        console.print(rest)


def draw_unseen(console: Console, page: Teardown) -> None:
    """What could not be looked up beforehand, and how to."""
    if not page.standing.unseen:
        return
    console.print("\n[bold yellow]NOT LOOKED UP[/]  it may stand in the way, or be left behind")
    table = grid("left", "left")
    for one in page.standing.unseen:
        table.add_row(f"  {escape(one.region)}", f"{escape(one.what)}: {escape(one.why)}")
        table.add_row("", f"[dim]{escape(one.how)}[/]")
    console.print(table)


def document(page: Teardown) -> dict[str, Any]:
    """`tradewind.destroy/1` (`cli/schemas/destroy.json`); `until` null where something stays for ever."""
    return {
        "schema": "tradewind.destroy/1",
        "environment": page.environment,
        "result": page.result,
        "seconds": round(page.seconds, 3),
        "cells": [
            {
                "stack": one.stack,
                "cell": one.cell,
                "result": one.result,
                "deleted": one.counts.get("delete", 0),
                "seconds": round(one.seconds, 3),
                "failures": [{"urn": it.urn, "message": it.message, "fix": it.fix} for it in one.failures],
            }
            for one in page.outcomes
        ],
        "problems": [asdict(problem) for problem in page.standing.problems],
        "not_looked_up": [asdict(one) for one in page.standing.unseen],
        "stays": [
            {**asdict(one), "until": one.until.isoformat() if one.until else None} for one in page.remains
        ],
    }
