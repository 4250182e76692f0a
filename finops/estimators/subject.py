"""What an estimator sees of a resource: its inputs as far as they are known, its usage, its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from finops.prices.book import PriceBook
from finops.quantity import Quantity
from finops.usage import Usage
from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Reference, Template, Value, references

__all__ = ["Item", "Rate", "Subject", "Undetermined", "Unpriceable", "item"]

BETWEEN_REGIONS = "between regions"
LARGEST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Rate:
    """Which price applies: names of the AWS Price List, without the region's prefix.

    `region` stands where the charge arises elsewhere than the resource: a replica's region.
    """

    service: str
    usage_type: str
    family: str = ""
    purchase_option: str = "on_demand"
    region: str = ""
    attributes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One charge: `quantity` a month at `rate`.

    `region` is where people would look for it (default: where the price is from); `copy` marks what
    exists only because data is kept in another region too.
    """

    name: str
    quantity: Quantity
    rate: Rate
    region: str = ""
    copy: bool = False
    service: str = ""


class Undetermined(Exception):
    """An input on which the price depends is decided during deployment."""

    def __init__(self, property: str, why: str = "is decided during deployment") -> None:
        super().__init__(f"`{property}` {why}")


class Unpriceable(Exception):
    """What this resource costs cannot be told, for the reason given."""


def item(
    name: str, quantity: Quantity | Decimal | int, rate: Rate, *,
    region: str = "", copy: bool = False, service: str = "",
) -> Item:  # fmt: skip
    """One charge of a resource."""
    amount = quantity if isinstance(quantity, Quantity) else Quantity.exactly(quantity)
    return Item(name, amount, rate, region, copy, service)


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource in its graph, with its usage and the price book."""

    resource: Resource
    graph: Graph
    stated: Usage
    book: PriceBook
    assumptions: set[str]

    @property
    def region(self) -> str:
        return self.resource.region

    def usage(self, key: str, *, limit: Decimal | None = None, because: str = "") -> Quantity:
        """How much of `key` a month: as stated for this resource, for its type, or the default.

        `limit` is what the resource itself allows at most, `because` of which of its settings.
        """
        return self.stated.of(self.resource, self.graph, key, limit=limit, because=because)

    def value(self, property: str, default: Value = None) -> Value:
        """An input, followed through references as far as the graph knows. Raises `Undetermined`."""
        return self._known(self.resource, property, self.resource.inputs.get(property), default, depth=8)

    def states(self, property: str) -> bool:
        """Whether the program says anything about `property`, be it known or not."""
        value = self.resource.inputs.get(property)
        return value is not None and not (isinstance(value, str | list | dict) and not value)

    def text(self, property: str, default: str = "") -> str:
        return _text(property, self.value(property, default))

    def number(self, property: str, default: Decimal | int | str = 0) -> Decimal:
        """An input as a number; "16.0" counts, as some providers pass numbers as text."""
        return _number(property, self.value(property, default))

    def flag(self, property: str, default: bool = False) -> bool:
        value = self.value(property, default)
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def items(self, property: str) -> list[Value]:
        """A list input; one object alone counts as a list of one."""
        value = self.value(property, [])
        return value if isinstance(value, list) else [value]

    def section(self, property: str) -> Section:
        """A nested object, empty where it is absent; a list of one object counts as that object."""
        value = self.value(property, {})
        if isinstance(value, list):
            value = value[0] if value else {}
        return Section(self, property, value if isinstance(value, dict) else {})

    def sections(self, property: str) -> list[Section]:
        found = enumerate(self.items(property))
        return [Section(self, f"{property}[{place}]", it) for place, it in found if isinstance(it, dict)]

    def linked(self, property: str, *types: str) -> Resource | None:
        """The managed resource of one of `types` that `property` refers to."""
        found = list(references(self.resource.inputs.get(property)))
        urns = [it.urn for it in found] or list(self.resource.property_dependencies.get(property, ()))
        for urn in urns:
            resource = self.graph.get(urn)
            if resource is not None and resource.type in types:
                return resource
        return None

    def of(self, resource: Resource) -> Subject:
        """Another resource of the graph, seen the same way."""
        return Subject(resource, self.graph, self.stated, self.book, self.assumptions)

    def dependents(self, *types: str) -> Iterator[Resource]:
        """The resources of `types` that depend on this one directly."""
        return (it for it in self.graph.dependents(self.resource.urn) if it.type in types)

    def assume(self, sentence: str) -> None:
        self.assumptions.add(sentence)

    def _known(self, owner: Resource, property: str, value: Value, default: Value, depth: int) -> Value:
        if value is None:
            return default
        if isinstance(value, Reference):
            return self._followed(value, property, default, depth)
        if value is UNKNOWN:
            return self._guessed(owner, property, default, depth)
        if value is SECRET:
            raise Undetermined(property, "is a secret")
        if isinstance(value, Template):
            raise Undetermined(property)
        return value

    def _followed(self, value: Reference, property: str, default: Value, depth: int) -> Value:
        """The output of another resource, where that output merely repeats one of its inputs."""
        target = self.graph.get(value.urn)
        if target is None or depth == 0 or value.property not in {**target.inputs, **target.outputs}:
            raise Undetermined(property)
        known = target.outputs.get(value.property, target.inputs.get(value.property))
        return self._known(target, value.property, known, default, depth - 1)

    def _guessed(self, owner: Resource, property: str, default: Value, depth: int) -> Value:
        """An unknown that comes from one resource alone which has an input of the same name."""
        urns = owner.property_dependencies.get(property, ())
        target = self.graph.get(urns[0]) if len(urns) == 1 else None
        if target is None or depth == 0 or property not in target.inputs:
            raise Undetermined(property)
        value = self._known(target, property, target.inputs[property], default, depth - 1)
        self.assume(f"`{property}` of {owner.name} is taken from {target.name}, of which it is made")
        return value


@dataclass(frozen=True, slots=True)
class Section:
    """A nested object of inputs."""

    subject: Subject
    path: str
    inputs: Mapping[str, Value]

    def __bool__(self) -> bool:
        return bool(self.inputs)

    def value(self, property: str, default: Value = None) -> Value:
        value, path = self.inputs.get(property), f"{self.path}.{property}"
        if value is None:
            return default
        if value is UNKNOWN or value is SECRET or isinstance(value, Template):
            raise Undetermined(path)
        if isinstance(value, Reference):
            return self.subject._followed(value, path, default, 8)
        return value

    def text(self, property: str, default: str = "") -> str:
        return _text(f"{self.path}.{property}", self.value(property, default))

    def number(self, property: str, default: Decimal | int | str = 0) -> Decimal:
        return _number(f"{self.path}.{property}", self.value(property, default))

    def flag(self, property: str, default: bool = False) -> bool:
        value = self.value(property, default)
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def sections(self, property: str) -> list[Section]:
        value, path = self.value(property, []), f"{self.path}.{property}"
        found = enumerate(value if isinstance(value, list) else [value])
        return [Section(self.subject, f"{path}[{place}]", it) for place, it in found if isinstance(it, dict)]

    def section(self, property: str) -> Section:
        value = self.value(property, {})
        if isinstance(value, list):
            value = value[0] if value else {}
        return Section(self.subject, f"{self.path}.{property}", value if isinstance(value, dict) else {})


def _text(path: str, value: Value) -> str:
    if isinstance(value, str | int | float | Decimal):
        return str(value)
    raise Undetermined(path, "is not text")


def _number(path: str, value: Value) -> Decimal:
    """`value` as a number that can be a size, a count or a rate. Raises `Undetermined` otherwise."""
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise Undetermined(path, f"is {value!r}, not a number") from error
    if not number.is_finite() or abs(number) > LARGEST:
        raise Undetermined(path, f"is {value!r}, which is no size or count")
    return number
