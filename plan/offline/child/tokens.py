"""Texts with tokens as a program's callbacks see them: they notice when they are worked on.

A token `${urn#property}` looks like any text to the program. Taken apart in a way that happens to leave it
whole (`token.split("//")[-1]`), it would pass for the output itself, which the real text would not. So each
operation that takes a text apart or rewrites it marks the tokens in its result as parts of the output:
`${urn#property_part}` says where a text comes from, and not that it is the output.
"""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable
from typing import Any

from .wire import PART, TOKEN

_WORKED_ON = (
    "capitalize", "casefold", "center", "expandtabs", "ljust", "lower", "lstrip", "partition", "removeprefix",
    "removesuffix", "replace", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "strip",
    "swapcase", "title", "translate", "upper", "zfill", "__getitem__", "__mul__", "__rmul__",
)  # fmt: skip


class Text(str):
    """Text with tokens in it. Formatting it into longer text leaves the tokens as they are."""

    __slots__ = ()

    def __add__(self, other: str) -> Text:
        return Text(str.__add__(self, other))

    def __radd__(self, other: str) -> Text:
        return Text(str.__add__(other, self))

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> Any:
        return Text, (str.__str__(self),)


def _marking(name: str) -> Callable[..., Any]:
    operation = getattr(str, name)

    @functools.wraps(operation)
    def worked_on(self: str, *args: Any, **options: Any) -> Any:
        return parts_of(operation(self, *args, **options))

    return worked_on


for _name in _WORKED_ON:
    setattr(Text, _name, _marking(_name))


def parts_of(value: Any) -> Any:
    """`value`, a text or several, with every whole token in it marked as a part of its output."""
    if isinstance(value, str):
        return Text(TOKEN.sub(_part, value)) if "${urn:pulumi:" in value else value
    if isinstance(value, (list, tuple)):
        return type(value)(parts_of(item) for item in value)
    return value


def _part(match: re.Match[str]) -> str:
    prop = match[2] if match[2].endswith(PART) else match[2] + PART
    return f"${{{match[1]}#{prop}}}"


def watched(value: Any) -> Any:
    """`value` as a callback gets it: each text with a token in it is a `Text`."""
    if isinstance(value, str):
        return Text(value) if "${urn:pulumi:" in value else value
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(watched(item) for item in value)
    if isinstance(value, dict):
        made = copy.copy(value)  # an output type of the SDK is a dictionary with properties
        for key, item in value.items():
            dict.__setitem__(made, key, watched(item))
        return made
    return value


def told_apart(result: Any) -> Any:
    """What a callback gave, where texts that are one token, but not the one it was given, are parts.

    `re.sub` and the like answer plain text, also when they found nothing to change.
    """
    if isinstance(result, str):
        return parts_of(result) if type(result) is str and TOKEN.fullmatch(result) else result
    if type(result) in (list, tuple):
        return type(result)(told_apart(item) for item in result)
    if type(result) is dict:
        return {key: told_apart(item) for key, item in result.items()}
    return result


def known_to_yaml() -> None:
    """PyYAML goes by the exact type of what it writes."""
    import yaml  # the SDK has imported it already

    for dumper in (
        yaml.SafeDumper,
        yaml.Dumper,
        getattr(yaml, "CSafeDumper", None),
        getattr(yaml, "CDumper", None),
    ):
        if dumper is not None:
            dumper.add_representer(Text, lambda self, data: self.represent_str(str.__str__(data)))
