"""`tradewind export`: the graph in other tools' forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import file_option, target_options
from cli.output import write_whole

if TYPE_CHECKING:
    from plan.export.graphviz import Detail
    from plan.graph import Graph

__all__ = ["command"]


@click.command("export")
@target_options
@click.option(
    "--to",
    "form",
    type=click.Choice(["graphviz", "graph", "terraform", "terraform-plan"]),
    required=True,
    help="graphviz: a DOT file; graph: this project's own JSON; terraform: a folder of Terraform "
    "configuration; terraform-plan: the JSON of a Terraform plan, as Infracost reads it.",
)
@click.option(
    "--detail",
    type=click.Choice(["auto", "resources", "components"]),
    default="auto",
    show_default=True,
    help="graphviz: every resource, or one node a component.",
)
@file_option("the export")
def command(form: str, detail: Detail, file: Path | None, **options: Any) -> None:
    """Write TARGET's graph in another tool's form, to a file or to stdout; terraform needs a folder."""
    if form == "terraform" and file is None:
        raise click.UsageError("--to terraform writes a folder: name it with -o DIR")
    from cli.target import resolve

    graph = resolve(**options).graph
    if form == "terraform":
        from cli.terraform import write_folder

        assert file is not None
        write_folder(graph, file)
        return
    text = _text(graph, form, detail)
    if file:
        write_whole(file, text)
        click.echo(f"wrote {file}", err=True)
    else:
        click.echo(text, nl=False)


def _text(graph: Graph, form: str, detail: Detail) -> str:
    if form == "graph":
        return graph.to_json()
    if form == "terraform-plan":
        from cli.terraform import plan_text

        return plan_text(graph)
    from plan.export.graphviz import dot

    return dot(graph, detail=detail)
