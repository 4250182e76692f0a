"""`tradewind cost`: what a month costs, charge by charge, and what is unpriced and why."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import Gates, format_option, gates, target_options
from cli.output import console, emit_json

if TYPE_CHECKING:
    from finops.estimate import Estimate

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
@click.option("--unpriced", is_flag=True, help="List what is not priced, or not verified, and why.")
@format_option("text", "json", "csv", "markdown")
@gates
def command(by: str, usage: Path | None, unpriced: bool, output: str, gates: Gates, **options: Any) -> None:
    """Show what TARGET costs a month: floor, expected, ceiling, and what decides between them."""
    from cli.answers import cost_of, warm
    from cli.exits import GateNotHeld
    from cli.target import resolve

    warm()
    plan = resolve(**options)
    estimate = cost_of(plan, usage)
    if output == "json":
        from cli.documents import target_document

        emit_json({**estimate.to_dict(), **target_document(plan)})
    elif output == "csv":
        click.echo(_csv(estimate), nl=False)
    else:
        from cli.pages.cost import draw, draw_unpriced, markdown

        if output == "markdown":
            click.echo(markdown(plan, estimate, by))
        else:
            (draw_unpriced if unpriced else draw)(console(), plan, estimate, by)
    if broken := list(gates.of_cost(estimate)):
        raise GateNotHeld(broken)


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
