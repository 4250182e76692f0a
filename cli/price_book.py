"""Which price book an estimate uses, and what of its usage was measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from problems import InputError, Missing, Problem

if TYPE_CHECKING:
    from cli.target import Plan
    from finops.estimate import Estimate
    from finops.prices import PriceBook

__all__ = ["aged", "book_at", "chosen", "measured_into", "today"]

UNDONE = "nothing was priced"


def today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def book_at(folder: Path | None) -> PriceBook:
    """The book in `folder`, by default the bundled one. Raises `InputError` where there is none."""
    from finops.prices import PriceBook

    if folder is None:
        return PriceBook.bundled()
    if not (folder / "sources.csv").is_file():
        but = "a price book is a folder with `sources.csv` and a file for each service"
        fix = "write one: tradewind prices refresh -o DIR"
        raise InputError([Problem(str(folder), "", "no price book", but, fix)], UNDONE)
    return PriceBook(folder)


def chosen(folder: Path | None, discounts: Path | None, day: dt.date | None) -> PriceBook:
    """The book at `folder`, of `day`, under the contract in `discounts`. Raises `InputError`."""
    book = book_at(folder)
    if day is not None:
        if day > today():
            problem = Problem(
                "--as-of", "", str(day), "prices of the future are not known", "name a past day"
            )
            raise InputError([problem], UNDONE)
        book = book.at(day)
    if discounts is not None:
        from finops.prices.discounts import load

        book = book.under(load(discounts, book, day=day or today()))
    return book


def aged(estimate: Estimate, limit: int | None) -> Iterator[str]:
    """One gate that does not hold, where prices in the estimate were read more than `limit` days ago."""
    if limit is None:
        return
    now = today()
    old = [it.price for it in estimate.lines if it.price.as_of and (now - it.price.as_of).days > limit]
    undated = sum(1 for it in estimate.lines if it.price.as_of is None)
    if old:
        worst = min(old, key=lambda price: (price.as_of or now, price.service, price.usage_type))
        yield (
            f"{len(old)} charges rest on prices older than {limit} days, the oldest of {worst.as_of}: "
            f"{worst.service} {worst.usage_type} in {worst.region}"
        )
    if undated:
        yield f"{undated} charges rest on prices without a date"


def measured_into(file: Path, plan: Plan) -> Path:
    """Ask CloudWatch about `plan`, write the usage file and return it. Raises `Missing` or `InputError`."""
    from cli.output import write_whole
    from deploy.cloud import asking, session
    from finops.measure import measured, usage_file

    if file.exists():
        fix = "name a file that is not there, or move it away"
        raise InputError(
            [Problem(str(file), "", "it is there already", "usage by hand is not overwritten", fix)], UNDONE
        )
    with asking("measuring usage"):
        found = measured(
            plan.graph,
            lambda region: session(region).client("cloudwatch"),
            now=dt.datetime.now(tz=dt.UTC),
        )
    if not found.values:
        raise Missing("CloudWatch has measured nothing of this plan: deploy it first, or name its state")
    write_whole(file, usage_file(found, plan.graph, day=str(today())))
    return file
