"""What a Karpenter pool may cost: which instance types it allows, and how far its limits reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import product
from operator import mul

from finops.estimators.subject import Section, Undetermined, Unpriceable
from finops.instances import Instance, instances
from finops.prices.book import PriceBook
from finops.quantity import HOURS, Quantity
from finops.usage import NodePool
from plan.values import is_known

__all__ = ["Allowed", "Decision", "Pool", "chosen", "decide", "quantity_of"]

NEAR = Decimal("1.02")
STEPS = 16
"""Fineness of the search for the weighting of limits that bounds a pool's cost best."""
GIB = {"Ki": Decimal(1) / 1024**2, "Mi": Decimal(1) / 1024, "Gi": Decimal(1), "Ti": Decimal(1024)}
UNITS = {
    "m": Decimal("0.001"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
}
READERS: Mapping[str, Callable[[Instance], str | int | Decimal | None]] = {
    "node.kubernetes.io/instance-type": lambda it: it.type,
    "beta.kubernetes.io/instance-type": lambda it: it.type,
    "kubernetes.io/arch": lambda it: it.architecture,
    "karpenter.k8s.aws/instance-category": lambda it: it.category,
    "karpenter.k8s.aws/instance-family": lambda it: it.family,
    "karpenter.k8s.aws/instance-generation": lambda it: it.generation,
    "karpenter.k8s.aws/instance-size": lambda it: it.size,
    "karpenter.k8s.aws/instance-cpu": lambda it: it.vcpu,
    "karpenter.k8s.aws/instance-memory": lambda it: int((it.memory_gib or 0) * 1024),
    "karpenter.k8s.aws/instance-gpu-count": lambda it: it.accelerators or None if it.is_nvidia else None,
    "karpenter.k8s.aws/instance-gpu-name": lambda it: _gpu_name(it),
    "karpenter.k8s.aws/instance-gpu-manufacturer": lambda it: "nvidia" if it.is_nvidia else None,
    "karpenter.k8s.aws/instance-accelerator-count": lambda it: (
        it.accelerators or None if it.category in ("inf", "trn") else None
    ),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """An instance type that a pool may start, with its price on demand, USD an hour."""

    instance: Instance
    price: Decimal


@dataclass(frozen=True, slots=True)
class Pool:
    """What a NodePool says: requirements by label, purchase options, limits by resource."""

    name: str
    requirements: tuple[tuple[str, str, tuple[str, ...]], ...]
    limits: Mapping[str, Decimal]

    @classmethod
    def of(cls, spec: Section, name: str) -> Pool:
        """Read from `spec`. Raises `Undetermined` when part of it is decided during deployment."""
        rows = []
        for part in spec.section("template").section("spec").sections("requirements"):
            values = part.value("values") or []
            if not isinstance(values, list) or not is_known(values):
                raise Undetermined(f"{part.path}.values")
            rows.append(
                (part.text("key"), part.text("operator", "In"), tuple(str(value) for value in values))
            )
        limits = spec.section("limits")
        return cls(name, tuple(rows), {key: quantity_of(key, limits.text(key)) for key in limits.inputs})

    @property
    def purchase_options(self) -> frozenset[str]:
        """Karpenter's capacity types: on demand alone where the pool states none."""
        for key, operator, values in self.requirements:
            if key == "karpenter.sh/capacity-type" and operator == "In":
                return frozenset(values)
        return frozenset({"on-demand"})

    def allows(self, instance: Instance) -> bool:
        """Whether the pool may start one: it meets the requirements and alone is within the limits."""
        within = all(instance.units(resource) <= limit for resource, limit in self.limits.items())
        return within and all(_holds(instance, *requirement) for requirement in self.requirements)

    def allowed(self, book: PriceBook, region: str) -> tuple[Allowed, ...]:
        """Every allowed instance type that has a price in `region`, the cheapest node first."""
        return _allowed(self, book, region)

    def __hash__(self) -> int:
        return hash((self.requirements, tuple(self.limits.items())))


@lru_cache(maxsize=256)
def _allowed(pool: Pool, book: PriceBook, region: str) -> tuple[Allowed, ...]:
    table, found = instances(), []
    for price in book.all("AmazonEC2", region):
        instance = table.get(price.attributes.get("instanceType", ""))
        if instance is not None and pool.allows(instance):
            found.append(Allowed(instance, price.rate))
    return tuple(sorted(found, key=lambda it: (it.price, it.instance.type)))


@dataclass(frozen=True, slots=True)
class Decision:
    """Hours by purchase option and instance type, and hours of nodes altogether."""

    hours: tuple[tuple[str, str, Quantity], ...]
    node_hours: Quantity


def decide(pool: Pool, stated: NodePool, book: PriceBook, region: str, factor: Decimal) -> Decision:
    """How long which nodes run. Raises `Unpriceable` when no allowed instance type has a price.

    The ceiling is what no mix of allowed types within the limits can exceed, all month, on demand;
    without limits it is `factor` times what is expected.
    """
    allowed = pool.allowed(book, region)
    if not allowed:
        raise Unpriceable(f"no instance type that pool {pool.name} allows has a price in {region}")
    runs = _chosen(pool, stated, allowed)
    hours = _expected_hours(pool, stated, runs)
    spot = _spot_share(pool, stated)
    if (
        spot
        and book.find(
            service="AmazonEC2",
            region=region,
            usage_type=f"BoxUsage:{runs.instance.type}",
            purchase_option="spot",
        )
        is None
    ):
        spot = Decimal(0)
    bound = _bound(pool, allowed)
    if bound is None:
        most = stated.ceiling_nodes * HOURS if stated.ceiling_nodes is not None else hours * factor
        driver = f"pool {pool.name} has no limits: at most {factor} x what is expected"
        amount = Quantity.between(0, hours, max(most, hours), driver)
        return Decision(tuple(_split(amount, spot, runs.instance.type)), amount)
    dearest, most_cost, words = bound
    driver = f"pool {pool.name}, limit {words}"
    hours = min(hours, most_cost * HOURS / runs.price)
    amount = Quantity(Decimal(0), hours, hours, (driver,))
    expected = list(_split(amount, spot, runs.instance.type))
    spent = sum((_price(book, region, *row[:2]) * row[2].ceiling for row in expected), Decimal(0))
    spare = Quantity.between(0, 0, max(most_cost * HOURS - spent, Decimal(0)) / dearest.price, driver)
    nodes = Quantity.between(0, hours, max(most_cost * HOURS / dearest.price, hours), driver)
    return Decision((*expected, ("on_demand", dearest.instance.type, spare)), nodes)


def chosen(pool: Pool, stated: NodePool, allowed: Sequence[Allowed]) -> Allowed:
    """The instance type that is expected to run. Raises `Unpriceable` when none can."""
    if not allowed:
        raise Unpriceable(f"no instance type that pool {pool.name} allows has a price here")
    return _chosen(pool, stated, allowed)


def _price(book: PriceBook, region: str, option: str, kind: str) -> Decimal:
    found = book.find(
        service="AmazonEC2", region=region, usage_type=f"BoxUsage:{kind}", purchase_option=option
    )
    return found.rate if found is not None else Decimal(0)


def _chosen(pool: Pool, stated: NodePool, allowed: Sequence[Allowed]) -> Allowed:
    """The stated type, or the cheapest allowed one by unit of what the pool is limited in."""
    if stated.instance_type:
        found = next((it for it in allowed if it.instance.type == stated.instance_type), None)
        if found is None:
            raise Unpriceable(
                f"pool {pool.name} does not allow {stated.instance_type}, which the usage file names, or it has no price here"
            )
        return found
    resource = _main_resource(pool, allowed)
    by_unit = {it: it.price / it.instance.units(resource) for it in allowed if it.instance.units(resource)}
    if not by_unit:
        return allowed[0]
    # Sizes of a family cost the same by unit but for rounding: the smallest of those is the plainest.
    bound = min(by_unit.values()) * NEAR
    return min(
        (it for it, price in by_unit.items() if price <= bound), key=lambda it: (it.price, it.instance.type)
    )


def _main_resource(pool: Pool, allowed: Sequence[Allowed]) -> str:
    """Accelerators where every allowed type has them, otherwise processors."""
    for resource in pool.limits:
        if resource not in ("cpu", "memory") and all(it.instance.units(resource) for it in allowed):
            return resource
    return "cpu"


def _expected_hours(pool: Pool, stated: NodePool, chosen: Allowed) -> Decimal:
    if stated.average_nodes is not None:
        return stated.average_nodes * HOURS
    if stated.gpu_hours_per_month is not None:
        if not chosen.instance.accelerators:
            raise Unpriceable(
                f"gpu_hours_per_month is stated for pool {pool.name}, but {chosen.instance.type} has no GPU"
            )
        return stated.gpu_hours_per_month / chosen.instance.accelerators
    return HOURS


def _spot_share(pool: Pool, stated: NodePool) -> Decimal:
    options = pool.purchase_options
    if "spot" not in options:
        return Decimal(0)
    if options == {"spot"}:
        return Decimal(1)
    return stated.spot_share or Decimal(0)


def _bound(pool: Pool, allowed: Sequence[Allowed]) -> tuple[Allowed, Decimal, str] | None:
    """The dearest type under the limits together, USD an hour at them, and the limits in words.

    Shares of the limits used up, in any weighting, sum to at most one: so one over the least share a
    dollar buys bounds the cost, and the weighting with the lowest bound comes next to the best mix of
    types. A coarse search is enough, as every weighting is a bound.
    """
    limits = {
        key: limit
        for key, limit in pool.limits.items()
        if limit and any(it.instance.units(key) for it in allowed)
    }
    shares = [[float(it.instance.units(key) / limit) for key, limit in limits.items()] for it in allowed]
    prices = [float(it.price) for it in allowed]
    best: tuple[float, int, tuple[int, ...]] | None = None
    for weights in _weightings(len(limits)):
        used = [sum(map(mul, weights, row)) for row in shares]
        if min(used) > 0:
            costs = [price / share for price, share in zip(prices, used, strict=True)]
            most = max(costs)
            if best is None or most < best[0]:
                best = most, costs.index(most), weights
    if best is None:
        return None
    _, index, weights = best
    # Once more in decimals, over all types: what was found in floats only chose the weighting.
    pairs = list(zip(limits.items(), weights, strict=True))

    def cost(it: Allowed) -> Decimal:
        return (
            it.price * STEPS / sum(weight * it.instance.units(key) / limit for (key, limit), weight in pairs)
        )

    words = " and ".join(f"{limit.normalize():f} {key}" for (key, limit), weight in pairs if weight)
    return allowed[index], max(cost(it) for it in allowed), words


@lru_cache
def _weightings(count: int) -> tuple[tuple[int, ...], ...]:
    """All ways to spread `STEPS` over `count` limits."""
    if count == 0:
        return ()
    if count == 1:
        return ((STEPS,),)
    spread = product(range(STEPS + 1), repeat=count - 1)
    return tuple((*head, STEPS - sum(head)) for head in spread if sum(head) <= STEPS)


def _split(hours: Quantity, spot: Decimal, kind: str) -> Iterator[tuple[str, str, Quantity]]:
    if spot < 1:
        yield "on_demand", kind, hours * (1 - spot)
    if spot > 0:
        yield "spot", kind, hours * spot


def quantity_of(resource: str, text: str) -> Decimal:
    """A limit as a number: memory in GiB, everything else in units. `500m` is half a unit."""
    if resource == "memory":
        for suffix, factor in GIB.items():
            if text.endswith(suffix):
                return Decimal(text.removesuffix(suffix)) * factor
    for suffix, factor in UNITS.items():
        if text.endswith(suffix):
            number = Decimal(text.removesuffix(suffix)) * factor
            return number / 1024**3 if resource == "memory" else number
    return Decimal(text) / 1024**3 if resource == "memory" else Decimal(text)


def _gpu_name(it: Instance) -> str | None:
    """Karpenter's name of the GPU: `NVIDIA A100 80GB` is `a100`, as the device plugin calls it."""
    return it.accelerator.removeprefix("NVIDIA ").split()[0].lower() if it.is_nvidia else None


def _holds(instance: Instance, key: str, operator: str, values: tuple[str, ...]) -> bool:
    """Whether an instance type meets one requirement; labels that say nothing of the type are met."""
    reader = READERS.get(key)
    if reader is None:
        return True
    value = reader(instance)
    match operator:
        case "In":
            return value is not None and str(value) in values
        case "NotIn":
            return value is None or str(value) not in values
        case "Gt":
            return value is not None and Decimal(value) > Decimal(values[0])
        case "Lt":
            return value is not None and Decimal(value) < Decimal(values[0])
        case "Gte":
            return value is not None and Decimal(value) >= Decimal(values[0])
        case "Lte":
            return value is not None and Decimal(value) <= Decimal(values[0])
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return True
