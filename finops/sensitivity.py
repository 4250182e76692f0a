"""Which assumptions move the total most: each one alone at its least and its most, the rest as expected.

An assumption is one source of a spread, over every resource it holds for: a usage key of a type, a
limit of a pool, a scaling range. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from finops.usage import short_name

if TYPE_CHECKING:
    from finops.estimate import Line

__all__ = ["Swing", "swings"]


@dataclass(frozen=True, slots=True)
class Swing:
    """What one assumption is worth: the whole estimate, USD a month, with it at its least and its most.

    `expected` is the part of the expected total that rests on it.
    """

    assumption: str
    of: str
    charges: int
    expected: Decimal
    low: Decimal
    high: Decimal

    @property
    def width(self) -> Decimal:
        return self.high - self.low


def swings(lines: Iterable[Line], n: int = 5) -> tuple[Swing, ...]:
    """The `n` assumptions with the widest swing of the total, the widest first."""
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    total = Decimal(0)
    for line in lines:
        total += line.expected
        if line.drivers:
            groups[("; ".join(line.drivers), short_name(line.type))].append(line)
    found = []
    for (assumption, kind), group in groups.items():
        expected = sum((line.expected for line in group), Decimal(0))
        rest = total - expected
        low = rest + sum((line.floor for line in group), Decimal(0))
        high = rest + sum((line.ceiling for line in group), Decimal(0))
        found.append(Swing(assumption, kind, len(group), expected, low, high))
    found.sort(key=lambda it: (-it.width, it.assumption, it.of))
    return tuple(found[:n])
