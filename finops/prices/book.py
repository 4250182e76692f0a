"""Reading prices: lazily, one service and region at a time.

Prices lie in `aws/<service>.csv`, or in `aws/<service>/<region>.csv` where a service has thousands.
Service codes, product families and usage types are those of the AWS Price List; usage types stand
without the region's prefix (`NatGateway-Hours`, not `EUC1-NatGateway-Hours`). A price that is the same
everywhere, or belongs to no region, has the region `global`.

Two columns are short: `source` is a key of `aws/sources.csv`, and `verified` is `yes` or `no`. A price
with `verified` `no` was not read anywhere; whatever rests on it says so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from problems import InputError, Problem

__all__ = ["COLUMNS", "GLOBAL", "Price", "PriceBook", "Tier"]

COLUMNS = (
    "service", "family", "region", "usage_type", "attributes", "purchase_option", "tier_from", "tier_to",
    "unit", "price", "currency", "source", "as_of", "verified",
)  # fmt: skip
GLOBAL = "global"
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
        if len(self.tiers) == 1:
            return quantity * self.tiers[0].price
        total = Decimal(0)
        for tier in self.tiers:
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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

    def source(self, price: Price) -> str:
        """Where `price` was read, as a sentence."""
        if self._sources is None:
            path = self.folder / "sources.csv"
            with path.open(encoding="utf-8", newline="") as file:
                self._sources = {row["source"]: row["text"] for row in csv.DictReader(file)}
        return self._sources.get(price.source, price.source)

    def services(self) -> tuple[str, ...]:
        """The services that the book has prices of."""
        paths = (path for path in self.folder.iterdir() if path.name != "sources.csv")
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

    def _take(self, path: Path) -> None:
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
            self._prices[key] = _prices(self._rows.get(key, ()), str(self.folder))
        return self._prices[key]


def _rows(path: Path) -> Iterator[_Row]:
    """The rows of one file. Raises `InputError` naming every line that has not the fixed columns."""
    problems: list[Problem] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != COLUMNS:
            expected = ",".join(COLUMNS)
            problem = Problem(f"{path}:1", "", "another header", "a price file has fixed columns", expected)
            raise InputError([problem], UNDONE)
        found = []
        for row in rows:
            if len(row) == len(COLUMNS):
                found.append(row)
            else:
                but = f"a row has {len(COLUMNS)} columns"
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
