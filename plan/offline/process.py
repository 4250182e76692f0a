"""The child process: starting it, listening to it within limits, leaving nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from plan.project import Program

__all__ = ["Limits", "Outcome", "run_child", "run_siblings"]

_START = Path(__file__).parent / "child" / "start.py"
_MARK = "TRADEWIND_PLAN"
_HEADER = 16 + 8
"""A frame is the nonce of 16 bytes, the length in 8, and that many bytes of JSON."""

_KEPT = ("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may take: `timeout` in seconds, memory in MiB."""

    timeout: float
    memory_mib: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `document` is the child's answer, None where there is none; `code` is the exit
    status as `subprocess` gives it; `where` the program's innermost line at the time limit.

    What it printed is read and dropped: nobody takes its secrets out, so nobody may quote it.
    """

    document: dict[str, Any] | None
    code: int | None
    timed_out: bool
    where: str = ""


def run_child(program: Program, request: dict[str, Any], limits: Limits) -> Outcome:
    """Runs `program` in a child process of its interpreter; never raises for what the program does."""
    with _home() as home:
        trace = home / "where"
        until = time.time() + limits.timeout
        body = {**request, "trace": str(trace), "until": until}
        talk = _talk(program, body, home, limits.timeout, answers=1)
        timed_out = not talk.on_time
        where = _innermost(trace, program.folder) if timed_out else ""
        return Outcome(_document(talk.payloads), None if timed_out else talk.code, timed_out, where)


def run_siblings(
    programs: Sequence[Program], requests: Sequence[dict[str, Any]], limits: Limits, at_once: int
) -> list[Outcome | None]:
    """Runs stacks of one program, which differ in configuration only, in forks of one child process.

    Their outcomes in order; None for those of which nothing was heard.
    """
    with _home() as home:
        homes = [home / str(number) for number in range(len(programs))]
        for each in homes:
            each.mkdir()
        bodies = [
            {**request, "home": str(each), "trace": str(each / "where")}
            for request, each in zip(requests, homes, strict=True)
        ]
        body = {"requests": bodies, "timeout": limits.timeout, "at_once": at_once}
        # Each has its own limit; this one is for what imports the SDKs for all of them.
        longest = limits.timeout * (len(programs) + 1)
        talk = _talk(programs[0], body, home, longest, answers=len(programs))
        outcomes: list[Outcome | None] = [None] * len(programs)
        for payload in talk.payloads:
            head, _, answer = payload.partition(b"\n")
            number, code = head.decode().split()
            index, late = int(number), code == "late"
            where = _innermost(homes[index] / "where", programs[index].folder) if late else ""
            outcomes[index] = Outcome(
                _document([answer] if answer else []), None if late else int(code), late, where
            )
        return outcomes


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    home = tempfile.mkdtemp(prefix="tradewind-")
    try:
        yield Path(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _document(payloads: Sequence[bytes]) -> dict[str, Any] | None:
    from plan.values import decode

    return json.loads(payloads[0], object_hook=decode) if payloads else None


@dataclass(frozen=True, slots=True)
class _Talk:
    payloads: list[bytes]
    code: int | None
    on_time: bool


def _talk(program: Program, body: dict[str, Any], home: Path, seconds: float, *, answers: int) -> _Talk:
    """Starts the child with `body` and listens until it has given `answers`, has ended or is late."""
    nonce, mark = secrets.token_bytes(16), secrets.token_hex(16)
    read_end, write_end = os.pipe()
    child = subprocess.Popen(
        [str(program.python), "-s", "-u", str(_START)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(program, str(home), mark),
        cwd=str(program.folder),
        pass_fds=(write_end,),
        start_new_session=True,
    )
    os.close(write_end)
    on_time, code = False, None
    try:
        _send(child, {**body, "nonce": nonce.hex(), "fd": write_end})
        ears = _Ears(child, read_end, nonce, answers)
        on_time = ears.listen(time.monotonic() + seconds)
        code = _ended(child) if on_time else None
    finally:
        _stop(child, mark)
        os.close(read_end)
    return _Talk(ears.payloads, code, on_time)


def _environment(program: Program, home: str, mark: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    dead = "http://127.0.0.1:9"
    proxies = dict.fromkeys(
        ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
        dead,
    )
    return {
        **kept,
        **proxies,
        "no_proxy": "localhost,127.0.0.1,::1",
        "HOME": home,
        "TMPDIR": home,
        # Sets of texts have one order in every run.
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "GRPC_VERBOSITY": "NONE",
        **program.environment,
        _MARK: mark,
    }


def _send(child: subprocess.Popen[bytes], body: dict[str, Any]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin as stream:
        stream.write(json.dumps(body).encode())


class _Ears:
    """Listens to the child's answers and its two outputs at once.

    An answer is whole when the frame is: a process that the program left behind may hold the pipe open.
    """

    def __init__(self, child: subprocess.Popen[bytes], answer: int, nonce: bytes, wanted: int) -> None:
        assert child.stdout is not None and child.stderr is not None
        self._child, self._answer, self._nonce, self._wanted = child, answer, nonce, wanted
        self._streams: tuple[IO[bytes], IO[bytes]] = (child.stdout, child.stderr)
        self._frame = bytearray()
        self.payloads: list[bytes] = []

    @property
    def _waits(self) -> bool:
        return len(self.payloads) < self._wanted

    def listen(self, deadline: float) -> bool:
        """Until the answers are there or the child has ended; False at the deadline."""
        with selectors.DefaultSelector() as selector:
            for source in (self._answer, *self._streams):
                os.set_blocking(source if isinstance(source, int) else source.fileno(), False)
                selector.register(source, selectors.EVENT_READ)
            while self._waits and selector.get_map():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in selector.select(min(left, 0.5)):
                    data = self._read(key.fd)
                    if data is None:
                        continue
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj == self._answer:
                        self._take(data)
                if self._waits and self._child.poll() is not None and not selector.select(0):
                    break
        return True

    @staticmethod
    def _read(descriptor: int) -> bytes | None:
        try:
            return os.read(descriptor, 1 << 20)
        except BlockingIOError:
            return None

    def _take(self, data: bytes) -> None:
        self._frame += data
        while True:
            # What a program may have written there before is passed over.
            del self._frame[: max(0, self._frame.find(self._nonce))]
            if len(self._frame) < _HEADER or not self._frame.startswith(self._nonce):
                return
            length = int.from_bytes(self._frame[16:_HEADER], "big")
            if len(self._frame) < _HEADER + length:
                return
            self.payloads.append(bytes(memoryview(self._frame)[_HEADER : _HEADER + length]))
            del self._frame[: _HEADER + length]


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return None


def _stop(child: subprocess.Popen[bytes], mark: str) -> None:
    """Ends the child and everything it started, also what has left its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=10)
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    for pid in _marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> Iterator[int]:
    """Processes whose environment holds our mark (Linux)."""
    wanted = f"{_MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*/environ") if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):
            if wanted in entry.read_bytes():
                yield int(entry.parent.name)


def _innermost(trace: Path, folder: Path) -> str:
    """The program's innermost line in a dump of `faulthandler`, which begins with the innermost."""
    try:
        lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        match = re.match(r'\s*File "(.+)", line (\d+)', line)
        if match and match[1].startswith(f"{folder}{os.sep}") and "site-packages" not in match[1]:
            return f"{os.path.relpath(match[1], folder)}:{match[2]}"
    return ""
