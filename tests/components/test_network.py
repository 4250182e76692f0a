"""A region's network as it is registered: what exists by class, what is locked, what is tagged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pulumi
import pydantic
import pytest

from components import catalogue
from components.base import Cell, EnvironmentClass
from components.network.flow_log_bucket import bucket_policy
from components.network.flow_logs import key_policy
from components.network.network import Network, NetworkArgs, zones_of
from components.network.settings import (
    NEEDED_WITHOUT_NAT,
    RETENTION_BY_CLASS,
    RETENTIONS,
    FlowLogDestination,
    FlowLogSettings,
    InterfaceEndpoint,
    Nat,
    NetworkSettings,
    endpoints_of,
    flow_logs_of,
    nat_of,
    retention_of,
)

Resources = list[pulumi.runtime.MockResourceArgs]
Register = Callable[[Callable[[], object]], Resources]
CIDR = "10.32.0.0/16"
UNTAGGED = ("RouteTableAssociation", "VpcIpv4CidrBlockAssociation", "Route", "RolePolicy", "Alias", "BucketPolicy",
            "BucketPublicAccessBlock", "BucketServerSideEncryptionConfiguration", "BucketVersioning",
            "BucketLifecycleConfiguration", "Network")  # fmt: skip
NO_REGION = ("Role", "RolePolicy", "Network")


def kind(resource: pulumi.runtime.MockResourceArgs) -> str:
    return resource.typ.rpartition(":")[2]


def of_kind(resources: Resources, name: str) -> list[dict[str, Any]]:
    return [dict(one.inputs) for one in resources if kind(one) == name]


def made(registered: Register, cell: Cell, environment_class: EnvironmentClass, **settings: Any) -> Resources:
    here = cell.model_copy(update={"environment_class": environment_class})
    return registered(lambda: Network("network", NetworkArgs(cell=here, cidr=CIDR, **settings)))


@pytest.fixture
def production(registered: Register, cell: Cell) -> Resources:
    return made(registered, cell, EnvironmentClass.PRODUCTION)


@pytest.mark.parametrize(
    ("environment_class", "gateways"),
    [(EnvironmentClass.PRODUCTION, 3), (EnvironmentClass.STAGING, 1), (EnvironmentClass.DEVELOPMENT, 1)],
)
def test_the_class_decides_over_nat(
    registered: Register, cell: Cell, environment_class: EnvironmentClass, gateways: int
) -> None:
    resources = made(registered, cell, environment_class)
    count = Counter(kind(one) for one in resources)
    assert (count["NatGateway"], count["Eip"], count["Subnet"]) == (gateways, gateways, 12)
    # One default route to the internet gateway, and one for each zone's private table.
    assert count["Route"] == 1 + 3


def test_without_nat_no_private_subnet_has_a_way_out(registered: Register, cell: Cell) -> None:
    resources = made(
        registered,
        cell,
        EnvironmentClass.DEVELOPMENT,
        nat=Nat.NONE,
        interface_endpoints=list(NEEDED_WITHOUT_NAT),
    )
    (route,) = of_kind(resources, "Route")
    assert "gatewayId" in route and "natGatewayId" not in route
    interfaces = [one for one in of_kind(resources, "VpcEndpoint") if one["vpcEndpointType"] == "Interface"]
    assert len(interfaces) == len(NEEDED_WITHOUT_NAT)


def test_each_zone_uses_its_own_gateway_in_production(production: Resources) -> None:
    routes = {one["routeTableId"]: one.get("natGatewayId") for one in of_kind(production, "Route")}
    for zone in "abc":
        assert routes[f"network-private-eu-west-1{zone}-id"] == f"network-nat-eu-west-1{zone}-id"


def test_data_subnets_have_no_default_route(production: Resources) -> None:
    data = {one["subnetId"]: one["routeTableId"] for one in of_kind(production, "RouteTableAssociation")}
    assert data["network-data-eu-west-1a-id"] == "network-data-id"
    assert "network-data-id" not in {one["routeTableId"] for one in of_kind(production, "Route")}


def test_s3_and_dynamodb_are_reached_without_nat_from_every_private_table(production: Resources) -> None:
    gateways = [one for one in of_kind(production, "VpcEndpoint") if one["vpcEndpointType"] == "Gateway"]
    assert {one["serviceName"] for one in gateways} == {
        "com.amazonaws.eu-west-1.s3",
        "com.amazonaws.eu-west-1.dynamodb",
    }
    assert all(len(one["routeTableIds"]) == 4 for one in gateways)


def test_every_association_of_a_subnet_is_there_once(production: Resources) -> None:
    joined = [one["subnetId"] for one in of_kind(production, "RouteTableAssociation")]
    assert sorted(joined) == sorted(f"{one.name}-id" for one in production if kind(one) == "Subnet")


def test_the_default_security_group_lets_nothing_through(production: Resources) -> None:
    (group,) = of_kind(production, "DefaultSecurityGroup")
    assert (group["ingress"], group["egress"]) == ([], [])


def test_subnets_carry_the_tags_that_controllers_look_for(production: Resources) -> None:
    tags = {one.name: one.inputs["tags"] for one in production if kind(one) == "Subnet"}
    assert tags["network-public-eu-west-1a"]["kubernetes.io/role/elb"] == "1"
    assert tags["network-private-eu-west-1a"]["kubernetes.io/role/internal-elb"] == "1"
    assert tags["network-private-eu-west-1a"]["karpenter.sh/discovery"] == "tradewind-prod-euw1"
    assert tags["network-pods-eu-west-1a"]["kubernetes.io/role/cni"] == "1"
    assert not any(key.startswith(("kubernetes.io", "karpenter")) for key in tags["network-data-eu-west-1a"])


def test_no_subnet_gives_out_public_addresses(production: Resources) -> None:
    assert {one["mapPublicIpOnLaunch"] for one in of_kind(production, "Subnet")} == {False}


@pytest.mark.parametrize("environment_class", list(EnvironmentClass))
def test_every_resource_is_tagged_and_in_its_region(
    registered: Register, cell: Cell, environment_class: EnvironmentClass
) -> None:
    for one in made(registered, cell, environment_class):
        if kind(one) not in UNTAGGED:
            assert cell.tags.items() <= one.inputs["tags"].items(), one.name
        if kind(one) not in NO_REGION:
            assert one.inputs["region"] == "eu-west-1", one.name


def test_flow_logs_go_to_a_private_encrypted_bucket_in_production(production: Resources) -> None:
    (log,) = of_kind(production, "FlowLog")
    assert (log["logDestinationType"], log["trafficType"]) == ("s3", "ALL")
    (block,) = of_kind(production, "BucketPublicAccessBlock")
    assert block["blockPublicPolicy"] and block["restrictPublicBuckets"]
    (rules,) = of_kind(production, "BucketLifecycleConfiguration")
    assert rules["rules"][0]["expiration"]["days"] == 365


def test_flow_logs_go_to_an_encrypted_log_group_elsewhere(registered: Register, cell: Cell) -> None:
    resources = made(registered, cell, EnvironmentClass.DEVELOPMENT)
    (group,) = of_kind(resources, "LogGroup")
    assert (group["retentionInDays"], group["kmsKeyId"]) == (7, "arn:of:network-flow-logs")
    (policy,) = of_kind(resources, "RolePolicy")
    assert json.loads(policy["policy"])["Statement"][0]["Resource"][0] == "arn:of:network-flow-logs"


def test_flow_logs_can_be_left_out(registered: Register, cell: Cell) -> None:
    none = FlowLogSettings(destination=FlowLogDestination.NONE)
    resources = made(registered, cell, EnvironmentClass.DEVELOPMENT, flow_logs=none)
    assert not {"FlowLog", "LogGroup", "Key"} & {kind(one) for one in resources}


def test_services_write_for_this_account_only(cell: Cell) -> None:
    """Otherwise any account could have its logs delivered under this one's key and into its bucket."""
    statements = [*key_policy(cell)["Statement"], *bucket_policy(cell, "bucket")["Statement"]]
    by_service = [
        one for one in statements if isinstance(one["Principal"], dict) and "Service" in one["Principal"]
    ]
    assert len(by_service) == 4
    for statement in by_service:
        assert cell.account_id in json.dumps(statement["Condition"])


@pytest.mark.parametrize("environment_class", list(EnvironmentClass))
def test_every_default_retention_is_one_that_cloudwatch_has(environment_class: EnvironmentClass) -> None:
    assert retention_of(FlowLogSettings(), environment_class) in RETENTIONS
    assert set(RETENTION_BY_CLASS) == set(EnvironmentClass)


def test_what_is_set_wins_over_the_class() -> None:
    settings = NetworkSettings(cidr=CIDR, nat=Nat.SINGLE, interface_endpoints=[InterfaceEndpoint.STS])
    assert nat_of(settings, EnvironmentClass.PRODUCTION) is Nat.SINGLE
    assert endpoints_of(settings, EnvironmentClass.PRODUCTION) == [InterfaceEndpoint.STS]
    assert endpoints_of(NetworkSettings(cidr=CIDR), EnvironmentClass.DEVELOPMENT) == []
    to_logs = FlowLogSettings(destination=FlowLogDestination.CLOUDWATCH, retention_days=90)
    assert flow_logs_of(to_logs, EnvironmentClass.PRODUCTION) is FlowLogDestination.CLOUDWATCH
    assert retention_of(to_logs, EnvironmentClass.PRODUCTION) == 90


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"nat": "none"}, "ecr.api, ecr.dkr, eks, eks-auth, sts is missing"),
        ({"zones": 2, "availability_zones": ["eu-west-1a"]}, "zones is 2, but availability_zones names 1"),
        ({"interface_endpoints": ["sts", "sts"]}, "sts is listed more than once"),
        ({"pod_cidr": "10.0.0.0/16"}, "not inside 100.64.0.0/10"),
        ({"flow_logs": {"destination": "cloudwatch", "retention_days": 8}}, "no retention of 8 days"),
    ],
)
def test_what_cannot_work_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=words):
        NetworkSettings.model_validate({"cidr": CIDR, **settings})


def test_zones_are_the_catalogues_unless_they_are_named(cell: Cell) -> None:
    assert zones_of(NetworkArgs(cell=cell, cidr=CIDR)) == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    named = ["eu-west-1b", "eu-west-1c"]
    assert zones_of(NetworkArgs(cell=cell, cidr=CIDR, zones=2, availability_zones=named)) == named
    with pytest.raises(ValueError, match="eu-west-1 has 3 availability zones, not 4"):
        zones_of(NetworkArgs(cell=cell, cidr=CIDR, zones=4))


def test_every_region_of_the_catalogue_has_zones_of_its_own() -> None:
    for region in catalogue.REGIONS:
        zones = catalogue.zones(region)
        assert len(set(zones)) == len(zones) >= 2
        assert all(zone.startswith(region) for zone in zones)
