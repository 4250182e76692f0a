"""Reading a usage file with the line of everything in it, so that every mistake can be pointed at."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from finops import packaged
from plan.regions import is_region
from problems import Problem
from problems.yaml_nodes import compose

__all__ = ["Default", "Entry", "Known", "Reader", "Stated"]

SECTIONS = ("ceiling_factor", "defaults", "resources", "node_pools")
BOUNDS = ("floor", "expected", "ceiling")


@dataclass(frozen=True, slots=True)
class Stated:
    """A usage as it stands in a file; `ceiling` None: nobody said how much it is at most."""

    expected: Decimal
    floor: Decimal = Decimal(0)
    ceiling: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Default:
    """A usage key of a type: its default, the most it can be, and why the default is what it is."""

    stated: Stated
    maximum: Decimal | None
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a type, a pattern of resources or a node pool, and what is stated for it."""

    pattern: str
    region: str
    values: Mapping[str, Any]
    place: str
    path: str

    def problem(self, but: str, names: Collection[str], got: str = "") -> Problem:
        """What is wrong with this entry, with the nearest of `names` as the way out."""
        return Problem(self.place, self.path, got or self.pattern, but, _nearest(got or self.pattern, names))


@dataclass(frozen=True, slots=True)
class Known:
    """The defaults file: usage keys by short type name, the default node pool, the ceiling factor."""

    types: Mapping[str, Mapping[str, Default]]
    node_pool: Mapping[str, Any]
    ceiling_factor: Decimal

    @classmethod
    def read(cls, path: Path) -> Known:
        document = packaged.read(path)
        types = {
            name: {key: _default(row) for key, row in keys.items()}
            for name, keys in document["types"].items()
        }
        pool = {key: _plain(value) for key, value in document["node_pool"].items() if key != "why"}
        return cls(types, pool, Decimal(str(document["ceiling_factor"])))


class Reader:
    """Reads one file; afterwards `types`, `resources`, `node_pools`, `factor` and `problems` are filled."""

    def __init__(self, file: str, known: Known, pool_keys: Collection[str]) -> None:
        self.file, self.known, self.pool_keys = file, known, pool_keys
        self.types: list[Entry] = []
        self.resources: list[Entry] = []
        self.node_pools: list[Entry] = []
        self.factor: Decimal | None = None
        self.problems: list[Problem] = []

    def read(self, text: str) -> None:
        root = compose(text, self.file, undone="nothing was priced")
        if root is None:
            return
        for key, name, value in self._pairs(root, ""):
            match name:
                case "ceiling_factor":
                    self.factor = self._number(value, name, least=Decimal(1))
                case "defaults":
                    self.types += self._entries(value, name)
                case "resources":
                    self.resources += self._entries(value, name)
                case "node_pools":
                    self.node_pools += self._entries(value, name)
                case _:
                    self._wrong(key, name, name, "a usage file has no such section", _nearest(name, SECTIONS))

    def _entries(self, node: yaml.Node, section: str) -> Iterator[Entry]:
        for key, text, value in self._pairs(node, section):
            pattern, _, region = (text, "", "") if text.startswith("urn:") else text.partition("@")
            path = f"{section}.{text}"
            if section == "defaults" and pattern not in self.known.types:
                fix = _nearest(pattern, self.known.types)
                self._wrong(key, path, pattern, "no resource type of that name takes usage", fix)
                continue
            if region and not is_region(region):
                self._wrong(
                    key,
                    path,
                    region,
                    "there is no region of that name",
                    "write type@region, as s3.Bucket@eu-west-1",
                )
            values = {name: it for name, it in self._values(value, section, pattern, path) if it is not None}
            yield Entry(pattern, region, values, self._place(key), path)

    def _values(self, node: yaml.Node, section: str, pattern: str, path: str) -> Iterator[tuple[str, Any]]:
        every = {key for keys in self.known.types.values() for key in keys}
        allowed: Collection[str] = every
        if section == "defaults":
            allowed = self.known.types[pattern]
        elif section == "node_pools":
            allowed = self.pool_keys
        for key, name, value in self._pairs(node, path):
            where = f"{path}.{name}"
            if name not in allowed:
                self._wrong(key, where, name, "there is no such usage key here", _nearest(name, allowed))
            elif name == "instance_type":
                yield name, str(getattr(value, "value", ""))
            elif section == "node_pools":
                yield name, self._number(value, where, most=Decimal(1) if name == "spot_share" else None)
            else:
                maxima = [keys[name].maximum for keys in self.known.types.values() if name in keys]
                most = self.known.types[pattern][name].maximum if section == "defaults" else None
                if section == "resources" and None not in maxima:
                    most = max(it for it in maxima if it is not None)
                yield name, self._stated(value, where, most)

    def _stated(self, node: yaml.Node, path: str, most: Decimal | None) -> Stated | None:
        if not isinstance(node, yaml.MappingNode):
            number = self._number(node, path, most=most)
            return None if number is None else Stated(number)
        found: dict[str, Decimal] = {}
        for key, name, value in self._pairs(node, path):
            if name not in BOUNDS:
                self._wrong(
                    key,
                    f"{path}.{name}",
                    name,
                    "a usage has floor, expected and ceiling",
                    _nearest(name, BOUNDS),
                )
            elif (number := self._number(value, f"{path}.{name}", most=most)) is not None:
                found[name] = number
        if "expected" not in found:
            self._wrong(node, path, "no `expected`", "an interval needs what is expected", "expected: NUMBER")
            return None
        stated = Stated(found["expected"], found.get("floor", Decimal(0)), found.get("ceiling"))
        if not stated.floor <= stated.expected <= (stated.ceiling or stated.expected):
            got = ", ".join(f"{name} {found[name]}" for name in BOUNDS if name in found)
            self._wrong(
                node, path, got, "floor, expected and ceiling must rise", "floor <= expected <= ceiling"
            )
            return None
        return stated

    def _number(
        self, node: yaml.Node, path: str, *, least: Decimal = Decimal(0), most: Decimal | None = None
    ) -> Decimal | None:
        text = str(node.value) if isinstance(node, yaml.ScalarNode) else _kind(node)
        try:
            # A quoted number is text: somebody meant something else.
            if not isinstance(node, yaml.ScalarNode) or (node.tag.endswith(":str") and node.style):
                raise InvalidOperation
            number = Decimal(text.replace("_", ""))
        except InvalidOperation:
            self._wrong(node, path, text, "a number was expected", "for example 500 or 2.5e9")
            return None
        if not number.is_finite() or number < least or (most is not None and number > most):
            fix = f"at least {least}" + (f", at most {most}" if most is not None else "")
            self._wrong(node, path, text, "the number is out of its range", fix)
            return None
        return number

    def _pairs(self, node: yaml.Node, path: str) -> Iterator[tuple[yaml.Node, str, yaml.Node]]:
        """Key node, key, value node; a key that comes twice is a problem."""
        if not isinstance(node, yaml.MappingNode):
            if node.tag != "tag:yaml.org,2002:null":
                self._wrong(node, path, _kind(node), "keys and values were expected here", "key: value")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                self._wrong(
                    key, f"{path}.{name}".lstrip("."), name, "the key comes twice", "keep one of the two"
                )
            seen.add(name)
            yield key, name, value

    def _place(self, node: yaml.Node) -> str:
        return f"{self.file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def _wrong(self, node: yaml.Node, path: str, got: str, but: str, fix: str) -> None:
        self.problems.append(Problem(self._place(node), path, got, but, fix))


def _nearest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]}?"
    return f"one of {', '.join(sorted(names)[:12])}" if names else ""


def _kind(node: yaml.Node) -> str:
    return (
        "a list"
        if isinstance(node, yaml.SequenceNode)
        else "a mapping"
        if isinstance(node, yaml.MappingNode)
        else str(node.value)
    )


def _default(row: Mapping[str, Any]) -> Default:
    ceiling, maximum = row.get("ceiling"), row.get("max")
    stated = Stated(
        Decimal(str(row["expected"])),
        Decimal(str(row.get("floor", 0))),
        None if ceiling is None else Decimal(str(ceiling)),
    )
    return Default(stated, None if maximum is None else Decimal(str(maximum)), row["why"])


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else Decimal(str(value))
