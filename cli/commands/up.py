"""`tradewind up`: an environment's cells through the real engine, in waves, with gates between them."""

from __future__ import annotations

from pathlib import Path

import click

from cli.engine_options import policy_options
from cli.environment import cell_options
from cli.options import Gates, Seconds, format_option, gates

__all__ = ["command"]


@click.command("up")
@cell_options
@click.option(
    "--plan",
    "plan_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Do only what the plans in DIR say, which `tradewind preview --save-plan DIR` wrote.",
)
@click.option("--parallel", is_flag=True, help="All regions in one wave, after what spans them.")
@click.option("--refresh", is_flag=True, help="Ask the providers first how what is deployed stands now.")
@click.option("--yes", "-y", is_flag=True, help="Begin without asking; needed where nobody can be asked.")
@click.option(
    "--health",
    metavar="COMMAND",
    help="Gate after each wave: this command ends with code 0. It runs without a shell, in the project's folder.",
)
@click.option(
    "--health-timeout",
    type=Seconds(),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Time limit of the health command.",
)
@policy_options
@format_option("text", "json")
@gates
def command(
    name: str,
    cells: tuple[str, ...],
    plan_folder: Path | None,
    parallel: bool,
    refresh: bool,
    yes: bool,
    health: str | None,
    health_timeout: float,
    packs: tuple[Path, ...],
    config: Path | None,
    no_policy: bool,
    output: str,
    gates: Gates,
) -> int:
    """Deploy ENV: its global cell, then its home region, then the others, each wave after a gate.

    Before the first wave the rules and the budget must hold for the plan of the whole environment; after
    each wave every cell must have succeeded, and what then stands be within the budget and healthy.
    Running it again resumes: what is done stays, what is missing is made.
    """
    from cli.deploying import Wish, deploy

    wish = Wish(
        name, cells, plan_folder, parallel, refresh, yes, health, health_timeout, packs, config, no_policy,
        output, gates,
    )  # fmt: skip
    return deploy(wish)
