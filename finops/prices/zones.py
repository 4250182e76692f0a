"""Spot by zone: what a region's spot price is where the book knows the prices of its zones.

A row of one zone has the purchase option `spot_zone` and the attribute `zone`, the zone's id (`use1-az4`):
zones have ids that mean the same in every account, while their names (`us-east-1a`) do not. An estimate
knows names at best, and AWS decides where there is capacity: so a region's spot price is the mean of its
zones. Where the book has no zones of a type, the region's own row stands for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from finops.prices.book import Price, Tier

__all__ = ["ASSUMED", "SPOT", "ZONAL", "across"]

SPOT = "spot"
ZONAL = "spot_zone"
ASSUMED = (
    "a spot price that is known by zone is the mean of the region's zones: AWS decides which has capacity, "
    "and which zone a name stands for differs by account"
)
_STEP = Decimal("0.0001")


def across(price: Price, zones: Sequence[Price]) -> Price:
    """The region's spot `price` at the mean of `zones`; how often it is interrupted stays the region's."""
    if not zones:
        return price
    mean = (sum((it.rate for it in zones), Decimal(0)) / len(zones)).quantize(_STEP)
    dates = [it.as_of for it in zones if it.as_of is not None]
    told = {name: value for name, value in price.attributes.items() if name != "saving"}
    return replace(
        price, tiers=(Tier(Decimal(0), None, mean),), attributes={**told, "zones": f"mean of {len(zones)}"},
        source=zones[0].source, as_of=min(dates, default=None),
        verified=all(it.verified for it in zones),
    )  # fmt: skip
