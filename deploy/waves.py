"""The cells of an environment one wave after the other.

Stacks of one wave run side by side. A wave begins only when everything before it succeeded and the gate
between them holds; what then does not run is in the report as "not run".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from deploy.events import Outcome
from deploy.process import ENGINES
from deploy.stack import CellStack

__all__ = ["Report", "cores", "in_waves", "side_by_side", "together", "waves_of"]


@dataclass(frozen=True, slots=True)
class Report:
    """How all stacks ended, in their order, and the gates between waves that did not hold.

    `interrupted` says that somebody asked to stop before all was done.
    """

    outcomes: tuple[Outcome, ...]
    gates: tuple[str, ...] = ()
    interrupted: bool = False

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], gates: Sequence[str] = ()) -> Report:
        """The report of a run that has just ended."""
        done = all(outcome.succeeded for outcome in outcomes)
        return cls(tuple(outcomes), tuple(gates), bool(ENGINES.asked) and not done)

    @property
    def succeeded(self) -> bool:
        return all(outcome.succeeded for outcome in self.outcomes) and not self.gates


def in_waves(
    stacks: Sequence[CellStack],
    act: Callable[[CellStack], Outcome],
    gate: Callable[[Sequence[Outcome]], Sequence[str]] = lambda outcomes: (),
) -> Report:
    """`act` on every stack, wave by wave. `gate` hears all outcomes so far after each wave that succeeded.

    It says which gates do not hold; any ends the waves. After the last wave it is asked as well: what
    then stands may be over its budget or unhealthy.
    """
    outcomes: list[Outcome] = []
    broken: tuple[str, ...] = ()
    for wave in waves_of(stacks):
        if broken or ENGINES.asked or not all(outcome.succeeded for outcome in outcomes):
            outcomes += [Outcome(stack.stack, stack.cell, "not run") for stack in wave]
            continue
        outcomes += side_by_side(wave, act, len(wave))
        if not ENGINES.asked and all(outcome.succeeded for outcome in outcomes):
            broken = tuple(gate(outcomes))
    return Report.of(outcomes, broken)


def waves_of(stacks: Sequence[CellStack]) -> list[list[CellStack]]:
    """`stacks`, which are in the order of their waves, as the waves."""
    return [list(members) for _, members in groupby(stacks, key=lambda stack: stack.wave)]


def side_by_side(
    stacks: Sequence[CellStack], act: Callable[[CellStack], Outcome], most: int
) -> list[Outcome]:
    """`act` on every stack, at most `most` at a time; the outcomes in the order of the stacks."""
    with ThreadPoolExecutor(max(1, most)) as pool:
        return list(pool.map(act, stacks))


def together(stacks: Sequence[CellStack]) -> list[CellStack]:
    """`stacks` with all regions in one wave, after what spans them."""
    return [replace(stack, wave=min(stack.wave, 1)) for stack in stacks]


def cores() -> int:
    """Processors that this process may use: more engines at a time than that only wait for each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
