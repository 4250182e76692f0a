"""Whether one statement is about a request: its action, its resource, its condition."""

from __future__ import annotations

from collections.abc import Iterator

from policies.iam.answers import Answer, every, opposite, some
from policies.iam.conditions import outcome
from policies.iam.context import Context
from policies.iam.decision import Applied
from policies.iam.documents import Document
from policies.iam.principals import Reach, reach_of
from policies.iam.request import Request
from policies.iam.statements import Listed, Statement
from policies.iam.texts import arn_matches, expanded, matches, plain

__all__ = ["Match", "statements_about"]


class Match:
    """One statement held against one request."""

    __slots__ = ("document", "parts", "reaches", "statement")

    def __init__(self, document: Document, statement: Statement, request: Request, context: Context) -> None:
        self.document = document
        self.statement = statement
        self.reaches = reach_of(statement, request.principal)
        self.parts = {"action": _action(statement.actions, request.action)}
        if self.parts["action"] is not Answer.NO:
            if document.doubt:
                self.parts[document.doubt] = Answer.MAYBE
            resources = statement.resources
            self.parts["resource"] = _resource(resources, request.resource, context, document.variables)
            for test in statement.condition:
                answer = outcome(test, context, with_variables=document.variables)
                self.parts[f"condition {test}"] = answer

    def applied(self, *reaches: Reach) -> Applied:
        """The statement as far as it means the caller in one of these ways, by default in any."""
        parts = {"principal": some(self.reaches[reach] for reach in reaches or Reach), **self.parts}
        return Applied(
            self.document,
            self.statement,
            every(parts.values()),
            open=tuple(name for name, answer in parts.items() if answer is Answer.MAYBE),
            failed=tuple(name for name, answer in parts.items() if answer is Answer.NO),
        )


def statements_about(document: Document, request: Request, context: Context) -> Iterator[Match]:
    for statement in document.statements:
        yield Match(document, statement, request, context)


def _action(listed: Listed, action: str) -> Answer:
    answer = some(matches(plain(pattern.lower()), action.lower()) for pattern in listed.values)
    return opposite(answer) if listed.negated else answer


def _resource(listed: Listed | None, resource: str, context: Context, with_variables: bool) -> Answer:
    """A resource with a variable that has no value is like no resource."""
    if listed is None:
        return Answer.YES
    patterns = (expanded(text, context.variable) if with_variables else plain(text) for text in listed.values)
    answer = some(arn_matches(pattern, resource) for pattern in patterns if pattern is not None)
    return opposite(answer) if listed.negated else answer
