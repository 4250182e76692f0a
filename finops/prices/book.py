"""Reading prices: lazily, one service and region at a time.

Prices lie in `aws/<service>.csv`, or in `aws/<service>/<region>.csv` where a service has thousands.
Service codes, product families and usage types are those of the AWS Price List; usage types stand
without the region's prefix (`NatGateway-Hours`, not `EUC1-NatGateway-Hours`). A price that is the same
everywhere, or belongs to no region, has the region `global`.

Two columns are short: `source` is a key of `aws/sources.csv`, and `verified` is `yes` or `no`. A price
with `verified` `no` was not read anywhere; whatever rests on it says so.

`purchase_option` is `on_demand`, `reserved`, `savings_plan`, `spot` or `spot_zone`. Rates of commitments have
the attributes `lease` (1yr, 3yr) and `payment` (No Upfront, ...), those of Savings Plans `plan` too, and are
what an hour costs in effect: with what is paid upfront spread over the term. How a region's spot price comes
from those of its zones is in `zones`.

`former.csv` has what prices were before: the same columns, and `until`, the day from which the price no
longer held. A book of a past day takes its prices from there where it has one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from finops.prices import manifest
from problems import InputError, Problem

if TYPE_CHECKING:
    from finops.prices.discounts import Discounts

__all__ = ["COLUMNS", "GLOBAL", "RESERVED", "Price", "PriceBook", "Tier"]

COLUMNS = (
    "service", "family", "region", "usage_type", "attributes", "purchase_option", "tier_from", "tier_to",
    "unit", "price", "currency", "source", "as_of", "verified",
)  # fmt: skip
GLOBAL = "global"
FORMER = "former.csv"
RESERVED = frozenset({"sources.csv", "free_tiers.csv", "manifest.json", FORMER})
"""Files of a book that hold no current prices."""
DATA = Path(__file__).parent / "aws"
UNDONE = "nothing was priced"


@dataclass(frozen=True, slots=True)
class Tier:
    """The price of units between `start` and `end` a month (`end` None: and all above)."""

    start: Decimal
    end: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """What one `unit` costs, in tiers by monthly quantity, with where and when that was read.

    >>> Price.flat(Decimal("0.045"), unit="Hrs").cost(Decimal(730))
    Decimal('32.850')
    """

    service: str
    family: str
    region: str
    usage_type: str
    unit: str
    tiers: tuple[Tier, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)
    purchase_option: str = "on_demand"
    currency: str = "USD"
    source: str = ""
    as_of: date | None = None
    verified: bool = False
    discount: str = ""
    """What of a contract changed it, in words; empty for a list price."""
    list_tiers: tuple[Tier, ...] = ()
    """The list price, where a contract changed it."""

    @classmethod
    def flat(
        cls, price: Decimal, *, unit: str, service: str = "", usage_type: str = "", region: str = ""
    ) -> Price:
        """A price without tiers, for callers that bring their own."""
        return cls(service, "", region, usage_type, unit, (Tier(Decimal(0), None, price),))

    @property
    def rate(self) -> Decimal:
        """The price of the first unit."""
        return self.tiers[0].price

    @property
    def is_tiered(self) -> bool:
        return len(self.tiers) > 1

    def cost(self, quantity: Decimal) -> Decimal:
        """What `quantity` units in one month cost, each unit at the price of the tier it falls into."""
        return _cost(self.tiers, quantity)

    def list_cost(self, quantity: Decimal) -> Decimal:
        """The same at the list price."""
        return _cost(self.list_tiers or self.tiers, quantity)


def _cost(tiers: tuple[Tier, ...], quantity: Decimal) -> Decimal:
    if len(tiers) == 1:
        return quantity * tiers[0].price
    total = Decimal(0)
    for tier in tiers:
        if quantity <= tier.start:
            break
        end = quantity if tier.end is None else min(quantity, tier.end)
        total += (end - tier.start) * tier.price
    return total


_Key = tuple[str, str, str, str]
_Row = list[str]


class PriceBook:
    """Prices by service, family, region and usage type.

    A file is read when first asked for, and a row becomes a `Price` when first found: a region has
    thousands of rows, a plan needs a handful.
    """

    def __init__(self, folder: Path, *, day: date | None = None, discounts: Discounts | None = None) -> None:
        self.folder = folder
        self.day = day
        self.discounts = discounts
        self._past: dict[_Key, list[tuple[Price, date]]] | None = None
        self._sums: Mapping[str, str] | None = None
        self._read: set[tuple[str, str]] = set()
        self._rows: dict[_Key, list[_Row]] = {}
        self._places: dict[tuple[str, str], list[_Key]] = {}
        self._prices: dict[_Key, list[Price]] = {}
        self._found: dict[object, Price | None] = {}
        self._sources: dict[str, str] | None = None

    @classmethod
    def bundled(cls) -> PriceBook:
        """The price book that comes with this version."""
        return cls(DATA)

    def at(self, day: date) -> PriceBook:
        """The same book as of `day`: with the price that held then, where the book knows it."""
        return PriceBook(self.folder, day=day, discounts=self.discounts)

    def under(self, discounts: Discounts) -> PriceBook:
        """The same book under a contract."""
        return PriceBook(self.folder, day=self.day, discounts=discounts)

    def find(
        self, *, service: str, region: str, usage_type: str, family: str = "",
        purchase_option: str = "on_demand", **attributes: str,
    ) -> Price | None:  # fmt: skip
        """The price of one usage type in `region`, or None where the book has none.

        `family` and `attributes` narrow the search where a usage type alone is ambiguous. What has one
        price for all regions is found from any region. Raises `InputError` when a file is malformed and
        `LookupError` when more than one price fits.
        """
        key = (service, region, usage_type, family, purchase_option, *sorted(attributes.items()))
        try:
            return self._found[key]
        except KeyError:
            pass
        fitting: list[Price] = []
        for place in (region, GLOBAL):
            self._load(service, place)
            fitting = [
                price
                for price in self._of((service, place, usage_type, purchase_option))
                if (not family or price.family == family)
                and all(price.attributes.get(name) == value for name, value in attributes.items())
            ]
            if fitting:
                break
        if len(fitting) > 1:
            raise LookupError(
                f"{len(fitting)} prices fit {service} {usage_type} in {region}: name the attributes"
            )
        return self._found.setdefault(key, fitting[0] if fitting else None)

    def all(self, service: str, region: str, *, purchase_option: str = "on_demand") -> Iterator[Price]:
        """Every price of `service` in `region`."""
        self._load(service, region)
        for key in self._places.get((service, region), ()):
            if key[3] == purchase_option:
                yield from self._of(key)

    def listed(self, price: Price, option: str) -> list[Price]:
        """The list prices of what `price` is of, under another purchase option."""
        key = (price.service, price.region, price.usage_type, option)
        return _prices(self._rows.get(key, ()), str(self.folder))

    def source(self, price: Price) -> str:
        """Where `price` was read, as a sentence."""
        if self._sources is None:
            path = self.folder / "sources.csv"
            with path.open(encoding="utf-8", newline="") as file:
                self._sources = {row["source"]: row["text"] for row in csv.DictReader(file)}
        return self._sources.get(price.source, price.source)

    def services(self) -> tuple[str, ...]:
        """The services that the book has prices of."""
        paths = (path for path in self.folder.iterdir() if path.name not in RESERVED)
        return tuple(sorted({path.stem if path.is_file() else path.name for path in paths}))

    def regions(self, service: str) -> tuple[str, ...]:
        """The regions for which `service` has a price."""
        folder = self.folder / service
        if folder.is_dir():
            return tuple(sorted(path.stem for path in folder.glob("*.csv")))
        self._load(service, GLOBAL)
        return tuple(sorted({place for kind, place in self._places if kind == service}))

    def _load(self, service: str, region: str) -> None:
        """Read the file of `service`, or its part for `region`, unless that was done before."""
        if (service, region) in self._read or (service, "") in self._read:
            return
        whole, part = self.folder / f"{service}.csv", self.folder / service / f"{region}.csv"
        if whole.exists():
            self._read.add((service, ""))
            self._take(whole)
        else:
            self._read.add((service, region))
            if part.exists():
                self._take(part)

    def _genuine(self, path: Path) -> None:
        """Raises `InputError` where `path` is not what the book's manifest says it was."""
        if self._sums is None:
            self._sums = manifest.read(self.folder)
        name = path.relative_to(self.folder).as_posix()
        if self._sums and manifest.digest(path.read_bytes()) != self._sums.get(name):
            but = "the manifest of the price book has another checksum for it"
            fix = "take the book anew, or seal it if the change is meant: tradewind prices seal"
            raise InputError([Problem(str(path), "", "a changed file", but, fix)], UNDONE)

    def _take(self, path: Path) -> None:
        self._genuine(path)
        for row in _rows(path):
            key = (row[0], row[2], row[3], row[5])
            known = self._rows.get(key)
            if known is None:
                self._rows[key] = [row]
                self._places.setdefault((row[0], row[2]), []).append(key)
            else:
                known.append(row)

    def _of(self, key: _Key) -> list[Price]:
        """The prices of one usage type; rows that differ in nothing but their tier are one price."""
        if key not in self._prices:
            found = _prices(self._rows.get(key, ()), str(self.folder))
            if self.day is not None:
                found = self._then(key, found, self.day)
            if key[3] == "spot" and (by_zone := self._rows.get((*key[:3], "spot_zone"))):
                from finops.prices.zones import across

                zones = _prices(by_zone, str(self.folder))
                found = [across(price, zones) for price in found]
            if self.discounts is not None:
                found = [self.discounts.applied(price, self.listed) for price in found]
            self._prices[key] = found
        return self._prices[key]

    def _then(self, key: _Key, prices: list[Price], day: date) -> list[Price]:
        """What `prices` were on `day`; a price that the book has no past of stays as it is."""
        if self._past is None:
            self._past = _former(self.folder / FORMER)
        past = [
            price
            for price, until in self._past.get(key, ())
            if day < until and (price.as_of is None or price.as_of <= day)
        ]
        then = {(price.family, *sorted(price.attributes.items())): price for price in past}
        return [then.get((price.family, *sorted(price.attributes.items())), price) for price in prices]


def _former(path: Path) -> dict[_Key, list[tuple[Price, date]]]:
    """Past prices with the day until which each held."""
    found: dict[_Key, list[tuple[Price, date]]] = {}
    if path.exists():
        for *row, until in _rows(path, (*COLUMNS, "until")):
            for price in _prices([row], str(path)):
                key = (row[0], row[2], row[3], row[5])
                found.setdefault(key, []).append((price, date.fromisoformat(until)))
    return found


def _rows(path: Path, columns: tuple[str, ...] = COLUMNS) -> Iterator[_Row]:
    """The rows of one file. Raises `InputError` naming every line that has not the fixed columns."""
    problems: list[Problem] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != columns:
            expected = ",".join(columns)
            problem = Problem(f"{path}:1", "", "another header", "a price file has fixed columns", expected)
            raise InputError([problem], UNDONE)
        found = []
        for row in rows:
            if len(row) == len(columns):
                found.append(row)
            else:
                but = f"a row has {len(columns)} columns"
                problems.append(Problem(f"{path}:{rows.line_num}", "", f"{len(row)} columns", but, ""))
    if problems:
        raise InputError(problems, UNDONE)
    yield from found


def _prices(rows: Iterable[_Row], place: str) -> list[Price]:
    """Prices made of rows. Raises `InputError` naming every one that is wrong."""
    groups: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}
    for row in rows:
        groups.setdefault((*row[:6], row[8], *row[10:]), []).append((row[6], row[7], row[9]))
    prices, problems = [], []
    for key, tiers in groups.items():
        try:
            prices.append(_price(key, tiers))
        except (ArithmeticError, ValueError) as error:
            got = "; ".join(",".join(tier) for tier in tiers)
            problems.append(Problem(place, ",".join(key[:5]), got, str(error), "correct the row"))
    if problems:
        raise InputError(problems, UNDONE)
    return prices


def _price(key: tuple[str, ...], tiers: list[tuple[str, str, str]]) -> Price:
    service, family, region, usage_type, attributes, option, unit, currency, source, as_of, verified = key
    if verified not in ("yes", "no"):
        raise ValueError(f"verified is yes or no, not {verified!r}")
    steps = [
        Tier(Decimal(start), Decimal(end) if end else None, Decimal(price)) for start, end, price in tiers
    ]
    steps.sort(key=lambda tier: tier.start)
    ends: list[Decimal | None] = [Decimal(0), *(tier.end for tier in steps)]
    if ends[-1] is not None or any(tier.start != end for tier, end in zip(steps, ends, strict=False)):
        raise ValueError("tiers must begin at 0, follow each other and end open")
    return Price(
        service=service, family=family, region=region, usage_type=usage_type, unit=unit, tiers=tuple(steps),
        attributes=dict(part.split("=", 1) for part in attributes.split(";") if part),
        purchase_option=option, currency=currency, source=source,
        as_of=date.fromisoformat(as_of) if as_of else None, verified=verified == "yes",
    )  # fmt: skip
