"""Text of strangers in Markdown and HTML: it is shown, and does nothing.

Names of resources, tags, rules' messages and file names come from the program under review. In a comment
they could link, mention people, close issues, load pictures, or pretend to be our own words.
"""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["code", "in_html", "plain", "prose"]

JOINER = "\u2060"
"""A word joiner, invisible: a reference that it breaks up is no reference."""

_SIGIL = re.compile(r"([@#!$%~&^:*])(?=\w)|(?<=:)/(?=/)|(?i:www)(?=\.)")
_PUNCTUATION = re.compile(r"[!#&*<>@\[\\\]^_`{|}~]")
"""ASCII punctuation that can begin something inside a line; what does so at a line's start only may stay."""
_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")


def plain(text: str, limit: int = 300) -> str:
    """`text` in one line of at most `limit` characters: no control, direction or invisible characters."""
    kept = "".join(" " if letter.isspace() else letter for letter in text[: limit * 4] if _is_seen(letter))
    line = " ".join(kept.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _is_seen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in _UNSEEN


def code(text: str, limit: int = 120) -> str:
    """`text` as a code span, also in a table's cell: nothing in it is read as Markdown, mention or link."""
    inside = plain(text, limit).replace("`", "ʼ").replace("|", "¦").strip()
    return f"`{inside or '-'}`"


def prose(text: str, limit: int = 300) -> str:
    """`text` as Markdown that renders as itself: punctuation as character references, references broken up."""
    broken = _broken_up(plain(text, limit))
    return _PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", broken)


def in_html(text: str, limit: int = 300) -> str:
    """`text` for HTML inside Markdown, where mentions are still looked for."""
    return html.escape(_broken_up(plain(text, limit)))


def _broken_up(text: str) -> str:
    return _SIGIL.sub(lambda found: f"{found[0]}{JOINER}", text)
