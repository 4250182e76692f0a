"""A defect of ours: the report a person can attach to an issue."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

__all__ = ["report"]


def report(error: BaseException) -> str:
    """Write what is needed to find the defect into a temporary file; returns the sentence to show.

    The file holds the stack of calls without the values in them, and no part of the command line's input.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"tradewind {version('tradewind')}, Python {platform.python_version()}, {platform.system()}",
        f"command: {sys.argv[1] if len(sys.argv) > 1 else ''}",
        f"error: {type(error).__name__}",
        *(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames),
    ]
    with tempfile.NamedTemporaryFile(
        "w", prefix="tradewind-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write("\n".join(lines) + "\n")
    last = frames[-1] if frames else None
    where = f" at {Path(last.filename).name}:{last.lineno}" if last else ""
    return f"tradewind has a defect ({type(error).__name__}{where}). A report without your data was written to {file.name}: please attach it to an issue."
