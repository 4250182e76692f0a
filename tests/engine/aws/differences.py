"""`Diff`: what changes in place, what means another resource, and whether the old one must go first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .catalogue import Type, type_of
from .forced import DELETE_FIRST
from .wire import DEFAULTS, UNKNOWN, without_defaults

ADD, DELETE, UPDATE = 0, 2, 4
"""Of `PropertyDiff.Kind`; one more each where the property replaces the resource."""


@dataclass(frozen=True)
class Difference:
    """`kinds` has a kind of change by property path, as `tags.Env` or `ingress[0].fromPort`."""

    kinds: dict[str, int] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    stables: tuple[str, ...] = ()
    delete_first: bool = False

    @property
    def properties(self) -> list[str]:
        return sorted({_root(path) for path in self.kinds})


def difference(
    token: str, olds: dict[str, Any], news: dict[str, Any], ignored: list[str] | None = None
) -> Difference:
    """From the inputs of the last deployment to those wanted now."""
    type = type_of(token)
    found: dict[str, int] = {}
    _compare("", without_defaults(olds), without_defaults(news), found)
    found = {path: kind for path, kind in found.items() if not _covered(path, ignored or [])}
    forced = {path for path in found if _replaces(type, path)}
    kinds = {path: kind + (path in forced) for path, kind in found.items()}
    stables = () if forced else ("id", "arn", *sorted(name for name in type.replacing if "." not in name))
    return Difference(
        kinds=kinds,
        replaces=tuple(sorted({_root(path) for path in forced})),
        stables=tuple(name for name in stables if name in ("id", *type.outputs)),
        delete_first=bool(forced) and (token in DELETE_FIRST or _fixed_name(type, olds, news)),
    )


def _compare(path: str, old: Any, new: Any, found: dict[str, int]) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            _compare(_joined(path, key), old.get(key), new.get(key), found)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = (items[index] if index < len(items) else None for items in (old, new))
            _compare(f"{path}[{index}]", *pair, found)
    elif _written(old) != _written(new) or UNKNOWN in (old, new):
        found[path] = ADD if old is None else DELETE if new is None else UPDATE


def _written(value: Any) -> Any:
    """Plain values as Terraform compares them: `1` and `"1"` are one."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, dict | list) or value is None else str(value)


def _joined(path: str, key: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_$][\w$]*", key)
    part = key if plain else f'["{key}"]'
    return f"{path}.{part}" if path and plain else path + part


def _root(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _steps(path: str) -> list[str]:
    """The names along `path`, without positions in lists."""
    return [name for name in re.split(r"[.\[\]]+", path) if name and not name.isdigit()]


def _replaces(type: Type, path: str) -> bool:
    steps = _steps(path)
    return any(".".join(steps[:length]) in type.replacing for length in range(1, len(steps) + 1))


def _covered(path: str, ignored: list[str]) -> bool:
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in ignored)


def _fixed_name(type: Type, olds: dict[str, Any], news: dict[str, Any]) -> bool:
    """Whether the program itself names the resource, and as before: two cannot exist then."""
    name = type.autonamed
    if not name or news.get(name) is None or name in (news.get(DEFAULTS) or ()):
        return False
    return bool(olds.get(name) == news[name])
