"""What is wrong with a price book: contradictions, holes, and prices that have grown old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from finops.prices.book import GLOBAL, Price, PriceBook
from finops.prices.manifest import tampered

__all__ = ["Finding", "check"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the book that a person should look at.

    `kind` is `tampered` (a file is not what the manifest says), `contradiction` (two prices for the same thing), `hole` (a region lacks what every other
    region of the service has), `old` or `unverified`.
    """

    kind: str
    service: str
    region: str
    usage_type: str
    message: str


def check(book: PriceBook, *, today: date, older_than_days: int = 400) -> tuple[Finding, ...]:
    """Everything to look at in `book`, contradictions first. Reads the whole book: 30 regions, seconds."""
    findings = [
        Finding("tampered", name.partition("/")[0].removesuffix(".csv"), "", "", f"{name} {what}")
        for name, what in tampered(book.folder)
        if what and (book.folder / "manifest.json").exists()
    ]
    for service in book.services():
        prices = [price for region in book.regions(service) for price in book.all(service, region)]
        findings += _contradictions(prices)
        findings += _holes(service, prices)
        for price in prices:
            findings += _aged(price, today, timedelta(days=older_than_days))
    order = {"tampered": -1, "contradiction": 0, "hole": 1, "old": 2, "unverified": 3}
    return tuple(sorted(findings, key=lambda it: (order[it.kind], it.service, it.region, it.usage_type)))


def _finding(kind: str, price: Price, message: str) -> Finding:
    return Finding(kind, price.service, price.region, price.usage_type, message)


def _contradictions(prices: list[Price]) -> Iterator[Finding]:
    same: dict[object, list[Price]] = defaultdict(list)
    for price in prices:
        attributes = tuple(sorted(price.attributes.items()))
        same[(price.family, price.region, price.usage_type, price.purchase_option, attributes)].append(price)
    for group in same.values():
        if len(group) > 1:
            rates = ", ".join(str(price.rate) for price in group)
            yield _finding("contradiction", group[0], f"{len(group)} prices for one thing: {rates}")


def _holes(service: str, prices: list[Price]) -> Iterator[Finding]:
    """Regions without a usage type that at least half of the service's regions have.

    Instances are left out: that a region does not offer a type is no hole.
    """
    regions = {price.region for price in prices} - {GLOBAL}
    where: dict[str, set[str]] = defaultdict(set)
    for price in prices:
        if "Instance" not in price.family:
            where[price.usage_type].add(price.region)
    for usage_type, found in where.items():
        if GLOBAL in found or len(found) * 2 < len(regions):
            continue
        for region in sorted(regions - found):
            message = f"{len(found)} of {len(regions)} regions have this price, {region} has not"
            yield Finding("hole", service, region, usage_type, message)


def _aged(price: Price, today: date, limit: timedelta) -> Iterator[Finding]:
    if not price.verified:
        yield _finding("unverified", price, "read nowhere: confirm it against the AWS Price List")
    if price.as_of is not None and today - price.as_of > limit:
        yield _finding("old", price, f"read {(today - price.as_of).days} days ago")
