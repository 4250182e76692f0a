"""What moving a GB costs: between zones, to the internet, to each other region."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from finops.prices.book import Price, PriceBook

__all__ = ["INTERNET", "ZONES", "Flow", "flow", "matrix"]

ZONES = "between zones"
INTERNET = "internet"
SERVICE = "AWSDataTransfer"
NEAR = {("us-east-1", "us-east-2"): "USE-Out-Bytes", ("us-east-2", "us-east-1"): "USE-Out-Bytes"}
"""Pairs of regions with a price of their own."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of moving data; `price` None: the book does not know."""

    origin: str
    destination: str
    price: Price | None


def flow(book: PriceBook, origin: str, destination: str) -> Flow:
    """The price of a GB from region `origin` to `destination`: a region, `internet` or `between zones`.

    Between zones it is charged twice, to the sender and to the receiver: this is one of the two.
    """
    if destination in (ZONES, origin):
        usage_type = "DataTransfer-Regional-Bytes"
    elif destination == INTERNET:
        usage_type = "DataTransfer-Out-Bytes"
    else:
        usage_type = NEAR.get((origin, destination), "AWS-Out-Bytes")
    price = book.find(service=SERVICE, region=origin, usage_type=usage_type)
    if price is None and usage_type != "AWS-Out-Bytes" and destination not in (ZONES, INTERNET, origin):
        price = book.find(service=SERVICE, region=origin, usage_type="AWS-Out-Bytes")
    return Flow(origin, destination, price)


def matrix(book: PriceBook, regions: Iterable[str] = ()) -> Iterator[Flow]:
    """Every flow among `regions` (none: all the book knows), each region's own first."""
    places = tuple(regions) or book.regions(SERVICE)
    for origin in places:
        yield flow(book, origin, ZONES)
        yield flow(book, origin, INTERNET)
        for destination in places:
            if destination != origin:
                yield flow(book, origin, destination)
