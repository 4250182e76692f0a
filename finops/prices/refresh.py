"""A newer price book from AWS's price list: every price the book has is looked up again.

`get_products` of the Price List API is asked for one service and region at a time. A product is one of
ours when its usage type, without the region's prefix, and the attributes that tell our prices apart are
the same. Of commitments it has standard reservations; Savings Plans and spot are in other APIs and stay as
they are. What the list does not have, or has twice, keeps its price and its date, and is reported.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from finops.prices.book import GLOBAL, Price, PriceBook, Tier

__all__ = ["SOURCE", "Move", "Refreshed", "products", "refreshed"]

SOURCE = "price-list"
CODES = {"AmazonEC2-EBS": "AmazonEC2", "AmazonEC2-NAT": "AmazonEC2"}
"""Services that this book keeps apart and AWS does not."""
PREFIX = re.compile(r"^(?:[A-Z]{2,4}\d{0,2}|Global|EU|USE\d?|USW\d|UGW\d|UGE\d)-")
LOTS = {
    "million": Decimal(10) ** 6, "100000 objects": Decimal(10) ** 5, "10000 requests": Decimal(10) ** 4,
    "1000 requests": Decimal(1000), "1000 transitions": Decimal(1000), "1000 objects": Decimal(1000),
}  # fmt: skip
"""Units of this book that stand for many of AWS's."""
PLAIN = {
    "operatingSystem": ("Linux", "NA"), "preInstalledSw": ("NA",), "tenancy": ("Shared", "NA"),
    "capacitystatus": ("Used",), "deploymentOption": ("Single-AZ",),
    "licenseModel": ("No License required", "NA"),
}  # fmt: skip
"""Where a product has one of these attributes, ours is the plain variant."""
JUMP = Decimal("0.5")
HOURS = Decimal(8760)
"""Hours of a year, by which AWS spreads what is paid upfront."""
MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Move:
    """A price that changed. `share` is the change relative to the old price: 0.1 is ten per cent up."""

    old: Price
    new: Price

    @property
    def share(self) -> Decimal:
        return self.new.rate / self.old.rate - 1 if self.old.rate else Decimal("Infinity")

    @property
    def is_suspicious(self) -> bool:
        """More than half up or down: more often another unit or another product than a new price."""
        return abs(self.share) > JUMP


@dataclass
class Refreshed:
    """What came of it: prices looked up again, those that moved, and those that kept what they had."""

    prices: list[Price] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    absent: list[Price] = field(default_factory=list)
    ambiguous: list[Price] = field(default_factory=list)

    def sorted_moves(self) -> list[Move]:
        """The biggest change first, up or down."""
        return sorted(
            self.moves, key=lambda it: (-abs(it.share), it.new.service, it.new.region, it.new.usage_type)
        )


def products(client: Any, service: str, region: str) -> Iterator[Mapping[str, Any]]:
    """Every product of `service` in `region`, page by page, from a boto3 client of `pricing`."""
    filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}] if region != GLOBAL else []
    call: dict[str, Any] = {
        "ServiceCode": CODES.get(service, service),
        "Filters": filters,
        "FormatVersion": "aws_v1",
    }
    while True:
        answer = client.get_products(**call)
        for text in answer.get("PriceList", ()):
            yield json.loads(text) if isinstance(text, str) else text
        if not (token := answer.get("NextToken")):
            return
        call["NextToken"] = token


def refreshed(
    book: PriceBook,
    ask: Callable[[str, str], Iterable[Mapping[str, Any]]],
    *,
    today: date,
    services: Iterable[str],
    regions: Iterable[str] = (),
    take_jumps: bool = False,
) -> Refreshed:
    """The prices of `services` in `regions` (none: all) as `ask` answers for a service and a region.

    A suspicious move is reported and not taken, unless `take_jumps`.
    """
    result, wanted = Refreshed(), set(regions)
    for service in services:
        for region in book.regions(service):
            if wanted and region not in wanted:
                continue
            found = _by_usage_type(ask(service, region))
            for option in ("on_demand", "reserved"):
                for price in book.all(service, region, purchase_option=option):
                    _compare(price, found.get(price.usage_type, []), today, result, take_jumps)
    return result


def _compare(
    price: Price, candidates: list[Mapping[str, Any]], today: date, result: Refreshed, take_jumps: bool
) -> None:
    offers = {
        tiers for product in candidates if _is_ours(price, product) for tiers in _offers(price, product)
    }
    if len(offers) != 1:
        (result.ambiguous if offers else result.absent).append(price)
        return
    new = replace(price, tiers=offers.pop(), source=SOURCE, as_of=today, verified=True)
    if new.tiers == price.tiers:
        result.prices.append(new)
        return
    move = Move(price, new)
    result.moves.append(move)
    if take_jumps or not move.is_suspicious:
        result.prices.append(new)


def _by_usage_type(found: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for product in found:
        usage_type = str(product.get("product", {}).get("attributes", {}).get("usagetype", ""))
        groups[PREFIX.sub("", usage_type)].append(product)
    return groups


def _is_ours(price: Price, product: Mapping[str, Any]) -> bool:
    attributes = product["product"].get("attributes", {})
    plain = all(attributes[name] in values for name, values in PLAIN.items() if name in attributes)
    return plain and all(
        attributes.get(name) == value for name, value in price.attributes.items() if name in attributes
    )


def _offers(price: Price, product: Mapping[str, Any]) -> Iterator[tuple[Tier, ...]]:
    """The tiers of each offer in dollars, in the unit of our price: on demand, or of its reservation."""
    if price.purchase_option == "reserved":
        yield from _reservations(price, product)
        return
    lot = LOTS.get(price.unit, Decimal(1))
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        steps = []
        for dimension in term.get("priceDimensions", {}).values():
            amount = dimension.get("pricePerUnit", {}).get("USD")
            if amount is None:
                continue
            start, end = Decimal(dimension["beginRange"]), dimension["endRange"]
            steps.append(
                Tier(
                    (start / lot).normalize() + 0,
                    None if end == "Inf" else (Decimal(end) / lot).normalize() + 0,
                    (Decimal(amount) * lot).normalize() + 0,
                )
            )
        steps = [it for it in steps if it.price or len(steps) == 1]
        steps.sort(key=lambda tier: tier.start)
        if steps and any(it.price for it in steps):
            # A free first tier is an allowance of the account and no part of the price.
            yield (replace(steps[0], start=Decimal(0)), *steps[1:])


def _reservations(price: Price, product: Mapping[str, Any]) -> Iterator[tuple[Tier, ...]]:
    """What an hour costs under each standard reservation of our term and payment, upfront fees spread over it."""
    for term in product.get("terms", {}).get("Reserved", {}).values():
        told = term.get("termAttributes", {})
        terms = (told.get("LeaseContractLength"), told.get("PurchaseOption"))
        if terms != (price.attributes.get("lease"), price.attributes.get("payment")):
            continue
        if told.get("OfferingClass", "standard") != "standard":
            continue
        rate = Decimal(0)
        for dimension in term.get("priceDimensions", {}).values():
            amount = Decimal(dimension.get("pricePerUnit", {}).get("USD", "0"))
            rate += amount if dimension.get("unit") == "Hrs" else amount / (HOURS * int(str(terms[0])[0]))
        if rate:
            yield (Tier(Decimal(0), None, rate.quantize(MICRO).normalize() + 0),)
