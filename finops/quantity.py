"""How much of something: at least, probably, at most, and what decides between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["HOURS", "Quantity"]

HOURS = Decimal(730)
"""Hours of a month, as AWS's calculator and Infracost count: 365 x 24 / 12."""

Number = Decimal | int | str


@dataclass(frozen=True, slots=True)
class Quantity:
    """An interval with its most likely value: `floor <= expected <= ceiling`.

    `drivers` name what the spread comes from: a usage key, an autoscaler's limit. Raises `ValueError`
    where the three are out of order or below zero.

    >>> (Quantity.exactly(3) * 730).expected
    Decimal('2190')
    """

    floor: Decimal
    expected: Decimal
    ceiling: Decimal
    drivers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= self.expected <= self.ceiling:
            raise ValueError(f"not in order: {self.floor} <= {self.expected} <= {self.ceiling}")

    @classmethod
    def exactly(cls, number: Number) -> Quantity:
        """What does not vary."""
        value = Decimal(number)
        return cls(value, value, value)

    @classmethod
    def between(cls, floor: Number, expected: Number, ceiling: Number, driver: str = "") -> Quantity:
        """What varies, and what decides it. `expected` is drawn into the interval if it lies outside."""
        low, high = Decimal(floor), Decimal(ceiling)
        middle = min(max(Decimal(expected), low), high)
        return cls(low, middle, high, (driver,) if driver and low != high else ())

    @property
    def is_exact(self) -> bool:
        return self.floor == self.ceiling

    def __mul__(self, other: Quantity | Number) -> Quantity:
        if not isinstance(other, Quantity):
            factor = Decimal(other)
            return Quantity(self.floor * factor, self.expected * factor, self.ceiling * factor, self.drivers)
        return self._with(other, lambda a, b: a * b)

    def __add__(self, other: Quantity | Number) -> Quantity:
        other = other if isinstance(other, Quantity) else Quantity.exactly(other)
        return self._with(other, lambda a, b: a + b)

    def over(self, included: Number) -> Quantity:
        """What exceeds an amount that is included, never below zero."""
        free = Decimal(included)
        return self.mapped(lambda value: max(value - free, Decimal(0)))

    def mapped(self, change: Callable[[Decimal], Decimal]) -> Quantity:
        """The interval under `change`, which must not fall anywhere."""
        return Quantity(change(self.floor), change(self.expected), change(self.ceiling), self.drivers)

    def _with(self, other: Quantity, join: Callable[[Decimal, Decimal], Decimal]) -> Quantity:
        drivers = tuple(dict.fromkeys((*self.drivers, *other.drivers)))
        return Quantity(
            join(self.floor, other.floor),
            join(self.expected, other.expected),
            join(self.ceiling, other.ceiling),
            drivers,
        )
