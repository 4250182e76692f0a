"""Ctrl-C twice: the engine is ended at once, that is reported, and the documented recovery reaches the goal."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.engine.aws.world import World
from tests.engine.killing import descendants, wait_for
from tests.engine.recovering import compare, left_by, project, recovered
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine

SLOW = 8.0
"""Seconds that each creation takes, so that the first request alone would be waited for."""
UP = ("tradewind", "up", "dev", "-y", "--format", "json")


def test_the_second_interruption_does_not_wait_and_is_recovered_from(tmp_path: Path) -> None:
    box = Sandbox(tmp_path, extra={"TRADEWIND_DELAY": str(1000 * SLOW)})
    copy = box.project(ROOT, "tradewind")
    shutil.copy(Path(__file__).with_name("small_program.py"), copy / "stacks" / "__main__.py")

    process = subprocess.Popen(
        UP, cwd=copy, env=box.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while not _under_way(box) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    time.sleep(1.0)
    # What it has in hand takes longer: it heeds the first request in order.
    assert process.poll() is None
    family = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    said, _ = process.communicate(timeout=120)
    assert time.monotonic() - begun < SLOW - 1
    assert process.returncode == 130
    document = json.loads(said)
    assert [cell["result"] for cell in document["cells"]] == ["interrupted"]
    assert left_by(box), "nothing was under way"

    quick = Sandbox(tmp_path)
    # Plugins that it left behind end with what they have in hand.
    wait_for(family, 3 * SLOW)
    recovery = recovered(quick)
    assert recovery.returncode == 0, recovery.stdout + recovery.stderr
    up = quick.run(*UP, cwd=project(quick), check=False)
    assert up.returncode == 0, up.stdout + up.stderr
    again = json.loads(quick.run(*UP, cwd=project(quick)).stdout)
    done = [{name for name, count in cell["operations"].items() if count} for cell in again["cells"]]
    assert done == [{"same"}]
    world = World(quick.world)
    made = Counter(thing.type for thing in world.things())
    world.close()
    compare(quick, made, recovery.stderr)


def _under_way(box: Sandbox) -> bool:
    """Whether the engine has begun to create something."""
    world = World(box.world)
    try:
        return any(operation == "create" for _, _, operation in world.calls())
    finally:
        world.close()
