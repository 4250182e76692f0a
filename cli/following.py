"""Live progress of an environment's cells on stderr: one line a cell at a terminal, a few lines in a log."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from cli.pages.layout import grid
from cli.pages.words import duration, kind_named
from plan.graph import name_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deploy.events import Outcome, Progress
    from deploy.stack import CellStack

__all__ = ["Board", "following"]

_BAR = 20
_STYLES = {"succeeded": "green", "failed": "bold red", "interrupted": "yellow", "waiting": "dim"}


class Board:
    """What every cell is doing. It is told from any thread.

    `expected` says how many resources each stack has, where that is known.
    """

    def __init__(self, stacks: Sequence[CellStack], expected: Mapping[str, int], live: bool) -> None:
        self._cells = {stack.stack: stack.cell for stack in stacks}
        self._expected = expected
        self._live = live
        self._lock = threading.Lock()
        self._began: dict[str, float] = {}
        self._ended: dict[str, Outcome] = {}
        self._now: dict[str, Progress] = {}

    def began(self, stack: CellStack) -> None:
        """The engine of `stack` starts."""
        with self._lock:
            self._began[stack.stack] = time.monotonic()
        if not self._live:
            click.echo(f"{stack.cell}: started", err=True)

    def tell(self, progress: Progress) -> None:
        """The engine got on."""
        with self._lock:
            self._now[progress.stack] = progress

    def ended(self, outcome: Outcome) -> None:
        """The engine of a stack came to its end."""
        with self._lock:
            self._ended[outcome.stack] = outcome
        if not self._live:
            click.echo(f"{outcome.cell}: {outcome.result} after {duration(outcome.seconds)}", err=True)

    def __rich__(self) -> RenderableType:
        table = grid("left", "left", "left", "right", "right", "left")
        for column in table.columns:
            column.no_wrap = True
            column.overflow = "ellipsis"
        with self._lock:
            for stack in self._cells:
                table.add_row(*self._row(stack))
        return table

    def _row(self, stack: str) -> tuple[str, ...]:
        outcome, now = self._ended.get(stack), self._now.get(stack)
        done = now.done if now else 0
        expected = max(self._expected.get(stack, 0), now.begun if now else 0)
        count = f"{done:,} of {expected:,}" if expected else f"{done:,}"
        if outcome:
            word, doing, took = outcome.result, "", outcome.seconds
        elif stack in self._began:
            word, took = "working", time.monotonic() - self._began[stack]
            doing = f"{now.op} {kind_named(now.type)} {name_of(now.urn)}" if now and now.urn else "starting"
            if done and done == expected:
                doing = "finishing"
        else:
            return self._cells[stack], "[dim]waiting[/]", "", "", "", ""
        style = _STYLES.get(word, "cyan")
        return (
            self._cells[stack],
            f"[{style}]{word}[/]",
            _bar(done, expected),
            count,
            duration(took),
            f"[dim]{doing}[/]",
        )


@contextlib.contextmanager
def following(stacks: Sequence[CellStack], expected: Mapping[str, int]) -> Iterator[Board]:
    """A board that is shown while the block runs, and gone afterwards: the page says how it ended.

    Ctrl-C meanwhile stops the engines in order and raises nothing, so that there is a page.
    """
    from deploy.process import heeding_signals

    live = sys.stderr.isatty()
    board = Board(stacks, expected, live)
    with heeding_signals():
        if not live:
            yield board
            return
        from rich.console import Console
        from rich.live import Live

        with Live(board, console=Console(stderr=True), refresh_per_second=8, transient=True):
            yield board


def _bar(done: int, expected: int) -> str:
    full = min(_BAR, round(_BAR * done / expected)) if expected else 0
    return f"[cyan]{'━' * full}[/][dim]{'─' * (_BAR - full)}[/]"
