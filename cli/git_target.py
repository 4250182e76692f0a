"""Targets at a commit: `git:REF`, `git:REF:TARGET`. The commit's files, in a folder that goes away again.

Read by `git ls-tree` and `git cat-file` alone: no hook, no filter, no attribute, no checkout, no network.
A repository may be anybody's. The program at the commit is then planned as any other, in its own process
without credentials.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from problems import InputError, Missing, Problem

__all__ = ["PREFIX", "GitTarget", "commit_of", "parse", "top_of", "tree"]

PREFIX = "git:"
MOST_FILES = 200_000
MOST_BYTES = 2 << 30
SECONDS = 120
_UNDONE = "nothing was planned"


@dataclass(frozen=True, slots=True)
class GitTarget:
    """`what` is a target as it was at the commit that `ref` names; "" where it is left open."""

    ref: str
    what: str


def parse(target: str) -> GitTarget | None:
    """None for a target that is not of this kind. Raises `InputError` where no commit is named."""
    if not target.startswith(PREFIX):
        return None
    ref, _, what = target.removeprefix(PREFIX).partition(":")
    # What begins with a hyphen would be an option of git, and a revision range is no commit.
    if not ref or ref.startswith("-") or ".." in ref or not ref.isprintable():
        raise _wrong(target, "no commit is named", "git:main, git:HEAD^1 or git:main:prod")
    return GitTarget(ref, what)


def top_of(folder: Path) -> Path:
    """The top folder of the repository that `folder` is in."""
    return Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).rstrip("\n"))


def commit_of(folder: Path, ref: str) -> str:
    """The commit that `ref` names in the repository of `folder`, in hexadecimal."""
    try:
        return (
            _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
            .decode()
            .strip()
        )
    except InputError:
        fix = "name a branch, tag or commit that is here; a shallow clone has few: git fetch --unshallow"
        raise _wrong(f"{PREFIX}{ref}", "this repository has no such commit", fix) from None


@contextlib.contextmanager
def tree(folder: Path, ref: str) -> Iterator[Path]:
    """A temporary folder with the files of commit `ref` of the repository of `folder`.

    Submodules stay empty, what is kept by Git LFS stays a pointer, and links that lead out are left out.
    """
    top = top_of(folder)
    commit = commit_of(top, ref)
    place = Path(tempfile.mkdtemp(prefix="tradewind-git-"))
    try:
        _write(top, commit, place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _write(top: Path, commit: str, place: Path) -> None:
    entries = list(_entries(top, commit))
    size = sum(entry.size for entry in entries)
    if len(entries) > MOST_FILES or size > MOST_BYTES:
        got = f"{len(entries):,} files of {size / 2**20:,.0f} MiB"
        raise _wrong(
            f"{PREFIX}{commit[:12]}", f"{got} are too many to read", "plan it elsewhere and name the graph"
        )
    blobs = [entry for entry in entries if entry.mode in ("100644", "100755")]
    links = [entry for entry in entries if entry.mode == "120000"]
    with subprocess.Popen(
        _command(top, "cat-file", "--batch"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
    ) as reader:
        for entry in blobs:
            path = place / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            # Never through a link: there is none yet, and a name that came twice is refused.
            with path.open("xb") as file:
                file.write(_blob(reader, entry))
            if entry.mode == "100755":
                path.chmod(0o755)
        for entry in links:
            path = place / entry.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError, ValueError):
                path.symlink_to(os.fsdecode(_blob(reader, entry)))
        assert reader.stdin is not None
        reader.stdin.close()
    for entry in links:
        _keep_inside(place, place / entry.path)


def _keep_inside(place: Path, link: Path) -> None:
    """Remove a link that leads out of the folder, by whatever way."""
    real = os.path.realpath(link)
    if link.is_symlink() and not real.startswith(os.path.realpath(place) + os.sep):
        link.unlink()


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    name: str
    """Of the object."""
    size: int
    path: PurePosixPath


def _entries(top: Path, commit: str) -> Iterator[_Entry]:
    listing = _git(top, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
    for row in listing.split(b"\0"):
        head, _, raw = row.partition(b"\t")
        if not raw:
            continue
        mode, _, name, size = head.decode().split()
        path = PurePosixPath(os.fsdecode(raw))
        if path.is_absolute() or any(part in ("..", "") or part.lower() == ".git" for part in path.parts):
            raise _wrong(
                f"{PREFIX}{commit[:12]}",
                "a file's name leads out of its folder",
                "do not trust this repository",
            )
        yield _Entry(mode, name, int(size) if size.isdigit() else 0, path)


def _blob(reader: subprocess.Popen[bytes], entry: _Entry) -> bytes:
    assert reader.stdin is not None and reader.stdout is not None
    reader.stdin.write(f"{entry.name}\n".encode())
    reader.stdin.flush()
    head = reader.stdout.readline().decode().split()
    if len(head) != 3 or head[1] != "blob":
        fix = "fetch it: git fetch --unshallow, or clone without --filter"
        raise _wrong(str(entry.path), "this repository does not have the file's content", fix)
    data = reader.stdout.read(int(head[2]))
    reader.stdout.read(1)
    return data


def _environment() -> dict[str, str]:
    """Ours without what would lead git elsewhere, and nothing that would make it call out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
    }


def _command(folder: Path, *arguments: str) -> list[str]:
    settings = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.pager=cat")
    return ["git", "-C", str(folder), *(word for each in settings for word in ("-c", each)), *arguments]


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            _command(folder, *arguments),
            capture_output=True,
            env=_environment(),
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Missing("git is not installed; a target git:REF is read with it: https://git-scm.com") from None
    except subprocess.TimeoutExpired:
        raise _wrong(
            str(folder), f"git did not answer within {SECONDS} s", "try `git status` there"
        ) from None
    if done.returncode:
        said = re.sub(r"\s+", " ", done.stderr.decode(errors="replace")).strip()[:200] or "git refuses"
        raise _wrong(str(folder), said, "stand in a clone of the project's repository")
    return done.stdout


def _wrong(place: str, but: str, fix: str) -> InputError:
    return InputError([Problem(place[:120], "", "", but, fix)], _UNDONE)
