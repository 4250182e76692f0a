"""What a plan will cost a month: every charge of every resource, as an interval.

Floor is what runs in any case (minimum replicas and sizes, no usage), expected is the stated or default
usage, ceiling is where limits end it. Money is USD a month of 730 hours, list prices, without free tiers,
taxes and commitments. Every line is rounded to cents (half up), and every total is the sum of rounded
lines: what is shown adds up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from finops.cost_document import document, money
from finops.estimators import REGISTRY, Item, Subject, Undetermined, Unpriceable, free_types
from finops.free_tiers import Credit, FreeTier, credits_of
from finops.place import Place, place_of
from finops.prices import commitments
from finops.prices.book import Price, PriceBook
from finops.prices.zones import ASSUMED, SPOT
from finops.quantity import Quantity
from finops.usage import Usage
from finops.workloads import Share, shares
from plan.graph import Graph, Resource

__all__ = ["BETWEEN_REGIONS", "Cost", "Driver", "Estimate", "Line", "Unpriced", "estimate"]

BETWEEN_REGIONS = "between regions"
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """USD a month: at least, probably, at most."""

    floor: Decimal = Decimal(0)
    expected: Decimal = Decimal(0)
    ceiling: Decimal = Decimal(0)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.floor + other.floor, self.expected + other.expected, self.ceiling + other.ceiling)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.floor - other.floor, self.expected - other.expected, self.ceiling - other.ceiling)

    @property
    def spread(self) -> Decimal:
        return self.ceiling - self.floor

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Cost:
        """The sum of `lines` as they are shown."""
        floor = expected = ceiling = Decimal(0)
        for line in lines:
            floor, expected, ceiling = floor + line.floor, expected + line.expected, ceiling + line.ceiling
        return cls(floor, expected, ceiling)

    def to_dict(self) -> dict[str, str]:
        return {
            "floor": money(self.floor),
            "expected": money(self.expected),
            "ceiling": money(self.ceiling),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One charge of one resource: `floor`, `expected` and `ceiling` are USD a month, rounded to cents.

    `copy` marks what is there only because data is kept in another region too.
    """

    urn: str
    type: str
    name: str
    region: str
    service: str
    item: str
    unit: str
    price: Price
    quantities: Quantity
    floor: Decimal
    expected: Decimal
    ceiling: Decimal
    component: str = ""
    tenant: str = ""
    copy: bool = False
    source: str = ""

    @property
    def drivers(self) -> tuple[str, ...]:
        """What decides between floor and ceiling."""
        return self.quantities.drivers

    @property
    def verified(self) -> bool:
        return self.price.verified

    @property
    def cost(self) -> Cost:
        return Cost(self.floor, self.expected, self.ceiling)

    @property
    def saved(self) -> Decimal:
        """What a contract takes off the expected cost; below zero where its rate is above the list."""
        return _rounded(self.price.list_cost(self.quantities.expected)) - self.expected


@dataclass(frozen=True, slots=True)
class Unpriced:
    """What could not be priced and is in no total: a resource, or one `item` of it."""

    urn: str
    type: str
    name: str
    reason: str
    region: str = ""
    item: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """What one source of uncertainty is worth: all lines of `name` in `region` that `driver` moves.

    `item` is the one among them with the widest spread.
    """

    name: str
    item: str
    driver: str
    region: str
    cost: Cost


_GROUPS: Mapping[str, Callable[[Line], str]] = {
    "service": lambda line: line.service,
    "region": lambda line: line.region,
    "component": lambda line: line.component,
    "tenant": lambda line: line.tenant,
    "resource": lambda line: line.urn,
}


@dataclass(frozen=True)
class Estimate:
    """Lines in the order of the graph, what is not in them, and what was assumed.

    `day` is the past day whose prices were asked for; `credits` are free allowances, no part of `total`.
    """

    lines: tuple[Line, ...]
    unpriced: tuple[Unpriced, ...] = ()
    free: int = 0
    assumptions: tuple[str, ...] = ()
    currency: str = field(default="USD")
    day: date | None = None
    credits: tuple[Credit, ...] = ()
    workloads: tuple[Share, ...] = ()

    @cached_property
    def total(self) -> Cost:
        return Cost.of(self.lines)

    def by(self, what: str) -> dict[str, Cost]:
        """Sums by `service`, `region`, `component`, `tenant` or `resource` (URN), dearest first.

        "" stands for lines without a component or tenant. Raises `KeyError` for anything else.
        """
        name = _GROUPS[what]
        groups: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            groups[name(line)].append(line)
        costs = {key: Cost.of(lines) for key, lines in groups.items()}
        return dict(sorted(costs.items(), key=lambda pair: (-pair[1].expected, -pair[1].ceiling, pair[0])))

    def drivers(self, n: int = 5, *, region: str | None = None) -> tuple[Driver, ...]:
        """The `n` sources of uncertainty with the widest spread, of one region or of all."""
        groups: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
        for line in self.lines:
            if line.drivers and region in (None, line.region):
                groups[(line.name, "; ".join(line.drivers), line.region)].append(line)
        found = []
        for (name, driver, place), lines in groups.items():
            widest = max(lines, key=lambda line: (line.cost.spread, line.item))
            found.append(Driver(name, widest.item, driver, place, Cost.of(lines)))
        found.sort(key=lambda it: (-it.cost.spread, -it.cost.expected, it.name, it.item, it.region))
        return tuple(found[:n])

    @cached_property
    def survival_price(self) -> Cost:
        """What copies in other regions cost: replicas of tables, databases and keys, replication traffic.

        Not in it: what buckets hold (in two-way replication none of them is the copy), and compute and
        networks of further regions, which serve users too. Which part of those is there only for
        survival cannot be told from a plan.
        """
        return Cost.of(line for line in self.lines if line.copy)

    @cached_property
    def unverified(self) -> tuple[Line, ...]:
        """Lines that rest on a price which was read nowhere."""
        return tuple(line for line in self.lines if not line.verified)

    @cached_property
    def net(self) -> Cost:
        """The total without what is free."""
        return self.total - sum((Cost(it.floor, it.expected, it.ceiling) for it in self.credits), Cost())

    def with_free(self, tiers: Iterable[FreeTier]) -> Estimate:
        """The same estimate with the allowances that hold once for an account."""
        return replace(self, credits=credits_of(self.lines, tiers))

    @cached_property
    def later(self) -> tuple[Line, ...]:
        """Lines whose price was read after the day asked for, and of which nothing older is known."""
        day = self.day
        return tuple(it for it in self.lines if day and it.price.as_of is not None and it.price.as_of > day)

    @cached_property
    def prices_as_of(self) -> tuple[date, date] | None:
        """The oldest and the newest date among the prices used; None where none has a date."""
        dates = [line.price.as_of for line in self.lines if line.price.as_of is not None]
        return (min(dates), max(dates)) if dates else None

    def to_dict(self) -> dict[str, Any]:
        """The versioned document (`finops/schemas/cost.json`): money as text, everything in a fixed order."""
        return document(self)


def estimate(graph: Graph, usage: Usage, book: PriceBook) -> Estimate:
    """What the managed resources of `graph` cost under `usage` at the prices of `book`. Pure."""
    lines: list[Line] = []
    unpriced: list[Unpriced] = []
    assumptions: set[str] = set()
    free = 0
    for resource in graph:
        if not resource.is_managed:
            continue
        if resource.type in REGISTRY:
            subject = Subject(resource, graph, usage, book, assumptions)
            where = place_of(resource, graph)
            charged, missing = _priced(subject, where)
            lines += charged
            unpriced += missing
            free += not charged and not missing
        elif _is_free(resource.type):
            free += 1
        else:
            unpriced.append(_unpriced(resource, f"no estimator knows {resource.type} yet"))
    if any("no limit" in driver for line in lines for driver in line.drivers):
        assumptions.add(
            f"usage without a stated ceiling is at most {usage.ceiling_factor} times what is expected"
        )
    assumptions.update(_of_prices(lines, book))
    return Estimate(
        tuple(lines),
        tuple(unpriced),
        free,
        tuple(sorted(assumptions)),
        day=book.day,
        workloads=shares(graph, lines),
    )


def _of_prices(lines: Iterable[Line], book: PriceBook) -> Iterator[str]:
    """What the prices themselves assume."""
    if any(line.price.purchase_option == SPOT and "zones" in line.price.attributes for line in lines):
        yield ASSUMED
    if book.discounts is not None and book.discounts.commitments:
        yield commitments.ASSUMED


def _priced(subject: Subject, where: Place) -> tuple[list[Line], list[Unpriced]]:
    resource, lines, missing = subject.resource, [], []
    entry = REGISTRY[resource.type]
    try:
        for item in entry.function(subject):
            if not item.quantity.ceiling:
                continue
            region = item.rate.region or where.region
            price = subject.book.find(
                service=item.rate.service,
                region=region,
                usage_type=item.rate.usage_type,
                family=item.rate.family,
                purchase_option=item.rate.purchase_option,
                **(item.rate.attributes or {}),
            )
            if price is None:
                place = f"in {region}" if region else "without a region"
                reason = f"the price book has no price for {item.rate.service} {item.rate.usage_type} {place}"
                missing.append(_unpriced(resource, reason, region=item.region or region, item=item.name))
            else:
                lines.append(_line(resource, item, price, item.service or entry.service, where))
    except (Undetermined, Unpriceable) as error:
        missing.append(_unpriced(resource, str(error), region=where.region))
    except (ValueError, ArithmeticError) as error:
        # Fewer than no instances, a minimum above the maximum: AWS will refuse it too.
        reason = f"its inputs do not fit together: {error}"
        missing.append(_unpriced(resource, reason, region=where.region))
    return lines, missing


def _line(resource: Resource, item: Item, price: Price, service: str, where: Place) -> Line:
    quantity = item.quantity
    floor = expected = ceiling = _rounded(price.cost(quantity.ceiling))
    if not quantity.is_exact:
        floor, expected = _rounded(price.cost(quantity.floor)), _rounded(price.cost(quantity.expected))
    return Line(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        region=item.region or item.rate.region or where.region or "global",
        service=service,
        item=item.name,
        unit=price.unit,
        price=price,
        quantities=quantity,
        floor=floor,
        expected=expected,
        ceiling=ceiling,
        component=where.component,
        tenant=where.tenant,
        copy=item.copy,
        source=resource.source,
    )


def _unpriced(resource: Resource, reason: str, *, region: str = "", item: str = "") -> Unpriced:
    return Unpriced(
        resource.urn, resource.type, resource.name, reason, region or resource.region, item, resource.source
    )


def _is_free(token: str) -> bool:
    free = free_types()
    return token in free or f"{token.partition(':')[0]}:*" in free


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
