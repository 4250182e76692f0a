"""Where output goes and how it looks: terminal, pipe, file."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from problems import InputError, Problem

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "emit_json", "money", "number", "svg", "write_whole"]

PIPE_WIDTH = 120
"""Columns of a page that goes into a pipe or a file, where no terminal says how wide it is."""


def console(*, record: bool = False) -> Console:
    """A console on stdout: colour at a terminal, plain text in a pipe, NO_COLOR and --no-color honoured."""
    from rich.console import Console

    context = click.get_current_context(silent=True)
    wanted = (context.find_root().obj or {}).get("color") if context else None
    plain = wanted is False or (wanted is None and (not sys.stdout.isatty() or "NO_COLOR" in os.environ))
    width = None if sys.stdout.isatty() and not record else PIPE_WIDTH
    return Console(
        no_color=plain and not record,
        force_terminal=True if wanted and not plain else None,
        color_system="truecolor" if record else ("standard" if wanted else "auto"),
        highlight=False,
        width=width,
        record=record,
        soft_wrap=False,
        file=io.StringIO() if record else None,
    )


def svg(console: Console, title: str) -> str:
    """What `console` recorded, as a picture that fetches nothing: no fonts from elsewhere."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    template = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(
        title=title, code_format=template.replace("Fira Code", "ui-monospace, Menlo, Consolas")
    )


def emit_json(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout and nothing else; its `schema` field says which."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def money(amount: Decimal) -> str:
    """US dollars as people read them: thousands separated, cents only below ten dollars."""
    if 0 < abs(amount) < Decimal("0.005"):
        return "<$0.01"
    shown = f"{abs(amount):,.2f}" if 0 < abs(amount) < 10 else f"{abs(amount):,.0f}"
    return f"{'-' if amount < 0 else ''}${shown}"


def number(count: int, one: str, many: str = "") -> str:
    """`1 region`, `3 regions`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` wholly or not at all. Raises `InputError` when the place cannot be written."""
    temporary = None
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except (OSError, ValueError) as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        but = "the file cannot be written there"
        fix = "name a file in a folder that exists and may be written"
        got = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem(str(path), "", got, but, fix)], "nothing was written") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
