"""What a check is told: levels, required tags, residency zones, the environment's class, exemptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from plan.graph import Resource

__all__ = ["LEVELS", "Config", "Exemption", "SetLevel", "TagRule"]

SetLevel: TypeAlias = Literal["mandatory", "advisory", "remediate", "disabled"]
LEVELS: tuple[SetLevel, ...] = ("mandatory", "advisory", "remediate", "disabled")


@dataclass(frozen=True, slots=True)
class TagRule:
    """What a required tag may say. `value` is what a missing tag would be set to, "" where nothing."""

    value: str = ""
    allowed: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def default(self) -> str:
        """The one value that a missing tag can be given without asking anybody, or ""."""
        return self.value or (self.allowed[0] if len(self.allowed) == 1 else "")

    def objection(self, value: str) -> str:
        """Why `value` is not allowed, "" when it is."""
        if self.allowed and value not in self.allowed:
            return f"is not one of {', '.join(self.allowed)}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"does not match {self.pattern}"
        return "" if value.strip() else "is empty"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A rule that somebody accepts broken for the resources whose name or URN matches `match` (a glob)."""

    rule: str
    match: str
    reason: str
    until: date | None = None
    place: str = ""

    def covers(self, resource: Resource) -> bool:
        return fnmatchcase(resource.name, self.match) or fnmatchcase(resource.urn, self.match)

    def expired(self, today: date | None) -> bool:
        """Whether it no longer holds: the last day is `until`. Without a `today` a dated one has expired."""
        return self.until is not None and (today is None or today > self.until)


@dataclass(frozen=True, slots=True)
class Config:
    """All that a check is told; the default is every rule at its own level.

    `environment_class` is `development`, `staging`, `production`, or "" to go by each resource's tag
    `environment`. `zones` are residency zones: name to regions. `today` decides which exemptions hold.
    """

    environment_class: str = ""
    tags: Mapping[str, TagRule] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    levels: Mapping[str, SetLevel] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    today: date | None = None

    @classmethod
    def of(
        cls,
        *,
        environment_class: str = "",
        required_tags: Mapping[str, Mapping[str, Any]] | None = None,
        zones: Mapping[str, Any] | None = None,
        today: date | None = None,
    ) -> Config:
        """A configuration from the plain data of a specification: `tags.required`, `residency.zones`."""
        return cls(
            environment_class=environment_class,
            tags={key: tag_rule(row) for key, row in (required_tags or {}).items()},
            zones={name: tuple(regions) for name, regions in (zones or {}).items()},
            today=today,
        )


def tag_rule(row: Mapping[str, Any]) -> TagRule:
    """A `TagRule` from `{value, allowed?, pattern?}`, all of them optional."""
    return TagRule(
        value=str(row.get("value") or ""),
        allowed=tuple(str(value) for value in row.get("allowed") or ()),
        pattern=str(row.get("pattern") or ""),
    )
