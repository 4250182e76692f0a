"""The document `tradewind.diff/1`: what a change does, in a form that every page is drawn from.

It is written by one process and may be read by another that does not trust the first: `parse` takes only
what these models allow, and pages treat every text in it as text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from problems import InputError, Problem
from problems.explain import explain
from problems.text import read_text

__all__ = [
    "SCHEMA",
    "Amounts",
    "Charge",
    "Document",
    "Environment",
    "Gate",
    "Group",
    "Property",
    "Region",
    "Row",
    "Rule",
    "json_schema",
    "parse",
]

SCHEMA = "tradewind.diff/1"
LIMIT_MIB = 50
MOST_PROBLEMS = 20

_MONEY = r"^-?[0-9]{1,15}\.[0-9]{2}$"
_UNDONE = "nothing was shown"


def _amount(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not re.fullmatch(_MONEY[1:-1], value):
        raise ValueError("it is no amount of US dollars as text with cents, such as 12.50")
    return Decimal(value)


Money = Annotated[
    Decimal,
    BeforeValidator(_amount),
    PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _MONEY}),
]
"""USD a month as decimal text with cents."""


def _at_most(limit: int) -> Any:
    """Longer text is cut: a name of any length must not be able to stop an answer."""
    return AfterValidator(lambda text: text if len(text) <= limit else f"{text[: limit - 1]}…")


Name = Annotated[str, _at_most(1000), WithJsonSchema({"type": "string", "maxLength": 1000})]
Text = Annotated[str, _at_most(10_000), WithJsonSchema({"type": "string", "maxLength": 10_000})]
Count = Annotated[int, Field(ge=0, le=10**9)]
Verdict = Literal["yes", "degraded", "no", "unknown", ""]
Operation = Literal["create", "update", "replace", "delete", "same", "rename", "read", "discard"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Amounts(_Model):
    """USD a month before and after: at least, probably, at most."""

    floor_before: Money
    floor_after: Money
    expected_before: Money
    expected_after: Money
    ceiling_before: Money
    ceiling_after: Money

    @property
    def difference(self) -> Decimal:
        """Of the expected cost."""
        return self.expected_after - self.expected_before

    @property
    def percent(self) -> Decimal | None:
        """By how much the expected cost rises; None where there was none before."""
        return self.difference / self.expected_before * 100 if self.expected_before else None


class Charge(_Model):
    """A price component whose sums part, and why; `before` and `after` are expected."""

    item: Name
    region: Name
    before: Money
    after: Money
    ceiling_before: Money
    ceiling_after: Money
    why: Text


class Property(_Model):
    """An input that parts; the values "" where they are not shown."""

    path: Name
    before: Name
    after: Name


class Row(_Model):
    """A resource that changes, or costs another sum. `rename`: the same thing under another URN."""

    operation: Operation
    urn: Text
    renamed_from: Text
    type: Name
    name: Name
    region: Name
    cell: Name
    component: Name
    tenant: Name
    owner: Name
    source: Name
    cost: Amounts
    unpriced: bool
    charges: tuple[Charge, ...]
    properties: tuple[Property, ...]
    replaces: tuple[Name, ...]
    holds_data: bool
    loses_data: bool
    retained: bool
    refused: Text


class Rule(_Model):
    """A broken rule that is new, or one that is no longer broken; `became` says what came of the latter."""

    became: Literal["new", "fixed", "exempt", "undetermined", "removed"]
    rule: Name
    severity: Name
    level: Literal["mandatory", "advisory"]
    urn: Text
    name: Name
    message: Text
    fix: Text
    source: Name


class Region(_Model):
    """What the loss of a region means before and after; "" where nothing stands in it. `because`: after."""

    region: Name
    before: Verdict
    after: Verdict
    because: tuple[Text, ...]
    source: Name


class Group(_Model):
    """A cell, component, tenant or owner whose cost parts; `name` is "" for what has none."""

    by: Literal["cell", "component", "tenant", "owner"]
    name: Name
    cost: Amounts


class Environment(_Model):
    """One environment, or one stack: `exists` is false on the side where there is none."""

    name: Name
    base: Name
    head: Name
    in_base: bool
    in_head: bool
    resources_before: Count
    resources_after: Count
    counts: dict[Operation, Count]
    cost: Amounts
    unpriced_before: Count
    unpriced_after: Count
    newly_unpriced: tuple[Name, ...]
    mandatory_before: Count
    mandatory_after: Count
    rows: tuple[Row, ...]
    rules: tuple[Rule, ...]
    regions: tuple[Region, ...]
    groups: tuple[Group, ...]

    @property
    def changed(self) -> bool:
        return bool(self.rows or self.rules or self.changed_regions or self.cost.difference)

    @property
    def changed_regions(self) -> tuple[Region, ...]:
        return tuple(region for region in self.regions if region.before != region.after)


class Gate(_Model):
    """A gate that was asked for and does not hold."""

    text: Text


class Document(_Model):
    """`base` and `head` as they were named; `prices_as_of` is the span of the dates of the prices used."""

    schema_: Literal["tradewind.diff/1"] = Field(default="tradewind.diff/1", alias="schema")
    base: Name
    head: Name
    currency: Literal["USD"] = "USD"
    prices_as_of: tuple[Name, ...]
    unverified: Count
    assumed: Count
    environments: tuple[Environment, ...]
    gates: tuple[Gate, ...]

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


def parse(path: Path) -> Document:
    """The document in a file. Raises `InputError` with what is wrong about it; nothing in it is believed."""
    text = read_text(
        path,
        limit_mib=LIMIT_MIB,
        undone=_UNDONE,
        fix="name a file written by `tradewind diff BASE HEAD --format json`",
    )
    try:
        return Document.model_validate_json(text)
    except ValidationError as error:
        found = [
            Problem(str(path), _line(one.path), _line(one.problem.got), _line(one.problem.but), _line(one.problem.fix))
            for one in explain(error, Document)
        ]  # fmt: skip
        raise InputError(found[:MOST_PROBLEMS], _UNDONE) from None


def _line(text: str) -> str:
    """`text` as one line without control characters: it goes into logs that read commands from lines."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300]


def json_schema() -> dict[str, Any]:
    """The JSON Schema that is shipped as `cli/schemas/diff.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        **Document.model_json_schema(by_alias=True, mode="serialization"),
    }
