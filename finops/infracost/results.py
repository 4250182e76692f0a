"""Infracost's document, as charges of resources: `Theirs` by Terraform address. All numbers are `Decimal`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from problems import Missing

__all__ = ["Component", "Theirs", "counted", "read", "unsupported"]


@dataclass(frozen=True, slots=True)
class Component:
    """One charge: `quantity` is None where Infracost was told no usage, `priced` False where it found no price.

    `name` has the names of the parts it stands in: `Standard / Storage`. `cost` is USD a month.
    """

    name: str
    unit: str
    quantity: Decimal | None
    price: Decimal
    cost: Decimal
    priced: bool


@dataclass(frozen=True, slots=True)
class Theirs:
    """What Infracost says of one resource; without components, that it is free."""

    address: str
    components: tuple[Component, ...]

    @property
    def cost(self) -> Decimal:
        return sum((one.cost for one in self.components), Decimal(0))

    @property
    def is_priced(self) -> bool:
        """Whether it found a price of anything; usage without quantity has its price all the same."""
        return any(one.priced for one in self.components)


def read(document: Mapping[str, Any]) -> dict[str, Theirs]:
    """Every resource that Infracost knows, by address: priced ones, and those that it takes to be free.

    Raises `Missing` where the document has another shape, or where its total is not that of its parts.
    """
    try:
        found: dict[str, Theirs] = {}
        for project in document["projects"]:
            breakdown = project["breakdown"]
            for row in (*(breakdown.get("resources") or ()), *(breakdown.get("freeResources") or ())):
                found[row["name"]] = Theirs(row["name"], tuple(_components(row, "")))
        total = _number(document["totalMonthlyCost"])
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise Missing(f"Infracost's document has another shape than that of 0.10: {error!r}") from None
    mine = sum((one.cost for one in found.values()), Decimal(0))
    if abs(mine - total) > Decimal("0.01") + len(found) * Decimal("0.00001"):
        raise Missing(f"Infracost's total is {total:f}, its resources make {mine:f}: it cannot be compared")
    return found


def unsupported(document: Mapping[str, Any]) -> frozenset[str]:
    """Terraform types in the plan that Infracost says it does not support."""
    counts = (document.get("summary") or {}).get("unsupportedResourceCounts")
    return frozenset(counts or ())


def counted(document: Mapping[str, Any]) -> int:
    """How many resources Infracost says it saw, free and unsupported ones too."""
    found = (document.get("summary") or {}).get("totalDetectedResources")
    return found if isinstance(found, int) else 0


def _components(row: Mapping[str, Any], outer: str) -> Iterator[Component]:
    for one in row.get("costComponents") or ():
        quantity = one.get("monthlyQuantity")
        yield Component(
            f"{outer}{one['name']}", one.get("unit") or "", None if quantity is None else _number(quantity),
            _number(one.get("price")), _number(one.get("monthlyCost")), not one.get("priceNotFound", False),
        )  # fmt: skip
    for part in row.get("subresources") or ():
        yield from _components(part, f"{outer}{part['name']} / ")


def _number(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)
