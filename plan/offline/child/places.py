"""Where in the program something was written: `file:line` relative to the project folder."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_SHARED = ("site-packages", "dist-packages")


class Places:
    """Tells the program's own files from those of libraries.

    Every resource asks, so the walk reads frames only, without the source lines that
    `traceback.extract_stack` would load.
    """

    def __init__(self, project_folder: str) -> None:
        self._root = os.path.realpath(project_folder)
        self._libraries = tuple(
            {
                os.path.realpath(path)
                for path in (
                    sysconfig.get_path("stdlib"),
                    sysconfig.get_path("purelib"),
                    str(Path(__file__).parent),
                )
            }
        )
        self._files: dict[str, str] = {}
        self._codes: dict[CodeType, str] = {}

    def relative(self, filename: str) -> str:
        """`filename` from the project folder, or "" for a file that is not the program's own."""
        found = self._files.get(filename)
        if found is None:
            found = self._files[filename] = self._relative(filename)
        return found

    def _relative(self, filename: str) -> str:
        path = os.path.realpath(filename)
        if not path.startswith(self._root + os.sep) or filename.startswith("<"):
            return ""
        if any(part in _SHARED for part in Path(path).parts) or path.startswith(
            tuple(root + os.sep for root in self._libraries)
        ):
            return ""
        return os.path.relpath(path, self._root).replace(os.sep, "/")

    def of_stack(self, frame: FrameType | None, made: object = None) -> str:
        """The innermost line of the program among `frame` and its callers.

        Constructors of `made` itself are passed over: the line that makes it counts.
        """
        codes = self._codes
        while frame is not None:
            code = frame.f_code
            name = codes.get(code)
            if name is None:
                name = codes[code] = self.relative(code.co_filename)
            if name and not (made is not None and _constructs(frame, made)):
                return f"{name}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def here(self) -> str:
        return self.of_stack(sys._getframe(1))

    def of_traceback(self, error: BaseException) -> str:
        """The innermost line of the program at which `error`, or what caused it, was raised."""
        seen: set[int] = set()
        current: BaseException | None = error
        place = ""
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            own = self._innermost(traceback.extract_tb(current.__traceback__, limit=None))
            place = own or place
            if own:
                break
            current = current.__cause__ or current.__context__
        return place

    def _innermost(self, frames: Iterable[Any]) -> str:
        place = ""
        for frame in frames:
            if name := self.relative(frame.filename):
                place = f"{name}:{frame.lineno}"
        return place

    def hide_paths(self, text: str) -> str:
        """`text` with paths inside the project made relative, so no message depends on the machine."""
        return re.sub(re.escape(self._root) + "/?", "", text)


def _constructs(frame: FrameType, made: object) -> bool:
    """Whether `frame` is in a constructor of the object `made`."""
    code = frame.f_code
    return (
        code.co_name.endswith("init__")
        and code.co_argcount > 0
        and frame.f_locals.get(code.co_varnames[0]) is made
    )
