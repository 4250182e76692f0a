"""`tradewind cost`: what a month costs, charge by charge, and what is unpriced and why."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import Gates, Seconds, format_option, gates, target_options
from cli.output import console, emit_json

if TYPE_CHECKING:
    from cli.target import Plan
    from finops.estimate import Estimate
    from finops.infracost import Comparison

__all__ = ["command"]

GROUPS = ("service", "region", "component", "tenant", "resource")


@click.command("cost")
@target_options
@click.option(
    "--by", "by", type=click.Choice(GROUPS), default="service", show_default=True, help="What to sum by."
)
@click.option(
    "--usage",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Usage in place of the environment's own file.",
)
@click.option(
    "--as-of",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="At the prices of a past day, as far as the price book knows them.",
)
@click.option("--prices", type=click.Path(path_type=Path), metavar="DIR", help="Another price book.")
@click.option(
    "--discounts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A contract: percentages and private rates.",
)
@click.option("--free-tiers", is_flag=True, help="Take off what AWS gives every account for nothing.")
@click.option(
    "--max-price-age", type=click.IntRange(min=1), metavar="DAYS", help="Gate: no price read longer ago."
)
@click.option(
    "--measure",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a usage file with what CloudWatch measured, and price with it.",
)
@click.option("--unpriced", is_flag=True, help="List what is not priced, or not verified, and why.")
@click.option(
    "--infracost",
    "compare",
    is_flag=True,
    help="Also ask Infracost 0.10, at the same prices, and explain differences.",
)
@click.option(
    "--infracost-timeout",
    "patience",
    type=Seconds(),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time limit of Infracost.",
)
@format_option("text", "json", "csv", "markdown")
@gates
def command(
    by: str, usage: Path | None, unpriced: bool, compare: bool, output: str, gates: Gates,
    day: dt.datetime | None, prices: Path | None, discounts: Path | None, free_tiers: bool,
    max_price_age: int | None, measure: Path | None, patience: float, **options: Any,
) -> None:  # fmt: skip
    """Show what TARGET costs a month: floor, expected, ceiling, and what decides between them."""
    from cli.answers import cost_of, warm
    from cli.exits import GateNotHeld
    from cli.price_book import aged, chosen, measured_into
    from cli.target import resolve

    warm()
    if compare and (prices or discounts or day or free_tiers):
        raise click.UsageError(
            "--infracost compares at today's list prices: leave --prices, --discounts, --as-of and --free-tiers out"
        )
    book = chosen(prices, discounts, day.date() if day else None)
    plan = resolve(**options)
    if measure is not None:
        usage = measured_into(measure, plan)
    estimate = cost_of(plan, usage, book)
    if free_tiers:
        from finops.free_tiers import read

        estimate = estimate.with_free(read())
    other = _asked(plan, estimate, usage, patience) if compare else None
    if output == "json":
        from cli.documents import target_document

        beside = {"infracost": other.to_dict()} if other else {}
        emit_json({**estimate.to_dict(), **beside, **target_document(plan)})
    elif other:
        _show(plan, other, output)
    elif output == "csv":
        click.echo(_csv(estimate), nl=False)
    else:
        from cli.pages.cost import draw, draw_unpriced, markdown

        if output == "markdown":
            click.echo(markdown(plan, estimate, by))
        else:
            (draw_unpriced if unpriced else draw)(console(), plan, estimate, by)
    if broken := [*gates.of_cost(estimate), *aged(estimate, max_price_age)]:
        raise GateNotHeld(broken)


def _asked(plan: Plan, estimate: Estimate, usage: Path | None, seconds: float) -> Comparison:
    from cli.infracost import asked

    return asked(plan, estimate, usage, seconds)


def _show(plan: Plan, other: Comparison, output: str) -> None:
    from cli.infracost import csv_of
    from cli.pages.infracost import draw, markdown

    if output == "csv":
        click.echo(csv_of(other), nl=False)
    elif output == "markdown":
        click.echo(markdown(plan, other))
    else:
        draw(console(), plan, other)


def _csv(estimate: Estimate) -> str:
    """Every charge, one a row; then every unpriced resource with empty amounts and its reason."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        (
            "region",
            "service",
            "component",
            "tenant",
            "resource",
            "item",
            "unit",
            "rate",
            "floor",
            "expected",
            "ceiling",
            "verified",
            "note",
            "urn",
        )
    )
    for line in estimate.lines:
        writer.writerow(
            (line.region, line.service, line.component, line.tenant, line.name, line.item, line.unit, f"{line.price.rate:f}",
             line.floor, line.expected, line.ceiling, "yes" if line.verified else "no", "; ".join(line.drivers), line.urn)
        )  # fmt: skip
    for item in estimate.unpriced:
        writer.writerow(
            (
                item.region,
                "",
                "",
                "",
                item.name,
                item.item,
                "",
                "",
                "",
                "",
                "",
                "",
                f"unpriced: {item.reason}",
                item.urn,
            )
        )
    return file.getvalue()
