"""Why two estimates of one resource differ: rules that each account for an amount, never for a feeling.

A rule names charges of ours and charges of Infracost's that have no counterpart on the other side. Setting
them aside must leave two sums that agree; a difference that no rules account for is called unexplained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from finops import packaged
from finops.estimate import Line
from finops.infracost.results import Component

__all__ = ["CENT", "Reason", "agree", "explained", "reasons"]

TABLE = Path(__file__).parent / "reasons.yaml"
CENT = Decimal("0.01")
TOLERANCE = Decimal("0.01")
"""A hundredth of the larger of two amounts."""

Kind = Literal["coverage", "defect", "usage", "tiers"]
"""Something only one of the two prices; a mistake of Infracost's; a usage that only one of them knows;
prices that change with the quantity."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule. `ours` and `theirs` are what it sets aside, `elsewhere` that of ours only what arises in
    another region; `unpriced` is a charge without a price that Infracost must have."""

    name: str
    kind: Kind
    why: str
    types: re.Pattern[str]
    ours: re.Pattern[str] | None
    theirs: re.Pattern[str] | None
    unpriced: re.Pattern[str] | None
    elsewhere: bool

    def fits(self, type: str, components: Sequence[Component]) -> bool:
        """Whether it is about resources of `type`, and Infracost lacks the price that it speaks of."""
        if not self.types.fullmatch(type):
            return False
        wanted = self.unpriced
        return wanted is None or any(not it.priced and wanted.search(it.name) for it in components)

    def keeps_line(self, line: Line, region: str) -> bool:
        if self.ours is None or (self.elsewhere and line.region == region):
            return True
        return not self.ours.search(line.item)

    def keeps_component(self, component: Component) -> bool:
        return self.theirs is None or not self.theirs.search(component.name)


def agree(ours: Decimal, theirs: Decimal) -> bool:
    """Within 1 % of the larger, or within a cent."""
    return abs(ours - theirs) <= max(CENT, TOLERANCE * max(abs(ours), abs(theirs)))


def explained(
    type: str, region: str, lines: Sequence[Line], components: Sequence[Component]
) -> tuple[bool, tuple[tuple[Reason, Decimal], ...]]:
    """Whether the sums agree once what rules name is set aside; the rules that this took, each with its part
    of the difference in USD a month, ours less theirs. Pure."""
    left, right = list(lines), list(components)
    used: list[tuple[Reason, Decimal]] = []
    for reason in reasons():
        if agree(_ours(left), _theirs(right)):
            return True, tuple(used)
        if not reason.fits(type, components):
            continue
        fewer = [it for it in left if reason.keeps_line(it, region)]
        less = [it for it in right if reason.keeps_component(it)]
        ours, theirs = _ours(left) - _ours(fewer), _theirs(right) - _theirs(less)
        if ours or theirs:
            left, right = fewer, less
            used.append((reason, ours - theirs))
    return agree(_ours(left), _theirs(right)), tuple(used)


def _ours(lines: Sequence[Line]) -> Decimal:
    return sum((line.expected for line in lines), Decimal(0))


def _theirs(components: Sequence[Component]) -> Decimal:
    return sum((one.cost for one in components), Decimal(0))


@cache
def reasons() -> tuple[Reason, ...]:
    """The table, in the order in which its rules are tried."""
    rows: list[Mapping[str, Any]] = packaged.read(TABLE)
    return tuple(_reason(row) for row in rows)


def _reason(row: Mapping[str, Any]) -> Reason:
    ours, theirs, unpriced = (
        re.compile(row[key]) if key in row else None for key in ("ours", "theirs", "unpriced")
    )
    return Reason(
        row["name"], row["kind"], row["why"], re.compile(row["types"]), ours, theirs, unpriced,
        bool(row.get("elsewhere")),
    )  # fmt: skip
