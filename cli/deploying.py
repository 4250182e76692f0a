"""What `tradewind up` does, step by step: ready, gates, question, waves, report."""

from __future__ import annotations

import dataclasses
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.engines import acting, announce, exit_code, expected, previewed
from cli.exits import Exit
from cli.following import following

if TYPE_CHECKING:
    from cli.engine_options import Packs
    from cli.options import Gates
    from cli.target import Plan
    from deploy.events import Outcome
    from deploy.stack import CellStack
    from deploy.waves import Report
    from plan.graph import Graph

__all__ = ["Wish", "between_waves", "deploy"]

UNDONE = "nothing was deployed"


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line; the fields are the options of `tradewind up`."""

    name: str
    cells: tuple[str, ...]
    plan_folder: Path | None
    parallel: bool
    refresh: bool
    yes: bool
    health: str | None
    health_timeout: float
    packs: tuple[Path, ...]
    config: Path | None
    no_policy: bool
    output: str
    gates: Gates


def deploy(wish: Wish) -> Exit:
    """Deploy as wished; the report is on stdout whatever came of it. The result is the exit code."""
    from cli.answers import policy_config
    from cli.engine_options import packs_given
    from cli.environment import chosen, environment_called
    from cli.target import resolve
    from deploy.engine import find_engine
    from deploy.events import Outcome
    from deploy.health import parsed
    from deploy.location import stacks_of
    from deploy.process import heeding_signals
    from deploy.ready import plans, refuse_unfit, refuse_unready, states
    from deploy.waves import Report, together

    _refuse_silence(wish)
    words = parsed(wish.health) if wish.health else []
    environment, root = environment_called(wish.name, UNDONE)
    everything = stacks_of(environment, root)
    stacks = chosen(together(everything) if wish.parallel else everything, wish.cells, UNDONE)
    saved = plans(wish.plan_folder, stacks) if wish.plan_folder else {}
    find_engine()
    found = states(stacks)
    refuse_unready(wish.name, stacks, found)
    if wish.plan_folder:
        refuse_unfit(wish.plan_folder, saved, found)
    plan = resolve(wish.name, stack=None, timeout=120.0, memory=4096, fixtures=None, python=None)
    if broken := gates_before(wish, plan):
        nothing = tuple(Outcome(stack.stack, stack.cell, "not run") for stack in stacks)
        return _tell(wish, stacks, plan.graph, Report(nothing, tuple(broken)), 0.0)
    with packs_given(root, policy_config(plan, wish.config), wish.packs, wish.no_policy, UNDONE) as packs:
        if not wish.yes:
            declined = _declined(wish, stacks, plan.graph, packs, saved)
            if declined is not None:
                return declined
        started = time.monotonic()
        # To the end of the report: a second Ctrl-C that comes as the engine ends must not lose it.
        with heeding_signals():
            report = _run(wish, stacks, plan, packs, words, root)
            return _tell(wish, stacks, plan.graph, report, time.monotonic() - started, packs.names)


def _refuse_silence(wish: Wish) -> None:
    if not wish.yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("nobody can be asked here: --yes begins without asking")
    if not wish.yes and wish.output == "json":
        raise click.UsageError("a question would spoil the JSON document: --yes begins without asking")


def gates_before(wish: Wish, plan: Plan) -> list[str]:
    """The gates that do not hold for the plan of the whole environment: then nothing is deployed.

    Raises `InputError` for inputs that the provider would refuse.
    """
    from cli.answers import cost_of, report_of
    from cli.findings import refuse_wrong_inputs
    from plan.survive import survive

    refuse_wrong_inputs(plan.graph)
    gates = dataclasses.replace(wish.gates, rules=wish.gates.rules or not wish.no_policy)
    broken = [*gates.of_cost(cost_of(plan))] if gates.budget is not None or gates.priced else []
    if gates.survival:
        broken += gates.of_survival(survive(plan.graph))
    if gates.rules:
        report = report_of(plan, wish.config)
        mandatory = list(report.mandatory)
        broken += [f"rules: {it.rule}  {it.source}  {it.message}   fix: {it.fix}" for it in mandatory[:10]]
        if len(mandatory) > 10:
            broken.append(f"rules: {len(mandatory) - 10} more: tradewind check {wish.name}")
    return broken


def _declined(
    wish: Wish,
    stacks: Sequence[CellStack],
    graph: Graph,
    packs: Packs,
    saved: Mapping[str, Mapping[str, Any]],
) -> Exit | None:
    """Show the person at the terminal what would change and ask; None for a yes, else how to end."""
    from cli.pages.deployment import Deployment, draw_saved

    if saved:
        from cli.output import console
        from deploy.changes import lost, planned

        rows = [(stack.cell, planned(saved[stack.stack]), lost(saved[stack.stack])) for stack in stacks]
        draw_saved(console(), wish.name, rows)
    else:
        started = time.monotonic()
        seen = previewed(stacks, graph, packs, None, refresh=wish.refresh, at_once=False)
        took = time.monotonic() - started
        waves = _numbered(stacks)
        page = Deployment(wish.name, "previewed", seen.outcomes, graph, took, waves, packs.names)
        announce(page, "text")
        if not seen.succeeded:
            click.echo(UNDONE, err=True)
            return exit_code(seen)
    click.echo()
    if click.confirm(f"Deploy {wish.name} ({', '.join(stack.cell for stack in stacks)})?", default=False):
        click.echo()
        return None
    click.echo(UNDONE, err=True)
    return Exit.DONE


def _run(
    wish: Wish,
    stacks: Sequence[CellStack],
    plan: Plan,
    packs: Packs,
    words: Sequence[str],
    root: Path,
) -> Report:
    from deploy.ready import plan_file
    from deploy.stack import Operation, Options
    from deploy.waves import in_waves

    folder = wish.plan_folder.resolve() if wish.plan_folder else None

    def options(stack: CellStack) -> Options:
        saved = plan_file(folder, stack.stack) if folder else None
        return Options(packs.folders, packs.configs, saved, refresh=wish.refresh)

    def gate(outcomes: Sequence[Outcome]) -> list[str]:
        return between_waves(wish, stacks, plan, outcomes, words, root)

    with following(stacks, expected(plan.graph)) as board:
        return in_waves(stacks, acting(Operation.UP, options, board), gate)


def between_waves(
    wish: Wish,
    stacks: Sequence[CellStack],
    plan: Plan,
    outcomes: Sequence[Outcome],
    words: Sequence[str],
    root: Path,
) -> list[str]:
    """The gates that do not hold after the wave that ended `outcomes`."""
    from deploy.health import health

    ended = {outcome.stack for outcome in outcomes}
    wave = next(stack for stack in stacks if stack.stack == outcomes[-1].stack).wave
    broken = _cost_of_what_stands(wish, [stack for stack in stacks if stack.stack in ended], plan)
    if words:
        members = [stack for stack in stacks if stack.wave == wave]
        number = _numbered(stacks)[outcomes[-1].stack]
        said = health(words, wish.name, number, members, root, wish.health_timeout)
        if said:
            broken.append(f"--health: {said}")
    return broken


def _cost_of_what_stands(wish: Wish, ended: Sequence[CellStack], plan: Plan) -> list[str]:
    """The cost gates over the state of the cells that have `ended` and the plan of the others."""
    if wish.gates.budget is None and not wish.gates.priced:
        return []
    from cli.answers import cost_of
    from deploy.stack import export
    from plan.graph import Graph as WholeGraph
    from plan.state import graph_of

    names = {stack.stack for stack in ended}
    rest = WholeGraph.of(resource for resource in plan.graph if resource.stack not in names)
    stands = [graph_of(export(stack), stack.stack) for stack in ended]
    return list(wish.gates.of_cost(cost_of(dataclasses.replace(plan, graph=rest.merged(*stands)))))


def _tell(
    wish: Wish,
    stacks: Sequence[CellStack],
    graph: Graph,
    report: Report,
    seconds: float,
    packs: tuple[str, ...] = (),
) -> Exit:
    from cli.pages.deployment import Deployment

    again = "" if report.succeeded else _again(wish)
    waves = _numbered(stacks)
    page = Deployment(
        wish.name, "deployed", report.outcomes, graph, seconds, waves, packs, report.gates, again
    )
    announce(page, wish.output)
    return exit_code(report)


def _again(wish: Wish) -> str:
    """The command that resumes. A saved plan is not part of it: what is done no longer fits it."""
    words = ["tradewind", "up", wish.name]
    for cell in wish.cells:
        words += ["--cell", cell]
    flags = {
        "--parallel": wish.parallel,
        "--refresh": wish.refresh,
        "--no-policy": wish.no_policy,
        "--require-priced": wish.gates.priced,
        "--require-survival": wish.gates.survival,
        "--require-rules": wish.gates.rules,
        "--yes": wish.yes,
    }
    words += [flag for flag, given in flags.items() if given]
    if wish.config:
        words += ["--config", str(wish.config)]
    for pack in wish.packs:
        words += ["--pack", str(pack)]
    if wish.gates.budget is not None:
        words += ["--budget", f"{wish.gates.budget:f}"]
    if wish.health:
        words += ["--health", wish.health, "--health-timeout", f"{wish.health_timeout:g}"]
    return shlex.join(words)


def _numbered(stacks: Sequence[CellStack]) -> dict[str, int]:
    """Each stack's wave, counted from 1."""
    waves = sorted({stack.wave for stack in stacks})
    return {stack.stack: waves.index(stack.wave) + 1 for stack in stacks}
