"""`Check`: a program's inputs as the provider takes them, with what it fills in.

As pulumi-aws does: region and all tags are set before the bridge looks at the inputs, so that neither is
among its `__defaults`; those have the automatic name only. Terraform's own defaults of properties are not
known here and are not filled in.
"""

from __future__ import annotations

import json
from typing import Any

from .catalogue import Type, type_of
from .naming import filled_name
from .settings import Settings
from .wire import DEFAULTS, UNKNOWN, has_unknown, without_nulls

Failure = tuple[str, str]
"""Property and reason."""


def all_tags(tags: Any, settings: Settings) -> Any:
    """The provider's default tags with the resource's own over them; unknown when any of them is."""
    if settings.default_tags is None or has_unknown(tags):
        return UNKNOWN
    merged = {**settings.default_tags, **without_nulls(tags if isinstance(tags, dict) else {})}
    return {
        key: value
        for key, value in merged.items()
        if key not in settings.ignored_keys and not key.startswith(settings.ignored_prefixes or ("\0",))
    }


def checked(
    token: str,
    name: str,
    news: dict[str, Any],
    olds: dict[str, Any],
    settings: Settings,
    *,
    seed: bytes = b"",
    autonaming: Any = None,
) -> tuple[dict[str, Any], list[Failure]]:
    """The inputs to go on with, and what is wrong with them."""
    type = type_of(token)
    inputs = without_nulls(news)
    if type.has_region and not inputs.get("region"):
        inputs["region"] = settings.region or UNKNOWN
    if type.has_tags:
        inputs["tagsAll"] = all_tags(inputs.get("tags"), settings)
    inputs = {name: _document(type, name, value) for name, value in inputs.items()}
    failures = _failures(type, inputs)
    defaults: list[str] = []
    try:
        wanted, value = filled_name(type, name, inputs, olds, seed, autonaming)
    except ValueError as error:
        failures.append((type.autonamed, str(error)))
    else:
        if wanted:
            inputs[wanted] = value
            defaults.append(wanted)
    marked = {key: _marked(type, value, type.objects.get(key, "")) for key, value in inputs.items()}
    return {DEFAULTS: sorted(defaults), **marked}, failures


def _document(type: Type, name: str, value: Any) -> Any:
    """A policy given as an object, as the text that the provider makes of it."""
    if isinstance(value, dict) and type.inputs.get(name, "")[:1] == "s" and name.lower().endswith("policy"):
        if has_unknown(value):
            return UNKNOWN
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return value


def _marked(type: Type, value: Any, name: str) -> Any:
    """`value` with a list of defaults, always an empty one, in every object that has a schema."""
    if not name or value is None:
        return value
    if isinstance(value, list):
        return [_marked(type, item, name) for item in value]
    if not isinstance(value, dict):
        return value
    children = type.children(f"{type.service}/{name}")
    return {DEFAULTS: [], **{key: _marked(type, item, children.get(key, "")) for key, item in value.items()}}


def _failures(type: Type, inputs: dict[str, Any]) -> list[Failure]:
    if not type.known:
        return []
    missing = [
        (name, f'Missing required argument. The argument "{name}" is required, but no definition was found.')
        for name in sorted(type.required)
        if inputs.get(name) is None
    ]
    unknown = [
        (name, f"An argument named {name!r} is not expected here.")
        for name in inputs
        if name not in type.inputs and name not in ("tagsAll", DEFAULTS)
    ]
    wrong = [
        (name, f"expected a {_WANTED[kind[0]]}")
        for name, kind in type.inputs.items()
        if (value := inputs.get(name)) is not None and value != UNKNOWN and not _fits(kind[0], value)
    ]
    return missing + unknown + wrong


_WANTED = {
    "s": "string",
    "i": "whole number",
    "n": "number",
    "b": "boolean",
    "l": "list",
    "m": "map",
    "o": "object",
}


def _fits(kind: str, value: Any) -> bool:
    """Whether `value` can be one of `kind`; plain values are converted freely, as Terraform does."""
    if kind in "lmo":
        return isinstance(value, list if kind == "l" else dict)
    if kind in "in":
        try:
            float(value)
        except (TypeError, ValueError):
            return False
        return not isinstance(value, bool)
    if kind == "b":
        return isinstance(value, bool) or value in ("true", "false")
    return kind == "a" or not isinstance(value, list | dict)
