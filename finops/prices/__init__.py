"""The price book: what one unit of each AWS service costs, where that was read, and when."""

from __future__ import annotations

from finops.prices.book import Price, PriceBook, Tier
from finops.prices.check import check

__all__ = ["Price", "PriceBook", "Tier", "check"]
