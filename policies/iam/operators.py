"""The condition operators: which there are, what their values must look like, what they compare.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from policies.iam.answers import Answer, told
from policies.iam.texts import FOG, Pattern, arn_matches, is_identity, literal, matches, plain

__all__ = ["NULL", "OPERATORS", "NotOfItsType", "Operator"]

NULL = "Null"
_EPOCH = re.compile(r"\d{5,}")
_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")


class NotOfItsType(ValueError):
    """A value that the operator cannot compare; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    `read` makes what is compared of a text and raises `NotOfItsType`; `compare` takes what was wanted
    and what came. `negated` ones hold where the plain one does not. `patterns` ones compare texts, in
    which variables, and where `wildcards` also `*` and `?`, mean something.
    """

    name: str
    read: Callable[[str], Any]
    compare: Callable[[Any, Any], bool | Answer]
    negated: bool = False
    patterns: bool = False
    wildcards: bool = False
    variables: bool = False

    def holds(self, wanted: Pattern | str, got: str) -> Answer:
        """Whether the value `got` is what is `wanted`, before any negation. Raises `NotOfItsType`."""
        if self.patterns:
            return Answer(self.compare(wanted, got))
        text = wanted if isinstance(wanted, str) else "".join(str(token) for token in wanted)
        if any(_is_open(character) for character in (*text, *got)):
            return Answer.MAYBE
        return told(bool(self.compare(self.read(text), self.read(got))))


def _is_open(character: str) -> bool:
    return character == FOG or is_identity(character)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NotOfItsType("a number, such as 10 or 1.2")
    return number


def _moment(text: str) -> datetime:
    """W3C's profile of ISO 8601, or seconds since 1970; without a zone it is UTC."""
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    if part := _YEAR_OR_MONTH.fullmatch(text):
        text = f"{part[1]}-{part[2] or '01'}-01"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotOfItsType("a date, such as 2026-01-31T12:00:00Z, or seconds since 1970") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise NotOfItsType("true or false")
    return text.lower() == "true"


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise NotOfItsType("bytes in base 64") from None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise NotOfItsType("an address or a range, such as 203.0.113.0/24 or 2001:db8::/32") from None


def _arn(text: str) -> str:
    """A pattern of an ARN has six parts, unless it is a mere `*` or begins with a variable."""
    if text != "*" and not text.startswith("${") and FOG not in text and len(text.split(":", 5)) != 6:
        raise NotOfItsType("an ARN of six parts, arn:partition:service:region:account:resource")
    return text


def _within(wanted: Any, got: Any) -> bool:
    return bool(wanted.version == got.version and got.subnet_of(wanted))


def _equals_ignoring_case(wanted: Pattern, got: str) -> Answer:
    return matches(wanted, got, ignoring_case=True)


def _got_first(comparison: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda wanted, got: comparison(got, wanted)


def _pair(name: str, negation: str, **rest: Any) -> list[Operator]:
    return [Operator(name, **rest), Operator(negation, negated=True, **rest)]


def _ordered(family: str, read: Callable[[str], Any]) -> list[Operator]:
    orders = {
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    return [
        *_pair(f"{family}Equals", f"{family}NotEquals", read=read, compare=operator.eq),
        *(Operator(f"{family}{name}", read, _got_first(order)) for name, order in orders.items()),
    ]


_TEXTS: dict[str, Any] = {"read": str, "patterns": True, "variables": True}
_ARNS: dict[str, Any] = {**_TEXTS, "read": _arn, "compare": arn_matches, "wildcards": True}

OPERATORS = {
    each.name: each
    for each in (
        *_pair("StringEquals", "StringNotEquals", compare=matches, **_TEXTS),
        *_pair(
            "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", compare=_equals_ignoring_case, **_TEXTS
        ),
        *_pair("StringLike", "StringNotLike", compare=matches, wildcards=True, **_TEXTS),
        *_ordered("Numeric", _number),
        *_ordered("Date", _moment),
        Operator("Bool", _boolean, operator.eq, variables=True),
        Operator("BinaryEquals", _binary, operator.eq),
        *_pair("IpAddress", "NotIpAddress", read=_network, compare=_within),
        *_pair("ArnEquals", "ArnNotEquals", **_ARNS),
        *_pair("ArnLike", "ArnNotLike", **_ARNS),
        Operator(NULL, _boolean, operator.eq),
    )
}
"""Every operator by its name, without `IfExists` and without a set qualifier."""


def pattern_of(which: Operator, text: str) -> Pattern:
    """`text` as the operator reads it where no variables count: policies of 2008."""
    return plain(text) if which.wildcards else literal(text)
