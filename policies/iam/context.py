"""What a request brings along: condition keys and their values, and which cannot be told.

Names of keys are compared without regard to case, the part after a slash (a tag's key) too. Source: IAM
User Guide, "IAM JSON policy elements: Condition" and "AWS global condition context keys".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from policies.iam.texts import FOG
from problems import InputError, Problem

__all__ = ["Context", "Given"]

Given: TypeAlias = Mapping[str, Any]
"""Keys as a caller writes them: text, number, boolean, date or bytes, or a list of those."""


@dataclass(frozen=True, slots=True)
class Context:
    """Values by lower-case key. A key that is neither here nor among `undecided` is not in the request.

    `undecided` are lower-case keys, or patterns of keys (`aws:resourcetag/*`), of which nobody knows
    whether and with what value the request will have them.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Given, undecided: Iterable[str] = ()) -> Context:
        """Raises `InputError` on values that are of no type a condition can compare."""
        values = {}
        for key, value in given.items():
            listed = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            values[key.lower()] = tuple(_text(key, item) for item in listed)
        return cls(values, tuple(key.lower() for key in undecided))

    def get(self, key: str) -> tuple[str, ...] | None:
        """The values of `key`, none where the request does not have it. Ask `is_undecided` first."""
        return self.values.get(key.lower()) or None

    def is_undecided(self, key: str) -> bool:
        name = key.lower()
        return name not in self.values and any(fnmatchcase(name, pattern) for pattern in self.undecided)

    def variable(self, key: str) -> str | None:
        """What `${key}` stands for; a key of several values is none of them for certain."""
        if self.is_undecided(key):
            return FOG
        found = self.get(key)
        if found is None:
            return None
        return found[0] if len(found) == 1 else FOG

    def with_defaults(self, more: Mapping[str, str | tuple[str, ...]]) -> Context:
        """Also `more`, where nothing is said about a key yet."""
        values = {
            key.lower(): (value,) if isinstance(value, str) else value
            for key, value in more.items()
            if not self.is_undecided(key)
        }
        return Context({**values, **self.values}, self.undecided)


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    if isinstance(value, int | float) or hasattr(value, "as_tuple"):
        return str(value)
    raise InputError(
        [
            Problem(
                "the request's context",
                key,
                type(value).__name__,
                "a condition compares text, numbers, booleans, dates and bytes",
                "give one of those, or a list of them",
            )
        ],
        "nothing was decided",
    )
