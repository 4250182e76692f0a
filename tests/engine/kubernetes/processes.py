"""Processes of a test's control plane: started with a log, ended by their own id, never outliving the test."""

from __future__ import annotations

import ctypes
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 10.0
"""Seconds between asking a process to end and ending it."""
PR_SET_PDEATHSIG = 1


@dataclass
class Process:
    popen: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, command: Path, options: Mapping[str, str], flags: Sequence[str], log: Path) -> Process:
        """Run `command` with `--name=value` for each of `options`; both outputs go into `log`.

        The process ends with the thread that starts it: start it in one that stays.
        """
        with log.open("wb") as file:
            popen = subprocess.Popen(
                [str(command), *(f"--{name}={value}" for name, value in options.items()), *flags],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                preexec_fn=_die_with_parent,
            )
        return cls(popen, log)

    def runs(self) -> bool:
        return self.popen.poll() is None

    def stop(self) -> None:
        if self.runs():
            self.popen.terminate()
            try:
                self.popen.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()

    def last_lines(self, count: int = 20) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def memory_mb(self) -> float:
        """Resident memory, MB; Linux only."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def _die_with_parent() -> None:
    """A test run that is killed must not leave servers behind. Elsewhere than on Linux nothing happens."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (AttributeError, OSError):
        return
