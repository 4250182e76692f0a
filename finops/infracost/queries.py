"""One pricing query of Infracost, answered from the price book, or not at all.

A query filters products (service, family, region, attributes by value or by a regular expression in
JavaScript's notation) and prices (purchase option, where the quantity starts). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from finops.infracost.products import Catalogue, Product

__all__ = ["Query", "answer"]

# Filters of prices that the book cannot tell apart: with one of them, no answer is the honest one.
_UNKNOWN = ("termLength", "termPurchaseOption", "termOfferingClass", "description")
# Descriptions that are only excluded: those of free tiers, which the book does not have.
_EXCLUDED = re.compile(r"/\^\(\?!.*(free tier|\$0\.00 per).*\)\.\*\$/i?")


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: the product filter and the price filter, as one of Infracost's requests has them."""

    service: str
    family: str
    region: str
    attributes: tuple[tuple[str, str, bool], ...]
    """Name, text, and whether the text is a regular expression."""
    price: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Query:
        """A query out of a request's `variables`. Raises `ValueError` where it is none."""
        product, price = variables.get("productFilter"), variables.get("priceFilter") or {}
        if not isinstance(product, dict) or not isinstance(price, dict):
            raise ValueError("a query has a productFilter, and may have a priceFilter")
        attributes = [
            (str(one.get("key")), str(one["value_regex"] if regular else one.get("value") or ""), regular)
            for one in product.get("attributeFilters") or ()
            for regular in ["value_regex" in one]
        ]
        return cls(
            product.get("service") or "", product.get("productFamily") or "", product.get("region") or "",
            tuple(attributes), tuple(sorted((name, str(text)) for name, text in price.items())),
        )  # fmt: skip

    def __str__(self) -> str:
        asked = [f"{name} {'~' if regular else '='} {text}" for name, text, regular in self.attributes]
        asked += [f"{name} {text}" for name, text in self.price]
        head = " / ".join(part for part in (self.service, self.family, self.region) if part)
        return f"{head}: {', '.join(asked)}" if asked else head


def answer(query: Query, catalogue: Catalogue) -> tuple[Decimal, ...]:
    """Prices in USD of one of AWS's units, of everything that fits; empty where the book has none.

    Several prices are what AWS's list has as well: tiers of which none was asked for.
    """
    price = dict(query.price)
    option = price.get("purchaseOption", "on_demand")
    if option not in ("on_demand", "spot") or any(name in price for name in _UNKNOWN):
        return ()
    if "description_regex" in price and not _EXCLUDED.fullmatch(price["description_regex"]):
        return ()
    start = _amount(price.get("startUsageAmount"))
    found = [
        amount
        for product in catalogue.products(query.service, query.region, option)
        if _fits(product, query)
        for amount in product.tiers_for(start)
    ]
    return tuple(dict.fromkeys(found))


def _fits(product: Product, query: Query) -> bool:
    if query.family and product.family != query.family:
        return False
    for name, text, regular in query.attributes:
        own = product.attributes.get(name)
        if own is None:
            return False
        if not (_pattern(text).search(own) if regular else own == text):
            return False
    return True


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """A regular expression as JavaScript writes it, `/pattern/flags`; nothing fits one that Python can't read."""
    body, _, flags = text.removeprefix("/").rpartition("/")
    try:
        return re.compile(body, re.IGNORECASE if "i" in flags else 0)
    except re.error:
        return re.compile(r"(?!)")


def _amount(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None
