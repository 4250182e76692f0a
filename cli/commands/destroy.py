"""`tradewind destroy`: take an environment down on the real engine, or say first what stands in the way."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from cli.environment import cell_options, chosen, environment_called
from cli.options import format_option
from cli.output import console, emit_json, number

if TYPE_CHECKING:
    from cli.pages.destroy import Teardown
    from deploy.stack import CellStack
    from deploy.teardown import Standing
    from deploy.waves import Report
    from plan.graph import Graph
    from stacks.specification import Environment

__all__ = ["command"]

UNDONE = "nothing was destroyed"


@click.command("destroy")
@cell_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@format_option("text", "json")
def command(name: str, cells: tuple[str, ...], yes: bool, output: str) -> None:
    """Delete everything in ENV's cells, in the reverse of the order in which they are deployed.

    What stands in the way is found first and told all at once; then nothing is touched. What stays by
    design, as keys that wait for their deletion, is listed at the end.
    """
    from cli.pages.destroy import Teardown
    from deploy.engine import find_engine
    from deploy.location import stacks_of
    from deploy.process import heeding_signals
    from problems import InputError

    environment, root = environment_called(name, UNDONE)
    find_engine()
    started = time.monotonic()
    everything = stacks_of(environment, root)
    going = chosen(everything, cells, UNDONE)
    graphs, standing = _preflight(environment, everything, going)
    page = Teardown(name, graphs, standing)
    if standing.problems:
        page.result = "refused"
        if output == "json":
            _show(page, output)
        else:
            _warn(page)
        raise InputError(standing.problems, UNDONE)
    if not graphs:
        page.result = "nothing to destroy"
        _show(page, output)
        return
    if not yes:
        _confirm(page)
    # To the end of the report: a Ctrl-C that comes as the last engine ends must not lose it.
    with heeding_signals():
        report = _take_down(going, graphs)
        page.report, page.seconds = report, time.monotonic() - started
        page.result = "destroyed" if report.succeeded else "failed"
        _remains(page, environment.account_id)
        _show(page, output)
    if not report.succeeded:
        from cli.engines import exit_code

        sys.exit(int(exit_code(report)))


def _preflight(
    environment: Environment, everything: Sequence[CellStack], going: Sequence[CellStack]
) -> tuple[dict[str, Graph], Standing]:
    """The graphs of the stacks that hold anything, and what stands in the way of destroying them."""
    from cli.progress import working
    from deploy.ready import refuse_unready, states
    from deploy.teardown import concerned, examine, graphs_of, too_early
    from deploy.teardown_state import Lifting
    from problems import InputError

    found = states(concerned(everything, going), UNDONE)
    held = graphs_of(found)
    graphs = {stack.stack: held[stack.stack] for stack in going if stack.stack in held}
    lifting = Lifting(environment.name, environment.source.file, not environment.is_protected)
    with working(f"looking for what stands in the way of {environment.name}"):
        standing = examine(graphs, lifting, environment.account_id)
    standing.problems[:0] = too_early(everything, going, held)
    try:
        refuse_unready(environment.name, [stack for stack in going if stack.stack in held], found)
    except InputError as error:
        standing.problems[:0] = error.problems
    return graphs, standing


def _confirm(page: Teardown) -> None:
    """Ask for the environment's name; a pipe cannot answer."""
    _warn(page)
    count = sum(resource.is_managed for graph in page.graphs.values() for resource in graph)
    what = f"{number(count, 'resource')} in {', '.join(page.graphs)}"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{what} would be deleted, and nobody is there to ask: --yes says so.")
    answer = click.prompt(f"{what} will be deleted. The environment's name, to go on", default="", err=True)
    if answer != page.environment:
        raise click.Abort


def _warn(page: Teardown) -> None:
    """What could not be looked up, beside the answer."""
    from rich.console import Console

    from cli.pages.destroy import draw_unseen

    draw_unseen(Console(stderr=True, highlight=False), page)


def _take_down(going: Sequence[CellStack], graphs: Mapping[str, Graph]) -> Report:
    from cli.engines import acting
    from cli.following import following
    from deploy.stack import Operation, Options
    from deploy.teardown import backwards
    from deploy.waves import in_waves

    stacks = [stack for stack in backwards(going) if stack.stack in graphs]
    expected = {stack: len(graph) for stack, graph in graphs.items()}
    with following(stacks, expected) as board:
        return in_waves(stacks, acting(Operation.DESTROY, lambda stack: Options(), board))


def _remains(page: Teardown, account: str) -> None:
    """Note what stays of what was deleted."""
    from deploy.teardown import after

    gone: set[str] = set()
    for outcome in page.outcomes:
        failed = {failure.urn for failure in outcome.failures}
        gone |= {step.urn for step in outcome.steps if step.op == "delete" and step.urn not in failed}
    page.remains, unseen = after(page.graphs, gone, account, dt.datetime.now(tz=dt.UTC).date())
    page.standing.unseen += unseen


def _show(page: Teardown, output: str) -> None:
    from cli.pages.destroy import document, draw

    if output == "json":
        emit_json(document(page))
    else:
        draw(console(), page)
