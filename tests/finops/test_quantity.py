"""Intervals stay in order whatever is done with them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.quantity import Quantity

amounts = st.decimals(min_value=0, max_value=10**9, places=3)


def ordered(three: list[Decimal]) -> Quantity:
    low, middle, high = sorted(three)
    return Quantity(low, middle, high)


quantities = st.lists(amounts, min_size=3, max_size=3).map(ordered)


@given(quantities, quantities, amounts)
def test_sums_products_and_excesses_stay_in_order(a: Quantity, b: Quantity, k: Decimal) -> None:
    for made in (a + b, a * b, a * k, a + k, a.over(k)):
        assert 0 <= made.floor <= made.expected <= made.ceiling


@given(amounts, amounts, amounts)
def test_an_expectation_outside_of_its_limits_is_drawn_into_them(a: Decimal, b: Decimal, c: Decimal) -> None:
    low, high = min(a, c), max(a, c)
    made = Quantity.between(low, b, high, "limit")
    assert (made.floor, made.ceiling) == (low, high)
    assert low <= made.expected <= high
    assert (made.drivers == ()) is (low == high)


def test_bounds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="not in order"):
        Quantity(Decimal(2), Decimal(1), Decimal(3))


def test_drivers_are_kept_once_each_in_order() -> None:
    a = Quantity.between(0, 1, 2, "requests")
    b = Quantity.between(0, 1, 2, "size")
    assert (a * b + a).drivers == ("requests", "size")
