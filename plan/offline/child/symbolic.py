"""Symbolic answers: a string output that a deployment would decide is known as `${urn#property}`.

Documents built from outputs can then be looked into, and references survive `apply`. What a program
makes of such a token is kept only where the token is still whole; anything else it computes from one
(a slice, a digest, a decision) becomes unknown, as it is in a preview.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any

from pulumi import Output, _types
from pulumi.output import UNKNOWN as UNKNOWN_OUTPUT

from .tokens import known_to_yaml, told_apart, watched
from .typecheck import resource_class
from .wire import TOKEN

_BROKEN = re.compile(r"\$\{urn|urn:pulumi:|#\w+\}")
_SAFE_URN = re.compile(r"[\x20-\x7e]+")
_UNSAFE = frozenset("}#\"'\\<>&")


def can_be_token(urn: str) -> bool:
    """Whether a URN survives in a token: JSON and HTML escapes would tear others apart."""
    return _SAFE_URN.fullmatch(urn) is not None and not _UNSAFE & set(urn)


@functools.lru_cache(None)
def string_outputs(token: str) -> tuple[str, ...]:
    """Names of the outputs of a resource type that are strings, from the SDK's annotations."""
    cls = resource_class(token)
    if cls is None:
        return ()
    outputs = _types.resource_types(cls).items()
    return tuple(
        name
        for name, kind in outputs
        if _types.unwrap_optional_type(kind) is str and name not in ("id", "urn")
    )


def mentions(value: Any, texts: tuple[str, ...]) -> bool:
    """Whether one of `texts` stands anywhere in `value`."""
    if isinstance(value, str):
        return any(text in value for text in texts)
    if isinstance(value, Mapping):
        return any(
            mentions(item, texts) or (isinstance(key, str) and mentions(key, texts))
            for key, item in value.items()
        )
    return isinstance(value, (list, tuple, set)) and any(mentions(item, texts) for item in value)


def is_sound(value: Any) -> bool:
    """Whether what came out of an `apply` over tokens may pass as known: whole tokens, no pieces."""
    tokens, pieces = _count(value)
    return tokens > 0 and not pieces


def _count(value: Any) -> tuple[int, int]:
    """How many strings in `value` hold whole tokens, and how many hold pieces of one."""
    if isinstance(value, str):
        rest, tokens = TOKEN.subn("", value)
        return tokens, len(_BROKEN.findall(rest))
    if isinstance(value, Mapping):
        parts = [_count(item) for item in value.values()] + [_count(key) for key in value]
    elif isinstance(value, (list, tuple, set)):
        parts = [_count(item) for item in value]
    elif isinstance(value, Output) or hasattr(value, "urn"):
        return 1, 0
    else:
        return 0, 0
    return sum(tokens for tokens, _ in parts), sum(pieces for _, pieces in parts)


def unaware(func: Callable[[Any], Any], value: Any) -> Any:
    """Calls `func` on a value without tokens; its frame in a traceback tells that none played a part."""
    return func(value)


def guard_applies(symbolic: bool, placeholder: str, note: Callable[[BaseException], None]) -> None:
    """Makes `Output.apply` forgive what a program cannot do to a stand-in.

    A callback that fails on a token, or on the placeholder of an encrypted value, gives an unknown value
    instead of failing the program; `note` is told the exception.
    """
    texts = (placeholder, "${urn:pulumi:") if symbolic else (placeholder,)
    apply = Output.apply
    if symbolic:
        known_to_yaml()

    def guarded(func: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(value: Any) -> Any:
            if not mentions(value, texts):
                return unaware(func, value)
            try:
                result = func(watched(value) if symbolic else value)
            except Exception as error:  # noqa: BLE001 - whatever the program's code raises
                note(error)
                return UNKNOWN_OUTPUT
            if isinstance(result, Output):
                return result
            return settled(value, result) if isawaitable(result) else judged(value, result)

        return call

    async def settled(value: Any, result: Awaitable[Any]) -> Any:
        try:
            return judged(value, await result)
        except Exception as error:  # noqa: BLE001
            note(error)
            return UNKNOWN_OUTPUT

    def judged(value: Any, result: Any) -> Any:
        if not symbolic or not mentions(value, texts[1:]) or isinstance(result, Output):
            return result
        return told_apart(result) if is_sound(result) else UNKNOWN_OUTPUT

    def replacement(self: Any, func: Callable[[Any], Any], run_with_unknowns: bool = False) -> Any:
        return apply(self, func if run_with_unknowns else guarded(func), run_with_unknowns)

    Output.apply = replacement  # type: ignore[method-assign]
