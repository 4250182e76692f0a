"""What a change costs, resource by resource, with the price component and the property behind it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.diff import CostChange, Entry, cost_change
from finops.estimate import estimate
from finops.prices import PriceBook
from finops.usage import Usage
from plan.diff import diff
from plan.graph import Graph, Resource
from plan.values import SECRET
from tests.plan.build import graph, made

INSTANCE, VOLUME, NAT = "aws:ec2/instance:Instance", "aws:ebs/volume:Volume", "aws:ec2/natGateway:NatGateway"
TABLE, ROLE, NOVELTY = "aws:dynamodb/table:Table", "aws:iam/role:Role", "aws:novelty/thing:Thing"
HOME = "us-east-1"

Change = Callable[..., CostChange]


@pytest.fixture
def change(book: PriceBook) -> Change:
    def changed(before: Graph, after: Graph, usage: Usage | None = None) -> CostChange:
        one, two = (estimate(each, usage or Usage(), book) for each in (before, after))
        return cost_change(before, after, one, two, diff(before, after))

    return changed


def entry(change: CostChange, name: str) -> Entry:
    (found,) = [it for it in change.entries if it.step.name == name]
    return found


def volume(gib: int, name: str = "disk", **rest: Any) -> Resource:
    return made(VOLUME, name, HOME, type="gp3", size=gib, availabilityZone="us-east-1a", **rest)


def test_the_cost_of_a_change_is_that_of_what_changes(change: Change) -> None:
    found = change(graph(volume(100), made(NAT, "nat", HOME)), graph(volume(300), made(NAT, "nat", HOME)))
    (disk,) = found.entries
    # gp3 in us-east-1: $0.08 a GB-month.
    assert disk.difference.expected == found.difference.expected == Decimal("16.00")
    (charge,) = disk.charges
    assert (charge.before.expected, charge.after.expected) == (Decimal("8.00"), Decimal("24.00"))
    assert "100 to 300" in charge.why
    (size,) = [it for it in disk.properties if it.path == "size"]
    assert (size.before, size.after) == ("100", "300")


def test_added_and_removed(change: Change) -> None:
    found = change(graph(volume(100, "old")), graph(volume(50, "new")))
    old, new = entry(found, "old"), entry(found, "new")
    assert old.after.expected == new.before.expected == 0
    assert [it.why for it in old.charges] == ["gone"]
    assert [it.why for it in new.charges] == ["new"]
    assert found.entries[0] is old, "the largest difference comes first"


def test_another_instance_type_is_told_by_its_component(change: Change) -> None:
    found = change(
        graph(made(INSTANCE, "web", HOME, instanceType="m5.large", ami="ami-1")),
        graph(made(INSTANCE, "web", HOME, instanceType="m5.xlarge", ami="ami-1")),
    )
    web = entry(found, "web")
    assert web.difference.expected > 0
    assert web.charges and sum(it.difference.expected for it in web.charges) == web.difference.expected
    (kind,) = [it for it in web.properties if it.path == "instanceType"]
    assert (kind.before, kind.after) == ("m5.large", "m5.xlarge")


def test_a_renamed_resource_costs_what_it_did(change: Change) -> None:
    old = volume(100, "old")
    new = volume(100, "new", options={"aliases": [old.urn]})
    found = change(graph(old), graph(new))
    (renamed,) = found.entries
    assert renamed.step.renamed_from == old.urn
    assert renamed.before == renamed.after != renamed.before.__class__()
    assert renamed.charges == ()
    assert found.difference.expected == 0


def test_nothing_changed_is_no_entry(change: Change) -> None:
    same = graph(volume(100), made(ROLE, "role"))
    assert change(same, same).entries == ()


def test_what_cannot_be_priced_is_said_and_only_new_ones_count_as_new(change: Change) -> None:
    found = change(
        graph(made(NOVELTY, "a", HOME)), graph(made(NOVELTY, "a", HOME, x=1), made(NOVELTY, "b", HOME))
    )
    assert {it.step.name: it.unpriced for it in found.entries} == {"a": True, "b": True}
    assert [urn.rpartition("::")[2] for urn in found.newly_unpriced] == ["b"]


def test_sums_by_owner_tenant_and_cell_add_up(change: Change) -> None:
    before = graph(volume(100, "a", tags={"owner": "blue", "tenant": "x"}), volume(10, "b", stack="other"))
    after = graph(volume(100, "a", tags={"team": "red", "tenant": "x"}), volume(30, "b", stack="other"))
    found = change(before, after)
    for groups in found.groups.values():
        assert sum(one.expected for one, _ in groups.values()) == found.before.expected
        assert sum(two.expected for _, two in groups.values()) == found.after.expected
    blue, red = found.groups["owner"]["blue"], found.groups["owner"]["red"]
    assert blue[1].expected == red[0].expected == 0
    assert blue[0].expected == red[1].expected > 0
    assert set(found.groups["cell"]) == {"prod", "other"}
    assert found.groups["tenant"]["x"][0] == found.groups["tenant"]["x"][1]


def test_a_kubernetes_object_belongs_to_whom_its_component_belongs_to(change: Change) -> None:
    outer = made("x:index:Cluster", "c", custom=False)
    disk = volume(10, tags={"owner": "blue"}, parent=outer.urn)
    pods = made("kubernetes:apps/v1:Deployment", "d", HOME, parent=outer.urn, spec={})
    found = change(graph(outer, disk), graph(outer, disk, pods))
    assert entry(found, "d").owner == "blue"
    labelled = made(
        "kubernetes:apps/v1:Deployment", "d", HOME, parent=outer.urn, metadata={"labels": {"team": "red"}}
    )
    assert entry(change(graph(outer, disk), graph(outer, disk, labelled)), "d").owner == "red"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"masterPassword": "hunter2"}, {"masterPassword": "hunter3"}),
        ({"engineVersion": "a b <script>"}, {"engineVersion": "c d"}),
        ({"tags": {"type": "private-1"}}, {"tags": {"type": "private-2"}}),
        ({"instanceType": SECRET}, {"instanceType": "m5.large"}),
    ],
)
def test_a_value_that_could_be_a_secret_is_not_shown(
    change: Change, before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = change(graph(made(ROLE, "it", inputs=before)), graph(made(ROLE, "it", inputs=after)))
    shown = [(it.before, it.after) for each in found.entries for it in each.properties]
    assert shown
    assert set(shown) == {("", "")}


def test_the_percentage_of_nothing_is_none(change: Change) -> None:
    assert change(graph(), graph(volume(1))).percent is None
    assert change(graph(volume(10)), graph(volume(15))).percent == 50


sizes = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 2000))


@given(before=sizes, after=sizes)
def test_entries_add_up_to_the_difference_and_turn_around(
    before: dict[str, int], after: dict[str, int]
) -> None:
    book = PriceBook.bundled()
    one, two = (graph(*(volume(gib, name) for name, gib in each.items())) for each in (before, after))
    costs = [estimate(each, Usage(), book) for each in (one, two)]
    there = cost_change(one, two, *costs, diff(one, two))
    back = cost_change(two, one, *reversed(costs), diff(two, one))
    total = sum((it.difference.expected for it in there.entries), Decimal(0))
    assert total == there.difference.expected == -back.difference.expected
    for each in there.entries:
        assert sum((it.difference.expected for it in each.charges), Decimal(0)) == each.difference.expected
