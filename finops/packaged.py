"""Reading the YAML data that comes with this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["LOADER", "read"]

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where PyYAML was built with it: ten times as fast."""


def read(path: Path) -> Any:
    """The document in one of the package's own files."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - it is a safe loader
