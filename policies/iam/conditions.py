"""The Condition element: its tests, read and checked, and whether a request's context passes them.

All keys of all operators must hold; of a key's values one must (of a negated operator's values none may
match). Source: IAM User Guide, "Condition with multiple context keys or values", "Multivalued context
keys", "Condition operators" (missing keys, `IfExists`, `Null`), "Variables and tags" (no value).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.iam.answers import Answer, every, opposite, some, told
from policies.iam.context import Context
from policies.iam.operators import NULL, OPERATORS, NotOfItsType, Operator, pattern_of
from policies.iam.texts import Pattern, expanded, variables
from problems import InputError, Problem

__all__ = ["Test", "outcome", "read_condition"]

_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
Mistake = tuple[str, str, str, str]
"""Path below the statement, got, but, fix."""


@dataclass(frozen=True, slots=True)
class Test:
    """One key under one operator: `qualifier` is `ForAllValues`, `ForAnyValue` or empty."""

    operator: Operator
    key: str
    values: tuple[str, ...]
    qualifier: str = ""
    if_exists: bool = False

    def __str__(self) -> str:
        name = f"{self.qualifier}:{self.operator.name}" if self.qualifier else self.operator.name
        return f"{name}{'IfExists' if self.if_exists else ''} {self.key}"


def read_condition(value: Any) -> tuple[tuple[Test, ...], tuple[Mistake, ...]]:
    """The tests of a Condition element, and what is wrong with it."""
    if not isinstance(value, Mapping):
        fix = 'write {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}'
        return (), (("Condition", _shown(value), "a condition maps operators to keys and values", fix),)
    tests: list[Test] = []
    mistakes: list[Mistake] = []
    for name, keys in value.items():
        found = _NAME.fullmatch(str(name))
        which = OPERATORS.get(found[2]) if found else None
        if found is None or which is None or (which.name == NULL and (found[1] or found[3])):
            mistakes.append(_unknown_operator(str(name)))
        elif not isinstance(keys, Mapping) or not keys:
            fix = "give the keys that it compares, each with its values"
            mistakes.append((f"Condition.{name}", _shown(keys), "an operator maps keys to values", fix))
        else:
            for key, values in keys.items():
                test = Test(which, str(key), tuple(_texts(values)), found[1] or "", bool(found[3]))
                tests.append(test)
                mistakes += _mistakes(f"Condition.{name}.{key}", test, values)
    return tuple(tests), tuple(mistakes)


def outcome(test: Test, context: Context, *, with_variables: bool) -> Answer:
    """Whether `context` passes `test`. Raises `InputError` when the context's value is of a wrong type.

    `with_variables` is false in documents of versions before 2012-10-17, where `${...}` is mere text.
    """
    if context.is_undecided(test.key):
        return Answer.MAYBE
    values = context.get(test.key)
    if test.operator.name == NULL:
        missing = values is None or not any(values)  # an empty value is null, too
        return some(told(missing == (wanted.lower() == "true")) for wanted in test.values)
    if test.qualifier and values is not None and not any(values):
        values = None  # a set of empty values is an empty set
    if values is None:
        if test.if_exists and test.qualifier == "ForAnyValue":
            return Answer.MAYBE  # true says the one, false the other, and AWS not which of them counts
        if test.if_exists or test.qualifier == "ForAllValues":
            return Answer.YES
        return told(test.operator.negated and not test.qualifier)
    wanted = tuple(_wanted(test, context, with_variables))
    answers = [_one(test, wanted, value) for value in values]
    if test.qualifier == "ForAllValues":
        return every(answers)
    if test.qualifier == "ForAnyValue" or len(values) == 1:
        return some(answers)
    # Several values without a qualifier: AWS asks for one and does not say what happens without.
    return answers[0] if len(set(answers)) == 1 else Answer.MAYBE


def _one(test: Test, wanted: tuple[Pattern | str | None, ...], value: str) -> Answer:
    """Whether one value of the request passes; a variable without a value is like nothing."""
    try:
        alike = some(test.operator.holds(each, value) for each in wanted if each is not None)
    except NotOfItsType as error:
        problem = Problem(
            "the request's context",
            test.key,
            value,
            f"{test.operator.name} compares {error}",
            "mend the value",
        )
        raise InputError([problem], "nothing was decided") from error
    return opposite(alike) if test.operator.negated else alike


def _wanted(test: Test, context: Context, with_variables: bool) -> Iterator[Pattern | str | None]:
    for text in test.values:
        if with_variables and test.operator.variables:
            pattern = expanded(text, context.variable, wildcards=test.operator.wildcards)
            known = pattern is not None and not test.operator.patterns
            yield "".join(str(token) for token in pattern or ()) if known else pattern
        else:
            yield pattern_of(test.operator, text) if test.operator.patterns else text


def _mistakes(path: str, test: Test, given: Any) -> Iterator[Mistake]:
    listed = given if isinstance(given, list) else [given]
    if not listed:
        yield (path, "[]", "a key without values never matches", "give at least one value, or drop the key")
    for value in listed:
        if not isinstance(value, str | bool | int | float):
            yield (
                path,
                _shown(value),
                "a condition compares text, numbers and booleans",
                "give one of those",
            )
            continue
        text = _text(value)
        if test.operator.variables and variables(text):
            continue
        try:
            test.operator.read(text)
        except NotOfItsType as error:
            yield (path, text, f"{test.operator.name} compares {error}", "mend the value, or the operator")


def _unknown_operator(name: str) -> Mistake:
    plain_name = re.sub(r"^For\w+:|IfExists$", "", name)
    if plain_name == NULL:
        but = "Null takes neither a set qualifier nor IfExists"
        return (f"Condition.{name}", name, but, 'write {"Null": {"<key>": "true"}}')
    near = [each for each in OPERATORS if each.lower() == plain_name.lower()]
    fix = f"write {near[0]}" if near else f"use one of {', '.join(OPERATORS)}"
    return (f"Condition.{name}", name, "there is no such condition operator", fix)


def _texts(values: Any) -> Iterator[str]:
    for value in values if isinstance(values, list) else [values]:
        yield _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)[:80]
