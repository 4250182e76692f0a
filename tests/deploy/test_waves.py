"""The order of waves, and what ends them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from deploy.events import Outcome
from deploy.process import ENGINES
from deploy.stack import CellStack
from deploy.waves import in_waves, side_by_side, together

CELLS = [("global", 0), ("us", 1), ("eu", 2), ("ap", 2)]
STACKS = [CellStack(Path("/p"), f"prod-{cell}", cell, wave) for cell, wave in CELLS]


@pytest.fixture(autouse=True)
def nobody_asked() -> Iterator[None]:
    yield
    ENGINES.asked = 0


def act(*failing: str) -> tuple[list[str], Callable[[CellStack], Outcome]]:
    ran: list[str] = []

    def one(stack: CellStack) -> Outcome:
        ran.append(stack.cell)
        return Outcome(stack.stack, stack.cell, "failed" if stack.cell in failing else "succeeded")

    return ran, one


def results(failing: str = "", gate: object = None, stacks: Sequence[CellStack] = STACKS) -> dict[str, str]:
    _, one = act(failing)
    report = in_waves(stacks, one, gate or (lambda outcomes: ()))  # type: ignore[arg-type]
    return {outcome.cell: outcome.result for outcome in report.outcomes}


def test_all_cells_run_in_the_order_of_their_waves() -> None:
    ran, one = act()
    report = in_waves(STACKS, one)
    assert ran[:2] == ["global", "us"]
    assert set(ran[2:]) == {"eu", "ap"}
    assert report.succeeded


def test_a_cell_that_fails_stops_the_waves_after_it_but_not_its_own() -> None:
    assert results("us") == {"global": "succeeded", "us": "failed", "eu": "not run", "ap": "not run"}
    assert results("eu")["ap"] == "succeeded"


def test_with_all_regions_together_one_region_does_not_stop_another() -> None:
    found = results("us", stacks=together(STACKS))
    assert found == {"global": "succeeded", "us": "failed", "eu": "succeeded", "ap": "succeeded"}


def test_a_gate_that_does_not_hold_stops_the_waves_after_it() -> None:
    def gate(outcomes: Sequence[Outcome]) -> list[str]:
        return ["over budget"] if len(outcomes) == 2 else []

    assert results(gate=gate) == {
        "global": "succeeded",
        "us": "succeeded",
        "eu": "not run",
        "ap": "not run",
    }


def test_a_gate_is_asked_after_the_last_wave_too_and_never_after_a_failure() -> None:
    asked: list[int] = []

    def gate(outcomes: Sequence[Outcome]) -> list[str]:
        asked.append(len(outcomes))
        return ["unhealthy"] if len(outcomes) == 4 else []

    _, one = act()
    report = in_waves(STACKS, one, gate)
    assert asked == [1, 2, 4]
    assert report.gates == ("unhealthy",)
    assert not report.succeeded
    asked.clear()
    results("us", gate)
    assert asked == [1]


def test_nothing_begins_after_an_interruption() -> None:
    def one(stack: CellStack) -> Outcome:
        ENGINES.stop()
        return Outcome(stack.stack, stack.cell, "interrupted")

    report = in_waves(STACKS, one)
    assert [outcome.result for outcome in report.outcomes] == ["interrupted", *["not run"] * 3]
    assert report.interrupted


def test_as_many_run_side_by_side_as_is_said() -> None:
    at_once, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def one(stack: CellStack) -> Outcome:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        gate.wait(0.05)
        with lock:
            at_once -= 1
        return Outcome(stack.stack, stack.cell, "succeeded")

    outcomes = side_by_side(STACKS, one, 2)
    assert [outcome.cell for outcome in outcomes] == [cell for cell, _ in CELLS]
    assert most == 2
