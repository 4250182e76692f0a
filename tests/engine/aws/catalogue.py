"""What is known of resource types: from `types.json`, from `forced.py`, and general rules for the others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from plan import aws_types

from .forced import AUTONAMED, CHANGED_IN_PLACE, FORCED, KEPT_NAMES

_TABLE = Path(__file__).with_name("types.json")


@dataclass(frozen=True)
class Type:
    """One resource type. Kinds of properties: see `types_build.kind`."""

    token: str
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    """Everything it answers, its inputs included."""
    required: frozenset[str] = frozenset()
    replacing: frozenset[str] = frozenset()
    """Properties whose change means another resource."""
    objects: dict[str, str] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    known: bool = False

    @property
    def service(self) -> str:
        return self.token.removeprefix("aws:").partition("/")[0]

    @property
    def has_region(self) -> bool:
        return "region" in self.inputs if self.known else not aws_types.is_global(self.token)

    @property
    def has_tags(self) -> bool:
        return self.inputs.get("tags", "").startswith("m") and "tagsAll" in self.outputs if self.known else (
            aws_types.takes_tags(self.token)
        )  # fmt: skip

    @property
    def autonamed(self) -> str:
        """The property that gets an automatic name, "" for none."""
        if self.token in AUTONAMED:
            return AUTONAMED[self.token].property
        optional = "name" in self.inputs and "name" not in self.required
        return "name" if optional and self.inputs["name"].startswith("s") else ""

    def children(self, path: str) -> dict[str, str]:
        """The properties of a nested class (`service/Class`) that are objects of further classes."""
        return _words(_table()["objects"].get(path, ""))


@cache
def _table() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return document


def _words(text: str) -> dict[str, str]:
    return dict(word.split(":", 1) for word in text.split())


@cache
def type_of(token: str) -> Type:
    """The type with this token; one that is in no table is known by its name only."""
    entry = _table()["types"].get(token.removeprefix("aws:"))
    forced = frozenset(FORCED.get(token, ()))
    if entry is None:
        name = {AUTONAMED[token].property} if token in AUTONAMED and token not in KEPT_NAMES else set()
        return Type(token, replacing=forced | {"region"} | name)
    words = _words(entry.get("inputs", ""))
    inputs = {name: kind.rstrip("!>") for name, kind in words.items()}
    found = Type(
        token,
        inputs=inputs,
        outputs={**inputs, **_words(entry.get("outputs", ""))},
        required=frozenset(name for name, kind in words.items() if "!" in kind),
        replacing=frozenset(name for name, kind in words.items() if ">" in kind)
        - CHANGED_IN_PLACE.get(token, frozenset())
        | forced
        | {"region"},
        objects=_words(entry.get("objects", "")),
        secret=frozenset(entry.get("secret", "").split()),
        known=True,
    )
    if found.autonamed and token not in KEPT_NAMES:
        named = {found.autonamed, f"{found.autonamed}Prefix"}
        return Type(**{**found.__dict__, "replacing": found.replacing | named})
    return found
