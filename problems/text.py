"""Reading a file that a person names: whatever it really is, one clear message or its text."""

from __future__ import annotations

import difflib
import re
import stat
from pathlib import Path

from problems import InputError, Problem

__all__ = ["read_text"]

MIB = 1 << 20
CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_text(
    path: Path, *, shown: str = "", limit_mib: int = 10, undone: str = "nothing was planned", fix: str = ""
) -> str:
    """The UTF-8 text of the regular file `path`, called `shown` in messages; `fix` is how to get a right one.

    Its kind and size are asked before it is opened: a pipe would block, a device has no end. Raises
    `InputError` for what is no file, too large, unreadable, not UTF-8, or holds control characters.
    """
    place = shown or str(path)

    def wrong(got: str, but: str, way_out: str, where: str = place) -> InputError:
        return InputError([Problem(where, "", got, but, fix or way_out)], undone)

    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "neither file nor folder"
            raise wrong(kind, "a file is read here", "name a file")
        if found.st_size > limit_mib * MIB:
            size = f"{found.st_size / MIB:,.0f} MiB"
            raise wrong(
                size, f"files up to {limit_mib} MiB are read here", "name the right file, or split it"
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        near = _near(path)
        raise wrong(
            "no such file", "there is nothing to read", f"did you mean {near}?" if near else "check the path"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise wrong(reason, "it cannot be read", "check the path and its permissions") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _after(place, raw[: error.start].decode("utf-8", "replace"))
        raise wrong(
            f"byte 0x{raw[error.start]:02x}", "the file is not UTF-8", "save it as UTF-8", where
        ) from None
    if broken := CONTROL.search(text):
        where = _after(place, text[: broken.start()])
        raise wrong(
            f"character U+{ord(broken[0]):04X}", "text holds no control characters", "remove it", where
        )
    return text


def _after(place: str, before: str) -> str:
    """The place that follows the text `before`, line and column from 1."""
    return f"{place}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _near(path: Path) -> str:
    try:
        names = [item.name for item in path.parent.iterdir()]
    except OSError:
        return ""
    return ", ".join(difflib.get_close_matches(path.name, names, n=2))
