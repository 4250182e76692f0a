"""The command of a person that says whether what was deployed works."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.process import ENGINES
from deploy.stack import CellStack
from problems import InputError, Problem

__all__ = ["health", "parsed"]

_LINES = 10
"""Lines of the command's output that are shown when it fails."""
_WIDTH = 80
_PAUSE = 0.2
"""Seconds between two looks at whether somebody asked to stop."""


def parsed(text: str) -> list[str]:
    """The words of the command `text`, as a shell splits them, but without a shell.

    Raises `InputError` when it is none.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        words, why = [], str(error)
    else:
        why = "no command"
    if words:
        return words
    fix = "a command with its arguments; for pipes and variables: sh -c '...'"
    raise InputError([Problem("--health", "", text, why, fix)], "nothing was deployed")


def health(
    words: Sequence[str],
    environment: str,
    wave: int,
    stacks: Sequence[CellStack],
    folder: Path,
    limit: float,
) -> str:
    """Run the command in `folder` after `wave`, which deployed `stacks`; "" when it ends with code 0 in time.

    Otherwise what it said last. It is told where it stands by TRADEWIND_ENVIRONMENT, TRADEWIND_WAVE,
    TRADEWIND_CELLS and TRADEWIND_REGIONS (names separated by spaces). `limit` is in seconds.
    """
    cells = [stack.cell for stack in stacks]
    variables = {
        **os.environ,
        "TRADEWIND_ENVIRONMENT": environment,
        "TRADEWIND_WAVE": str(wave),
        "TRADEWIND_CELLS": " ".join(cells),
        "TRADEWIND_REGIONS": " ".join(cell for cell in cells if cell not in ("all", "global")),
    }
    shown = " ".join(" ".join(words).split())[:_WIDTH]
    try:
        # Its own session: at the end of its time what it started ends with it.
        process = subprocess.Popen(
            words, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return f"{shown}: {error.strerror}"
    end = time.monotonic() + limit
    while True:
        try:
            said, _ = process.communicate(timeout=_PAUSE)
            break
        except subprocess.TimeoutExpired:
            if not ENGINES.asked and time.monotonic() < end:
                continue
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return _told(f"{shown}: {'interrupted' if ENGINES.asked else f'no end after {limit:g} s'}", said)
    if process.returncode:
        return _told(f"{shown}: exit code {process.returncode}", said)
    return ""


def _told(head: str, said: str) -> str:
    lines = [line.rstrip() for line in said.splitlines() if line.strip()][-_LINES:]
    return "\n".join([head, *(f"  {line}" for line in lines)])
