"""What the program died of, as data: the parent turns it into one message."""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any

from .guard import NetworkRefused
from .monitor import DuplicateUrn, Monitor
from .places import Places
from .runtime import execute
from .symbolic import unaware

_NAMED = re.compile(r"(?:While processing resource: '|at resource `|resource ')([^'`]+)['`]")


def description(error: BaseException, monitor: Monitor, places: Places) -> dict[str, Any]:
    """What `describe` says, and the least of it where an exception breaks whoever looks at it."""
    try:
        return describe(error, monitor, places)
    except BaseException:  # noqa: BLE001 - the program's own exception class runs here
        return {"kind": "exception", "type": type(error).__name__, "message": "", "at": "", "early": False}


def describe(error: BaseException, monitor: Monitor, places: Places) -> dict[str, Any]:
    """`kind`, `type`, `message`, `at` and, by kind, what the parent needs to say the way out.

    `early` says that no symbolic answer had a part in it: it came out of the program's own run, where outputs
    are opaque, or out of a callback on a value without tokens.
    """
    root = _root(error)
    found: dict[str, Any] = {
        "kind": "exception",
        "type": type(root).__name__,
        "message": places.hide_paths(_message(root)),
        "at": places.of_traceback(error) or _place_in_text(_text(root), monitor),
        "early": any(
            frame.f_code in (execute.__code__, unaware.__code__)
            for frame, _ in traceback.walk_tb(error.__traceback__)
        ),
    }
    if named := _NAMED.findall(_text(error)):
        found["resource"] = named[-1]
    if isinstance(root, DuplicateUrn):
        found.update(kind="duplicate", urn=root.urn, first=root.first, at=root.second)
    elif isinstance(root, NetworkRefused):
        found.update(kind="network", target=root.target)
    elif isinstance(root, SystemExit):
        found.update(
            kind="exit", code=root.code if isinstance(root.code, int) else 1, message=_said(root.code)[:500]
        )
    elif isinstance(root, ModuleNotFoundError):
        found.update(kind="module", module=_said(root.name or ""))
    elif isinstance(root, SyntaxError):
        name = places.relative(root.filename or "")
        found.update(
            kind="syntax", at=f"{name}:{root.lineno}" if name else found["at"], message=_said(root.msg)
        )
    elif type(root).__name__ == "RunError":
        found.update(kind="told")
    elif isinstance(root, MemoryError):
        found.update(kind="memory")
    elif isinstance(root, RecursionError):
        found.update(kind="recursion")
    elif type(root).__name__ in ("ConfigMissingError", "ConfigTypeError"):
        found.update(
            kind="config", key=_said(getattr(root, "key", "")), secret=bool(getattr(root, "secret", False))
        )
        found["missing"] = type(root).__name__ == "ConfigMissingError"
    elif isinstance(root, TypeError) and (
        match := re.match(r"Missing required property '([^']+)'", _text(root))
    ):
        found.update(kind="required", property=match[1])
    elif isinstance(root, TypeError) and (
        match := re.search(r"unexpected keyword argument '([^']+)'", _text(root))
    ):
        found.update(kind="keyword", property=match[1])
    elif monitor.missing and "no offline answer for the data source" in _text(root):
        asked = next((item for item in monitor.missing if item["token"] in _text(root)), monitor.missing[-1])
        found.update(
            kind="data-source",
            token=asked["token"],
            arguments=asked["arguments"],
            at=asked["source"] or found["at"],
        )
    found["python"] = ".".join(map(str, sys.version_info[:2]))
    return found


def _root(error: BaseException) -> BaseException:
    """The exception that says what happened: the SDK wraps some in others, with `from`."""
    seen: set[int] = set()
    current = error
    while id(current) not in seen:
        seen.add(id(current))
        telling = (DuplicateUrn, NetworkRefused)
        if isinstance(current, telling):
            return current
        following = current.__cause__
        if following is None:
            break
        current = following
    inner: BaseException | None = error
    while inner is not None and id(inner) in seen:
        if isinstance(inner, (NetworkRefused, DuplicateUrn)):
            return inner
        inner = inner.__context__
    return error


def summary(error: BaseException) -> str:
    """The exception on one line."""
    return f"{type(error).__name__}: {_text(error)[:200]}".removesuffix(": ")


def _text(error: BaseException) -> str:
    return _said(error)


def _said(value: object) -> str:
    try:
        return str(value)
    except BaseException:  # noqa: BLE001 - a program's own exception may fail to print itself, in any way
        return ""


def _message(error: BaseException) -> str:
    text = _text(error)
    # The SDK tells the whole chain of inputs; the innermost is what happened.
    text = text.rpartition("has risen: ")[2]
    lines = [line.rstrip() for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines)[:8000]


def _place_in_text(text: str, monitor: Monitor) -> str:
    """The line of the resource that an error names: those of serialisation have no frame of the program."""
    for name in reversed(_NAMED.findall(text)):
        for (_, known), place in reversed(monitor.sources.items()):
            if known == name and place:
                return place
    return ""
