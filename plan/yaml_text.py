"""YAML as Pulumi and other tools in Go read it: `yes`, `012` and `2026-01-01` are text.

PyYAML follows YAML 1.1, where they are a boolean, an octal number and a date.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from problems import InputError, Problem
from problems.text import read_text

__all__ = ["line_of", "parse_yaml", "read_yaml"]


_MOST_VALUES = 1_000_000
"""Aliases of aliases can make a short text into more than memory holds."""
_MAX_DEPTH = 100
_NAMING_LEVELS = 2
"""In the document and in its sections keys are names; further down they may be parts of a secret."""


class _Loader(yaml.SafeLoader):
    """The safe loader with the plain scalars of YAML 1.2; a key twice is refused.

    What it says of a mistake quotes no value: a configuration file holds secrets.
    """

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As the base class does, to `_MAX_DEPTH` only: the parser takes the square of the depth."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call] # the stubs leave it untyped
            raise yaml.composer.ComposerError(None, None, "values nested too deeply", event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_document(self, node: yaml.Node) -> Any:
        if _size(node, {}) > _MOST_VALUES:
            raise yaml.constructor.ConstructorError(
                None, None, "aliases that multiply beyond measure", node.start_mark
            )
        _refuse_doubles(node, _NAMING_LEVELS, set())
        return super().construct_document(node)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, "a value that does not fit its type", node.start_mark
            ) from error


def _refuse_doubles(node: yaml.Node, naming: int, seen: set[int]) -> None:
    """Raises at a key that a mapping in `node` has twice; named in the upper `naming` levels only."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in keys:
                    said = f"the key {key.value[:100]} twice" if naming > 0 else "a key twice"
                    raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
                keys.add(key.value)
            _refuse_doubles(key, 0, seen)
            _refuse_doubles(value, naming - 1, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_doubles(item, 0, seen)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values `node` stands for, each alias counted as what it repeats."""
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1  # a node inside itself has no end
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        children = (child for part in parts for child in (part if isinstance(part, tuple) else (part,)))
        known[id(node)] = 1 + sum(_size(child, known) for child in children)
    return known[id(node)]


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"^(?:{_pattern})$"),
        list(_first.replace("\0", "")) + ([""] if "\0" in _first else []),
    )


def read_yaml(path: Path, shown: str = "") -> Any:
    """The document in the file `path`, called `shown` in messages.

    Raises `InputError` when it is no file, too large, cannot be read or is malformed.
    """
    place = shown or str(path)
    return parse_yaml(read_text(path, shown=place), place)


def line_of(path: Path, section: str, key: str) -> int:
    """The line of `key` in the mapping `section` of the file `path`; 0 where there is none."""
    root = yaml.compose(read_text(path), _Loader)
    for name, node in root.value if isinstance(root, yaml.MappingNode) else ():
        if name.value == section and isinstance(node, yaml.MappingNode):
            return next((item.start_mark.line + 1 for item, _ in node.value if item.value == key), 0)
    return 0


def parse_yaml(text: str, place: str) -> Any:
    """The document in `text`; `place` is named in errors. Raises `InputError` when it is malformed.

    Errors give line and column and quote no value; they are not chained to the parser's, which do.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place
        got = (
            "the same anchor twice"
            if error.problem == "second occurrence"
            else _unquoted(error.problem or "")
        )
        fix = "mend the line: indentation, colons and quotes"
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = f"{place}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        got, fix = "a character that YAML does not allow", "save it as plain UTF-8 text"
    except (yaml.YAMLError, ValueError):
        where, got, fix = place, "not YAML", "save it as plain UTF-8 text"
    raise InputError([Problem(where, "", got, "the file is not well-formed YAML", fix)])


_HARMLESS = re.compile(r"""'(?:<[a-z ]+>|\\?.|\\x[0-9a-f]{2})'|"'"|'or \w+'""")
"""What the parser quotes and is no text of the file: kinds of tokens, and single characters."""


def _unquoted(problem: str) -> str:
    """The parser's words up to what they quote: the text of an alias, an anchor or a tag."""
    spared = _HARMLESS.sub(lambda match: "\0" * len(match[0]), problem)
    quote = min((at for mark in "'\"" if (at := spared.find(mark)) >= 0), default=len(problem))
    colon = spared.find(": ", 0, quote)
    return problem[: colon if colon >= 0 else quote].strip() or "not YAML"
