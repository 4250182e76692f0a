"""What keeps a text from being YAML, said so that a person finds the place and knows what to do there."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from problems import Problem

__all__ = ["LOOK", "MAX_DEPTH", "TOO_DEEP", "syntax_problem"]

MAX_DEPTH = 60
TOO_DEEP = "it is nested too deeply"

LOOK = "look at this line and the one before: indentation, a missing quote, bracket, comma or colon"


class Known(NamedTuple):
    """A message of the parser, as a pattern, and what is said instead.

    `{1}` is the pattern's first group, `{line}` the line in which what the parser was reading begins.
    """

    pattern: str
    got: str
    but: str
    fix: str


KNOWN = (
    Known(
        re.escape(TOO_DEEP),
        f"level {MAX_DEPTH + 1}",
        TOO_DEEP,
        "flatten it, or close the brackets that are open",
    ),
    Known(r"'\\t'", "a tab", "YAML is indented with spaces only", "replace the tab by spaces"),
    Known("but found another document", "---", "a specification is one document", "split the file"),
    Known(
        r"found undefined alias '?([^']*)'?",
        "*{1}",
        "no anchor &{1} stands before it",
        'put it in quotes if it is text ("*{1}"), or define the anchor above: &{1}',
    ),
    Known(
        "^second occurrence$",
        "an anchor (&name)",
        "line {line} has one of that name already",
        "give each anchor a name of its own",
    ),
    Known(
        r"^found unexpected (?:end of stream|document separator)$",
        "the end of the text",
        "a quote that was opened in line {line} is still open",
        "close it in line {line}",
    ),
    Known(
        r"^expected ',' or '([\]}])', but got '(.*)'",
        "{2}",
        "a bracket that was opened in line {line} is still open",
        "close it with {1}, or put a comma between its entries",
    ),
    Known(
        r"^expected the node content, but found '(.*)'",
        "{1}",
        "a value is missing before it",
        "write the value, or remove the comma, bracket or dash that announces it",
    ),
    Known(
        r"^expected <block end>, but found '(.*)'",
        "{1}",
        "it does not stand in one column with the entries from line {line} on, or ends none of them",
        "indent it like the other entries of its list or mapping",
    ),
    Known(
        "^mapping values are not allowed",
        "a colon",
        "no key may stand here",
        'indent the line like its neighbours; quote a text that holds a colon ("a: b")',
    ),
    Known(
        r"^could not find expected ':'",
        "a line without a colon",
        "what begins in line {line} is neither key: value nor - entry",
        "add the colon, or indent the line as part of the text above",
    ),
    Known(
        "^found unknown escape character '(.*)'",
        r"\{1}",
        "double quotes know no such escape",
        r"use single quotes, or \\ for a backslash",
    ),
    Known(
        "^found character '(.*)' that cannot start any token",
        "{1}",
        "no value begins with it",
        "put the value in quotes",
    ),
)


def syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    """What the parser raised, as a problem with its place, the reason and what to look at."""
    mark = error.problem_mark or error.context_mark
    place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    raw = error.problem or "it is not YAML"
    begun = error.context_mark or mark
    line = str(begun.line + 1) if begun else "?"
    for known in KNOWN:
        if match := re.search(known.pattern, raw):
            parts = (raw, *match.groups())
            got, but, fix = (_filled(text, parts, line) for text in known[1:])
            return Problem(place, "", got, but, fix)
    return Problem(place, "", raw, f"it is not YAML ({error.context or 'as it stands'})", LOOK)


def _filled(text: str, parts: tuple[str, ...], line: str) -> str:
    for index, part in enumerate(parts):
        text = text.replace(f"{{{index}}}", part)
    return text.replace("{line}", line)
