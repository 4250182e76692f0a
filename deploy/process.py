"""Engines that run: started apart from the terminal's own signals, and stopped in order.

At a terminal Ctrl-C reaches every process in the foreground at once, and an engine that hears it twice
drops what it has in hand. So each engine is in a process group of its own, and hears exactly what
`ENGINES.stop` tells it: the first time to finish what is in hand and begin nothing new, the second time
to end at once.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

__all__ = ["ENGINES", "Engines", "heeding_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Engines:
    """The engines that this process has started. `asked` is how often it was asked to stop."""

    def __init__(self) -> None:
        self.asked = 0
        self._running: set[subprocess.Popen[str]] = set()
        # Reentrant: a signal may come while the main thread holds it.
        self._lock = threading.RLock()

    def run(
        self, command: Sequence[str], folder: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end. What it printed is kept, never shown."""
        with self._lock:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
            self._running.add(process)
            if self.asked:
                process.send_signal(signal.SIGINT)
        try:
            printed, said = process.communicate()
        except BaseException:
            # Nobody heeds signals for us, and this is the main thread: the engine must not stay behind.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        return subprocess.CompletedProcess(command, process.returncode, printed, said)

    def stop(self) -> None:
        """Ask every engine to end: in order the first time, at once the second."""
        with self._lock:
            self.asked += 1
            for process in self._running:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGINT if self.asked == 1 else signal.SIGKILL)


ENGINES = Engines()
"""All of this process."""


@contextlib.contextmanager
def heeding_signals(engines: Engines = ENGINES) -> Iterator[Engines]:
    """While the block runs, Ctrl-C and requests to end stop the engines, and nothing is raised."""

    def stop(number: int, frame: FrameType | None) -> None:
        engines.stop()

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield engines
    finally:
        engines.asked = 0
        for number, handler in before.items():
            signal.signal(number, handler)
