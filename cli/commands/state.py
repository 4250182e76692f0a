"""`tradewind state`: what is the matter with a deployment, where its state is, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli.environment import cell_options
from cli.exits import GateNotHeld
from cli.options import format_option

if TYPE_CHECKING:
    from pathlib import Path

    from cli.pages.state import Page
    from deploy.stack import CellStack
    from stacks.specification import Environment

__all__ = ["command"]

UNDONE = "nothing was looked at"


@click.command("state")
@cell_options
@click.option(
    "--drift", is_flag=True, help="Ask the providers how everything stands (slow; needs credentials)."
)
@click.option("--cloud", is_flag=True, help="Ask AWS for what no state knows (needs credentials).")
@click.option("--recover", is_flag=True, help="Mend what a killed engine left unfinished.")
@click.option("--yes", "-y", is_flag=True, help="With --recover: without asking.")
@click.option("--unlock", is_flag=True, help="With --recover: also break locks of other machines.")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=90.0,
    show_default=True,
    metavar="SECONDS",
    help="With --recover: how long AWS' index of tags may be behind.",
)
@click.option("--backend", is_flag=True, help="Print where the state of each cell is, for plain `pulumi`.")
@click.option("--bootstrap", is_flag=True, help="Print the commands that make bucket and key in each region.")
@format_option("text", "json")
def command(
    name: str,
    cells: tuple[str, ...],
    drift: bool,
    cloud: bool,
    recover: bool,
    yes: bool,
    unlock: bool,
    settle: float,
    backend: bool,
    bootstrap: bool,
    output: str,
) -> int | None:
    """Check the deployment of ENV without changing it: orphans, tags, unfinished operations, locks, drift.

    Exit code 3 when anything was found.
    """
    from cli.environment import chosen, environment_called
    from deploy.location import stacks_of

    if sum((backend, bootstrap, recover)) > 1:
        raise click.UsageError("--backend, --bootstrap and --recover exclude each other.")
    if (yes or unlock) and not recover:
        raise click.UsageError("--yes and --unlock go with --recover.")
    environment, root = environment_called(name, UNDONE)
    stacks = chosen(stacks_of(environment, root), cells, UNDONE)
    if backend or bootstrap:
        _print_places(environment, stacks, backend)
        return None
    if recover:
        from cli.recovering import recovered

        return recovered(environment, root, stacks, yes=yes, unlock=unlock, settle=settle)
    page = _looked(environment, root, stacks, drift=drift, cloud=cloud, everywhere=not cells)
    _show(page, output)
    if page.findings:
        raise GateNotHeld(page.findings)
    return None


def _print_places(environment: Environment, stacks: Sequence[CellStack], backend: bool) -> None:
    """Lines for a shell; what is no command is a comment."""
    from cli.pages.state import backend_lines, bootstrap_lines

    for line in backend_lines(stacks) if backend else bootstrap_lines(environment):
        click.echo(line)


def _looked(
    environment: Environment,
    root: Path,
    stacks: Sequence[CellStack],
    *,
    drift: bool,
    cloud: bool,
    everywhere: bool,
) -> Page:
    from concurrent.futures import ThreadPoolExecutor

    from cli.pages.state import Page
    from cli.progress import working
    from cli.recovering import decided, lookup_of
    from cli.target import resolve
    from deploy.engine import find_engine
    from deploy.location import require_access
    from deploy.state import CellState, examine
    from deploy.unmanaged import unmanaged
    from deploy.waves import cores
    from plan.project import find

    find_engine()
    for stack in stacks:
        require_access(stack)
    plan = resolve(environment.name, stack=None, timeout=120.0, memory=4096, fixtures=None, python=None)
    required = tuple(environment.required_tags.required)
    project = find(root).name

    def look(stack: CellStack) -> CellState:
        return examine(stack, plan.graph, required, project, drift=drift)

    with (
        working(f"looking at {', '.join(stack.stack for stack in stacks)}"),
        ThreadPoolExecutor(cores()) as pool,
    ):
        found = tuple(pool.map(look, stacks))
        documents = [state.document for state in found]
        lookup = lookup_of(environment, documents)
        decisions = {state.stack: decided(state.document, lookup) for state in found if state.pending}
        regions = list(dict.fromkeys([*environment.region_names, "us-east-1"]))
        # What other cells hold is no orphan, so it is only asked where all of them were read.
        strange = unmanaged(environment.name, regions, documents) if cloud and everywhere else None
    return Page(environment.name, found, decisions, strange, stacks)


def _show(page: Page, output: str) -> None:
    from cli.output import console, emit_json

    if output == "json":
        from cli.state_document import state_document

        emit_json(state_document(page))
    else:
        from cli.pages.state import draw

        draw(console(), page)
