"""Comments on pull requests and merge requests: one per tag, found again by its marker, updated in place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from cli.comments.http import Gone, Unanswered
from problems import InputError, Missing, Problem

__all__ = ["Comment", "Platform", "Published", "publish", "require_head"]

TRIES = 3
"""Rounds of looking and writing: a write that was not answered may have been done."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One that is there. `mine`: it was written by the holder of the token, so it may be written over."""

    id: int
    body: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Published:
    """What was done, and where it can be read."""

    done: Literal["created", "updated", "unchanged"]
    url: str = ""


class Platform(Protocol):
    """What a forge offers for the comments of one pull request."""

    limit: int

    def comments(self) -> Iterator[Comment]: ...

    def create(self, body: str) -> str: ...

    def update(self, id: int, body: str) -> str: ...

    def head(self) -> str: ...


def publish(
    platform: Platform, body: str, marker: str, *, sleep: Callable[[float], None] = time.sleep
) -> Published:
    """Write `body` over our comment that ends with `marker`, else as a new one.

    Raises `Missing` where the platform does not answer or does not allow it, `InputError` for what is not
    there.
    """
    for left in reversed(range(TRIES)):
        try:
            with _understood():
                return _publish(platform, body, marker)
        except Unanswered as error:
            if not left:
                raise Missing(str(error)) from None
            sleep(2.0 ** (TRIES - left))
    raise AssertionError


@contextmanager
def _understood() -> Iterator[None]:
    """Whatever answers may be no such platform, or a newer one."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Missing(
            "the answer has another form than the platform's: is it the address of its interface?"
        ) from None


def _publish(platform: Platform, body: str, marker: str) -> Published:
    for comment in platform.comments():
        if not (comment.mine and comment.body.rstrip().endswith(marker)):
            continue
        if comment.body.rstrip() == body.rstrip():
            return Published("unchanged")
        try:
            return Published("updated", platform.update(comment.id, body))
        except Gone:
            break  # somebody deleted it in this moment
    return Published("created", platform.create(body))


def require_head(platform: Platform, expected: str) -> None:
    """Raise `InputError` unless the pull request stands at commit `expected`."""
    try:
        with _understood():
            found = platform.head()
    except Unanswered as error:
        raise Missing(str(error)) from None
    if not expected or found.lower() != expected.lower():
        but = "the pull request stands at another commit than the one that was looked at"
        fix = "it has moved on, and its next run will say more; or the number is not its own"
        raise InputError(
            [Problem("--expect-head", "", f"{found[:12]}, not {expected[:12]}", but, fix)],
            "nothing was written",
        )
