"""Where built tools are kept: one folder per tool, version and recipe, shared by all checkouts of a user.

A folder is built under another name and renamed when it is whole, so what is there is never half of
something. Only one build runs at a time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

BUILDING = ".building-"
"""What the name of an unfinished folder begins with."""


def folder() -> Path:
    """`$XDG_CACHE_HOME/tradewind/tools`, by default in `~/.cache`; made when it is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    found = Path(base) / "tradewind" / "tools"
    found.mkdir(parents=True, exist_ok=True)
    return found


def key(name: str, version: str, sources: Iterable[str]) -> str:
    """Name of the folder of a tool: another version or another recipe (`sources`) is another folder."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.encode() + b"\0")
    return f"{name}-{version}-{digest.hexdigest()[:10]}"


@contextmanager
def lock(say: Callable[[str], None]) -> Iterator[None]:
    """Wait until nobody else builds; what a build that was killed left behind is removed."""
    with (folder() / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is under way: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        for left in folder().glob(f"{BUILDING}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def build(name: str, recipe: Callable[[Path], None]) -> Path:
    """Run `recipe` in an empty folder and keep that folder as `name`; the caller holds the lock."""
    target = folder() / name
    temporary = Path(tempfile.mkdtemp(prefix=BUILDING, dir=folder()))
    try:
        recipe(temporary)
        temporary.chmod(0o755)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def link(place: Path, targets: Mapping[str, Path], known: Collection[str]) -> None:
    """Make `place` a folder of symbolic links to `targets`, each replaced in one step.

    Links under names that are not `known` go; one that is known but has no new target stays as it is.
    """
    place.mkdir(exist_ok=True)
    for name, target in targets.items():
        entry = place / name
        if entry.is_symlink() and entry.readlink() == target:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        fresh = place / f".{name}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(entry)
    for entry in place.iterdir():
        if entry.name not in known and entry.is_symlink():
            entry.unlink()


def size(place: Path) -> int:
    """Bytes of all files in `place`."""
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file() and not path.is_symlink())
