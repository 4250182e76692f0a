"""Cells: who gets which cluster, pools and keys, and what an environment's budget counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.base import Cell
from components.cells import (
    GlobalCell,
    GlobalCellArgs,
    cell_of_tenant,
    pool_of_tenant,
    settings_of_shared_cluster,
    settings_of_silo,
    silos_in,
)
from components.cluster.settings import ClusterSettings
from components.environment_settings import SpendingBudget, Tenant, TenantTier, regions_of
from components.spending import notifications
from components.tenant_key import alias_of

Resources = list[pulumi.runtime.MockResourceArgs]
Register = Callable[[Callable[[], object]], Resources]

ZONES = {"eu": ["eu-west-1", "eu-central-1"], "us": ["us-east-1"]}
REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]


def tenant(name: str, tier: TenantTier, residency: str = "any", **fields: Any) -> Tenant:
    return Tenant(name=name, tier=tier, owner=f"{name}-ml", cost_center="cc-9", residency=residency, **fields)


TENANTS = [
    tenant("search", TenantTier.POOL),
    tenant("ads", TenantTier.BRIDGE, "us"),
    tenant("credit", TenantTier.SILO, "eu", monthly_budget_usd=500),
]


def pool(name: str, owner: str = "") -> dict[str, Any]:
    limits = {"cpu": 8, "memory_gib": 32}
    return {"name": name, "tenant": owner, "instance_categories": ["m"], "limits": limits}


CLUSTER = ClusterSettings.model_validate(
    {
        "access": {"administrators": ["role/deployer"]},
        "node_pools": [pool("general"), pool("ads", "ads"), pool("credit", "credit")],
    }
)


def at(cell: Cell, region: str) -> Cell:
    return cell.model_copy(update={"region": region, "regions": REGIONS})


@pytest.mark.parametrize(
    ("region", "pools"),
    [("us-east-1", ["general", "ads"]), ("eu-west-1", ["general"]), ("eu-central-1", ["general"])],
)
def test_the_shared_cluster_has_shared_pools_and_those_of_bridge_tenants_that_may_be_there(
    cell: Cell, region: str, pools: list[str]
) -> None:
    settings = settings_of_shared_cluster(CLUSTER, TENANTS, at(cell, region), ZONES)
    assert [one.name for one in settings.node_pools] == pools


def test_a_silo_has_its_own_pools_only(cell: Cell) -> None:
    settings = settings_of_silo(CLUSTER, TENANTS[2], at(cell, "eu-west-1"))
    assert [one.name for one in settings.node_pools] == ["credit"]


def test_nodes_of_a_bridge_or_silo_tenant_are_billed_to_it_and_encrypted_with_its_key(cell: Cell) -> None:
    there = at(cell, "us-east-1")
    general, ads = settings_of_shared_cluster(CLUSTER, TENANTS, there, ZONES).node_pools
    (credit,) = settings_of_silo(CLUSTER, TENANTS[2], at(cell, "eu-west-1")).node_pools
    assert (general.tags, general.volume_key) == ({}, "")
    for one, name in ((ads, "ads"), (credit, "credit")):
        assert one.tags == {"owner": f"{name}-ml", "cost-center": "cc-9"}
        assert one.volume_key == alias_of(there, name)


def test_what_a_tenants_pool_says_itself_holds(cell: Cell) -> None:
    pool = CLUSTER.node_pools[1].model_copy(update={"tags": {"owner": "x"}, "volume_key": "alias/x"})
    made = pool_of_tenant(pool, TENANTS[1], cell)
    assert made.tags == {"owner": "x", "cost-center": "cc-9"}
    assert made.volume_key == "alias/x"


def test_a_pool_made_a_tenants_is_still_a_valid_pool(cell: Cell) -> None:
    """Copies are not validated: an alias or tag that the model refuses would only show in the cluster."""
    made = pool_of_tenant(CLUSTER.node_pools[1], TENANTS[1], cell)
    assert type(made).model_validate(made.model_dump()) == made


@pytest.mark.parametrize(
    ("region", "silos"), [("us-east-1", []), ("eu-west-1", ["credit"]), ("eu-central-1", ["credit"])]
)
def test_a_silo_stands_in_each_region_of_its_residency(cell: Cell, region: str, silos: list[str]) -> None:
    assert [one.name for one in silos_in(TENANTS, at(cell, region), ZONES)] == silos


def test_residency_any_is_every_region() -> None:
    assert regions_of("any", REGIONS, ZONES) == REGIONS
    assert regions_of("eu", REGIONS, ZONES) == ["eu-west-1", "eu-central-1"]


def test_a_tenants_things_are_billed_to_it(cell: Cell) -> None:
    tags = cell_of_tenant(cell, TENANTS[2]).tags
    assert (tags["owner"], tags["cost-center"]) == ("credit-ml", "cc-9")
    assert tags["environment"] == cell.tags["environment"]


def test_people_are_told_of_each_share_and_of_the_forecast() -> None:
    budget = SpendingBudget(monthly_usd=10, notify=["a@example.com"], at_percent=[50, 100])
    told = [(one["notification_type"], one["threshold"]) for one in notifications(budget)]
    assert told == [("ACTUAL", 50), ("ACTUAL", 100), ("FORECASTED", 100)]


@pytest.fixture
def resources(registered: Register, cell: Cell) -> Resources:
    args = GlobalCellArgs(
        cell=at(cell, "us-east-1"),
        residency=ZONES,
        tenants=TENANTS,
        budget=SpendingBudget(monthly_usd=1000, notify=["a@example.com"]),
    )
    return registered(lambda: GlobalCell("global", args))


def of_type(resources: Resources, token: str) -> Resources:
    return [one for one in resources if one.typ == token]


def test_tenants_with_a_key_of_their_own_have_it_in_their_regions_only(resources: Resources) -> None:
    keys = {
        one.name: one.inputs["region"]
        for one in resources
        if one.typ in ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey") and one.name.startswith("tenant-")
    }
    assert keys == {
        "tenant-ads-us-east-1": "us-east-1",
        "tenant-credit-eu-west-1": "eu-west-1",
        "tenant-credit-eu-central-1": "eu-central-1",
    }


def test_a_tenants_key_can_decrypt_in_its_other_region(resources: Resources) -> None:
    (replica,) = (one for one in of_type(resources, "aws:kms/replicaKey:ReplicaKey") if "credit" in one.name)
    assert replica.inputs["primaryKeyArn"] == "arn:of:tenant-credit-eu-west-1"
    (primary,) = (one for one in of_type(resources, "aws:kms/key:Key") if "credit" in one.name)
    assert primary.inputs["multiRegion"] and primary.inputs["enableKeyRotation"]


def test_the_key_is_found_by_one_name_in_every_region(resources: Resources, cell: Cell) -> None:
    aliases = [one.inputs for one in of_type(resources, "aws:kms/alias:Alias") if "credit" in one.name]
    assert {one["name"] for one in aliases} == {alias_of(cell, "credit")}
    assert {one["region"] for one in aliases} == {"eu-west-1", "eu-central-1"}


def test_a_key_can_still_be_administered_by_its_account(resources: Resources, cell: Cell) -> None:
    """A key policy without the account's root can lock everybody out for ever."""
    for key in of_type(resources, "aws:kms/key:Key"):
        first = json.loads(key.inputs["policy"])["Statement"]
        assert any(f"::{cell.account_id}:root" in json.dumps(one["Principal"]) for one in first), key.name


def test_budgets_count_the_environment_and_each_tenant_with_a_limit(resources: Resources) -> None:
    budgets = {one.name: one.inputs for one in of_type(resources, "aws:budgets/budget:Budget")}
    assert set(budgets) == {"spending", "spending-credit"}
    assert budgets["spending"]["costFilters"] == [
        {"name": "TagKeyValue", "values": ["user:environment$prod"]}
    ]
    counted = budgets["spending-credit"]["filterExpression"]["ands"]
    assert {one["tags"]["key"]: one["tags"]["values"] for one in counted} == {
        "environment": ["prod"],
        "tenant": ["credit"],
    }
    assert budgets["spending-credit"]["limitAmount"] == "500"


@pytest.mark.parametrize("tenants", [[], TENANTS])
def test_keys_of_tenants_are_a_mapping_also_when_there_are_none(
    registered: Register, cell: Cell, tenants: list[Tenant]
) -> None:
    told: list[object] = []

    def program() -> None:
        args = GlobalCellArgs(cell=at(cell, "us-east-1"), residency=ZONES, tenants=tenants)
        GlobalCell("global", args).tenant_keys.apply(told.append)

    registered(program)
    own = {one.name: alias_of(cell, one.name) for one in tenants if one.tier is not TenantTier.POOL}
    assert told == [own]
