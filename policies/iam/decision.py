"""The answer to a request, and its explanation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from policies.iam.answers import Answer
from policies.iam.documents import Document
from policies.iam.statements import Statement

__all__ = ["Applied", "Decision", "Layer", "Outcome"]


class Outcome(Enum):
    ALLOWED = "allowed"
    DENIED = "denied"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Applied:
    """Whether one statement is about a request; `open` are its parts that cannot be told, `failed` those
    that do not fit (`action`, `resource`, `principal`, or a condition's test).

    `statement` is None for a document of which nobody knows the text.
    """

    document: Document
    statement: Statement | None
    answer: Answer
    open: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.statement is None:
            return f"{self.document} ({self.document.unknown})"
        return f"{self.statement} of the {self.document}"


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the gates a request passes: what it answers, by which statements, and which came near.

    `near` are statements about the action that allow it under other circumstances.
    """

    name: str
    answer: Answer
    by: tuple[Applied, ...] = ()
    near: tuple[Applied, ...] = ()

    def __str__(self) -> str:
        """Why it stands in the way, or what lets the request pass."""
        if self.answer is Answer.YES:
            return f"{self.name}: {_joined(self.by)}" if self.by else self.name
        if self.answer is Answer.MAYBE:
            return f"what {self.name} allow cannot be told: {_joined(self.by, open_parts=True)}"
        nearest = "; ".join(f"{each} does not fit ({', '.join(each.failed)})" for each in self.near[:3])
        return f"not allowed by {self.name}" + (f"; nearest: {nearest}" if nearest else "")


@dataclass(frozen=True, slots=True)
class Decision:
    """What AWS would answer. `explicit` is whether a Deny statement decided, `by` which ones.

    `layers` are the gates in AWS's order; those that do not apply to the request are not listed.
    """

    outcome: Outcome
    question: str
    explicit: bool = False
    by: tuple[Applied, ...] = ()
    layers: tuple[Layer, ...] = field(default=())

    @property
    def allowed(self) -> bool:
        """For certain: an undecided request is not allowed."""
        return self.outcome is Outcome.ALLOWED

    @property
    def denied(self) -> bool:
        """For certain: an undecided request is not denied either."""
        return self.outcome is Outcome.DENIED

    @property
    def undecided(self) -> bool:
        return self.outcome is Outcome.UNDECIDED

    @property
    def explanation(self) -> str:
        """One sentence for each statement or layer that decided."""
        if self.explicit:
            return f"{self.question}: denied by {_joined(self.by)}"
        told = [str(layer) for layer in self.layers if layer.answer is not Answer.YES]
        if self.outcome is Outcome.DENIED:
            told = [str(layer) for layer in self.layers if layer.answer is Answer.NO] or told
        elif self.outcome is Outcome.ALLOWED:
            told = [str(layer) for layer in self.layers if layer.by]
        if self.by:
            told.append(f"may be denied by {_joined(self.by, open_parts=True)}")
        return f"{self.question}: {self.outcome.value}; {'; '.join(told)}"

    def __str__(self) -> str:
        return self.explanation


def _joined(applied: tuple[Applied, ...], *, open_parts: bool = False) -> str:
    texts = []
    for each in applied[:3]:
        rest = f" (not known: {', '.join(each.open)})" if open_parts and each.open else ""
        texts.append(f"{each}{rest}")
    return ", ".join(texts) + (f" and {len(applied) - 3} more" if len(applied) > 3 else "")
