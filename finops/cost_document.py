"""The versioned document of an estimate (`finops/schemas/cost.json`): money as text, everything in a fixed order."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from finops.sensitivity import swings

if TYPE_CHECKING:
    from finops.estimate import Estimate, Line

__all__ = ["SCHEMA", "document"]

SCHEMA = "tradewind.cost/1"


def document(estimate: Estimate) -> dict[str, Any]:
    """`estimate` as plain values."""
    groups = ("service", "region", "component", "tenant", "resource")
    return {
        "schema": SCHEMA,
        "currency": estimate.currency,
        "hours_a_month": 730,
        "as_of": estimate.day.isoformat() if estimate.day else "",
        "later": len(estimate.later),
        "total": estimate.total.to_dict(),
        "survival_price": estimate.survival_price.to_dict(),
        "credits": [
            {
                "name": it.name, "service": it.service, "floor": money(it.floor),
                "expected": money(it.expected), "ceiling": money(it.ceiling),
            }
            for it in estimate.credits
        ],
        "net": estimate.net.to_dict(),
        "discounts": _discounts(estimate),
        "workloads": [
            {"workload": it.workload, "pool": it.pool, "region": it.region, "cost": money(it.cost)}
            for it in sorted(estimate.workloads, key=lambda it: (it.region, it.pool, it.workload))
        ],
        "sensitivity": [
            {
                "assumption": it.assumption, "of": it.of, "charges": it.charges,
                "expected": money(it.expected), "low": money(it.low), "high": money(it.high),
            }
            for it in swings(estimate.lines)
        ],
        "by": {what: {key: cost.to_dict() for key, cost in sorted(estimate.by(what).items())} for what in groups},
        "lines": [_line(line) for line in sorted(estimate.lines, key=_order)],
        "unpriced": [
            {name: getattr(it, name) for name in it.__slots__}
            for it in sorted(estimate.unpriced, key=lambda it: (it.urn, it.item))
        ],
        "free": estimate.free,
        "unverified": len(estimate.unverified),
        "assumptions": sorted(estimate.assumptions),
    }  # fmt: skip


def _discounts(estimate: Estimate) -> list[dict[str, Any]]:
    """Every use of a contract, summed by what changed the price: charges, and what they save as expected."""
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in estimate.lines:
        if line.price.discount:
            groups[(line.price.discount, line.price.service)].append(line)
    return [
        {
            "discount": discount,
            "service": service,
            "charges": len(lines),
            "saved": money(sum((line.saved for line in lines), Decimal(0))),
        }
        for (discount, service), lines in sorted(groups.items())
    ]


def money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def text(number: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    shown = f"{number:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _order(line: Line) -> tuple[str, ...]:
    return (line.urn, line.region, line.item, line.price.usage_type)


def _line(line: Line) -> dict[str, Any]:
    price, quantity = line.price, line.quantities
    skipped = ("price", "quantities", "floor", "expected", "ceiling")
    return {
        **{name: getattr(line, name) for name in line.__slots__ if name not in skipped},
        **line.cost.to_dict(),
        "quantity": {
            "floor": text(quantity.floor),
            "expected": text(quantity.expected),
            "ceiling": text(quantity.ceiling),
        },
        "drivers": list(quantity.drivers),
        "price": {
            "service": price.service,
            "usage_type": price.usage_type,
            "region": price.region,
            "purchase_option": price.purchase_option,
            "rate": text(price.rate),
            "tiers": len(price.tiers),
            "source": price.source,
            "as_of": price.as_of.isoformat() if price.as_of else "",
            "verified": price.verified,
            "discount": price.discount,
        },
    }
