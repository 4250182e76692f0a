"""Files, archives and texts that go along with a resource: where they are and what was in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .wire import ARCHIVE, SIGNATURE

_MOST_BYTES = 16 << 20
_MOST_FILES = 2000


class Assets:
    """Describes assets in wire form as (kind, where, digest).

    Kinds: `file`, `text`, `uri`, `archive`. `where` is a path from the project folder, a URI, or "".
    The digest is the SHA-256 of the content; "" where it cannot be read or is too much.
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
        lines = []
        for name in sorted(parts):
            part = parts[name]
            if not isinstance(part, dict) or SIGNATURE not in part:
                return ""
            _, _, digest = self.describe(part)
            if not digest:
                return ""
            lines.append(f"{name}\0{digest}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _shown(self, path: str) -> str:
        real = self._real(path)
        inside = real == self._root or real.startswith(self._root + os.sep)
        return os.path.relpath(real, self._root).replace(os.sep, "/") if inside else path

    def _real(self, path: str) -> str:
        return os.path.realpath(Path(self._here, path))

    def _digest(self, path: str) -> str:
        real = self._real(path)
        if real not in self._digests:
            self._digests[real] = self._read(real, path)
        return self._digests[real]

    def _read(self, real: str, path: str) -> str:
        if not Path(real).exists():
            self._remark(f"the file {self._shown(path)} does not exist: a deployment needs it")
            return ""
        digest = hashlib.sha256()
        size = 0
        try:
            for count, (name, file) in enumerate(_files(Path(real))):
                size += file.stat().st_size
                if size > _MOST_BYTES or count > _MOST_FILES:
                    return ""
                digest.update(name.encode() if name else b"")
                digest.update(file.read_bytes())
        except OSError:
            return ""
        return digest.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """(name inside, path) of the regular files at `path`, sorted; the name is "" for a file itself."""
    if path.is_file():
        yield "", path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():
                yield file.relative_to(path).as_posix() + "\0", file
