"""One statement of a policy: its elements, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.iam.conditions import Mistake, Test, read_condition
from policies.iam.texts import FOG

__all__ = ["PRINCIPAL_KINDS", "Listed", "Statement", "read_statement"]

PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_ELEMENTS = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_ACTION = re.compile(rf"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?{FOG}]+|.*{FOG}.*")


@dataclass(frozen=True, slots=True)
class Listed:
    """The values of an element, or of its `Not...` form, which means everything but them."""

    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """`principals` are pairs of kind and name as written, the bare `*` being `("AWS", "*")`; None where a
    statement names none. `resources` is None where it is the resource to which the policy is attached.
    """

    sid: str
    number: int
    allows: bool
    actions: Listed
    resources: Listed | None = None
    principals: tuple[tuple[str, str], ...] | None = None
    principals_negated: bool = False
    condition: tuple[Test, ...] = ()

    def __str__(self) -> str:
        return f"statement {self.sid}" if self.sid else f"statement number {self.number + 1}"


def read_statement(
    row: Any, number: int, *, principals: bool, trust: bool, resource_needed: bool
) -> tuple[Statement | None, tuple[Mistake, ...]]:
    """The statement in `row`, and its mistakes; no statement where they leave none.

    `principals` is whether statements of this kind of policy name principals, `trust` whether the policy
    is a role's trust policy, which has no resources.
    """
    if not isinstance(row, Mapping):
        return None, (("", str(row)[:60], "a statement is a JSON object", 'write {"Effect": ...}'),)
    mistakes = [
        (str(key), str(key), "a statement has no such element", f"use only {', '.join(_ELEMENTS)}")
        for key in row
        if key not in _ELEMENTS
    ]
    effect = row.get("Effect")
    if effect not in ("Allow", "Deny"):
        mistakes.append(("Effect", _shown(effect), "every statement says its effect", "write Allow or Deny"))
    actions = _listed(row, "Action", mistakes, needed=True)
    resources = _listed(row, "Resource", mistakes, needed=resource_needed)
    if trust and resources is not None:
        fix = "leave Resource out: it is the role itself"
        mistakes.append(("Resource", _shown(row.get("Resource")), "a trust policy names no resource", fix))
    mistakes += _wrong_actions(actions)
    mistakes += _wrong_resources(resources)
    named, negated = _principals(row, mistakes, expected=principals, trust=trust)
    condition: tuple[Test, ...] = ()
    if "Condition" in row:
        condition, wrong = read_condition(row["Condition"])
        mistakes += wrong
    statement = Statement(
        sid=str(row.get("Sid") or ""),
        number=number,
        allows=effect == "Allow",
        actions=actions or Listed(()),
        resources=resources,
        principals=named,
        principals_negated=negated,
        condition=condition,
    )
    return statement, tuple(mistakes)


def _listed(row: Mapping[str, Any], name: str, mistakes: list[Mistake], *, needed: bool) -> Listed | None:
    present = [each for each in (name, f"Not{name}") if each in row]
    if len(present) == 2:
        fix = "keep one of the two"
        mistakes.append((name, f"{name} and Not{name}", "a statement has one of the two", fix))
    if not present:
        if needed:
            mistakes.append((name, "nothing", f"a statement has {name} or Not{name}", f"add {name}"))
        return None
    key = present[0]
    value = row[key]
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) and each for each in values):
        mistakes.append((key, _shown(value), f"{key} is text, or a list of texts", "give at least one"))
        return None
    return Listed(tuple(values), negated=key != name)


def _wrong_actions(actions: Listed | None) -> Iterator[Mistake]:
    key = "NotAction" if actions and actions.negated else "Action"
    for value in actions.values if actions else ():
        if not _ACTION.fullmatch(value):
            yield (key, value, "an action is service:Name, with wildcards in the name only, or *", "mend it")


def _wrong_resources(resources: Listed | None) -> Iterator[Mistake]:
    key = "NotResource" if resources and resources.negated else "Resource"
    for value in resources.values if resources else ():
        if value == "*" or FOG in value:
            continue
        parts = value.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            but = "a resource is * or an ARN of six parts, arn:partition:service:region:account:resource"
            yield (key, value, but, "write the whole ARN; * stands for any text within a part")
        elif any("${" in part for part in parts[:5]):
            but = "a policy variable stands only after the fifth colon of an ARN"
            yield (key, value, but, "write that part out, or *")


def _principals(
    row: Mapping[str, Any], mistakes: list[Mistake], *, expected: bool, trust: bool
) -> tuple[tuple[tuple[str, str], ...] | None, bool]:
    present = [key for key in ("Principal", "NotPrincipal") if key in row]
    if not expected:
        if present:
            fix = f"leave {present[0]} out: it is whoever the policy is attached to"
            mistakes.append(
                (present[0], _shown(row[present[0]]), "this kind of policy names no principal", fix)
            )
        return None, False
    if len(present) != 1:
        got = "both" if present else "nothing"
        but = "a statement of this kind of policy has Principal or NotPrincipal"
        mistakes.append(("Principal", got, but, "name the principals"))
        return None, False
    key = present[0]
    if trust and key == "NotPrincipal":
        mistakes.append((key, _shown(row[key]), "a trust policy has no NotPrincipal", "use Principal"))
    value = row[key]
    pairs: list[tuple[str, str]] = []
    for kind, names in ({"AWS": "*"} if value == "*" else value).items() if _is_named(value) else ():
        listed = names if isinstance(names, list) else [names]
        if kind not in PRINCIPAL_KINDS:
            fix = f"use {', '.join(PRINCIPAL_KINDS)}"
            mistakes.append((f"{key}.{kind}", str(kind), "there is no such kind of principal", fix))
        for name in listed:
            if not isinstance(name, str) or not name:
                mistakes.append((f"{key}.{kind}", _shown(name), "a principal is text", "name one"))
            elif name != "*" and any(character in name for character in "*?"):
                but = "a wildcard cannot stand for a part of a principal"
                fix = "write * and a Condition on aws:PrincipalArn"
                mistakes.append((f"{key}.{kind}", name, but, fix))
            else:
                pairs.append((kind, name))
    if not pairs and not any(path.startswith(key) for path, *_ in mistakes):
        mistakes.append(
            (key, _shown(value), f"{key} is * or maps kinds to principals", 'write {"AWS": "<ARN>"}')
        )
    return tuple(pairs), key == "NotPrincipal"


def _is_named(value: Any) -> bool:
    return value == "*" or isinstance(value, Mapping)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)[:80]
