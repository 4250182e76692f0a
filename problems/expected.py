"""What a field takes, in words, computed from the model: type, range, pattern, options, an example.

Read from the model's JSON schema, so that a constraint somebody adds to a field says itself.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

__all__ = ["Schema", "example", "expected", "limits", "schema_at"]

Schema = Mapping[str, Any]

# Of a mapping with many keys only so many are named.
MOST_KEYS = 12


def schema_at(model: type[pydantic.BaseModel], location: Sequence[str | int]) -> Schema:
    """The JSON schema of the value at `location` inside `model`; empty where the model says nothing."""
    root = _schema(model)
    found = _resolved(root, root)
    for part in location:
        if isinstance(part, int):
            inner = found.get("items", {})
        else:
            inner = found.get("properties", {}).get(part, found.get("additionalProperties", {}))
        found = _resolved(inner if isinstance(inner, dict) else {}, root)
    return found


@functools.cache
def _schema(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _resolved(schema: Schema, root: Schema) -> dict[str, Any]:
    """`schema` with its reference followed and without the null that an optional field may be.

    What stands beside a reference (a default) goes over what it refers to.
    """
    found = dict(schema)
    options = [one for one in found.pop("anyOf", []) if one.get("type") != "null"]
    if len(options) == 1:
        found = {**options[0], **found}
    elif options:
        found["anyOf"] = [_resolved(one, root) for one in options]
    if reference := found.pop("$ref", None):
        target = root["$defs"][reference.rpartition("/")[2]]
        found = {**_resolved(target, root), **found}
    if isinstance(found.get("items"), dict):
        found["items"] = _resolved(found["items"], root)
    return found


def expected(schema: Schema) -> str:
    """What `schema` takes: `a whole number from 2 to 3, such as 2`."""
    shown = _default(schema)
    return f"{_words(schema)}, such as {shown}" if shown else _words(schema)


def example(schema: Schema) -> str:
    """A value of the right shape as it is written in a specification; `...` for what people choose."""
    if default := _default(schema):
        return default
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return str(schema.get("minimum", "..."))
    if kind == "array":
        return f"[{example(schema.get('items', {}))}]"
    if kind == "object":
        return f"{{{', '.join(f'{key}: ...' for key in schema.get('required', []))}}}"
    return "..."


def _default(schema: Schema) -> str:
    for value in (schema.get("default"), *schema.get("examples", [])):
        if isinstance(value, bool | int | float) or (value and isinstance(value, str)):
            return value if isinstance(value, str) else json.dumps(value)
    return ""


def _words(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        options = [str(one) for one in schema.get("enum", [schema.get("const")])]
        return f"one of {', '.join(options)}" if len(options) > 1 else options[0]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "string":
        return _text(schema)
    if kind == "array":
        return _list(schema)
    if kind == "object":
        return _mapping(schema)
    return "true or false" if kind == "boolean" else "a value of another kind"


def limits(schema: Schema) -> list[str]:
    """What bounds a value of `schema`, each in words: `2 to 4`, `at least 1 entry`, `in steps of 5`."""
    words = [
        _span(schema.get("minimum"), schema.get("maximum")),
        _count(schema, "minLength", "maxLength", ("character", "characters")),
        _count(schema, "minItems", "maxItems", ("entry", "entries")),
        f"above {schema['exclusiveMinimum']:,}" if "exclusiveMinimum" in schema else "",
        f"below {schema['exclusiveMaximum']:,}" if "exclusiveMaximum" in schema else "",
        f"in steps of {schema['multipleOf']:g}" if "multipleOf" in schema else "",
    ]
    return [word for word in words if word]


def _span(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:,} to {high:,}"
    if low is not None:
        return f"at least {low:,}"
    return f"at most {high:,}" if high is not None else ""


def _count(schema: Schema, least: str, most: str, unit: tuple[str, str]) -> str:
    low, high = schema.get(least), schema.get(most)
    one, many = unit
    if low and high is not None:
        return f"{_span(low, high)} {many}" if low != high else f"exactly {low} {one if low == 1 else many}"
    bound = low or high
    return f"{_span(low or None, high)} {one if bound == 1 else many}" if bound is not None else ""


def _number(schema: Schema) -> str:
    words = ["a whole number" if schema["type"] == "integer" else "a number"]
    for limit in limits(schema):
        if limit[0].isdigit() or limit[0] == "-":
            words.append(f"from {limit}")
        else:
            words.append(f"of {limit}" if limit.startswith("at ") else limit)
    return " ".join(words)


def _text(schema: Schema) -> str:
    words = ["text", *(f"of {limit}" for limit in limits(schema))]
    if "pattern" in schema:
        words.append(f"that matches {schema['pattern']}")
    return " ".join(words)


def _list(schema: Schema) -> str:
    count = " ".join(limits(schema))
    return f"a list [...] of {count or 'entries'}, each {_words(schema.get('items', {}))}"


def _mapping(schema: Schema) -> str:
    keys, needed = list(schema.get("properties", {})), list(schema.get("required", []))
    if needed:
        return f"a mapping {{{', '.join(f'{key}: ...' for key in needed)}}}"
    if keys:
        more = f" and {len(keys) - MOST_KEYS} more" if len(keys) > MOST_KEYS else ""
        return f"a mapping of {', '.join(keys[:MOST_KEYS])}{more}"
    return "a mapping {key: value}"
