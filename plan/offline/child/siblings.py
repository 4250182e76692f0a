"""Several stacks of one program: what they all import is imported once, then each runs in a fork.

Importing the SDKs takes most of the time of a plan of a few hundred resources.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

from . import frame, preload, session

LATE = "late"
_STEP = 0.2
"""Seconds after which one that has gone without an answer is noticed at the latest."""


@dataclass
class _Sibling:
    index: int
    pid: int
    end: int
    until: float
    data: bytearray = field(default_factory=bytearray)
    closed: bool = False

    def answer(self, nonce: bytes) -> bytes | None:
        """Its whole answer; what the program may have written there before is passed over."""
        del self.data[: max(0, self.data.find(nonce))]
        header = len(nonce) + 8
        if len(self.data) < header or not self.data.startswith(nonce):
            return None
        length = int.from_bytes(self.data[len(nonce) : header], "big")
        return bytes(self.data[header : header + length]) if len(self.data) >= header + length else None


def run(together: dict[str, Any], nonce: bytes) -> None:
    """Runs every one of `requests`, `at_once` of them side by side.

    Each is told as soon as it has ended: its number, exit code (or `late`) and a line's end, then its answer.
    """
    requests = together["requests"]
    preload.load_sdks(requests[0]["main"], requests[0]["folder"])
    waiting = list(enumerate(requests))[::-1]
    running: list[_Sibling] = []
    with selectors.DefaultSelector() as selector:
        while waiting or running:
            while waiting and len(running) < together["at_once"]:
                sibling = _start(*waiting.pop(), together["timeout"], nonce)
                selector.register(sibling.end, selectors.EVENT_READ, sibling)
                running.append(sibling)
            for key, _ in selector.select(_STEP):
                if not _read(key.data):
                    selector.unregister(key.fd)
            for sibling in list(running):
                if said := _ended(sibling, nonce):
                    running.remove(sibling)
                    # Its last read may have met the end. The later forks hold the pipe too, so closing it
                    # here would not take it from the selector.
                    if sibling.end in selector.get_map():
                        selector.unregister(sibling.end)
                    os.close(sibling.end)
                    frame.send(nonce, said)


def _start(index: int, request: dict[str, Any], timeout: float, nonce: bytes) -> _Sibling:
    until = time.time() + timeout
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read_end)
        _be({**request, "until": until}, write_end, nonce)
    os.close(write_end)
    os.set_blocking(read_end, False)
    return _Sibling(index, pid, read_end, until)


def _be(request: dict[str, Any], write_end: int, nonce: bytes) -> NoReturn:
    """The run itself, in the fork."""
    code = 1
    with contextlib.suppress(BaseException):
        frame.take_over(write_end)
        os.environ["HOME"] = os.environ["TMPDIR"] = request["home"]
        frame.send(nonce, session.run(request))
        code = 0
    os._exit(code)


def _read(sibling: _Sibling) -> bool:
    """Takes what is there; whether more may come."""
    try:
        data = os.read(sibling.end, 1 << 20)
    except BlockingIOError:
        return True
    sibling.data += data
    sibling.closed = not data
    return bool(data)


def _ended(sibling: _Sibling, nonce: bytes) -> bytes:
    """What is told of it, once it has ended or its time is up; nothing before."""
    late = time.time() >= sibling.until
    gone, status = os.waitpid(sibling.pid, os.WNOHANG)
    if gone:
        # What it wrote before it went is there by now.
        while not sibling.closed and _read(sibling) and sibling.answer(nonce) is None and _more(sibling):
            pass
        code = str(os.waitstatus_to_exitcode(status))
        return f"{sibling.index} {code}\n".encode() + (sibling.answer(nonce) or b"")
    if not late:
        return b""
    os.kill(sibling.pid, signal.SIGKILL)
    os.waitpid(sibling.pid, 0)
    return f"{sibling.index} {LATE}\n".encode()


def _more(sibling: _Sibling) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sibling.end, selectors.EVENT_READ)
        return bool(selector.select(0))
