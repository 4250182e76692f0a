"""Killing a run of the engine at a given point of it, with SIGKILL, and nothing but what was started here."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.engine.aws.world import World
from tests.engine.sandbox import Sandbox

PATIENCE = 120.0
"""Seconds after which a run that does not get to the point is ended all the same."""


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after `things` exist. `whole` also kills plugins and program at once;
    else they end by themselves when they notice, and finish what they have in hand."""

    things: int
    seconds: float
    whole: bool


def run_and_kill(box: Sandbox, project: Path, moment: Moment, *command: str) -> bool:
    """Start `command` and kill it at `moment`; whether it was still running."""
    with (box.folder / "killed.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=project, env=box.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    world = World(box.world)
    until = time.monotonic() + PATIENCE
    try:
        while process.poll() is None and len(world.things()) < moment.things and time.monotonic() < until:
            time.sleep(0.005)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment.seconds)
    finally:
        world.close()
        running = process.poll() is None
        family = descendants(process.pid)
        for pid in [process.pid, *(family if moment.whole else [])]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        wait_for(family)
    return running


def descendants(pid: int) -> list[int]:
    """Ids of every process that `pid` has started, directly or not."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def wait_for(pids: list[int], seconds: float = 5.0) -> None:
    """Until all of `pids` have ended; what does not notice that its engine is gone is killed then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(map(_is_running, pids)):
        time.sleep(0.05)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
