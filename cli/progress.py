"""Progress on stderr, at a terminal, for what takes longer than two seconds."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

__all__ = ["working"]

PATIENCE = 2.0
"""Seconds before anything is shown: what is over sooner needs no progress."""


@contextlib.contextmanager
def working(text: str) -> Iterator[None]:
    """Show `text` with a spinner while the block runs, if stderr is a terminal and it takes long."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_spin, args=(text, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _spin(text: str, done: threading.Event) -> None:
    if done.wait(PATIENCE):
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        done.wait()
