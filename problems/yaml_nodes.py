"""A YAML text as nodes with their positions, for readers that point at every mistake in a file."""

from __future__ import annotations

import re
from typing import Any

import yaml

from problems import InputError, Problem

__all__ = ["compose"]

MAX_DEPTH = 60
MAX_VALUES = 100_000
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, place: str, *, undone: str = "nothing was planned") -> yaml.Node | None:
    """The root node of the one document in `text`, None where it is empty; `place` is the file's name.

    Raises `InputError` with line and column for what is not YAML, nested deeper than 60 levels, has a
    key twice in a mapping, or uses aliases that multiply beyond measure.
    """
    if _nesting(text) > MAX_DEPTH:
        but = f"nothing that belongs here is nested deeper than {MAX_DEPTH} levels"
        raise InputError([Problem(place, "", "values nested too deeply", but, "flatten it")], undone)
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place
        got = "a tab" if "\\t" in (error.problem or "") else error.problem or "not YAML"
        fix = "indent with spaces" if got == "a tab" else "mend the line: indentation, colons and quotes"
        raise InputError([Problem(where, "", got, "it is not YAML", fix)], undone) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        got = str(error).split("\n", 1)[0][:200] or type(error).__name__
        raise InputError(
            [Problem(place, "", got, "it is not YAML", "save it as plain UTF-8 text")], undone
        ) from None
    problems: list[Problem] = []
    if root is not None and _walk(root, place, problems, {}) > MAX_VALUES:
        problems = [
            Problem(place, "", "aliases that multiply", "they stand for too many values", "write it out")
        ]
    if problems:
        raise InputError(problems, undone)
    return root


def _nesting(text: str) -> int:
    """A quick upper bound of how deep `text` nests: open brackets, and indentation steps."""
    depth = deepest = 0
    for mark in re.findall(r"[\[{\]}]", text):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    indents = [len(found) for found in re.findall(r"(?m)^ *(?:- )*", text)]
    return max(deepest, max(indents, default=0) // 2)


def _walk(node: yaml.Node, place: str, problems: list[Problem], known: dict[int, int]) -> int:
    """How many values `node` stands for, each alias counted as what it repeats; keys given twice go to
    `problems`."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = MAX_VALUES + 1  # a node inside itself has no end
    total = 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    where = f"{place}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
                    problems.append(
                        Problem(where, key.value, "the same key twice", "the later would win", "keep one")
                    )
                seen.add(key.value)
            total += _walk(key, place, problems, known) + _walk(value, place, problems, known)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_walk(item, place, problems, known) for item in node.value)
    known[id(node)] = total
    return total
