"""What holds for every estimate: sums, order, parts, more usage, more regions."""

from __future__ import annotations

import dataclasses
from decimal import Decimal as D
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops.estimate import Cost, Estimate, estimate
from finops.free_tiers import credits_of, read
from finops.prices import PriceBook
from finops.sensitivity import swings
from finops.usage import Usage, known, short_name
from finops.usage_file import Entry, Stated
from plan.graph import Graph, Resource

BOOK = PriceBook.bundled()
REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]
SIMPLE: list[tuple[str, dict[str, Any]]] = [
    ("aws:ec2/natGateway:NatGateway", {}),
    ("aws:ec2/instance:Instance", {"instanceType": "m5.large", "rootBlockDevice": {"volumeSize": 20}}),
    ("aws:dynamodb/table:Table", {"billingMode": "PAY_PER_REQUEST"}),
    ("aws:s3/bucket:Bucket", {}),
    ("aws:lambda/function:Function", {"memorySize": 512, "timeout": 30}),
    ("aws:sqs/queue:Queue", {}),
    ("aws:kms/key:Key", {"enableKeyRotation": True}),
    ("aws:ec2/eip:Eip", {}),
    ("aws:cloudwatch/logGroup:LogGroup", {}),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
    ("aws:ebs/volume:Volume", {"size": 100, "type": "io2", "iops": 70_000}),
    ("aws:efs/fileSystem:FileSystem", {"throughputMode": "provisioned", "provisionedThroughputInMibps": 20}),
    ("aws:iam/role:Role", {}),
    ("aws:new/thing:Thing", {}),
]
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]

picks = st.lists(
    st.tuples(st.sampled_from(range(len(SIMPLE))), st.sampled_from(REGIONS)), min_size=1, max_size=8
)


def resource(number: int, kind: int, region: str) -> Resource:
    token, inputs = SIMPLE[kind]
    return Resource(f"urn:pulumi:s::p::{token}::{number}", token, str(number), inputs, region=region)


def resources(picked: list[tuple[int, str]]) -> list[Resource]:
    return [resource(number, *pick) for number, pick in enumerate(picked)]


def priced(found: list[Resource], usage: Usage | None = None) -> Estimate:
    return estimate(Graph.of(found), usage or Usage(), BOOK)


@given(picks)
@settings(deadline=None, suppress_health_check=SLOW)
def test_totals_are_sums_of_lines_in_order(picked: list[tuple[int, str]]) -> None:
    made = priced(resources(picked))
    assert made.total.expected == sum((line.expected for line in made.lines), D(0))
    assert made.total.floor <= made.total.expected <= made.total.ceiling
    for line in made.lines:
        assert D(0) <= line.floor <= line.expected <= line.ceiling
    for what in ("service", "region", "component", "tenant", "resource"):
        assert sum(made.by(what).values(), Cost()) == made.total


@given(picks, st.randoms(use_true_random=False))
@settings(deadline=None, suppress_health_check=SLOW)
def test_order_and_partition_do_not_matter(picked: list[tuple[int, str]], random: Any) -> None:
    found = resources(picked)
    whole = priced(found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert sorted(priced(shuffled).lines, key=repr) == sorted(whole.lines, key=repr)
    cut = random.randrange(len(found) + 1)
    parts = [priced(part) for part in (found[:cut], found[cut:]) if part]
    assert sum((it.total for it in parts), Cost()) == whole.total
    assert sum(it.free for it in parts) == whole.free


usages = st.decimals(0, 10**9, places=0)


@given(st.sampled_from(range(len(SIMPLE))), st.data(), usages, usages)
@settings(deadline=None, max_examples=300, suppress_health_check=SLOW)
def test_more_usage_never_costs_less(kind: int, data: st.DataObject, a: D, b: D) -> None:
    """Every price's tiers fall or rise by the unit, never for units below: so more is never cheaper.

    The one exception is stated in the text of the price: EFS storage brings throughput with it.
    """
    one = resource(0, kind, "us-east-1")
    keys = sorted(known().types.get(short_name(one.type), {}))
    if not keys or one.type.startswith("aws:efs"):
        return
    key = data.draw(st.sampled_from(keys))

    def cost(value: D) -> D:
        entry = Entry("0", "", {key: Stated(value)}, "", "")
        return priced([one], Usage(resources=(entry,))).total.expected

    assert cost(min(a, b)) <= cost(max(a, b))


@given(picks, st.sampled_from(["ap-northeast-1", "us-west-2"]))
@settings(deadline=None, suppress_health_check=SLOW)
def test_one_more_region_never_lowers_the_cost(picked: list[tuple[int, str]], region: str) -> None:
    found = resources(picked)
    copies = [
        dataclasses.replace(it, urn=f"{it.urn}-{region}", name=f"{it.name}-{region}", region=region)
        for it in found
        if it.region == found[0].region
    ]
    before, after = priced(found).total, priced([*found, *copies]).total
    assert after.floor >= before.floor
    assert after.expected >= before.expected
    assert after.ceiling >= before.ceiling


@given(st.lists(st.sampled_from(["eu-west-1", "eu-central-1", "ap-south-1"]), unique=True, max_size=3))
@settings(deadline=None, suppress_health_check=SLOW)
def test_one_more_replica_of_a_table_never_lowers_the_cost(places: list[str]) -> None:
    def cost(replicas: list[str]) -> D:
        inputs = {"billingMode": "PAY_PER_REQUEST", "replicas": [{"regionName": it} for it in replicas]}
        token = "aws:dynamodb/table:Table"
        table = Resource(f"urn:pulumi:s::p::{token}::t", token, "t", inputs, region="us-east-1")
        return priced([table]).total.expected

    amounts = [cost(places[:count]) for count in range(len(places) + 1)]
    assert amounts == sorted(amounts)


@given(picks)
@settings(deadline=None, suppress_health_check=SLOW)
def test_what_is_free_is_never_more_than_what_it_is_off(picked: list[tuple[int, str]]) -> None:
    made = priced(resources(picked)).with_free(read())
    room = D("0.01") * max(len(made.lines), 1)
    assert D(0) <= made.net.expected + room <= made.total.expected + 2 * room
    assert credits_of(made.lines, ()) == ()


@given(picks)
@settings(deadline=None, suppress_health_check=SLOW)
def test_the_widest_swing_is_first_and_holds_the_total(picked: list[tuple[int, str]]) -> None:
    made = priced(resources(picked))
    found = swings(made.lines, 100)
    assert [it.width for it in found] == sorted((it.width for it in found), reverse=True)
    for it in found:
        assert it.low <= made.total.expected <= it.high
    assert sum((it.width for it in found), D(0)) == made.total.spread
