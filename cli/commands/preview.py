"""`tradewind preview`: what the real engine would do to an environment, cell by cell."""

from __future__ import annotations

import time
from pathlib import Path

import click

from cli.engine_options import policy_options
from cli.environment import cell_options
from cli.options import format_option

__all__ = ["command"]

UNDONE = "nothing was previewed"


@click.command("preview")
@cell_options
@click.option(
    "--save-plan",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save each cell's plan in DIR, for `tradewind up --plan DIR`.",
)
@click.option("--parallel", is_flag=True, help="All cells at once, however few processors there are.")
@click.option("--refresh", is_flag=True, help="Ask the providers first how what is deployed stands now.")
@policy_options
@format_option("text", "json")
def command(
    name: str,
    cells: tuple[str, ...],
    save_plan: Path | None,
    parallel: bool,
    refresh: bool,
    packs: tuple[Path, ...],
    config: Path | None,
    no_policy: bool,
    output: str,
) -> int:
    """Ask the Pulumi engine what deploying ENV would change, with the rules on.

    Each cell's stack is made in its backend where it does not exist yet. Nothing else is changed. Exit
    code 3 when a mandatory rule is broken.
    """
    from cli.answers import policy_config
    from cli.engine_options import packs_given
    from cli.engines import announce, exit_code, previewed
    from cli.environment import chosen, environment_called
    from cli.pages.deployment import Deployment
    from cli.target import resolve
    from deploy.engine import find_engine
    from deploy.location import stacks_of
    from deploy.ready import states

    started = time.monotonic()
    environment, root = environment_called(name, UNDONE)
    stacks = chosen(stacks_of(environment, root), cells, UNDONE)
    find_engine()
    states(stacks, UNDONE)
    plan = resolve(name, stack=None, timeout=120.0, memory=4096, fixtures=None, python=None)
    settings = policy_config(plan, config)
    if save_plan:
        _make(save_plan)
    with packs_given(root, settings, packs, no_policy, UNDONE) as given:
        report = previewed(stacks, plan.graph, given, save_plan, refresh=refresh, at_once=parallel)
    again = f"tradewind up {name}" + (f" --plan {save_plan}" if save_plan else "")
    waves = {stack.stack: stack.wave + 1 for stack in stacks}
    page = Deployment(
        name, "previewed", report.outcomes, plan.graph, time.monotonic() - started, waves,
        given.names, again=again if report.succeeded else "",
    )  # fmt: skip
    announce(page, output)
    return exit_code(report)


def _make(folder: Path) -> None:
    """The folder for saved plans, made where it is missing."""
    from problems import InputError, Problem

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        but = "the plans cannot be saved there"
        fix = "name a folder that is there or can be made"
        raise InputError([Problem(str(folder), "", error.strerror or "", but, fix)], UNDONE) from None
