"""Reading a check's configuration from YAML or JSON, with every mistake named at its line.

environment_class: production            # development, staging, production; else by the tag environment
levels: {log-retention: disabled}        # mandatory, advisory, remediate, disabled
tags: {required: {owner: {value: ml-platform, allowed: [...], pattern: ...}}}
residency: {zones: {eu: [eu-west-1, eu-central-1]}}
exemptions:
  - rule: public-endpoint
    name: model-api-*                    # or urn; a glob
    reason: served to customers, behind the web application firewall
    until: 2027-03-31                    # the last day on which it holds; may be left out
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import yaml

from policies.config import LEVELS, Config, Exemption, SetLevel, TagRule
from policies.rule import all_rules
from problems import InputError, Problem
from problems.text import read_text
from problems.yaml_nodes import compose

__all__ = ["load", "read"]

CLASSES = ("development", "staging", "production")
UNDONE = "nothing was checked"


def load(path: Path, base: Config | None = None, *, today: date | None = None) -> Config:
    """The configuration in the file at `path`, over `base` (what an environment's specification says).

    Raises `InputError` with every problem of the file, or when it cannot be read.
    """
    return read(read_text(path, undone=UNDONE), str(path), base, today=today)


def read(text: str, place: str, base: Config | None = None, *, today: date | None = None) -> Config:
    """`load` for a text that is at hand; `place` is how errors call it."""
    root = compose(text, place, undone=UNDONE)
    reader = _Reader(place, tuple(rule.id for rule in all_rules()))
    config = reader.config(root, base or Config())
    if reader.problems:
        raise InputError(sorted(reader.problems, key=_line), UNDONE)
    return replace(config, today=today or config.today)


def _line(problem: Problem) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r":(\d+)", problem.place)[-2:])


class _Reader:
    """One reading of one document: collects problems instead of raising at the first."""

    def __init__(self, place: str, rules: tuple[str, ...]) -> None:
        self.place = place
        self.rules = rules
        self.problems: list[Problem] = []

    def config(self, root: yaml.Node | None, base: Config) -> Config:
        if root is None:
            return base
        found: dict[str, Any] = {}
        readers: dict[str, Callable[[yaml.Node], dict[str, Any]]] = {
            "environment_class": self._class,
            "levels": self._levels,
            "tags": self._tags,
            "residency": self._residency,
            "exemptions": self._exemptions,
        }
        for key, node in self._pairs(root, "", tuple(readers)):
            found |= readers[key](node)
        if "levels" in found:
            found["levels"] = {**base.levels, **found["levels"]}
        if "exemptions" in found:
            found["exemptions"] = (*base.exemptions, *found["exemptions"])
        return replace(base, **found)

    def _class(self, node: yaml.Node) -> dict[str, Any]:
        return {"environment_class": self._choice(node, "environment_class", CLASSES)}

    def _levels(self, node: yaml.Node) -> dict[str, Any]:
        return {
            "levels": {
                rule: cast(SetLevel, self._choice(level, f"levels.{rule}", LEVELS))
                for rule, level in self._pairs(node, "levels", self.rules, what="rule")
            }
        }

    def _residency(self, node: yaml.Node) -> dict[str, Any]:
        zones: dict[str, tuple[str, ...]] = {}
        for _, body in self._pairs(node, "residency", ("zones",)):
            for name, regions in self._pairs(body, "residency.zones"):
                zones[name] = self._texts(regions, f"residency.zones.{name}")
        return {"zones": zones}

    def _tags(self, node: yaml.Node) -> dict[str, Any]:
        required: dict[str, TagRule] = {}
        for _, body in self._pairs(node, "tags", ("required",)):
            for key, row in self._pairs(body, "tags.required"):
                required[key] = self._tag(row, f"tags.required.{key}")
        return {"tags": required}

    def _tag(self, node: yaml.Node, path: str) -> TagRule:
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
            return TagRule()
        fields = dict(self._pairs(node, path, ("value", "allowed", "pattern")))
        value = self._text(fields["value"], f"{path}.value") if "value" in fields else ""
        allowed = self._texts(fields["allowed"], f"{path}.allowed") if "allowed" in fields else ()
        pattern = self._text(fields["pattern"], f"{path}.pattern") if "pattern" in fields else ""
        try:
            re.compile(pattern)
        except re.error as error:
            self._wrong(
                fields["pattern"], f"{path}.pattern", pattern, str(error), "write a regular expression"
            )
            return TagRule(value, allowed)
        wanted = TagRule(value, allowed, pattern)
        if value and (objection := wanted.objection(value)):
            self._wrong(
                fields["value"], f"{path}.value", value, f"it {objection}", "choose a value that is allowed"
            )
        return wanted

    def _exemptions(self, node: yaml.Node) -> dict[str, Any]:
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(
                node, "exemptions", _kind(node), "it is a list", "begin each exemption with `- rule:`"
            )
            return {"exemptions": ()}
        rows = [self._exemption(item, f"exemptions[{index}]") for index, item in enumerate(node.value)]
        return {"exemptions": tuple(row for row in rows if row is not None)}

    def _exemption(self, node: yaml.Node, path: str) -> Exemption | None:
        fields = dict(self._pairs(node, path, ("rule", "name", "urn", "reason", "until")))
        rule = self._choice(fields["rule"], f"{path}.rule", self.rules, "rule") if "rule" in fields else ""
        if "rule" not in fields:
            self._wrong(node, path, "no rule", "an exemption is from one rule", "add `rule: <id>`")
        where = [self._text(fields[key], f"{path}.{key}") for key in ("name", "urn") if key in fields]
        if len(where) != 1:
            got = "both name and urn" if where else "neither name nor urn"
            self._wrong(
                node,
                path,
                got,
                "an exemption says for which resources it is",
                'add `name: <glob>` ("*" for all)',
            )
        reason = self._text(fields["reason"], f"{path}.reason") if "reason" in fields else ""
        if not reason.strip():
            self._wrong(
                node, path, "no reason", "nobody can review an exemption without one", "add `reason: <why>`"
            )
        until = self._date(fields["until"], f"{path}.until") if "until" in fields else None
        line = node.start_mark.line + 1
        return Exemption(rule, where[0], reason, until, f"{self.place}:{line}") if len(where) == 1 else None

    def _date(self, node: yaml.Node, path: str) -> date | None:
        try:
            return date.fromisoformat(self._text(node, path))
        except ValueError:
            self._wrong(node, path, node.value, "it is not a date", "write it as 2027-03-31")
            return None

    def _pairs(
        self, node: yaml.Node, path: str, known: Iterable[str] | None = None, what: str = "key"
    ) -> Iterable[tuple[str, yaml.Node]]:
        """The keys of a mapping with their nodes; unknown ones become problems."""
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, path, _kind(node), "it is a mapping of keys to values", "write `key: value`")
            return
        names = tuple(known) if known is not None else None
        for key, value in node.value:
            name = str(key.value)
            if names is not None and name not in names:
                where = f"{path}.{name}".lstrip(".")
                self._wrong(key, where, name, f"there is no such {what}", _suggestion(name, names))
            else:
                yield name, value

    def _choice(self, node: yaml.Node, path: str, allowed: tuple[str, ...], what: str = "value") -> str:
        text = self._text(node, path)
        if text not in allowed:
            self._wrong(node, path, text, f"there is no such {what}", _suggestion(text, allowed))
        return text

    def _text(self, node: yaml.Node, path: str) -> str:
        if isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":null"):
            return str(node.value)
        self._wrong(node, path, _kind(node), "it is one text", "write a text")
        return ""

    def _texts(self, node: yaml.Node, path: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._wrong(node, path, _kind(node), "it is a list of texts", "write `[a, b]`")
            return ()
        return tuple(self._text(item, f"{path}[{index}]") for index, item in enumerate(node.value))

    def _wrong(self, node: yaml.Node, path: str, got: str, but: str, fix: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(f"{self.place}:{mark.line + 1}:{mark.column + 1}", path, got, but, fix))


def _suggestion(name: str, allowed: tuple[str, ...]) -> str:
    near = get_close_matches(name, allowed, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return (
        f"one of {', '.join(allowed)}"
        if len(allowed) < 9
        else "`tradewind check --format json` lists the rules"
    )


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list" if node.value else "an empty list"
    return "nothing" if node.tag.endswith(":null") else str(node.value)
