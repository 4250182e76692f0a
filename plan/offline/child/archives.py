"""The digest that the engine gives to an archive: SHA-256 of a tar of its members.

A state holds these digests, so a plan that gave others would show all code as changed. The engine writes
the tar in the ustar form, members in order of their names, with no more than name, mode 0600 and size.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKED = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
"""Ends of the names of files that are archives already: the engine takes their bytes as they are."""

_BLOCK = 512
_DEVICES = slice(329, 345)
_CHECKSUM = slice(148, 156)
_BOOKKEEPING = ".pulumi"


def digest_of(members: Iterable[tuple[str, bytes]]) -> str:
    """The digest of an archive of `members` (name, content); a name that comes again is passed over.

    "" where a name is more than the ustar form holds.
    """
    digest = hashlib.sha256()
    seen = set()
    for name, content in members:
        if name in seen:
            continue
        seen.add(name)
        header = _header(name, len(content))
        if not header:
            return ""
        digest.update(header)
        digest.update(content)
        digest.update(bytes(-len(content) % _BLOCK))
    digest.update(bytes(2 * _BLOCK))
    return digest.hexdigest()


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name inside, path) of the files that an archive of `folder` has, in the engine's order."""
    yield from _walk(folder, "")


def _walk(folder: Path, above: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir(), key=lambda it: os.fsencode(it.name)):
        if path.name == _BOOKKEEPING:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, f"{above}{path.name}/")
        elif path.is_file():
            yield f"{above}{path.name}", path


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.mode, info.size = 0o600, size
    try:
        block = bytearray(info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
    except (ValueError, UnicodeError):
        return b""
    # Go's writer, unlike Python's, fills in the numbers of devices for plain files too.
    block[_DEVICES] = b"0000000\0" * 2
    block[_CHECKSUM] = b" " * 8
    block[_CHECKSUM] = b"%06o\0 " % sum(block)
    return bytes(block)
