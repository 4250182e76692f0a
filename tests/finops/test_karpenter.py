"""Karpenter pools: which instance types they allow, and what their limits may cost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.estimate import Estimate
from finops.estimators.karpenter import Pool, decide, quantity_of
from finops.instances import instances
from finops.prices import PriceBook
from finops.usage import NodePool, Usage, load
from plan.graph import Resource
from plan.values import UNKNOWN

POOL = "kubernetes:karpenter.sh/v1:NodePool"
CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
Make = Callable[..., Resource]
Priced = Callable[..., Estimate]
BOOK = PriceBook.bundled()


def requirement(key: str, *values: str, operator: str = "In") -> tuple[str, str, tuple[str, ...]]:
    return (key, operator, values)


FAMILY = "karpenter.k8s.aws/instance-family"
CATEGORY = "karpenter.k8s.aws/instance-category"
TYPE = "node.kubernetes.io/instance-type"


def spec(
    limits: dict[str, str], *rows: tuple[str, str, tuple[str, ...]], name: str = "default"
) -> dict[str, Any]:
    terms = [{"key": key, "operator": operator, "values": list(values)} for key, operator, values in rows]
    return {"limits": limits, "template": {"spec": {"requirements": terms, "nodeClassRef": {"name": name}}}}


def usage(folder: Path, text: str) -> Usage:
    path = folder / "usage.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("row", "allowed", "refused"),
    [
        (requirement(FAMILY, "m7g"), "m7g.large", "m7i.large"),
        (requirement(CATEGORY, "inf"), "inf2.xlarge", "i4i.large"),
        (requirement(CATEGORY, "m", operator="NotIn"), "c7i.large", "m7i.large"),
        (requirement("karpenter.k8s.aws/instance-generation", "5", operator="Gt"), "c6i.large", "c5.large"),
        (requirement("karpenter.k8s.aws/instance-cpu", "8", operator="Lt"), "c7i.xlarge", "c7i.2xlarge"),
        (requirement("kubernetes.io/arch", "arm64"), "c7g.large", "g5.xlarge"),
        (requirement("karpenter.k8s.aws/instance-gpu-manufacturer", "nvidia"), "g5.xlarge", "inf2.xlarge"),
        (requirement("karpenter.k8s.aws/instance-gpu-count", "8"), "p5.48xlarge", "g5.xlarge"),
        (requirement("karpenter.k8s.aws/instance-gpu-name", "a100"), "p4d.24xlarge", "p5.48xlarge"),
        (
            requirement("karpenter.k8s.aws/instance-gpu-count", operator="DoesNotExist"),
            "c7i.large",
            "g5.xlarge",
        ),
        (requirement("karpenter.k8s.aws/instance-size", "large"), "c7i.large", "c7i.xlarge"),
    ],
)
def test_a_requirement_allows_what_it_says(
    row: tuple[str, str, tuple[str, ...]], allowed: str, refused: str
) -> None:
    pool = Pool("p", (row,), {})
    assert pool.allows(instances()[allowed])
    assert not pool.allows(instances()[refused])


def test_a_label_that_says_nothing_of_instance_types_allows_all() -> None:
    pool = Pool("p", (requirement("topology.kubernetes.io/zone", "us-east-1a"),), {})
    assert pool.allows(instances()["m7i.large"])


def test_a_node_that_alone_exceeds_the_limits_is_not_allowed() -> None:
    pool = Pool("p", (), {"cpu": Decimal(64)})
    assert pool.allows(instances()["m7i.16xlarge"])
    assert not pool.allows(instances()["m7i.24xlarge"])


@pytest.mark.parametrize(
    ("resource", "text", "number"),
    [
        ("cpu", "1000", 1000),
        ("cpu", "500m", Decimal("0.5")),
        ("memory", "64Gi", 64),
        ("memory", "1Ti", 1024),
        ("memory", "1073741824", 1),
        ("nvidia.com/gpu", "32", 32),
    ],
)
def test_kubernetes_quantities_are_read(resource: str, text: str, number: Decimal) -> None:
    assert quantity_of(resource, text) == number


def test_a_gpu_pool_costs_nothing_at_least_and_its_limit_at_most(
    make: Make, price: Priced, tmp_path: Path
) -> None:
    """32 A100 are four p4d.24xlarge all month; 1,460 GPU hours are 182.5 hours of one."""
    pool = make(
        POOL,
        metadata={"name": "train"},
        spec=spec({"nvidia.com/gpu": "32"}, requirement(TYPE, "p4d.24xlarge")),
    )
    stated = usage(tmp_path, "node_pools: {train: {gpu_hours_per_month: 1460}}")
    lines = [line for line in price(pool, usage=stated).lines if "nodes of pool" in line.item]
    hour = Decimal("21.957642")
    assert sum(line.floor for line in lines) == 0
    assert sum(line.expected for line in lines) == (hour * Decimal("182.5")).quantize(Decimal("0.01"))
    assert abs(sum(line.ceiling for line in lines) - hour * 730 * 4) <= Decimal("0.02")
    assert all(line.drivers == ("pool train, limit 32 nvidia.com/gpu",) for line in lines)


def test_a_pool_is_one_driver_with_all_that_its_limit_moves(make: Make, price: Priced) -> None:
    pool = make(POOL, metadata={"name": "web"}, spec=spec({"cpu": "64"}, requirement(TYPE, "m5.xlarge")))
    made = price(pool)
    (driver,) = made.drivers(5)
    assert driver.driver == "pool web, limit 64 cpu"
    assert driver.cost == made.total


def test_the_ceiling_is_the_dearest_allowed_type_by_unit(make: Make, price: Priced, tmp_path: Path) -> None:
    """100 vCPUs of m5 or r5: r5 is the dearer, 0.252 an hour for four vCPUs."""
    pool = make(
        POOL, metadata={"name": "web"}, spec=spec({"cpu": "100"}, requirement(TYPE, "m5.xlarge", "r5.xlarge"))
    )
    stated = usage(tmp_path, "node_pools: {web: {instance_type: m5.xlarge, average_nodes: 1}}")
    lines = [line for line in price(pool, usage=stated).lines if "nodes of pool" in line.item]
    assert abs(sum(line.ceiling for line in lines) - 25 * 730 * Decimal("0.252")) <= Decimal("0.02")


def test_a_spot_share_is_charged_at_the_spot_price_and_flagged(
    make: Make, price: Priced, tmp_path: Path
) -> None:
    options = requirement("karpenter.sh/capacity-type", "spot", "on-demand")
    pool = make(
        POOL, metadata={"name": "web"}, spec=spec({"cpu": "64"}, requirement(TYPE, "m5.xlarge"), options)
    )
    stated = usage(tmp_path, "node_pools: {web: {average_nodes: 4, spot_share: 0.75}}")
    hours = {
        line.price.purchase_option: line
        for line in price(pool, usage=stated).lines
        if line.expected and "nodes" in line.item
    }
    assert hours["spot"].quantities.expected == 3 * 730
    assert hours["on_demand"].quantities.expected == 730
    assert not hours["spot"].verified and hours["on_demand"].verified


def test_without_limits_the_ceiling_is_a_stated_multiple(make: Make, price: Priced, tmp_path: Path) -> None:
    pool = make(POOL, metadata={"name": "web"}, spec=spec({}, requirement(TYPE, "m5.xlarge")))
    stated = usage(tmp_path, "ceiling_factor: 5\nnode_pools: {web: {average_nodes: 2}}")
    line = price(pool, usage=stated).lines[0]
    assert [line.quantities.expected, line.quantities.ceiling] == [1460, 7300]
    assert "has no limits: at most 5 x" in line.drivers[0]


def test_disks_come_from_the_node_class(make: Make, price: Priced) -> None:
    blocks = [{"ebs": {"volumeSize": "4Gi"}}, {"ebs": {"volumeSize": "100Gi"}}]
    node_class = make(CLASS, "c", metadata={"name": "default"}, spec={"blockDeviceMappings": blocks})
    pool = make(POOL, metadata={"name": "web"}, spec=spec({"cpu": "64"}, requirement(TYPE, "m5.xlarge")))
    disks = [line.quantities.expected for line in price(node_class, pool).lines if "disk" in line.item]
    assert [round(it) for it in disks] == [4, 100]


def test_a_pool_nobody_described_is_one_node_all_month(make: Make, price: Priced) -> None:
    pool = make(POOL, metadata={"name": "web"}, spec=spec({"cpu": "64"}, requirement(TYPE, "m5.xlarge")))
    nodes = price(pool).lines[0]
    assert nodes.quantities.expected == 730


@pytest.mark.parametrize(
    ("inputs", "region", "words"),
    [
        ({"spec": spec({}, requirement(TYPE, "m99.huge"))}, "us-east-1", "no instance type"),
        ({"spec": spec({}, requirement(TYPE, "m5.large"))}, "", "which region"),
        ({"spec": UNKNOWN}, "us-east-1", "`spec`"),
    ],
)
def test_a_pool_that_cannot_be_priced_says_why(
    make: Make, price: Priced, inputs: dict[str, Any], region: str, words: str
) -> None:
    made = price(make(POOL, region=region, **inputs))
    assert words in made.unpriced[0].reason


def test_a_stated_type_that_the_pool_refuses_is_reported(make: Make, price: Priced, tmp_path: Path) -> None:
    pool = make(POOL, metadata={"name": "web"}, spec=spec({"cpu": "64"}, requirement(TYPE, "m5.xlarge")))
    made = price(pool, usage=usage(tmp_path, "node_pools: {web: {instance_type: c5.large}}"))
    assert "does not allow c5.large" in made.unpriced[0].reason


def test_the_tenant_of_a_pool_is_in_the_labels_of_its_nodes(make: Make, price: Priced) -> None:
    inputs = spec({"cpu": "64"}, requirement(TYPE, "m5.xlarge"))
    inputs["template"]["metadata"] = {"labels": {"tenant": "search"}}
    assert set(price(make(POOL, spec=inputs)).by("tenant")) == {"search"}


@given(
    st.integers(1, 2000),
    st.integers(1, 8000),
    st.decimals(0, 50, places=1),
    st.decimals(0, 1, places=2),
    st.sampled_from([("m",), ("c", "m", "r"), ("g",), ("p",)]),
)
@settings(deadline=None, max_examples=60)
def test_no_mix_of_nodes_within_the_limits_costs_more_than_the_ceiling(
    cpu: int, memory: int, nodes: Decimal, spot: Decimal, categories: tuple[str, ...]
) -> None:
    """As many nodes of any one allowed type as the limits admit cost at most the ceiling."""
    limits = {"cpu": Decimal(cpu), "memory": Decimal(memory)}
    pool = Pool("p", (requirement(CATEGORY, *categories),), limits)
    allowed = pool.allowed(BOOK, "us-east-1")
    if not allowed:
        return
    made = decide(
        pool, NodePool(average_nodes=nodes, spot_share=spot, stated=True), BOOK, "us-east-1", Decimal(3)
    )
    ceiling = Decimal(0)
    for option, kind, hours in made.hours:
        assert 0 <= hours.floor <= hours.expected <= hours.ceiling
        found = BOOK.find(
            service="AmazonEC2", region="us-east-1", usage_type=f"BoxUsage:{kind}", purchase_option=option
        )
        assert found is not None
        ceiling += found.cost(hours.ceiling)
    for it in allowed:
        most = min(
            limit // it.instance.units(resource)
            for resource, limit in limits.items()
            if it.instance.units(resource)
        )
        assert most * it.price * 730 <= ceiling + Decimal("0.01"), it.instance.type


@given(st.integers(8, 400), st.integers(1, 24), st.lists(st.integers(0, 1000), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_a_mix_of_types_within_all_limits_costs_at_most_the_ceiling(
    cpu: int, gpus: int, order: list[int]
) -> None:
    """Nodes are started in any order, each where the limits still have room for it."""
    limits = {"cpu": Decimal(cpu), "nvidia.com/gpu": Decimal(gpus)}
    pool = Pool("p", (requirement(FAMILY, "g5", "g6"),), limits)
    allowed = pool.allowed(BOOK, "us-east-1")
    if not allowed:
        return
    left, cost = dict(limits), Decimal(0)
    for number in order:
        it = allowed[number % len(allowed)]
        while all(it.instance.units(key) <= room for key, room in left.items()):
            left = {key: room - it.instance.units(key) for key, room in left.items()}
            cost += it.price * 730
    made = decide(pool, NodePool(average_nodes=Decimal(0), stated=True), BOOK, "us-east-1", Decimal(3))
    ceiling = Decimal(0)
    for option, kind, hours in made.hours:
        found = BOOK.find(
            service="AmazonEC2", region="us-east-1", usage_type=f"BoxUsage:{kind}", purchase_option=option
        )
        assert found is not None
        ceiling += found.cost(hours.ceiling)
    assert cost <= ceiling + Decimal("0.01")


def test_limits_together_bound_closer_than_each_alone() -> None:
    """With 12 GPUs nobody fills 192 processors with the smallest GPU machine."""
    rows = (requirement(FAMILY, "g5"),)

    def ceiling(**limits: int) -> Decimal:
        pool = Pool(
            "p", rows, {key.replace("gpu", "nvidia.com/gpu"): Decimal(it) for key, it in limits.items()}
        )
        stated = NodePool(average_nodes=Decimal(0), stated=True)
        spare = decide(pool, stated, BOOK, "us-east-1", Decimal(3)).hours[-1]
        found = BOOK.find(service="AmazonEC2", region="us-east-1", usage_type=f"BoxUsage:{spare[1]}")
        assert found is not None
        return found.cost(spare[2].ceiling)

    assert ceiling(cpu=192, gpu=12) < Decimal("0.6") * min(ceiling(cpu=192), ceiling(gpu=12))
