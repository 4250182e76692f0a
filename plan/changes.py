"""Where two sets of inputs part, as the paths that the engine prints: `tags.stage`, `ingress[0].fromPort`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from plan.values import SECRET, Asset, Template, Unknown, Value

__all__ = ["ANEW", "Change", "Kind", "changes", "covered", "root"]

ANEW = Unknown()
"""A value after that deployment decides anew; `UNKNOWN` is one that nobody looked into, before as after."""

Kind = Literal["add", "delete", "update"]

_PLAIN = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True)
class Change:
    """One place where the inputs part; `replaces` says that it means another resource.

    `known` is false where the new value is decided during deployment: it may turn out to be the old one.
    """

    path: str
    kind: Kind
    replaces: bool = False
    known: bool = True


def changes(old: Value, new: Value, path: str = "") -> Iterator[Change]:
    """From `old` to `new`. Secrets count as the same: nobody can compare them.

    A None is nothing, and so is an empty list or map where there was nothing.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from changes(old.get(key), new.get(key), _joined(path, str(key)))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            was, now = (items[index] if index < len(items) else None for items in (old, new))
            yield from changes(was, now, f"{path}[{index}]")
    elif new is ANEW:
        yield Change(path, "add" if old is None else "update", known=False)
    elif not (_is_nothing(old) and _is_nothing(new)) and not same(old, new):
        yield Change(path, "add" if old is None else "delete" if new is None else "update")


def _is_nothing(value: Value) -> bool:
    return value is None or (isinstance(value, list | Mapping) and not value)


def same(old: Value, new: Value) -> bool:
    """Whether two values that are no lists or maps are one. `1` and `"1"`, `true` and `"true"` are."""
    if isinstance(old, Asset) and isinstance(new, Asset) and old.digest and new.digest:
        return old.digest == new.digest
    if old is SECRET or isinstance(old, Unknown) or isinstance(new, Unknown) or new is SECRET:
        return old is new
    if isinstance(old, Template) != isinstance(new, Template):
        return False
    if isinstance(old, str | int | float) and isinstance(new, str | int | float):
        return _written(old) == _written(new)
    return bool(old == new)


def _written(value: str | int | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _joined(path: str, key: str) -> str:
    if not _PLAIN.fullmatch(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def root(path: str) -> str:
    """The property in which `path` lies."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def covered(path: str, by: Iterable[Value]) -> bool:
    """Whether one of the paths `by`, as in `ignoreChanges`, takes in `path`; `*` stands for any one step."""
    steps = _steps(path)
    for each in by:
        wanted = _steps(str(each))
        if len(wanted) <= len(steps) and all(a in ("*", b) for a, b in zip(wanted, steps, strict=False)):
            return True
    return False


def _steps(path: str) -> list[str]:
    found = re.findall(r'\["([^"]*)"\]|\[([^\]]*)\]|([^.\[\]]+)', path)
    return [quoted or index or name for quoted, index, name in found]
