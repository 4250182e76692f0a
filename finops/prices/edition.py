"""Writing a new edition of a price book beside the old one: whole or not at all."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from finops.prices.book import COLUMNS, FORMER, Price, PriceBook
from finops.prices.manifest import MANIFEST, sealed
from finops.prices.refresh import SOURCE, Refreshed
from problems import InputError, Problem

__all__ = ["written"]

SENTENCE = "The AWS Price List API, asked by this program"
_Key = tuple[str, str, str, str, tuple[tuple[str, str], ...]]


def written(book: PriceBook, result: Refreshed, folder: Path, *, today: date) -> None:
    """Write `book` with what `result` found to `folder`, which must not exist.

    Prices that moved go into `former.csv` with the day until which they held. Raises `InputError` when
    the folder is there already or cannot be written; nothing is left behind then.
    """
    if folder.exists():
        fix = "name a folder that is not there"
        raise InputError(
            [Problem(str(folder), "", "it is there already", "a new book never replaces one", fix)],
            "no book was written",
        )
    new = {_key(price): price for price in result.prices}
    former = [it.old for it in result.moves if _key(it.new) in new]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
            made = Path(place) / "book"
            shutil.copytree(book.folder, made)
            for path in made.rglob("*.csv"):
                if path.name not in ("sources.csv", "free_tiers.csv", FORMER):
                    _rewrite(path, new)
            _append(made, former, today)
            (made / MANIFEST).write_text(sealed(made), encoding="utf-8")
            made.rename(folder)
    except OSError as error:
        problem = Problem(str(folder), "", error.strerror or str(error), "a book was to be written here", "")
        raise InputError([problem], "no book was written") from None


def _rewrite(path: Path, new: dict[_Key, Price]) -> None:
    """Rows of a refreshed price are replaced by its tiers; the others stay as they are, byte for byte."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    out, done = [header], set()
    for row in rows:
        key = _key_of(row)
        if key not in new:
            out.append(row)
        elif key not in done:
            done.add(key)
            out += _rows(new[key])
    path.write_text(_text(out), encoding="utf-8")


def _append(made: Path, former: Iterable[Price], today: date) -> None:
    path = made / FORMER
    rows = [[*COLUMNS, "until"]]
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    rows += [[*row, today.isoformat()] for price in former for row in _rows(price)]
    path.write_text(_text(rows), encoding="utf-8")
    sources = made / "sources.csv"
    with sources.open(encoding="utf-8", newline="") as file:
        known = list(csv.reader(file))
    if all(row[0] != SOURCE for row in known):
        known.append([SOURCE, SENTENCE])
    sources.write_text(_text([known[0], *sorted(known[1:])]), encoding="utf-8")


def _rows(price: Price) -> list[list[str]]:
    attributes = ";".join(f"{name}={value}" for name, value in price.attributes.items())
    return [
        [
            price.service, price.family, price.region, price.usage_type, attributes, price.purchase_option,
            f"{tier.start:f}", "" if tier.end is None else f"{tier.end:f}", price.unit, f"{tier.price:f}",
            price.currency, price.source, price.as_of.isoformat() if price.as_of else "",
            "yes" if price.verified else "no",
        ]
        for tier in price.tiers
    ]  # fmt: skip


def _key(price: Price) -> _Key:
    attributes = tuple(sorted(price.attributes.items()))
    return (price.service, price.region, price.usage_type, price.purchase_option, attributes)


def _key_of(row: list[str]) -> _Key:
    parts = [part.partition("=") for part in row[4].split(";") if part]
    return (row[0], row[2], row[3], row[5], tuple(sorted((name, value) for name, _, value in parts)))


def _text(rows: Iterable[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()
