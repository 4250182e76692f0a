"""The price book's rows as AWS's price list describes them: what a pricing query of Infracost is held against.

The book names a price by service and usage type, without the region's prefix and in units that people read
(a million requests). AWS's list, and so Infracost, names it by service, family, prefixed usage type and
attributes, in single units. `products.yaml` says for each of the book's rows how AWS describes it; a row
that is not in it is never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from finops import packaged
from finops.prices.book import GLOBAL, Price, PriceBook

__all__ = ["Catalogue", "Product", "prefixed", "ratio"]

TABLE = Path(__file__).parent / "products.yaml"
HOME = "us-east-1"
"""The region whose usage types have no prefix."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of AWS's list: its attributes, `usagetype` among them, and the book's price of it.

    `units` is how many of AWS's units make one of the book's.
    """

    family: str
    attributes: Mapping[str, str]
    price: Price
    units: Decimal

    def tiers_for(self, start: Decimal | None) -> Iterator[Decimal]:
        """Prices of one of AWS's units: of the tier that `start` of them falls into, or of all tiers."""
        for tier in self.price.tiers:
            end = None if tier.end is None else tier.end * self.units
            if start is None or (tier.start * self.units <= start and (end is None or start < end)):
                yield tier.price / self.units


@dataclass(frozen=True, slots=True)
class Rule:
    """How AWS describes the book's prices of `service` whose usage type matches `pattern`."""

    service: str
    pattern: re.Pattern[str]
    family: str
    usage_type: str
    prefix: str
    attributes: Mapping[str, str]
    units: Decimal | None

    def product(self, price: Price, region: str) -> Product | None:
        """`price` as AWS describes it in `region`; None where it is another price."""
        found = self.pattern.fullmatch(price.usage_type)
        if found is None:
            return None
        own = {name: found.expand(value) for name, value in self.attributes.items()}
        usage_type = found.expand(self.usage_type) if self.usage_type else price.usage_type
        told = {**price.attributes, **own, "usagetype": prefixed(usage_type, region, self.prefix)}
        return Product(self.family or price.family, told, price, self.units or units_of(price.unit))


class Catalogue:
    """Products of one price book, by AWS's service and region; each is made once."""

    def __init__(self, book: PriceBook) -> None:
        self.book = book
        self._made: dict[tuple[str, str, str], tuple[Product, ...]] = {}

    def products(self, service: str, region: str, option: str = "on_demand") -> tuple[Product, ...]:
        """What AWS sells as `service` in `region`, and what it sells everywhere at one price."""
        key = (service, region, option)
        if key not in self._made:
            self._made[key] = tuple(self._products(*key))
        return self._made[key]

    def _products(self, service: str, region: str, option: str) -> Iterator[Product]:
        taken = set()
        for rule in rules().get(service, ()):
            # What AWS sells under no region, the book may have by region, at one price.
            own = region or (HOME if rule.prefix == "none" else GLOBAL)
            for place in dict.fromkeys((own, GLOBAL)):
                for price in self.book.all(rule.service, place, purchase_option=option):
                    made = rule.product(price, region)
                    name = (id(rule), price.usage_type, *sorted(price.attributes.items()))
                    # A region's own price goes before the one that holds everywhere.
                    if made is not None and (place != GLOBAL or name not in taken):
                        taken.add(name)
                        yield made


@cache
def rules() -> Mapping[str, tuple[Rule, ...]]:
    """The table, by AWS's service."""
    table: dict[str, list[dict[str, Any]]] = packaged.read(TABLE)["products"]
    return {service: tuple(_rule(service, row) for row in rows) for service, rows in table.items()}


@cache
def prefixes() -> Mapping[str, str]:
    """Region -> what AWS writes before its usage types there."""
    found: Mapping[str, str] = packaged.read(TABLE)["prefixes"]
    return found


def _rule(service: str, row: Mapping[str, Any]) -> Rule:
    return Rule(
        row.get("book", service), re.compile(row["usage"]), row.get("family", ""), row.get("as", ""),
        row.get("prefix", "usual"), {name: str(text) for name, text in row.get("attributes", {}).items()},
        ratio(str(row["units"])) if "units" in row else None,
    )  # fmt: skip


def ratio(text: str) -> Decimal:
    """`730` or `1/1024`."""
    above, _, below = text.partition("/")
    return Decimal(above) / Decimal(below or 1)


def units_of(unit: str) -> Decimal:
    """How many single ones the book's unit is.

    >>> units_of("million"), units_of("10000 requests"), units_of("GB-Mo")
    (Decimal('1000000'), Decimal('10000'), Decimal('1'))
    """
    if unit == "million":
        return Decimal(1_000_000)
    first = unit.partition(" ")[0]
    return Decimal(first) if first.isdigit() else Decimal(1)


def prefixed(usage_type: str, region: str, how: str = "usual") -> str:
    """`usage_type` as AWS writes it in `region`.

    `usual` has no prefix in us-east-1, `always` has one there too, `name` has the region's name, `none`
    stands for services that belong to no region.

    >>> prefixed("NatGateway-Hours", "eu-central-1"), prefixed("KMS-Keys", "eu-west-1", "name")
    ('EUC1-NatGateway-Hours', 'eu-west-1-KMS-Keys')
    """
    if how == "none" or not region or (how == "usual" and region == HOME):
        return usage_type
    if how == "name":
        return f"{region}-{usage_type}"
    return f"{prefixes().get(region, region.upper().replace('-', ''))}-{usage_type}"
