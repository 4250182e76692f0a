"""Engines end when they are told to: in order first, at once the second time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.process import Engines, heeding_signals

PATIENT = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
pathlib.Path("ready").touch()
time.sleep(30)
"""
STUBBORN = PATIENT.replace("lambda *_: sys.exit(7)", "signal.SIG_IGN")


def started(engines: Engines, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return engines.run([sys.executable, "-c", code], str(folder), os.environ)


def wait_until_ready(folder: Path) -> None:
    """Until the engine heeds signals as it means to."""
    end = time.monotonic() + 30
    while not (folder / "ready").exists() and time.monotonic() < end:
        time.sleep(0.01)


def test_what_was_printed_and_the_exit_code_come_back(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    done = started(Engines(), code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


@pytest.mark.parametrize(("code", "times", "ended"), [(PATIENT, 1, 7), (STUBBORN, 2, -signal.SIGKILL)])
def test_the_second_request_does_not_wait(code: str, times: int, ended: int, tmp_path: Path) -> None:
    engines = Engines()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(started, engines, code, tmp_path)
        wait_until_ready(tmp_path)
        for _ in range(times):
            engines.stop()
        assert running.result(timeout=60).returncode == ended
    assert engines.asked == times


def test_an_interruption_reaches_the_engine_and_not_the_caller(tmp_path: Path) -> None:
    """What a terminal's Ctrl-C does to this process; the engine is in a group of its own."""
    engines = Engines()
    before = signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        wait_until_ready(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)

    with heeding_signals(engines), ThreadPoolExecutor(1) as pool:
        threading.Thread(target=interrupt, daemon=True).start()
        done = pool.submit(started, engines, PATIENT, tmp_path).result(timeout=60)
        assert engines.asked == 1
    assert done.returncode == 7
    assert engines.asked == 0
    assert signal.getsignal(signal.SIGINT) is before
