"""`tradewind plan`: the four answers on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.findings import refuse_wrong_inputs
from cli.options import file_option, format_option, gates, target_options
from cli.output import console, emit_json, write_whole

__all__ = ["command"]


@click.command("plan")
@target_options
@file_option("the graph")
@click.option(
    "--usage",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Usage in place of the environment's own file.",
)
@click.option("--assumptions", is_flag=True, help="List every assumption, one a line, and nothing else.")
@click.option(
    "--save-svg", type=click.Path(path_type=Path), metavar="FILE", help="Save the page as a picture too."
)
@format_option("text", "json")
@gates
def command(
    file: Path | None,
    usage: Path | None,
    assumptions: bool,
    save_svg: Path | None,
    output: str,
    gates: Any,
    **options: Any,
) -> None:
    """Answer what TARGET would create, what it costs, which rules it breaks and which regions it may lose."""
    from cli.answers import answer, warm
    from cli.target import resolve

    warm()
    plan = resolve(**options)
    answers = answer(plan, usage=usage)
    if file:
        write_whole(file, plan.graph.to_json())
    if assumptions:
        for text in (*plan.graph.assumptions, *answers.estimate.assumptions):
            click.echo(text)
    elif output == "json":
        from cli.documents import plan_document

        emit_json(plan_document(answers))
    else:
        from cli.pages.plan import draw

        draw(console(), answers)
    if save_svg:
        from cli.output import svg
        from cli.pages.plan import draw

        picture = console(record=True)
        draw(picture, answers)
        write_whole(save_svg, svg(picture, f"tradewind plan {plan.target}"))
    refuse_wrong_inputs(plan.graph)
    gates.hold(answers)
