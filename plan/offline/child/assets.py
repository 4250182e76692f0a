"""Files, archives and texts that go along with a resource: where they are and what was in them."""

from __future__ import annotations

import hashlib
import itertools
import os
import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import archives
from .wire import ARCHIVE, SIGNATURE

_MOST_BYTES = 16 << 20
_MOST_FILES = 2000


class _Unreadable(Exception):
    """Not there, too much, or nothing that a digest could be made of here."""


class Assets:
    """Describes assets in wire form as (kind, where, digest).

    Kinds: `file`, `text`, `uri`, `archive`. `where` is a path from the project folder, a URI, or "".
    The digest is the engine's, a SHA-256; "" where the content cannot be read or is too much.
    """

    def __init__(
        self,
        project_folder: str,
        working_folder: str,
        hides: Callable[[str], bool],
        remark: Callable[[str], None],
    ) -> None:
        self._root, self._here = os.path.realpath(project_folder), working_folder
        self._hides, self._remark = hides, remark
        self._digests: dict[str, str] = {}

    def describe(self, value: dict[str, Any]) -> tuple[str, str, str]:
        kind = "archive" if value[SIGNATURE] == ARCHIVE else "file"
        if isinstance(value.get("text"), str):
            text = value["text"]
            return "text", "", "" if self._hides(text) else hashlib.sha256(text.encode()).hexdigest()
        if isinstance(value.get("path"), str):
            return kind, self._shown(value["path"]), self._digest(value["path"])
        if isinstance(value.get("uri"), str):
            return "archive" if kind == "archive" else "uri", value["uri"], ""
        parts = value.get("assets")
        if isinstance(parts, dict):
            return "archive", "", self._digest_of_parts(parts)
        return kind, "", ""

    def _digest_of_parts(self, parts: dict[str, Any]) -> str:
        try:
            return archives.digest_of(self._members(parts))
        except (OSError, _Unreadable):
            return ""

    def _members(self, parts: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
        """The files of an archive made of assets and further archives, by name."""
        for name in sorted(parts, key=str.encode):
            part = parts[name]
            if not isinstance(part, dict) or SIGNATURE not in part:
                raise _Unreadable
            if isinstance(part.get("text"), str):
                if self._hides(part["text"]):
                    raise _Unreadable
                yield name, part["text"].encode()
            elif isinstance(part.get("assets"), dict):
                for inner, content in self._members(part["assets"]):
                    yield posixpath.join(name, inner), content
            elif isinstance(part.get("path"), str):
                yield from self._of_path(name, part["path"], part[SIGNATURE] == ARCHIVE)
            else:
                raise _Unreadable

    def _of_path(self, name: str, path: str, is_archive: bool) -> Iterator[tuple[str, bytes]]:
        real = self._real(path)
        if not Path(real).exists():
            self._missing(path)
            raise _Unreadable
        if not is_archive:
            yield name, _content(Path(real))
        elif path.endswith(archives.PACKED):
            raise _Unreadable  # the engine unpacks it
        else:
            for inner, file in _few(Path(real)):
                yield posixpath.join(name, inner), _content(file)

    def _shown(self, path: str) -> str:
        real = self._real(path)
        inside = real == self._root or real.startswith(self._root + os.sep)
        return os.path.relpath(real, self._root).replace(os.sep, "/") if inside else path

    def _real(self, path: str) -> str:
        return os.path.realpath(Path(self._here, path))

    def _missing(self, path: str) -> None:
        self._remark(f"the file {self._shown(path)} does not exist: a deployment needs it")

    def _digest(self, path: str) -> str:
        real = self._real(path)
        if real not in self._digests:
            self._digests[real] = self._read(Path(real), path)
        return self._digests[real]

    def _read(self, real: Path, path: str) -> str:
        if not real.exists():
            self._missing(path)
            return ""
        try:
            if real.is_dir():
                return archives.digest_of((name, _content(file)) for name, file in _few(real))
            return hashlib.sha256(_content(real)).hexdigest()
        except (OSError, _Unreadable):
            return ""


def _few(folder: Path) -> list[tuple[str, Path]]:
    files = list(itertools.islice(archives.files_in(folder), _MOST_FILES + 1))
    if len(files) > _MOST_FILES or sum(file.stat().st_size for _, file in files) > _MOST_BYTES:
        raise _Unreadable
    return files


def _content(file: Path) -> bytes:
    if not file.is_file() or file.stat().st_size > _MOST_BYTES:
        raise _Unreadable
    return file.read_bytes()
