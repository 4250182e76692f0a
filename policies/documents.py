"""Documents inside inputs (IAM policies, container definitions), parsed once a check."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.view import Undetermined, View

__all__ = ["Statement", "document", "statements"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of an IAM policy, its single values and lists brought to tuples.

    `principals` are pairs of kind and name (`("AWS", "*")`, `("Service", "ec2.amazonaws.com")`); the
    bare principal `"*"` is `("*", "*")`. `actions` are as written, `everything_but` are `NotAction`s.
    """

    sid: str
    allows: bool
    actions: tuple[str, ...]
    everything_but: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    condition: Mapping[str, Any]

    @property
    def title(self) -> str:
        return (
            f"statement {self.sid}" if self.sid else f"the statement on {', '.join(self.actions[:2]) or '*'}"
        )


def document(view: View, *path: str) -> Any:
    """The JSON (or already structured) value at `path`, `None` where nothing stands.

    Raises `Undetermined` when it is hidden, or is text that is not JSON.
    """
    parsed = view.around.parsed
    key = (view.urn, ".".join((view.path, *path)))
    if key not in parsed:
        text = view.get(*path)
        if isinstance(text, str) and text.strip():
            try:
                text = json.loads(text)
            except ValueError:
                text = Undetermined(".".join(path), "is not JSON")
        parsed[key] = text or None
    found = parsed[key]
    if isinstance(found, Undetermined):
        raise found
    return found


def statements(view: View, *path: str) -> tuple[Statement, ...]:
    """The statements of the IAM policy at `path`; raises `Undetermined` as `document` does."""
    parsed = view.around.parsed
    key = (view.urn, ".".join((view.path, *path, "Statement")))
    if key not in parsed:
        body = document(view, *path)
        rows = body.get("Statement", []) if isinstance(body, Mapping) else []
        parsed[key] = tuple(_statement(row) for row in _listed(rows) if isinstance(row, Mapping))
    found: tuple[Statement, ...] = parsed[key]
    return found


def _statement(row: Mapping[str, Any]) -> Statement:
    return Statement(
        sid=str(row.get("Sid") or ""),
        allows=row.get("Effect") == "Allow",
        actions=_texts(row.get("Action")),
        everything_but=_texts(row.get("NotAction")),
        resources=_texts(row.get("Resource")),
        principals=tuple(_principals(row.get("Principal"))),
        condition=row.get("Condition") or {},
    )


def _principals(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield (value, value)
    elif isinstance(value, Mapping):
        for kind, names in value.items():
            for name in _texts(names):
                yield (kind, name)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in _listed(value) if isinstance(item, str))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
