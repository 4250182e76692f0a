"""Yes, no, or not to be told: what a comparison answers when not everything is known yet.

A plan holds values that AWS decides during deployment. A question that hangs on one of them gets
`MAYBE`, and every conclusion drawn from it stays as weak as it has to be, never weaker (Kleene's logic:
`every` is the least of the answers, `some` the greatest).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

__all__ = ["Answer", "every", "opposite", "some", "told"]


class Answer(IntEnum):
    """What is known about a statement: it does not hold, it cannot be told, it holds."""

    NO = 0
    MAYBE = 1
    YES = 2


def every(answers: Iterable[Answer]) -> Answer:
    """Whether all of them hold; yes when there are none."""
    return min(answers, default=Answer.YES)


def some(answers: Iterable[Answer]) -> Answer:
    """Whether one of them holds; no when there are none."""
    return max(answers, default=Answer.NO)


def opposite(answer: Answer) -> Answer:
    return Answer(Answer.YES - answer)


def told(fact: bool) -> Answer:
    return Answer.YES if fact else Answer.NO
