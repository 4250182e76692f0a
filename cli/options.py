"""Options that several commands share, so that they are called the same everywhere."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.exits import GateNotHeld

if TYPE_CHECKING:
    from cli.answers import Answers
    from finops.estimate import Estimate
    from plan.survive import Survival
    from policies.report import Report

__all__ = ["Amount", "Gates", "file_option", "format_option", "gates", "program_options", "target_options"]


class Seconds(click.ParamType[float]):
    """A time limit: a finite number of seconds above zero."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(value)
        except (TypeError, ValueError):
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds > 0):
            self.fail(f"{value!r} is not a number of seconds above zero", param, ctx)
        return seconds


Function = TypeVar("Function", bound=Callable[..., Any])


def format_option(*formats: str) -> Callable[[Function], Function]:
    """`--format`, one of `formats`; the first is the default. The parameter is called `output`."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print the answer.",
    )


def file_option(what: str, *, required: bool = False) -> Callable[[Function], Function]:
    """`-o FILE`: where `what` goes. The parameter is called `file`."""
    return click.option(
        "-o",
        "--output",
        "file",
        type=click.Path(path_type=Path),
        required=required,
        metavar="FILE",
        help=f"Write {what} to FILE, wholly or not at all.",
    )


def target_options(function: Function) -> Function:
    """The TARGET argument and how to run its program: what every command that reads infrastructure takes."""
    return click.argument("target")(program_options(function))


def program_options(function: Function) -> Function:
    """How to run the program of a target."""
    options = (
        click.option(
            "--stack", metavar="NAME", help="Which stack of the project folder; needed where it has several."
        ),
        click.option(
            "--timeout",
            type=Seconds(),
            default=120.0,
            show_default=True,
            metavar="SECONDS",
            help="Time limit of the program.",
        ),
        click.option(
            "--memory",
            type=click.IntRange(min=64),
            default=4096,
            show_default=True,
            metavar="MIB",
            help="Memory limit of the program.",
        ),
        click.option(
            "--fixtures",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Answers of data sources, in place of the shipped ones.",
        ),
        click.option(
            "--python",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The interpreter to run the program with.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


class Amount(click.ParamType[Decimal]):
    """A sum of US dollars: `25000`, `25,000` or `$25,000`."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = Decimal(str(value).replace(",", "").lstrip("$"))
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount of US dollars, such as 25000", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is not an amount of zero or more", param, ctx)
        return amount


@dataclass(frozen=True, slots=True)
class Gates:
    """What a pipeline asks to hold; each not asked for holds. `rules` is asked for by `--require-rules`."""

    budget: Decimal | None = None
    survival: bool = False
    priced: bool = False
    rules: bool = False

    def hold(self, answers: Answers) -> None:
        """Raise `GateNotHeld` naming every gate that does not hold."""
        broken = [
            *self.of_cost(answers.estimate),
            *self.of_survival(answers.survival),
            *self.of_rules(answers.report),
        ]
        if broken:
            raise GateNotHeld(broken)

    def of_cost(self, estimate: Estimate) -> Iterator[str]:
        if self.budget is not None and estimate.total.expected > self.budget:
            yield f"--budget: expected ${estimate.total.expected:,.2f} a month is over ${self.budget:,.2f}"
        if self.budget is not None and estimate.unpriced:
            yield f"--budget: {len({item.urn for item in estimate.unpriced})} resources are unpriced, so the total is not known"
        if self.priced and estimate.unpriced:
            yield f"--require-priced: {len({item.urn for item in estimate.unpriced})} resources are unpriced"

    def of_survival(self, survival: Survival) -> Iterator[str]:
        lost = (
            [loss for loss in survival.regions if loss.verdict in ("no", "unknown")] if self.survival else []
        )
        if self.survival and not survival.regions:
            yield "--require-survival: nothing stands in a region, so nothing can be said"
        for loss in lost:
            yield f"--require-survival: losing {loss.region}: {loss.verdict}"

    def of_rules(self, report: Report) -> Iterator[str]:
        if self.rules and report.mandatory:
            yield f"--require-rules: {len(report.mandatory)} mandatory rules broken"


def gates(function: Function) -> Function:
    """Options that turn an answer into a gate (exit code 3). The parameter is called `gates`."""

    @functools.wraps(function)
    def collected(
        *args: Any,
        budget: Decimal | None,
        require_survival: bool,
        require_priced: bool,
        require_rules: bool,
        **rest: Any,
    ) -> Any:
        return function(*args, gates=Gates(budget, require_survival, require_priced, require_rules), **rest)

    options = (
        click.option(
            "--budget", type=Amount(), metavar="USD", help="Gate: at most this much expected cost a month."
        ),
        click.option("--require-priced", is_flag=True, help="Gate: nothing is unpriced."),
        click.option(
            "--require-survival", is_flag=True, help="Gate: the loss of any one region is survived."
        ),
        click.option("--require-rules", is_flag=True, help="Gate: no mandatory rule is broken."),
    )
    decorated: Any = collected
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # click's options keep the function
