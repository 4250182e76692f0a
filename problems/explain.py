"""What pydantic found wrong, said as problems: what was got, why that is wrong, what is allowed."""

from __future__ import annotations

import difflib
import json
import re
import typing
from collections.abc import Iterator, Sequence
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from problems import Problem
from problems.expected import example, expected, schema_at

__all__ = ["Found", "explain", "join", "shown", "suggestion"]

Part = str | int

_SIMPLE = {
    "string_type": "it is not text",
    "int_type": "it is not a whole number",
    "int_parsing": "it is not a whole number",
    "int_from_float": "it is not a whole number",
    "float_type": "it is not a number",
    "float_parsing": "it is not a number",
    "bool_type": "it is neither true nor false",
    "bool_parsing": "it is neither true nor false",
    "list_type": "it is not a list",
    "dict_type": "it is not a mapping",
    "model_type": "it is not a mapping",
    "model_attributes_type": "it is not a mapping",
}


class Found(typing.NamedTuple):
    """A problem below a section: path inside the section, whether its key is what is wrong."""

    path: str
    of_key: bool
    problem: Problem


def join(path: str, part: Part) -> str:
    """`path` extended by a key or an index."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def explain(error: pydantic.ValidationError, model: type[pydantic.BaseModel]) -> Iterator[Found]:
    """Every error in `error`, raised by `model`, with paths relative to the section."""
    for detail in error.errors(include_url=False):
        location = tuple(part for part in detail["loc"] if part != "[key]")
        path = ""
        for part in location:
            path = join(path, part)
        kind = detail["type"]
        of_key = kind in ("extra_forbidden", "missing") or "[key]" in detail["loc"]
        yield Found(path, of_key, _problem(detail, location, path, model))


def _problem(
    detail: ErrorDetails, location: tuple[Part, ...], path: str, model: type[pydantic.BaseModel]
) -> Problem:
    """What is wrong; where nothing better is known, the fix is what the field takes."""
    but, fix = _said(detail, location, model)
    got = shown(detail["input"])
    if detail["type"] == "missing":
        got = "nothing"
    elif detail["type"] == "extra_forbidden":
        got = str(location[-1])
    return Problem("", path, got, but, fix or expected(schema_at(model, location)))


def _said(
    detail: ErrorDetails, location: tuple[Part, ...], model: type[pydantic.BaseModel]
) -> tuple[str, str]:
    """Why it is wrong, and a way out that is nearer than what the field takes, if there is one."""
    kind, context = detail["type"], detail.get("ctx", {})
    schema = schema_at(model, location)
    if kind == "refused":
        return context["but"], context["fix"]
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "missing":
        return f"{location[-1]} is required", f"add {location[-1]}: {example(schema)}"
    if kind == "extra_forbidden":
        names = list(schema_at(model, location[:-1]).get("properties", {}))
        return "there is no such key here", suggestion(location[-1], names) or "remove it"
    if kind == "enum":
        options = [str(option) for option in schema.get("enum", [])]
        return f"it is none of {', '.join(options)}", suggestion(detail["input"], options)
    if kind == "string_pattern_mismatch":
        return f"it does not match {context['pattern']}", _slug(str(detail["input"]), context["pattern"])
    if kind == "string_type" and isinstance(detail["input"], int | float):
        return "it is not text without quotes", f'"{shown(detail["input"])}"'
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        but = f"it has {'less' if kind == 'too_short' else 'more'} than {bound}"
        return f"{but} entr{'y' if bound == 1 else 'ies'}", ""
    if kind == "list_type" and isinstance(detail["input"], str | int | float):
        item = expected(schema.get("items", {}))
        return "it is not a list", f"[{shown(detail['input'])}], a list; each entry is {item}"
    return _SIMPLE.get(kind) or _lowered(detail["msg"]), ""


def _slug(text: str, pattern: str) -> str:
    """`text` in lower case with its other characters as `-` or `_`, if the pattern takes that."""
    for filler in "-_":
        slug = re.sub(r"[^a-z0-9]+", filler, text.lower()).strip(filler)
        if slug and re.search(pattern, slug):
            return f"did you mean {slug}?"
    return ""


def _lowered(text: str) -> str:
    """pydantic's words as the middle of a sentence: `Input should be ...` is `it should be ...`."""
    if " should " in text:
        return f"it should {text.partition(' should ')[2]}"
    text = text.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def shown(value: Any, limit: int = 70) -> str:
    """`value` as it stands in a file, shortened; nothing for a whole section."""
    if isinstance(value, dict | pydantic.BaseModel):
        return ""
    if isinstance(value, str):
        text = value if value.strip() == value and value else json.dumps(value)
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def suggestion(got: object, options: Sequence[str], limit: int = 12) -> str:
    """`did you mean x?` where one of `options` is near, otherwise the options."""
    longer = [option for option in options if got and option.startswith(str(got))]
    near = longer if len(longer) == 1 else difflib.get_close_matches(str(got), options, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    if not options:
        return ""
    more = f" and {len(options) - limit} more" if len(options) > limit else ""
    return f"one of {', '.join(options[:limit])}{more}"
