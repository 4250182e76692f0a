"""The four answers to one plan, computed once and shown by every page."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.pages.what import What, what

if TYPE_CHECKING:
    from cli.target import Plan
    from finops.estimate import Estimate
    from finops.prices import PriceBook
    from plan.survive import Survival
    from policies import Config
    from policies.report import Report

__all__ = ["Answers", "answer", "cost_of", "policy_config", "report_of", "warm"]


LIFTED = ("deletion-protection", "force-destroy")
"""Rules that an environment whose protection is off may break: it is about to go."""


@dataclass(frozen=True)
class Answers:
    """What changes, what it costs, which rule it breaks, what survives."""

    plan: Plan
    what: What
    estimate: Estimate
    report: Report
    survival: Survival


def warm() -> None:
    """Load what the answers need in the background: the program's process is started meanwhile."""

    def load() -> None:
        import rich.table  # noqa: F401 - the import is what is wanted

    threading.Thread(target=load, daemon=True).start()


def answer(plan: Plan, *, usage: Path | None = None) -> Answers:
    """All four answers to `plan`; `usage` in place of the environment's own usage file."""
    from plan.survive import survive

    regions = plan.environment.region_names if plan.environment else ()
    return Answers(
        plan, what(plan.graph, regions), cost_of(plan, usage), report_of(plan), survive(plan.graph)
    )


def cost_of(plan: Plan, usage: Path | None = None, book: PriceBook | None = None) -> Estimate:
    """The estimate of `plan` at the prices of `book`, by default the bundled one."""
    from finops.estimate import estimate
    from finops.prices import PriceBook
    from finops.usage import load

    return estimate(plan.graph, load(usage or plan.usage, plan.graph), book or PriceBook.bundled())


def report_of(plan: Plan, config: Path | None = None) -> Report:
    """What the rules say of `plan`; tags and residency come from its specification where it has one."""
    from policies import check

    return check(plan.graph, policy_config(plan, config))


def policy_config(plan: Plan, path: Path | None = None) -> Config:
    """What the rules are told: the specification's class, tags and residency, then the file at `path`."""
    from policies import Config, Exemption
    from policies.config_file import load

    today = dt.datetime.now(tz=dt.UTC).date()
    base = Config(today=today)
    if plan.environment is not None:
        environment = plan.environment
        base = Config.of(
            environment_class=environment.environment_class.value,
            required_tags={
                key: rule.model_dump() for key, rule in environment.required_tags.required.items()
            },
            zones=environment.zones,
            today=today,
        )
        if not environment.is_protected:
            place = environment.place("protection")
            reason = f"protection: off in {environment.source.file}"
            lifted = tuple(Exemption(rule, "*", reason, place=place) for rule in LIFTED)
            base = dataclasses.replace(base, exemptions=lifted)
    return load(path, base, today=today) if path else base
