"""Engines end when they are told to: in order first, at once the second time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.process import Engines, heeding_signals

PATIENT = "import signal, time, sys\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(7))\nprint('on', flush=True)\ntime.sleep(30)"
STUBBORN = PATIENT.replace("lambda *_: sys.exit(7)", "signal.SIG_IGN")


def started(engines: Engines, code: str) -> subprocess.CompletedProcess[str]:
    return engines.run([sys.executable, "-c", code], ".", os.environ)


def wait_for_one(engines: Engines) -> None:
    end = time.monotonic() + 10
    while not engines._running and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.5)  # until it has set its handler


def test_what_was_printed_and_the_exit_code_come_back() -> None:
    done = started(Engines(), "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


@pytest.mark.parametrize(("code", "times", "ended"), [(PATIENT, 1, 7), (STUBBORN, 2, -signal.SIGKILL)])
def test_the_second_request_does_not_wait(code: str, times: int, ended: int) -> None:
    engines = Engines()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(started, engines, code)
        wait_for_one(engines)
        for _ in range(times):
            engines.stop()
        assert running.result(timeout=10).returncode == ended
    assert engines.asked == times


def test_an_interruption_reaches_the_engine_and_not_the_caller() -> None:
    """What a terminal's Ctrl-C does to this process; the engine is in a group of its own."""
    engines = Engines()
    before = signal.getsignal(signal.SIGINT)

    def interrupt() -> None:
        wait_for_one(engines)
        os.kill(os.getpid(), signal.SIGINT)

    with heeding_signals(engines), ThreadPoolExecutor(1) as pool:
        threading.Thread(target=interrupt, daemon=True).start()
        done = pool.submit(started, engines, PATIENT).result(timeout=15)
        assert engines.asked == 1
    assert done.returncode == 7
    assert engines.asked == 0
    assert signal.getsignal(signal.SIGINT) is before
