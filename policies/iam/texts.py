"""Texts with wildcards, policy variables and pieces that are not known before deployment.

Unknown pieces stand in a text as one character each, most of them out of Unicode's private areas:

    FOG             any text at all, the empty one included
    identity(n)     an id that AWS will assign, the n-th that was met: equal to itself, and to nothing
                    that is written down or assigned elsewhere; what it begins with is not known
    letter(n)       one character of such an id, where it is known to be one

Source: IAM User Guide, "IAM JSON policy elements: Resource" (wildcards), "IAM policy elements:
Variables and tags" (variables, their defaults, `${*}`, `${?}`, `${$}`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from policies.iam.answers import Answer, every

__all__ = [
    "FOG",
    "Pattern",
    "Wild",
    "arn_matches",
    "expanded",
    "identity",
    "letter",
    "literal",
    "matches",
    "plain",
    "shown",
    "variables",
]

FOG = "\N{OBJECT REPLACEMENT CHARACTER}"
_FIRST_IDENTITY, _LAST_IDENTITY = 0xF0000, 0xFFFFD
_LETTERS = 0x100000
_HOLES = f"{FOG}{chr(_FIRST_IDENTITY)}-{chr(_LAST_IDENTITY)}"
_HOLE = re.compile(f"[{_HOLES}]")
_ARN_PARTS = 6


class Wild(Enum):
    """What a pattern may hold beside characters."""

    ANY = "*"
    ONE = "?"


Pattern: TypeAlias = tuple[str | Wild, ...]
"""Characters and wildcards, in order. A character is meant as it is, even `*`."""

# `${key}` or `${key, 'default'}`; `${*}`, `${?}` and `${$}` are characters.
_VARIABLE = re.compile(r"\$\{([*?$])\}|\$\{([A-Za-z][^{}',]*?)(?:\s*,\s*'([^']*)')?\}")


def identity(number: int) -> str:
    """The character that stands for the `number`-th id assigned by AWS; raises `ValueError` past 65,533."""
    if not 0 <= number <= _LAST_IDENTITY - _FIRST_IDENTITY:
        raise ValueError(f"{number} ids in one plan, which is more than can be told apart")
    return chr(_FIRST_IDENTITY + number)


def letter(number: int) -> str:
    """The `number`-th character that AWS will choose; raises `ValueError` past 65,533."""
    return chr(ord(identity(number)) + _LETTERS - _FIRST_IDENTITY)


def is_identity(character: str) -> bool:
    return _FIRST_IDENTITY <= ord(character) <= _LAST_IDENTITY


def shown(text: str) -> str:
    """`text` for people: an id that AWS will assign as `<assigned-3>`, other unknown pieces as dots."""
    return "".join(_shown(each) for each in text)


def _shown(character: str) -> str:
    if is_identity(character):
        return f"<assigned-{ord(character) - _FIRST_IDENTITY}>"
    return "?" if ord(character) >= _LETTERS else character.replace(FOG, "…")


def literal(text: str) -> Pattern:
    """`text` and nothing but it."""
    return tuple(text)


@lru_cache(maxsize=65_536)
def plain(text: str) -> Pattern:
    """`text` with wildcards, without variables."""
    return tuple(Wild(character) if character in "*?" else character for character in text)


def variables(text: str) -> tuple[str, ...]:
    """The condition keys that `text` uses as variables."""
    return tuple(key for _, key, _ in _VARIABLE.findall(text) if key)


def expanded(text: str, value_of: Callable[[str], str | None], *, wildcards: bool = True) -> Pattern | None:
    """`text` with its variables replaced; `None` when one has neither a value nor a default.

    A value's own `*` and `?` are characters; the text's are wildcards where `wildcards`.
    """
    read = plain if wildcards else literal
    if "${" not in text:
        return read(text)
    found: list[str | Wild] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        character, key, default = match.groups()
        value = character or value_of(key)
        if value is None:
            value = default
        if value is None:
            return None
        found += [*read(text[end : match.start()]), *value]
        end = match.end()
    return (*found, *read(text[end:]))


def matches(pattern: Pattern, value: str, *, ignoring_case: bool = False) -> Answer:
    """Whether `value` is one of the texts that `pattern` means."""
    if ignoring_case:
        pattern = tuple(token.lower() if isinstance(token, str) else token for token in pattern)
        value = value.lower()
    surely, foggy, holes = _read(pattern)
    if surely.fullmatch(value) and not foggy:
        return Answer.YES
    if not holes and not _HOLE.search(value):
        return Answer.NO
    return Answer.MAYBE if _possibly(pattern, value) else Answer.NO


def arn_matches(pattern: Pattern, value: str) -> Answer:
    """The same for ARNs, part by part: a wildcard does not reach over a colon before the last part."""
    if pattern == (Wild.ANY,):
        return Answer.YES
    wanted, got = _parts(pattern), value.split(":", _ARN_PARTS - 1)
    if len(wanted) != _ARN_PARTS or len(got) != _ARN_PARTS:
        # A piece that is not known may hold the missing parts.
        return min(matches(pattern, value), Answer.MAYBE) if FOG in (*pattern, *value) else Answer.NO
    return every(matches(part, text) for part, text in zip(wanted, got, strict=True))


@lru_cache(maxsize=65_536)
def _parts(pattern: Pattern) -> tuple[Pattern, ...]:
    parts: list[list[str | Wild]] = [[]]
    for character in pattern:
        if character == ":" and len(parts) < _ARN_PARTS:
            parts.append([])
        else:
            parts[-1].append(character)
    return tuple(tuple(part) for part in parts)


@lru_cache(maxsize=65_536)
def _read(pattern: Pattern) -> tuple[re.Pattern[str], bool, bool]:
    """What matches whatever the holes turn out to be; whether any text may stand in it; whether it has holes.

    Only `*` reaches over a hole, which may be long.
    """
    spelled = {Wild.ANY: ".*", Wild.ONE: f"[^{_HOLES}]"}
    surely = "".join(spelled[token] if isinstance(token, Wild) else re.escape(token) for token in pattern)
    holes = any(isinstance(token, str) and _HOLE.fullmatch(token) for token in pattern)
    return re.compile(surely, re.DOTALL), FOG in pattern, holes


def _possibly(pattern: Pattern, value: str) -> bool:
    """Whether some filling of the holes matches; states of the comparison, one step a token."""
    # (place in the pattern, place in the value, whether an id is being read, and met a wildcard in it)
    todo, seen = [(0, 0, False, False)], set()
    while todo:
        state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        if state == (len(pattern), len(value), False, False):
            return True
        todo += _steps(pattern, value, *state)
    return False


def _steps(
    pattern: Sequence[str | Wild], value: str, at: int, place: int, inside: bool, wild: bool
) -> list[tuple[int, int, bool, bool]]:
    token = pattern[at] if at < len(pattern) else None
    character = value[place] if place < len(value) else None
    if inside:
        further = [(at, place + 1, False, False)] if wild else []
        if token is not None:
            further.append((at + 1, place, True, wild or isinstance(token, Wild) or token == FOG))
        return further
    steps = []
    if token is Wild.ANY or token == FOG:
        steps.append((at + 1, place, False, False))
        if character is not None:
            steps.append((at, place + 1, False, False))
    if character == FOG:
        steps.append((at, place + 1, False, False))
        if token is not None:
            steps.append((at + 1, place, False, False))
    elif character is not None:
        if token is Wild.ONE or token == character:
            steps.append((at + 1, place + 1, False, False))
        if is_identity(character):
            steps.append((at, place, True, False))
    return steps
