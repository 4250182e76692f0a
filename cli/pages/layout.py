"""How pages are laid out: tables without frames, numbers to the right, a section's name in the first column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["SHOWN", "VERDICT_STYLES", "grid", "more", "section", "style_of", "tail"]

SHOWN = 12
"""Rows of a table before the rest is folded into one line."""

VERDICT_STYLES = {
    "yes": "green", "degraded": "yellow", "no": "bold red", "unknown": "magenta",
    "mandatory": "bold red", "advisory": "yellow",
}  # fmt: skip
"""Colours of words that are verdicts. The word always stands there too."""


def section(title: str, headings: Sequence[tuple[str, str]]) -> Table:
    """A table whose first heading is the section's name; `headings` are (text, "left" or "right")."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(f"[bold not dim]{title}[/]", min_width=14, no_wrap=True)
    for text, side in headings:
        table.add_column(
            text, justify="right" if side == "right" else "left", no_wrap=side == "right", overflow="fold"
        )
    return table


def grid(*columns: str) -> Table:
    """A table without a heading; `columns` are "left" or "right"."""
    from rich.table import Table

    table = Table.grid(padding=(0, 3, 0, 0))
    for side in columns:
        table.add_column(justify="right" if side == "right" else "left", overflow="fold")
    return table


def style_of(word: str) -> str:
    """`word` marked up in the colour of its verdict."""
    style = VERDICT_STYLES.get(word)
    return f"[{style}]{word}[/]" if style else word


def more(total: int, shown: int, what: str, command: str) -> str:
    """`+ 12 more rules: tradewind check prod`, or "" where all are shown."""
    return f"+ {total - shown:,} more {what}: {command}" if total > shown else ""


def tail(text: str, limit: int) -> str:
    """The last `limit` characters of `text`, with a mark where something is cut off."""
    return text if len(text) <= limit else "…" + text[1 - limit :]
