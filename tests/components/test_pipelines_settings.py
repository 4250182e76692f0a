"""Expectations as DQDL, times as EventBridge reads them, sizes of Fargate."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.pipelines.cron import checked, eventbridge
from components.pipelines.defaults import FARGATE, fargate_size
from components.pipelines.expectations import Expectation, Rule, dqdl, rules_of

# Examples of the "DQDL rule type reference" of AWS Glue, by the expectation that means the same.
RULES: list[tuple[dict[str, Any], list[str]]] = [
    ({"rule": "column_to_exist", "column": "id"}, ['ColumnExists "id"']),
    (
        {"rule": "column_values_to_be_of_type", "column": "at", "type": "Date", "mostly": 0.9},
        ['ColumnDataType "at" = "Date" with threshold >= 0.9'],
    ),
    ({"rule": "column_values_to_not_be_null", "column": "id"}, ['IsComplete "id"']),
    ({"rule": "column_values_to_not_be_null", "column": "id", "mostly": 0.95}, ['Completeness "id" >= 0.95']),
    ({"rule": "column_values_to_be_unique", "column": "id"}, ['IsUnique "id"']),
    ({"rule": "column_values_to_be_unique", "column": "id", "mostly": 0.5}, ['Uniqueness "id" >= 0.5']),
    (
        {"rule": "column_values_to_be_between", "column": "age", "min": 1, "max": 80, "mostly": 0.7},
        ['ColumnValues "age" >= 1 with threshold >= 0.7', 'ColumnValues "age" <= 80 with threshold >= 0.7'],
    ),
    (
        {"rule": "column_values_to_be_in_set", "column": "country", "values": ["US", 'a"b']},
        ['ColumnValues "country" in ["US", "a\\"b"]'],
    ),
    (
        {"rule": "column_values_to_match_regex", "column": "name", "pattern": "[a-z]+"},
        ['ColumnValues "name" matches "[a-z]+"'],
    ),
    ({"rule": "column_value_lengths_to_be_between", "column": "zip", "min": 5, "max": 5}, ['ColumnLength "zip" >= 5', 'ColumnLength "zip" <= 5']),
    ({"rule": "column_mean_to_be_between", "column": "rating", "min": 0.3}, ['Mean "rating" >= 0.3']),
    ({"rule": "column_to_be_fresh", "column": "at", "max": 24}, ['DataFreshness "at" <= 24 hours']),
    ({"rule": "table_row_count_to_be_between", "max": 100000}, ["RowCount <= 100000"]),
    ({"rule": "table_column_count_to_equal", "min": 12}, ["ColumnCount = 12"]),
]  # fmt: skip


@pytest.mark.parametrize(("told", "rules"), RULES)
def test_an_expectation_as_rules_of_glue(told: dict[str, Any], rules: list[str]) -> None:
    assert rules_of(Expectation.model_validate(told)) == rules


def test_every_rule_has_an_example() -> None:
    assert {told["rule"] for told, _ in RULES} == {rule.value for rule in Rule}


def test_a_ruleset_lists_its_rules_in_order() -> None:
    told = [Expectation.model_validate(told) for told, _ in RULES[:2]]
    wanted = 'Rules = [\n    ColumnExists "id",\n    ColumnDataType "at" = "Date" with threshold >= 0.9\n]'
    assert dqdl(told) == wanted


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_bound_stands_as_a_number_without_an_exponent(bound: float) -> None:
    (rule,) = rules_of(
        Expectation.model_validate({"rule": "column_mean_to_be_between", "column": "x", "min": bound})
    )
    text = rule.rpartition(" ")[2]
    assert "e" not in text
    assert float(text) == pytest.approx(bound, abs=1e-10)


@pytest.mark.parametrize(
    ("cron", "rule"),
    [
        ("0 3 * * *", "cron(0 3 * * ? *)"),
        ("*/15 9-17 * * MON-FRI", "cron(*/15 9-17 ? * 2,3,4,5,6 *)"),
        ("0 0 1 JAN *", "cron(0 0 1 1 ? *)"),
        ("30 2 * * 0", "cron(30 2 ? * 1 *)"),
        ("30 2 * * 7", "cron(30 2 ? * 1 *)"),
        ("30 2 * * 5-7", "cron(30 2 ? * 1,6,7 *)"),
        ("5/10 2 * * *", "cron(5-59/10 2 * * ? *)"),
    ],
)
def test_a_schedule_as_eventbridge_reads_it(cron: str, rule: str) -> None:
    assert eventbridge(checked(cron)) == rule


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "a * * * *",
        "5-1 * * * *",
        "*-3 * * * *",
        "*/0 * * * *",
        "0 3 1 * 1",
        "@daily",
    ],
)
def test_what_is_no_schedule_is_refused(cron: str) -> None:
    with pytest.raises(Exception, match=r"fields|no |engines differ") as caught:
        checked(cron)
    assert caught.typename == "PydanticCustomError"


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 6))
def test_a_day_of_the_week_is_the_same_day_to_both(minute: int, hour: int, day: int) -> None:
    """Cron counts from Sunday 0, EventBridge from Sunday 1; a Sunday is a Sunday to both."""
    rule = eventbridge(checked(f"{minute} {hour} * * {day}"))
    sunday = dt.date(2026, 11, 22)
    told = int(rule.removesuffix(" *)").rpartition(" ")[2])
    assert (sunday + dt.timedelta(days=day)).isoweekday() % 7 + 1 == told


@given(st.floats(0.1, 16), st.floats(0.1, 120))
def test_the_smallest_size_that_has_enough(cpu: float, memory: float) -> None:
    sizes = [(vcpus, gib) for vcpus, memories in FARGATE for gib in memories]
    enough = [size for size in sizes if size[0] >= cpu and size[1] >= memory]
    assert fargate_size(cpu, memory) == min(enough)


def test_what_fargate_does_not_have_is_said() -> None:
    with pytest.raises(ValueError, match="ends at 16 and 120"):
        fargate_size(17, 8)


def test_bounds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="min 5 is above max 1"):
        Expectation.model_validate({"rule": "table_row_count_to_be_between", "min": 5, "max": 1})
