"""`tradewind survive`: what still serves when a region is lost, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from cli.exits import GateNotHeld
from cli.options import Gates, format_option, target_options
from cli.output import console, emit_json
from problems import InputError, Problem

__all__ = ["command"]


@click.command("survive")
@target_options
@click.option("--lose", metavar="REGION", help="Look at the loss of this region only.")
@click.option("--require-survival", is_flag=True, help="Gate: the loss of each region shown is survived.")
@format_option("text", "json")
def command(lose: str | None, require_survival: bool, output: str, **options: Any) -> None:
    """Show for each store and path of TARGET what is lost and what remains when a region goes."""
    from cli.target import resolve
    from plan.survive import survive

    plan = resolve(**options)
    survival = survive(plan.graph)
    if lose:
        regions = [loss.region for loss in survival.regions]
        if lose not in regions:
            problem = Problem(
                "--lose",
                "",
                lose,
                f"nothing of {plan.target} stands in that region",
                f"name one of {', '.join(regions)}" if regions else "",
            )
            raise InputError([problem], "nothing was looked at")
        survival = replace(survival, regions=tuple(loss for loss in survival.regions if loss.region == lose))
    if output == "json":
        from cli.documents import survive_document, target_document

        emit_json({**survive_document(survival), **target_document(plan)})
    else:
        from cli.pages.survive import draw

        draw(console(), plan, survival)
    if broken := list(Gates(survival=require_survival).of_survival(survival)):
        raise GateNotHeld(broken)
