"""Outputs inside objects that the program gave: `cluster.vpc_config.cluster_security_group_id`.

A preview answers with the object as it was given and leaves open what the provider adds to it. Which fields
those are is in no SDK: texts that are named like something a provider makes are taken for them, where the
program left them out.
"""

from __future__ import annotations

import functools
import re
from typing import Any, get_args, get_origin

from pulumi import _types

from .typecheck import resource_class
from .wire import UNKNOWN

_MADE = re.compile(r"(?:[a-z0-9](?:Id|Arn|Endpoint|Url|DnsName|Fqdn|IpAddress)|^(?:id|arn|endpoint|url))$")


@functools.lru_cache(None)
def _objects(token: str) -> dict[str, type]:
    """The class of each output that is an object, or a list of them, by property."""
    cls = resource_class(token)
    return {} if cls is None else _with_class(_types.resource_types(cls))


@functools.lru_cache(None)
def _inside(cls: type) -> tuple[tuple[str, ...], dict[str, type]]:
    """Fields of the output type `cls` that a provider may make, and those that are objects again."""
    types = _types.output_type_types(cls)
    made = (
        name
        for name, kind in types.items()
        if _MADE.search(name) and _types.unwrap_optional_type(kind) is str
    )
    return tuple(made), _with_class(types)


def _with_class(types: dict[str, Any]) -> dict[str, type]:
    found = {}
    for name, kind in types.items():
        kind = _types.unwrap_type(kind)
        if get_origin(kind) is not None and get_args(kind):
            kind = _types.unwrap_type(get_args(kind)[0])
        if isinstance(kind, type) and _types.is_output_type(kind):
            found[name] = kind
    return found


def add_made(token: str, urn: str, answer: Any) -> None:
    """Adds such fields to `answer`, the properties of a resource as a `Struct`: as tokens of the resource
    `urn`, or as unknown where that is "".
    """
    for name, cls in _objects(token).items():
        if name in answer.fields:
            _add(answer.fields[name], cls, f"${{{urn}#{name}" if urn else "")


def _add(value: Any, cls: type, path: str) -> None:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        for index, item in enumerate(value.list_value.values):
            _add(item, cls, path and f"{path}.{index}")
    elif kind == "struct_value":
        given = value.struct_value.fields
        made, objects = _inside(cls)
        if any(not name.isalnum() for name in given):
            return  # the wrapper of a secret, or no object of this type
        for name in made:
            if name not in given:
                given[name].string_value = f"{path}.{name}}}" if path else UNKNOWN
        for name, inner in objects.items():
            if name in given:
                _add(given[name], inner, path and f"{path}.{name}")
