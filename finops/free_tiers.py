"""What AWS gives every account for nothing, each month, for ever: taken off an estimate on request.

An allowance holds once for an account, however many resources use it, so it is no part of any line: it
is a credit against all lines of its usage types together. Offers of a first year are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finops.estimate import Line

__all__ = ["TABLE", "Credit", "FreeTier", "credits_of", "read"]

TABLE = Path(__file__).parent / "prices" / "aws" / "free_tiers.csv"
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class FreeTier:
    """`quantity` units a month of all `usage_types` of `service` together."""

    name: str
    service: str
    usage_types: frozenset[str]
    quantity: Decimal
    source: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """USD a month that an allowance takes off the floor, the expected cost and the ceiling."""

    name: str
    service: str
    floor: Decimal
    expected: Decimal
    ceiling: Decimal


def read(path: Path = TABLE) -> tuple[FreeTier, ...]:
    """The allowances in the book's table."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            FreeTier(
                row["name"], row["service"], frozenset(row["usage_types"].split(";")),
                Decimal(row["quantity"]), row["source"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


def credits_of(lines: Sequence[Line], tiers: Iterable[FreeTier]) -> tuple[Credit, ...]:
    """What `tiers` take off `lines`: the first units, each at the first price of its line. Pure.

    Where lines have different prices the dearest units are taken first, as AWS promises nothing else.
    """
    return tuple(_credits(lines, tiers))


def _credits(lines: Sequence[Line], tiers: Iterable[FreeTier]) -> Iterator[Credit]:
    for tier in tiers:
        fitting = [
            line
            for line in lines
            if line.price.service == tier.service and line.price.usage_type in tier.usage_types
        ]
        fitting.sort(key=lambda line: (-line.price.rate, line.urn, line.item))
        amounts = [
            _off([(getattr(line.quantities, bound), line.price.rate) for line in fitting], tier.quantity)
            for bound in ("floor", "expected", "ceiling")
        ]
        if amounts[2]:
            yield Credit(tier.name, tier.service, *amounts)


def _off(used: Sequence[tuple[Decimal, Decimal]], free: Decimal) -> Decimal:
    amount = Decimal(0)
    for quantity, rate in used:
        taken = min(quantity, free)
        amount, free = amount + taken * rate, free - taken
    return amount.quantize(CENT, ROUND_HALF_UP)
