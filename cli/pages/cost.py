"""The pages of `tradewind cost`: sums, drivers, and what is unpriced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import money, number
from cli.pages.layout import more, section
from finops.sensitivity import swings
from plan.graph import name_of

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Plan
    from finops.estimate import Cost, Estimate

__all__ = ["draw", "draw_unpriced", "markdown"]

ROWS = 25
DRIVERS = 5


def draw(console: Console, plan: Plan, estimate: Estimate, by: str) -> None:
    """Sums by `by`, then what moves the total most, then what the figures rest on."""
    table = section(
        "COST a month", [("floor", "right"), ("expected", "right"), ("ceiling", "right"), ("share", "right")]
    )
    rows = _rows(estimate, by)
    for label, cost in rows[:ROWS]:
        share = f"{cost.expected / estimate.total.expected:.1%}" if estimate.total.expected else "-"
        table.add_row(escape(label), money(cost.floor), money(cost.expected), money(cost.ceiling), share)
    total = estimate.total
    table.add_row(
        "[bold]total[/]",
        *(f"[bold]{money(it)}[/]" for it in (total.floor, total.expected, total.ceiling)),
        "",
    )
    console.print(
        f"[bold]{escape(plan.target)}[/]   {number(len(estimate.lines), 'charge')}, {number(estimate.free, 'resource')} without a charge\n"
    )
    console.print(table)
    if folded := more(len(rows), ROWS, f"by {by}", f"tradewind cost {plan.target} --by {by} --format csv"):
        console.print(f"[dim]{escape(folded)}[/]")
    _draw_drivers(console, estimate)
    _draw_sensitivity(console, estimate)
    for text in _remarks(plan, estimate):
        console.print(text)


def _draw_drivers(console: Console, estimate: Estimate) -> None:
    drivers = estimate.drivers(DRIVERS)
    if not drivers:
        return
    table = section(
        "MOVED MOST by",
        [
            ("floor", "right"),
            ("expected", "right"),
            ("ceiling", "right"),
            ("of", "left"),
            ("because of", "left"),
        ],
    )
    for driver in drivers:
        cost = driver.cost
        table.add_row(
            driver.region,
            money(cost.floor),
            money(cost.expected),
            money(cost.ceiling),
            escape(f"{driver.name}: {driver.item}"),
            escape(driver.driver),
        )
    console.print()
    console.print(table)


def _draw_sensitivity(console: Console, estimate: Estimate) -> None:
    found = swings(estimate.lines)
    if not found:
        return
    columns = [("low", "right"), ("high", "right"), ("of", "left"), ("assumed", "left")]
    table = section("TOTAL IF one assumption is wrong", columns)
    for it in found:
        what = f"{number(it.charges, 'charge')} of {it.of.rpartition('.')[2]}"
        table.add_row("", money(it.low), money(it.high), escape(what), escape(it.assumption))
    console.print()
    console.print(table)


def _contract(estimate: Estimate) -> Iterator[str]:
    """Every use of a discount, what is free, and prices that are newer than the day asked for."""
    groups: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line in estimate.lines:
        if line.price.discount:
            groups[line.price.discount].append(line.saved)
    for discount, saved in sorted(groups.items()):
        yield f"{escape(discount)} off {number(len(saved), 'charge')}: {money(sum(saved, Decimal(0)))} less"
    if estimate.credits:
        names = ", ".join(it.name for it in estimate.credits)
        off = sum((it.expected for it in estimate.credits), Decimal(0))
        yield f"{money(off)} of this is free ({escape(names)}): [bold]{money(estimate.net.expected)}[/] are left"
    if estimate.day is not None:
        yield f"at the prices of {estimate.day}; {number(len(estimate.later), 'charge')} at a later price, as no older one is known"


def _remarks(plan: Plan, estimate: Estimate) -> Iterator[str]:
    yield ""
    yield from _contract(estimate)
    if estimate.unpriced:
        count = len({item.urn for item in estimate.unpriced})
        yield f"[bold red]{number(count, 'resource')} unpriced[/], in no total: tradewind cost {escape(plan.target)} --unpriced"
    if estimate.unverified:
        expected = sum((line.expected for line in estimate.unverified), Decimal(0))
        yield f"{number(len(estimate.unverified), 'charge')} of {money(expected)} rest on unverified prices"
    for text in estimate.assumptions:
        yield f"[dim]assumed: {escape(text)}[/]"


def draw_unpriced(console: Console, plan: Plan, estimate: Estimate, _by: str) -> None:
    """What is in no total and why; then the prices that were read nowhere."""
    console.print(
        f"[bold]{escape(plan.target)}[/]   {number(len(estimate.unpriced), 'charge')} unpriced, in no total\n"
    )
    table = section("UNPRICED", [("resource", "left"), ("what", "left"), ("why", "left"), ("where", "left")])
    for item in estimate.unpriced:
        table.add_row(
            item.region or "global",
            escape(item.name),
            escape(item.item),
            escape(item.reason),
            escape(item.source),
        )
    if estimate.unpriced:
        console.print(table)
        console.print()
    groups: defaultdict[tuple[str, str, str, str], int] = defaultdict(int)
    for line in estimate.unverified:
        groups[(line.region, line.price.service, line.price.usage_type, line.price.source)] += 1
    prices = section(
        "UNVERIFIED", [("service", "left"), ("price", "left"), ("charges", "right"), ("source", "left")]
    )
    for (region, service, usage_type, source), count in sorted(groups.items()):
        prices.add_row(region, service, usage_type, str(count), escape(source))
    if groups:
        console.print(prices)


def markdown(plan: Plan, estimate: Estimate, by: str) -> str:
    """The sums as a Markdown table."""
    total = estimate.total
    lines = [
        f"**{plan.target}: {money(total.expected)} a month** (between {money(total.floor)} and {money(total.ceiling)})",
        "",
        f"| {by} | floor | expected | ceiling |",
        "|---|--:|--:|--:|",
        *(f"| {label.replace('|', '&#124;')} | {_cells(cost)} |" for label, cost in _rows(estimate, by)),
        f"| **total** | {_cells(total)} |",
    ]
    if estimate.unpriced:
        lines += [
            "",
            f"{number(len({item.urn for item in estimate.unpriced}), 'resource')} unpriced, in no total.",
        ]
    return "\n".join(lines)


def _cells(cost: Cost) -> str:
    return " | ".join(money(amount) for amount in (cost.floor, cost.expected, cost.ceiling))


def _rows(estimate: Estimate, by: str) -> list[tuple[str, Cost]]:
    none = {"component": "(no component)", "tenant": "(shared)"}.get(by, "")
    return [
        ((name_of(key) if by == "resource" else key) or none, cost) for key, cost in estimate.by(by).items()
    ]
