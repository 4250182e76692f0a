"""Policy documents: read, checked, and brought to one form.

A wrong document is refused with one problem for each mistake: nothing in it is ever guessed at, so a
misspelt operator or a forgotten Effect cannot turn into an allow. Source: IAM User Guide, "Grammar of the
IAM JSON policy language" and the pages of its elements.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from policies.iam.statements import Statement, read_statement
from problems import InputError, Problem

__all__ = ["Document", "Kind", "read_document"]

VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = ("Version", "Id", "Statement")


class Kind(Enum):
    """What a document is attached to, which decides what its statements may and must say."""

    IDENTITY = "identity policy"
    RESOURCE = "resource policy"
    TRUST = "trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    ENDPOINT = "VPC endpoint policy"

    @property
    def names_principals(self) -> bool:
        return self in (Kind.RESOURCE, Kind.TRUST, Kind.RESOURCE_CONTROL, Kind.ENDPOINT)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy. `unknown` says why its text is not known; it may then allow or deny anything.

    `variables` is whether `${...}` means something: since version 2012-10-17. `doubt` says why nobody
    knows whether the policy belongs to the caller or the resource at all.
    """

    name: str
    kind: Kind
    statements: tuple[Statement, ...] = ()
    variables: bool = True
    unknown: str = ""
    doubt: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}".rstrip()


def read_document(text: str | Mapping[str, Any], *, kind: Kind, name: str = "", place: str = "") -> Document:
    """The document in `text`, JSON or already structured; `place` is named in problems.

    Raises `InputError` with every mistake in it.
    """
    where = place or f"{kind.value} {name}".rstrip()
    body = _parsed(text, where)
    problems = _envelope(body, where)
    rows = body.get("Statement", [])
    statements: list[Statement] = []
    for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
        path = f"Statement[{number}]" if isinstance(rows, list) else "Statement"
        statement, mistakes = read_statement(
            row, number, principals=kind.names_principals, trust=kind is Kind.TRUST,
            resource_needed=kind not in (Kind.RESOURCE, Kind.TRUST, Kind.ENDPOINT),
        )  # fmt: skip
        problems += [
            Problem(where, ".".join(filter(None, (path, below))), got, but, fix)
            for below, got, but, fix in mistakes
        ]
        if statement is not None:
            statements.append(statement)
    problems += _repeated(statements, where)
    if problems:
        raise InputError(problems, "nothing was decided")
    return Document(name, kind, tuple(statements), body.get("Version") == VERSIONS[0])


def _parsed(text: str | Mapping[str, Any], where: str) -> Mapping[str, Any]:
    fix = 'write {"Version": "2012-10-17", "Statement": [...]}'
    twice: list[str] = []

    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice.extend(key for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(pairs)

    body: Any = text
    if isinstance(text, str):
        try:
            body = json.loads(text, object_pairs_hook=unique)
        except ValueError as error:
            raise _refused(Problem(where, "", text[:60], f"a policy is JSON: {error}", fix)) from error
    if twice:
        but = "JSON keeps only the last of two elements with one name"
        raise _refused(Problem(where, "", f"{twice[0]} twice", but, "join the two"))
    if not isinstance(body, Mapping):
        raise _refused(Problem(where, "", str(body)[:60], "a policy is one JSON object", fix))
    return body


def _refused(problem: Problem) -> InputError:
    return InputError([problem], "nothing was decided")


def _envelope(body: Mapping[str, Any], where: str) -> list[Problem]:
    problems = [
        Problem(where, str(key), str(key), "a policy has no such element", f"use only {', '.join(_ELEMENTS)}")
        for key in body
        if key not in _ELEMENTS
    ]
    version = body.get("Version", VERSIONS[0])
    if version not in VERSIONS:
        fix = f"write {VERSIONS[0]}"
        problems.append(
            Problem(where, "Version", str(version), "there is no such version of the language", fix)
        )
    if not body.get("Statement"):
        fix = "add a statement, or leave the policy out"
        problems.append(Problem(where, "Statement", "nothing", "a policy has at least one statement", fix))
    return problems


def _repeated(statements: Sequence[Statement], where: str) -> list[Problem]:
    sids = [statement.sid for statement in statements if statement.sid]
    return [
        Problem(where, "Statement", f"Sid {sid} twice", "a Sid is unique in its policy", "rename one of them")
        for sid in dict.fromkeys(sids)
        if sids.count(sid) > 1
    ]
