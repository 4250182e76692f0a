"""What the program died of, as data: the parent turns it into one message."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

from .guard import NetworkRefused
from .monitor import DuplicateUrn, Monitor
from .places import Places
from .runtime import execute
from .symbolic import unaware

_Kind = tuple[Callable[[BaseException], bool], Callable[[Any, Places], dict[str, Any]]]
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
    for fits, details in _KINDS:
        if fits(root):
            found.update(details(root, places))
            break
    else:
        found.update(_unanswered(root, monitor))
    found["python"] = ".".join(map(str, sys.version_info[:2]))
    return found


def _unanswered(root: BaseException, monitor: Monitor) -> dict[str, Any]:
    """The data source that a program asked at once and that has no answer, where that is what it died of."""
    text = _text(root)
    if not monitor.missing or "no offline answer for the data source" not in text:
        return {}
    asked = next((item for item in monitor.missing if item["token"] in text), monitor.missing[-1])
    found = {"kind": "data-source", "token": asked["token"], "arguments": asked["arguments"]}
    return {**found, "at": asked["source"]} if asked["source"] else found


def _exit(root: Any, _: Places) -> dict[str, Any]:
    code = root.code if isinstance(root.code, int) else 1
    return {"kind": "exit", "code": code, "message": _said(root.code)[:500]}


def _syntax(root: Any, places: Places) -> dict[str, Any]:
    name = places.relative(root.filename or "")
    found = {"kind": "syntax", "message": _said(root.msg)}
    return {**found, "at": f"{name}:{root.lineno}"} if name else found


def _config(root: Any, _: Places) -> dict[str, Any]:
    return {
        "kind": "config",
        "key": _said(getattr(root, "key", "")),
        "secret": bool(getattr(root, "secret", False)),
        "missing": type(root).__name__ == "ConfigMissingError",
    }


def _argument(kind: str, pattern: str) -> _Kind:
    """A call that Python or the SDK refuses; `pattern` finds the argument in the message."""
    told = re.compile(pattern)

    def fits(root: BaseException) -> bool:
        return isinstance(root, TypeError) and told.search(_text(root)) is not None

    def details(root: BaseException, _: Places) -> dict[str, Any]:
        found = told.search(_text(root))
        return {"kind": kind, "property": found[1] if found else ""}

    return fits, details


def _named(*names: str) -> Callable[[BaseException], bool]:
    # By name: the SDK's classes stand in different modules from version to version.
    return lambda root: type(root).__name__ in names


def _of(kind: type[BaseException]) -> Callable[[BaseException], bool]:
    return lambda root: isinstance(root, kind)


_KINDS: tuple[_Kind, ...] = (
    (
        _of(DuplicateUrn),
        lambda it, _: {"kind": "duplicate", "urn": it.urn, "first": it.first, "at": it.second},
    ),
    (_of(NetworkRefused), lambda it, _: {"kind": "network", "target": it.target}),
    (_of(SystemExit), _exit),
    (_of(ModuleNotFoundError), lambda it, _: {"kind": "module", "module": _said(it.name or "")}),
    (_of(SyntaxError), _syntax),
    (_named("RunError"), lambda it, _: {"kind": "told"}),
    (_of(MemoryError), lambda it, _: {"kind": "memory"}),
    (_of(RecursionError), lambda it, _: {"kind": "recursion"}),
    (_named("ConfigMissingError", "ConfigTypeError"), _config),
    _argument("required", r"^Missing required property '([^']+)'"),
    _argument("keyword", r"unexpected keyword argument '([^']+)'"),
)
"""What an exception is, the first that fits: how to tell, and what the parent needs to say the way out."""


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
