"""What a dataset must be like before any step may read it, and the same in Glue's DQDL.

The rules are called as in Great Expectations, without its `expect_`. `dqdl` writes them as one ruleset of
Glue Data Quality, which evaluates it over the table; every rule has to hold. DQDL's `between` leaves both
ends out, so that bounds become a rule each, which take them in.

Source: AWS Glue developer guide, "DQDL rule type reference", as of November 2026.
"""

import enum
import re
from typing import Dict, List, Optional, Sequence, Tuple

import pydantic

from components.model import Args, refused

__all__ = ["DataType", "Expectation", "Rule", "dqdl", "rules_of"]

COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class Rule(enum.Enum):
    """What is expected; which further fields it takes stands behind each."""

    COLUMN_TO_EXIST = "column_to_exist"
    """`column`."""
    VALUES_TO_BE_OF_TYPE = "column_values_to_be_of_type"
    """`column`, `type`, `mostly`."""
    VALUES_TO_NOT_BE_NULL = "column_values_to_not_be_null"
    """`column`, `mostly`."""
    VALUES_TO_BE_UNIQUE = "column_values_to_be_unique"
    """`column`, `mostly`."""
    VALUES_TO_BE_BETWEEN = "column_values_to_be_between"
    """`column`, `min` or `max` or both, `mostly`."""
    VALUES_TO_BE_IN_SET = "column_values_to_be_in_set"
    """`column`, `values`, `mostly`."""
    VALUES_TO_MATCH_REGEX = "column_values_to_match_regex"
    """`column`, `pattern`, `mostly`."""
    LENGTHS_TO_BE_BETWEEN = "column_value_lengths_to_be_between"
    """`column`, `min` or `max` or both."""
    MEAN_TO_BE_BETWEEN = "column_mean_to_be_between"
    """`column`, `min` or `max` or both."""
    TO_BE_FRESH = "column_to_be_fresh"
    """`column` with times, `max`: hours since the latest of all rows may be at most."""
    ROW_COUNT_TO_BE_BETWEEN = "table_row_count_to_be_between"
    """`min` or `max` or both."""
    COLUMN_COUNT_TO_EQUAL = "table_column_count_to_equal"
    """`min`: the number."""


class DataType(enum.Enum):
    """Types that DQDL tells apart."""

    BOOLEAN = "Boolean"
    DATE = "Date"
    TIMESTAMP = "Timestamp"
    INTEGER = "Integer"
    LONG = "Long"
    DOUBLE = "Double"
    FLOAT = "Float"


_OPTIONAL = ("column", "type", "values", "pattern", "min", "max", "mostly")
_BOUNDS = ("min", "max")
# Fields that a rule needs, and those it takes besides.
_FIELDS: Dict[Rule, Tuple[Tuple[str, ...], Tuple[str, ...]]] = {
    Rule.COLUMN_TO_EXIST: (("column",), ()),
    Rule.VALUES_TO_BE_OF_TYPE: (("column", "type"), ("mostly",)),
    Rule.VALUES_TO_NOT_BE_NULL: (("column",), ("mostly",)),
    Rule.VALUES_TO_BE_UNIQUE: (("column",), ("mostly",)),
    Rule.VALUES_TO_BE_BETWEEN: (("column",), (*_BOUNDS, "mostly")),
    Rule.VALUES_TO_BE_IN_SET: (("column", "values"), ("mostly",)),
    Rule.VALUES_TO_MATCH_REGEX: (("column", "pattern"), ("mostly",)),
    Rule.LENGTHS_TO_BE_BETWEEN: (("column",), _BOUNDS),
    Rule.MEAN_TO_BE_BETWEEN: (("column",), _BOUNDS),
    Rule.TO_BE_FRESH: (("column", "max"), ()),
    Rule.ROW_COUNT_TO_BE_BETWEEN: ((), _BOUNDS),
    Rule.COLUMN_COUNT_TO_EQUAL: (("min",), ()),
}


class Expectation(Args):
    """One rule about a dataset."""

    rule: Rule
    column: Optional[str] = None
    type: Optional[DataType] = None
    values: Optional[List[str]] = pydantic.Field(default=None, min_length=1, max_length=100)
    """The only values there may be."""
    pattern: Optional[str] = pydantic.Field(default=None, min_length=1, max_length=512)
    """Regular expression that the whole value matches."""
    min: Optional[float] = None
    """The least that is still right."""
    max: Optional[float] = None
    """The most that is still right."""
    mostly: Optional[float] = pydantic.Field(default=None, gt=0, le=1)
    """Share of the rows that must keep the rule. Default: all."""

    @pydantic.field_validator("column")
    @classmethod
    def _is_a_column(cls, text: Optional[str]) -> Optional[str]:
        if text is not None and not COLUMN.fullmatch(text):
            raise refused(f"{text!r} is no name of a column", "letters, digits and underscores")
        return text

    @pydantic.field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: Optional[str]) -> Optional[str]:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise refused(f"it is not a regular expression: {error}", "such as: [A-Z]{2}") from None
        return pattern

    @pydantic.model_validator(mode="after")
    def _has_what_the_rule_takes(self) -> "Expectation":
        needed, besides = _FIELDS[self.rule]
        given = [field for field in _OPTIONAL if getattr(self, field) is not None]
        name, takes = self.rule.value, ", ".join((*needed, *besides))
        if missing := [field for field in needed if field not in given]:
            raise refused(f"{name} needs {', '.join(missing)}", f"it takes {takes}")
        if foreign := [field for field in given if field not in (*needed, *besides)]:
            raise refused(f"{name} takes no {', '.join(foreign)}", f"it takes {takes}")
        if not set(needed) & {"min", "max"} and set(_BOUNDS) <= set(besides) and not set(given) & {*_BOUNDS}:
            raise refused(f"{name} has neither min nor max", "give one of them, or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise refused(f"min {self.min:g} is above max {self.max:g}", "exchange the two")
        return self


def dqdl(expectations: Sequence[Expectation]) -> str:
    """A ruleset of Glue Data Quality: `Rules = [...]`, one rule a line, in the order given."""
    rules = [rule for expectation in expectations for rule in rules_of(expectation)]
    return "Rules = [\n" + ",\n".join(f"    {rule}" for rule in rules) + "\n]"


def rules_of(expectation: Expectation) -> List[str]:
    """The expectation as rules of DQDL: several where it has two bounds."""
    it, column = expectation, f'"{expectation.column}"'
    share = "" if it.mostly is None else f" with threshold >= {_number(it.mostly)}"
    if it.rule is Rule.COLUMN_TO_EXIST:
        return [f"ColumnExists {column}"]
    if it.rule is Rule.VALUES_TO_BE_OF_TYPE and it.type:
        return [f'ColumnDataType {column} = "{it.type.value}"{share}']
    if it.rule is Rule.VALUES_TO_NOT_BE_NULL:
        whole = it.mostly is None
        return [f"IsComplete {column}" if whole else f"Completeness {column} >= {_number(it.mostly)}"]
    if it.rule is Rule.VALUES_TO_BE_UNIQUE:
        whole = it.mostly is None
        return [f"IsUnique {column}" if whole else f"Uniqueness {column} >= {_number(it.mostly)}"]
    if it.rule is Rule.VALUES_TO_BE_IN_SET:
        listed = ", ".join(_quoted(value) for value in it.values or [])
        return [f"ColumnValues {column} in [{listed}]{share}"]
    if it.rule is Rule.VALUES_TO_MATCH_REGEX:
        return [f"ColumnValues {column} matches {_quoted(it.pattern or '')}{share}"]
    if it.rule is Rule.TO_BE_FRESH:
        return [f"DataFreshness {column} <= {_number(it.max)} hours"]
    if it.rule is Rule.COLUMN_COUNT_TO_EQUAL:
        return [f"ColumnCount = {_number(it.min)}"]
    subject = {
        Rule.VALUES_TO_BE_BETWEEN: f"ColumnValues {column}",
        Rule.LENGTHS_TO_BE_BETWEEN: f"ColumnLength {column}",
        Rule.MEAN_TO_BE_BETWEEN: f"Mean {column}",
        Rule.ROW_COUNT_TO_BE_BETWEEN: "RowCount",
    }[it.rule]
    bounds = [(">=", it.min), ("<=", it.max)]
    return [f"{subject} {sign} {_number(bound)}{share}" for sign, bound in bounds if bound is not None]


def _number(value: Optional[float]) -> str:
    """As DQDL reads it: never with an exponent, whole numbers without a point."""
    assert value is not None
    return str(int(value)) if value == int(value) else f"{value:.10f}".rstrip("0")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
