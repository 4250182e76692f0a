"""The page of `tradewind survive`: each loss, its verdict, and store by store what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import number
from cli.pages.layout import section, style_of

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Plan
    from plan.survive import PathLoss, RegionLoss, StoreLoss, Survival

__all__ = ["draw"]

ORDER = {"no": 0, "unknown": 1, "degraded": 2, "yes": 3}


def draw(console: Console, plan: Plan, survival: Survival) -> None:
    """The verdicts first, then the stores and paths of each loss, worst first, with the chain of reasons."""
    verdicts = section("LOST", [("verdict", "left"), ("because", "left")])
    for loss in survival.regions:
        verdicts.add_row(
            loss.region, style_of(loss.verdict), escape("; ".join(reason.text for reason in loss.because[:2]))
        )
    console.print(
        f"[bold]{escape(plan.target)}[/]   the loss of {number(len(survival.regions), 'region')}, one at a time\n"
    )
    console.print(verdicts)
    for loss in survival.regions:
        _draw_loss(console, loss)


def _draw_loss(console: Console, loss: RegionLoss) -> None:
    console.print(f"\n[bold]without {loss.region}[/]: {style_of(loss.verdict)}")
    for reason in loss.because:
        console.print(
            f"  {escape(reason.text)}" + (f"   [dim]{escape(reason.source)}[/]" if reason.source else "")
        )
    headings = [("kind", "left"), ("verdict", "left"), ("data lost", "right"), ("access", "left")]
    table = section("STORES", headings)
    stores = sorted(loss.stores, key=lambda it: (ORDER[it.verdict], it.kind, it.name))
    for store in stores:
        seconds = _seconds(store.data_loss_seconds)
        table.add_row(escape(store.name), store.kind, style_of(store.verdict), seconds, escape(store.access))
    if stores:
        console.print()
        console.print(table)
    paths = section("PATHS", [("kind", "left"), ("verdict", "left")])
    ways = sorted(loss.paths, key=lambda it: (ORDER[it.verdict], it.kind, it.name))
    for path in ways:
        paths.add_row(escape(path.name), path.kind, style_of(path.verdict))
    if ways:
        console.print()
        console.print(paths)
    _draw_chains(console, [*stores, *ways])


def _draw_chains(console: Console, parts: Sequence[StoreLoss | PathLoss]) -> None:
    """Step by step, why what does not simply remain does not."""
    told = [part for part in parts if part.verdict != "yes" and part.chain]
    if told:
        console.print("\n[bold]WHY[/]")
    for part in told:
        console.print(f"  {escape(part.name)}   {style_of(part.verdict)}")
        for reason in part.chain:
            place = f"   [dim]{escape(reason.source)}[/]" if reason.source else ""
            console.print(f"    {escape(reason.text)}{place}")


def _seconds(seconds: float | None) -> str:
    """Seconds of the latest writes lost; where no figure can be given, that is said, never zero."""
    if seconds is None:
        return "no figure"
    return "none" if seconds == 0 else f"{seconds:,.0f} s of writes"
