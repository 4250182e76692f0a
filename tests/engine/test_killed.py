"""An engine that is killed at any moment of an up: the documented recovery, then up, reaches the goal."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.aws.world import World
from tests.engine.killing import Moment, run_and_kill
from tests.engine.recovering import compare, left_by, project, recovered
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine

KILLS = int(os.environ.get("TRADEWIND_KILLS", "20"))
SEED = int(os.environ.get("TRADEWIND_SEED") or random.SystemRandom().randrange(10**6))
WHOLE = os.environ.get("TRADEWIND_KILLED_PROGRAM") == "dev"
"""Whether the whole of dev is deployed, not the small program: for a run by hand, as it takes long."""
AT_ONCE = 2
DELAY = "100"
"""Milliseconds that the stand-in takes for each creation, so that kills meet creations under way."""
UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "-s", "dev")


@dataclass(frozen=True)
class Round:
    """One kill. `before` are pending operations and locks that it left."""

    moment: Moment
    running: bool
    pending: tuple[str, ...]
    said: str


def moments(count: int, things: int) -> list[Moment]:
    """Spread over the whole run: one in each of `count` equal parts of it."""
    chosen = random.Random(SEED)
    return [
        Moment(
            int(chosen.uniform(index, index + 1) * things / count), chosen.uniform(0.0, 0.4), chosen.random() < 0.5
        )
        for index in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Counter[str]]]:
    """A sandbox with an empty stack, to be copied, and what a run that nobody kills makes, by type."""
    box = sandbox(tmp_path_factory.mktemp("whole"))
    box.run(*UP, cwd=project(box))
    world = World(box.world)
    made = Counter(thing.type for thing in world.things())
    world.close()
    yield box.folder, made
    shutil.rmtree(box.folder, ignore_errors=True)


def sandbox(folder: Path) -> Sandbox:
    box = Sandbox(folder, extra={"TRADEWIND_DELAY": DELAY})
    copy = box.project(ROOT, "tradewind")
    if not WHOLE:
        shutil.copy(Path(__file__).with_name("small_program.py"), copy / "stacks" / "__main__.py")
    box.pulumi("stack", "init", "dev", cwd=copy)
    return box


@pytest.mark.long
def test_every_kill_is_recovered_from(
    prepared: tuple[Path, Counter[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, made = prepared
    sys.stdout.write(f"seed {SEED}: TRADEWIND_SEED={SEED} runs the same {KILLS} moments\n")
    chosen = moments(KILLS, made.total())

    def one(number: int) -> Round:
        return killed_and_recovered(tmp_path_factory.mktemp(f"kill-{number}"), chosen[number], made)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        rounds = list(pool.map(one, range(KILLS)))
    for number, done in enumerate(rounds):
        pending = ", ".join(done.pending) or "nothing"
        sys.stdout.write(
            f"{number + 1:2} {done.moment} running: {done.running} pending: {pending} {done.said}\n"
        )
    # Moments that meet nothing would prove nothing.
    assert sum(done.running for done in rounds) >= 0.8 * KILLS, f"seed {SEED}"
    assert any(done.pending for done in rounds), f"seed {SEED}"


def killed_and_recovered(folder: Path, moment: Moment, made: Counter[str]) -> Round:
    box = sandbox(folder)
    at = f"seed {SEED}, {moment}, {folder}"
    running = run_and_kill(box, project(box), moment, *UP)
    pending = left_by(box)
    recovery = recovered(box)
    assert recovery.returncode == 0, f"{at}\n{recovery.stdout}\n{recovery.stderr}"
    up = box.run(*UP, cwd=project(box), check=False)
    assert up.returncode == 0, f"{at}\n{recovery.stderr}\n{up.stdout}\n{up.stderr}"
    again = box.run(*UP, "--expect-no-changes", cwd=project(box), check=False)
    assert again.returncode == 0, f"{at}\n{recovery.stderr}\n{again.stdout}\n{again.stderr}"
    compare(box, made, f"{at}\n{recovery.stderr}")
    shutil.rmtree(folder, ignore_errors=True)
    said = " | ".join(recovery.stderr.strip().splitlines()[-2:])
    return Round(moment, running, pending, said)
