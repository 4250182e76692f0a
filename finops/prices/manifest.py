"""A checksum of every file of a price book, so that a figure that somebody changed by hand is seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from problems import InputError, Problem

__all__ = ["MANIFEST", "SCHEMA", "digest", "read", "sealed", "tampered"]

MANIFEST = "manifest.json"
SCHEMA = "tradewind.price-book/1"
SEAL = "if the change is meant: tradewind prices seal"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sealed(folder: Path) -> str:
    """The text of a manifest of the files in `folder` as they are now."""
    files = {name: digest((folder / name).read_bytes()) for name in _files(folder)}
    return json.dumps({"schema": SCHEMA, "files": files}, indent=1) + "\n"


def read(folder: Path) -> Mapping[str, str]:
    """Checksums by file; empty where the book has no manifest. Raises `InputError` for a broken one."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        files = document["files"]
        if document["schema"] != SCHEMA or not all(isinstance(it, str) for it in files.values()):
            raise ValueError(document["schema"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        problem = Problem(str(path), "", "no manifest of this version", "it says what the files were", SEAL)
        raise InputError([problem], "nothing was priced") from None
    return dict(files)


def tampered(folder: Path) -> Iterator[tuple[str, str]]:
    """Each file that is not what the manifest says, with what is wrong with it."""
    known = read(folder)
    if not known:
        yield MANIFEST, "is missing: what was changed by hand cannot be told"
        return
    present = set(_files(folder))
    for name in sorted(known.keys() | present):
        if name not in present:
            yield name, "is in the manifest and not in the book"
        elif name not in known:
            yield name, "is in the book and not in the manifest"
        elif digest((folder / name).read_bytes()) != known[name]:
            yield name, "was changed after the book was sealed"


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv"))
