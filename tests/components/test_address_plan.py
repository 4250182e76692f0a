"""Addresses of a region: disjoint, inside, and where they were when a zone is added."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from components.network import address_plan as plans
from components.network.address_plan import (
    MAX_ZONES,
    PRIVATE_RANGES,
    address_plan,
    free_network,
    free_networks,
    overlaps,
)

PREFIXES = st.integers(min_value=16, max_value=20)
ZONES = st.integers(min_value=1, max_value=MAX_ZONES)


@st.composite
def private_networks(draw: st.DrawFn) -> IPv4Network:
    outer = draw(st.sampled_from(PRIVATE_RANGES))
    prefix = draw(PREFIXES)
    index = draw(st.integers(min_value=0, max_value=2 ** (prefix - outer.prefixlen) - 1))
    return IPv4Network((int(outer.network_address) + index * 2 ** (32 - prefix), prefix))


@given(private_networks(), PREFIXES, ZONES)
def test_subnets_are_disjoint_and_inside(vpc: IPv4Network, pod_prefix: int, zones: int) -> None:
    plan = address_plan(str(vpc), f"100.64.0.0/{pod_prefix}", zones=zones)
    assert len(plan.zones) == zones
    assert not any(one.overlaps(other) for one, other in itertools.combinations(plan.subnets(), 2))
    for zone in plan.zones:
        assert all(subnet.subnet_of(vpc) for subnet in (zone.private, zone.public, zone.data))
        assert zone.pods.subnet_of(plan.pods)


@given(private_networks(), st.integers(min_value=1, max_value=MAX_ZONES - 1))
def test_adding_a_zone_moves_no_subnet(vpc: IPv4Network, zones: int) -> None:
    before = address_plan(str(vpc), "100.64.0.0/16", zones=zones)
    after = address_plan(str(vpc), "100.64.0.0/16", zones=zones + 1)
    assert after.zones[:zones] == before.zones


@given(private_networks())
def test_the_smallest_subnet_is_one_that_aws_takes(vpc: IPv4Network) -> None:
    plan = address_plan(str(vpc), "100.64.0.0/20", zones=MAX_ZONES)
    assert max(subnet.prefixlen for subnet in plan.subnets()) <= 28


def test_a_vpc_of_16_has_8190_addresses_for_nodes_in_each_zone() -> None:
    first, *_ = address_plan("10.32.0.0/16", "100.64.0.0/16", zones=3).zones
    assert [str(part) for part in (first.private, first.public, first.data, first.pods)] == [
        "10.32.0.0/19",
        "10.32.128.0/20",
        "10.32.192.0/21",
        "100.64.0.0/18",
    ]


@pytest.mark.parametrize("zones", [0, MAX_ZONES + 1])
def test_there_is_no_place_for_other_numbers_of_zones(zones: int) -> None:
    with pytest.raises(ValueError, match="1 to 4 zones"):
        address_plan("10.0.0.0/16", "100.64.0.0/16", zones=zones)


@given(st.lists(private_networks(), max_size=8), PREFIXES)
def test_a_free_network_overlaps_nothing_that_is_taken(taken: list[IPv4Network], prefix: int) -> None:
    free = free_network(taken, prefix=prefix)
    assert free is not None and free.prefixlen == prefix
    assert not any(free.overlaps(other) for other in taken)


def test_a_full_range_has_no_free_network() -> None:
    assert free_network([PRIVATE_RANGES[0]]) is None
    with pytest.raises(ValueError, match="no free /16"):
        free_networks([PRIVATE_RANGES[0]], ["us-east-1"])


def test_free_networks_do_not_overlap_each_other() -> None:
    given_out = free_networks([IPv4Network("10.16.0.0/16")], ["a", "b", "c"])
    assert overlaps(given_out) == []
    assert IPv4Network("10.16.0.0/16") not in given_out.values()


def test_overlaps_name_both_in_order() -> None:
    networks = {
        "a": IPv4Network("10.0.0.0/16"),
        "b": IPv4Network("10.1.0.0/16"),
        "c": IPv4Network("10.0.8.0/24"),
    }
    assert overlaps(networks) == [("a", "c")]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("10.16.0.1/16", "10.16.0.0/16"),
        ("10.16.0.0", "10.16.0.0/16"),
        ("10.16.0.0/14", "10.16.0.0/16"),
        ("10.16.0.0/24", "10.16.0.0/16 or a part of it"),
        ("8.8.0.0/16", "take a /16 out of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"),
        ("ten", "write it like 10.16.0.0/16"),
        ("fd00::/8", "write it like 10.16.0.0/16"),
    ],
)
def test_a_wrong_network_is_refused_with_the_right_one(text: str, fix: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        plans.network(text, within=PRIVATE_RANGES)
    assert (caught.value.context or {})["fix"] == fix
