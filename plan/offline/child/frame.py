"""The form of an answer on its pipe: the nonce of the run, the length in eight bytes, and that many bytes."""

from __future__ import annotations

import os

RESULT_FD = 211
"""A high number: programs that close or reuse the first descriptors do not meet it."""


def take_over(descriptor: int) -> None:
    """Makes `descriptor` the pipe that answers go to; it is not handed on to programs that are started."""
    os.dup2(descriptor, RESULT_FD, inheritable=False)
    os.close(descriptor)


def send(nonce: bytes, data: bytes) -> None:
    frame = memoryview(nonce + len(data).to_bytes(8, "big") + data)
    while frame:
        frame = frame[os.write(RESULT_FD, frame) :]
