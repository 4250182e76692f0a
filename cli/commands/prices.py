"""`tradewind prices`: what the price book holds, where it is from, and what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.exits import GateNotHeld
from cli.options import format_option
from cli.output import console, emit_json, number
from problems import InputError, Problem

if TYPE_CHECKING:
    from finops.prices import Price
    from finops.prices.check import Finding
    from finops.prices.refresh import Refreshed

__all__ = ["command"]

SHOWN = 25


@click.group("prices")
def command() -> None:
    """Look into the price book, compare it with AWS's price list, seal it."""


BOOK = click.option(
    "--prices", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Another price book."
)


@command.command("show")
@click.argument("service")
@BOOK
@click.option("--region", metavar="REGION", help="Prices of this region only.")
@click.option("--usage-type", "kind", metavar="PATTERN", help="Of these only: 'BoxUsage:m7i.*'.")
@format_option("text", "json")
def show(service: str, folder: Path | None, region: str | None, kind: str | None, output: str) -> None:
    """List the prices of SERVICE (AmazonEC2, AmazonDynamoDB, ...) with source and date.

    On demand, reserved, under a Savings Plan and spot, by zone where it is known.
    """
    from fnmatch import fnmatchcase

    from rich.markup import escape

    from cli.pages.layout import section
    from cli.price_book import book_at

    book = book_at(folder)
    if service not in book.services():
        raise InputError([_unknown(service, "service", book.services())], "nothing was listed")
    regions = book.regions(service)
    if region and region not in regions:
        raise InputError([_unknown(region, f"region of {service}", regions)], "nothing was listed")
    places = [region] if region else regions
    prices = [
        price
        for place in places
        for option in ("on_demand", "reserved", "savings_plan", "spot", "spot_zone")
        for price in book.all(service, place, purchase_option=option)
        if kind is None or fnmatchcase(price.usage_type, kind)
    ]
    if not prices:
        kinds = sorted({it.usage_type for place in places for it in book.all(service, place)})
        raise InputError(
            [_unknown(kind or "", f"usage type of {service}", tuple(kinds))], "nothing was listed"
        )
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
        option = () if price.purchase_option == "on_demand" else (price.purchase_option,)
        what = " ".join((price.usage_type, *option, *price.attributes.values()))
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
@click.option(
    "--max-age", type=click.IntRange(min=1), metavar="DAYS", help="Gate: no price read longer ago than this."
)
@BOOK
@format_option("text", "json")
def check(older_than: int, max_age: int | None, folder: Path | None, output: str) -> None:
    """Find changed files, holes, contradictions, old and unverified prices.

    Exit code 3 on a contradiction, on a file that is not what the manifest says, and with --max-age on
    prices that are older.
    """
    from dataclasses import asdict

    from cli.pages.layout import section
    from cli.price_book import book_at, today
    from finops.prices import PriceBook
    from finops.prices.check import check as look
    from finops.prices.manifest import tampered

    book = book_at(folder)
    if changed := [f"{book.folder / name} {what}" for name, what in tampered(book.folder)]:
        raise GateNotHeld(changed)
    found = look(PriceBook(book.folder), today=today(), older_than_days=max_age or older_than)
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
    old = [it for it in found if it.kind == "old"] if max_age else []
    if old:
        worst = max(old, key=lambda it: int(it.message.split()[1]))
        where = f"{worst.service} {worst.region} {worst.usage_type}"
        contradictions.append(
            f"{len(old):,} prices are older than {max_age} days, such as {where}: {worst.message}"
        )
    if contradictions:
        raise GateNotHeld(contradictions)


@command.command("seal")
@BOOK
def seal(folder: Path | None) -> None:
    """Write the checksums of a price book anew, after a change that was meant."""
    from cli.output import write_whole
    from cli.price_book import book_at
    from finops.prices.manifest import MANIFEST, sealed

    book = book_at(folder)
    write_whole(book.folder / MANIFEST, sealed(book.folder))
    click.echo(f"sealed {book.folder}")


@command.command("transfer")
@click.option(
    "--region", "regions", multiple=True, metavar="REGION", help="Among these regions only; repeatable."
)
@BOOK
@format_option("text", "json")
def transfer(regions: tuple[str, ...], folder: Path | None, output: str) -> None:
    """Show what moving a GB costs: between zones, to the internet, between regions."""
    from cli.pages.layout import section
    from cli.price_book import book_at
    from finops.prices.transfer import SERVICE, matrix

    book = book_at(folder)
    known = book.regions(SERVICE)
    if strange := [it for it in regions if it not in known]:
        raise InputError(
            [_unknown(it, "region with data transfer", known) for it in strange], "nothing was listed"
        )
    flows = list(matrix(book, regions))
    if output == "json":
        rows = [
            {"from": it.origin, "to": it.destination, "price": _row(it.price) if it.price else None}
            for it in flows
        ]
        emit_json({"schema": "tradewind.prices-transfer/1", "flows": rows})
        return
    table = section("FROM", [("to", "left"), ("USD a GB", "right"), ("verified", "left"), ("source", "left")])
    for it in flows:
        rates = " / ".join(f"{tier.price:f}" for tier in it.price.tiers) if it.price else "unknown"
        verified = "yes" if it.price and it.price.verified else "no"
        table.add_row(it.origin, it.destination, rates, verified, it.price.source if it.price else "")
    console().print(table)


@command.command("refresh")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the new book goes; must not exist.",
)
@click.option(
    "--service", "services", multiple=True, metavar="SERVICE", help="These services only; repeatable."
)
@click.option("--region", "regions", multiple=True, metavar="REGION", help="These regions only; repeatable.")
@click.option("--take-jumps", is_flag=True, help="Take prices that moved by more than half, too.")
@BOOK
@format_option("text", "json")
def refresh(
    target: Path,
    services: tuple[str, ...],
    regions: tuple[str, ...],
    take_jumps: bool,
    folder: Path | None,
    output: str,
) -> None:
    """Ask AWS's price list for every price of the book, write a new book, and show what moved."""
    from cli.price_book import book_at, today
    from deploy.cloud import asking, session
    from finops.prices.edition import written
    from finops.prices.refresh import products, refreshed

    book = book_at(folder)
    if strange := [it for it in services if it not in book.services()]:
        raise InputError([_unknown(it, "service", book.services()) for it in strange], "no book was written")
    if target.exists():
        problem = Problem(
            str(target), "", "it is there already", "a new book never replaces one", "name a new folder"
        )
        raise InputError([problem], "no book was written")
    with asking("reading AWS's price list"):
        client = session("us-east-1").client("pricing")
        result = refreshed(
            book,
            lambda service, region: products(client, service, region),
            today=today(),
            services=services or book.services(),
            regions=regions,
            take_jumps=take_jumps,
        )
    written(book, result, target, today=today())
    _show_moves(result, target, output)


def _show_moves(result: Refreshed, target: Path, output: str) -> None:
    from cli.pages.layout import section

    moves = result.sorted_moves()
    if output == "json":
        document = {
            "schema": "tradewind.prices-refresh/1",
            "book": str(target),
            "confirmed": len(result.prices),
            "absent": len(result.absent),
            "ambiguous": len(result.ambiguous),
            "moves": [
                {
                    "service": it.new.service, "region": it.new.region, "usage_type": it.new.usage_type,
                    "attributes": dict(it.new.attributes), "old": f"{it.old.rate:f}", "new": f"{it.new.rate:f}",
                    "percent": f"{it.share * 100:.1f}", "suspicious": it.is_suspicious,
                }
                for it in moves
            ],
        }  # fmt: skip
        emit_json(document)
        return
    table = section(
        "MOVED", [("price of", "left"), ("was", "right"), ("is", "right"), ("change", "right"), ("", "left")]
    )
    for it in moves[:SHOWN]:
        flag = "suspicious, not taken" if it.is_suspicious else ""
        table.add_row(
            it.new.region,
            f"{it.new.service} {it.new.usage_type}",
            f"{it.old.rate:f}",
            f"{it.new.rate:f}",
            f"{it.share:+.1%}",
            flag,
        )
    if moves:
        console().print(table)
    click.echo(
        f"{number(len(result.prices), 'price')} confirmed or moved, {number(len(moves), 'move')}, "
        f"{len(result.absent):,} not in the list, {len(result.ambiguous):,} there more than once: {target}"
    )


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
