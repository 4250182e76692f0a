"""One child process with limits: ended with everything it started when it passes one, and when we are ended.

A request to end us (SIGTERM, SIGHUP) would otherwise end Python on the spot and leave the child behind, as
it is in a session of its own. While `heeding` lasts it is only noted; the child is ended, what the callers
have open is closed, and then the signal takes its course. SIGKILL cannot be heeded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

__all__ = ["Asked", "TooLong", "TooMuch", "heeding", "run"]

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_POLL = 0.02


class TooLong(Exception):
    """The child did not end in time, and was ended."""


class TooMuch(Exception):
    """The child wrote more than it may, and was ended."""


class Asked(BaseException):
    """Somebody asked us to end; the child was ended."""


_noted: list[int] = []


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """While the block runs, requests to end us wait until it is left. Only the main thread can do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        _noted.append(number)

    # What is ignored stays so, as under `nohup`.
    before = {it: signal.signal(it, note) for it in _SIGNALS if signal.getsignal(it) is not signal.SIG_IGN}
    try:
        yield
    except Asked:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked, _noted[:] = list(_noted), []
        if asked:
            signal.raise_signal(asked[0])
            # Whoever caught it wants us to end all the same.
            raise SystemExit(128 + asked[0])


def run(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str], said: Path, *,
    seconds: float, limits: Mapping[Path, int] | None = None,
) -> int:  # fmt: skip
    """The exit code of a child that runs in `folder` and says what it says into the file `said`.

    `limits` are bytes by file. Raises `TooLong`, `TooMuch` or, under `heeding`, `Asked`, with the child and
    everything it started ended; `OSError` when it does not start.
    """
    with said.open("wb") as words:
        process = subprocess.Popen(
            arguments, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=words, stderr=words,
            start_new_session=True,
        )  # fmt: skip
        try:
            end = time.monotonic() + seconds
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_POLL)
                if _noted:
                    raise Asked
                if time.monotonic() > end:
                    raise TooLong
                if any(_size(path) > most for path, most in (limits or {}).items()):
                    raise TooMuch
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
