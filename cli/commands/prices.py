"""`tradewind prices`: what the price book holds, where it is from, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from cli.exits import GateNotHeld
from cli.options import format_option
from cli.output import console, emit_json, number
from problems import InputError, Problem

if TYPE_CHECKING:
    from finops.prices import Price
    from finops.prices.check import Finding

__all__ = ["command"]


@click.group("prices")
def command() -> None:
    """Look into the price book."""


@command.command("show")
@click.argument("service")
@click.option("--region", metavar="REGION", help="Prices of this region only.")
@format_option("text", "json")
def show(service: str, region: str | None, output: str) -> None:
    """List the prices of SERVICE (AmazonEC2, AmazonDynamoDB, ...) with source and date."""
    from rich.markup import escape

    from cli.pages.layout import section
    from finops.prices import PriceBook

    book = PriceBook.bundled()
    if service not in book.services():
        raise InputError([_unknown(service, "service", book.services())], "nothing was listed")
    regions = book.regions(service)
    if region and region not in regions:
        raise InputError([_unknown(region, f"region of {service}", regions)], "nothing was listed")
    prices = [price for place in ([region] if region else regions) for price in book.all(service, place)]
    if output == "json":
        emit_json({"schema": "tradewind.prices/1", "prices": [_row(price) for price in prices]})
        return
    table = section(
        "REGION",
        [
            ("price of", "left"),
            ("USD", "right"),
            ("per", "left"),
            ("as of", "left"),
            ("verified", "left"),
            ("source", "left"),
        ],
    )
    for price in prices:
        what = " ".join((price.usage_type, *price.attributes.values()))
        rates = " / ".join(f"{tier.price:f}" for tier in price.tiers)
        table.add_row(
            price.region,
            escape(what),
            rates,
            price.unit,
            str(price.as_of or ""),
            "yes" if price.verified else "no",
            escape(price.source),
        )
    console().print(table)


@command.command("check")
@click.option(
    "--older-than",
    type=click.IntRange(min=1),
    default=730,
    show_default=True,
    metavar="DAYS",
    help="Report prices read longer ago.",
)
@format_option("text", "json")
def check(older_than: int, output: str) -> None:
    """Find holes, contradictions, old and unverified prices. Exit code 3 on a contradiction."""
    from dataclasses import asdict

    from cli.pages.layout import section
    from finops.prices import PriceBook
    from finops.prices.check import check as look

    found = look(PriceBook.bundled(), today=dt.datetime.now(tz=dt.UTC).date(), older_than_days=older_than)
    if output == "json":
        emit_json({"schema": "tradewind.prices-check/1", "findings": [asdict(it) for it in found]})
    else:
        # Thousands of unverified rows are one finding a service; each of them is in the JSON.
        groups: dict[tuple[str, str], list[Finding]] = {}
        for it in found:
            groups.setdefault((it.kind, it.service), []).append(it)
        table = section("FOUND", [("service", "left"), ("prices", "right"), ("such as", "left")])
        for (kind, service), group in groups.items():
            first = group[0]
            table.add_row(
                kind, service, f"{len(group):,}", f"{first.region} {first.usage_type}: {first.message}"
            )
        console().print(table)
        click.echo(f"{number(len(found), 'finding')}, each in --format json")
    contradictions = [
        f"{it.service} {it.region} {it.usage_type}: {it.message}"
        for it in found
        if it.kind == "contradiction"
    ]
    if contradictions:
        raise GateNotHeld(contradictions)


def _unknown(got: str, what: str, known: Iterable[str]) -> Problem:
    names = sorted(known)
    near = difflib.get_close_matches(got, names, 1, cutoff=0.4)
    return Problem(
        "prices show",
        "",
        got,
        f"the price book has no such {what}",
        f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}",
    )


def _row(price: Price) -> dict[str, object]:
    return {
        "service": price.service,
        "family": price.family,
        "region": price.region,
        "usage_type": price.usage_type,
        "attributes": dict(price.attributes),
        "purchase_option": price.purchase_option,
        "unit": price.unit,
        "currency": price.currency,
        "tiers": [
            {
                "from": f"{it.start:f}",
                "to": None if it.end is None else f"{it.end:f}",
                "price": f"{it.price:f}",
            }
            for it in price.tiers
        ],
        "source": price.source,
        "as_of": str(price.as_of or ""),
        "verified": price.verified,
    }
