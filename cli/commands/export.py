"""`tradewind export`: the graph in other tools' forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import file_option, target_options
from cli.output import write_whole

if TYPE_CHECKING:
    from plan.export.graphviz import Detail

__all__ = ["command"]


@click.command("export")
@target_options
@click.option(
    "--to",
    "form",
    type=click.Choice(["graphviz", "graph"]),
    required=True,
    help="graphviz: a DOT file; graph: this project's own JSON.",
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
    """Write TARGET's graph in another tool's form, to a file or to stdout."""
    from cli.target import resolve

    graph = resolve(**options).graph
    if form == "graph":
        text = graph.to_json()
    else:
        from plan.export.graphviz import dot

        text = dot(graph, detail=detail)
    if file:
        write_whole(file, text)
        click.echo(f"wrote {file}", err=True)
    else:
        click.echo(text, nl=False)
