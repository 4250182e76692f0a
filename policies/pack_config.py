"""The configuration of a check as the file of `--policy-pack-config`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from policies.config import Config, Exemption, tag_rule
from policies.rule import Rule, all_rules

__all__ = ["SCHEMAS", "config_of", "pack_config"]

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}

SCHEMAS: dict[str, dict[str, Any]] = {
    "tags": {
        "type": "object",
        "description": "Required tags: what each may say, and what a missing one is set to.",
        "additionalProperties": {
            "type": "object",
            "properties": {"value": _TEXT, "allowed": _TEXTS, "pattern": _TEXT},
            "additionalProperties": False,
        },
    },
    "residency": {
        "type": "object",
        "description": "Residency zones: the regions of each.",
        "additionalProperties": _TEXTS,
    },
    "environment_class": {
        "type": "string",
        "description": "Overrides what the tag environment and the stack's name say.",
        "enum": ["", "development", "staging", "production"],
    },
    "exemptions": {
        "type": "array",
        "description": "Resources, by a glob over name or URN, for which the rule may be broken.",
        "items": {
            "type": "object",
            "properties": {"match": _TEXT, "reason": _TEXT, "until": _TEXT},
            "required": ["match", "reason"],
            "additionalProperties": False,
        },
    },
}
"""JSON Schema of what a policy can be told, by the name that `Rule.reads` uses."""


def pack_config(config: Config) -> dict[str, Any]:
    """`config` as a policy pack's configuration: per rule its level, and of the rest only what it reads."""
    parts: dict[str, Any] = {
        "tags": {
            key: _row(value=one.value, allowed=list(one.allowed), pattern=one.pattern)
            for key, one in config.tags.items()
        },
        "residency": {name: list(regions) for name, regions in config.zones.items()},
        "environment_class": config.environment_class,
    }
    document: dict[str, Any] = {}
    for rule in all_rules():
        if rule.scope != "graph":
            exemptions = [
                _row(match=one.match, reason=one.reason, until=one.until.isoformat() if one.until else "")
                for one in config.exemptions
                if one.rule == rule.id
            ]
            level = config.levels.get(rule.id, rule.level)
            settings = {key: parts[key] for key in rule.reads}
            document[rule.id] = {"enforcementLevel": level, **_row(**settings, exemptions=exemptions)}
    return document


def _row(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def config_of(rule: Rule | None, given: Mapping[str, Any], today: date | None) -> Config:
    """The part of a configuration that one policy was given; exemptions are under that policy's own name."""
    exemptions = tuple(
        Exemption(
            rule.id if rule else "",
            row["match"],
            row["reason"],
            date.fromisoformat(row["until"]) if row.get("until") else None,
        )
        for row in given.get("exemptions") or ()
    )
    return Config(
        environment_class=given.get("environment_class") or "",
        tags={key: tag_rule(row) for key, row in (given.get("tags") or {}).items()},
        zones={name: tuple(regions) for name, regions in (given.get("residency") or {}).items()},
        exemptions=exemptions,
        today=today,
    )
