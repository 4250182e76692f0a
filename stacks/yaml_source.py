"""A YAML document together with where each of its values stands.

Stricter than YAML on purpose, as the file decides over money: plain `no`, `on` and dates are text (YAML
1.2's core schema), a key stands once in a mapping, keys are text, and merge keys and tags are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from problems import InputError, Problem
from problems.explain import join
from problems.text import read_text
from stacks.yaml_syntax import LOOK, MAX_DEPTH, TOO_DEEP, syntax_problem

__all__ = ["Source", "display", "read"]

MAX_MIB = 1
MAX_VALUES = 50_000
EMPTY = "begin with environment: <name>; tradewind new environment <name> writes a whole one"

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Source:
    """A document's `data`, and line and column (from 1) of each value and key by path.

    A path is dotted with indexes: `regions[1].network.cidr`; the whole document is "".
    """

    file: str
    data: Any
    values: Mapping[str, tuple[int, int]]
    keys: Mapping[str, tuple[int, int]]

    def position(self, path: str, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of the value (or key) at `path`, or of the nearest thing around it."""
        while path and path not in self.values:
            path, of_key = parent(path), False
        return (self.keys if of_key else self.values).get(path, (1, 1))

    def place(self, path: str, *, of_key: bool = False) -> str:
        """`file:line:column` of `path`."""
        line, column = self.position(path, of_key=of_key)
        return f"{self.file}:{line}:{column}"


def parent(path: str) -> str:
    """The path of what holds the value at `path`."""
    return re.sub(r"(\.?[^.\[\]]*|\[\d+\])$", "", path)


def display(path: Path) -> str:
    """`path` as it is shown: from the working directory, or from the project when in a `stacks` folder."""
    here = Path.cwd()
    if path.is_absolute() and here.name == "stacks" and path.parent == here:
        return f"stacks/{path.name}"
    return os.path.relpath(path) if path.is_absolute() and path.is_relative_to(here) else str(path)


def read(path: Path) -> Source:
    """The document in the file at `path`.

    Raises `InputError` when it cannot be read, is no YAML, or uses what is refused here.
    """
    file = display(path)
    text = read_text(path, shown=file, limit_mib=MAX_MIB)
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise InputError([syntax_problem(error, file)]) from None
    except yaml.YAMLError as error:
        raise InputError([Problem(file, "", str(error).splitlines()[0], "it is not YAML", LOOK)]) from None
    finally:
        if loader:
            loader.dispose()
    if node is None:
        raise InputError([Problem(file, "", "no content", "it says nothing", EMPTY)])
    builder = _Builder(file)
    data = builder.build(node, "")
    if builder.problems:
        raise InputError(builder.problems)
    return Source(file, data, builder.values, builder.keys)


class _Loader(yaml.SafeLoader):
    """Gives plain scalars no type: `_Builder` decides, by YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the base class declares it
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As the base class does, but no deeper than `MAX_DEPTH`: reading takes the square of the depth."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it untyped
            raise yaml.MarkedYAMLError(None, None, TOO_DEEP, event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Builder:
    """Turns nodes into data and remembers positions."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[str, tuple[int, int]] = {}
        self.keys: dict[str, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.open: set[int] = set()

    def build(self, node: yaml.Node, path: str) -> Any:
        self.values[path] = _position(node)
        if len(self.values) > MAX_VALUES:
            but = f"it expands to over {MAX_VALUES:,} values"
            fix = "write out the few values that are meant, without aliases (*name)"
            raise InputError([self._wrong(node, path, "", but, fix)])
        if id(node) in self.open:
            self.problems.append(self._wrong(node, path, "an alias", "it contains itself", "write it out"))
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self.open.add(id(node))
        try:
            if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
                self.problems.append(self._wrong(node, path, node.tag, "tags are not used here", "remove it"))
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, join(path, index)) for index, item in enumerate(node.value)]
            return dict(self._items(node, path))
        finally:
            self.open.discard(id(node))

    def _items(self, node: yaml.Node, path: str) -> Iterator[tuple[str, Any]]:
        seen: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or name == "<<":
                got = "<<" if name else "a list or mapping"
                but = "merge keys hide which value holds" if name else "a key is text"
                self.problems.append(self._wrong(key, path, got, but, "write the keys out"))
                continue
            if name in seen:
                but = f"the key stands in line {_position(seen[name])[0]} already"
                fix = "keep one of the two"
                self.problems.append(self._wrong(key, join(path, name), name, but, fix))
                continue
            seen[name] = key
            self.keys[join(path, name)] = _position(key)
            yield name, self.build(value, join(path, name))

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        if node.tag != _TEXT:
            self.problems.append(self._wrong(node, path, node.tag, "tags are not used here", "remove it"))
        return node.value if node.style else _plain(node.value)

    def _wrong(self, node: yaml.Node, path: str, got: str, but: str, fix: str) -> Problem:
        line, column = _position(node)
        return Problem(f"{self.file}:{line}:{column}", path, got, but, fix)


def _plain(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema; a number with leading zeros (an account id) stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _position(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
