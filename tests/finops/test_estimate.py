"""Estimates: sums that add up, intervals in order, and nothing unknown counted as free."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finops.estimate import BETWEEN_REGIONS, Cost, Estimate, Line, estimate
from finops.estimators import REGISTRY
from finops.prices import PriceBook
from finops.quantity import Quantity
from finops.usage import Usage
from plan.graph import Graph, Resource
from plan.values import SECRET, UNKNOWN, Reference

NAT = "aws:ec2/natGateway:NatGateway"
INSTANCE = "aws:ec2/instance:Instance"
TABLE = "aws:dynamodb/table:Table"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"
SCHEMA = Path(__file__).parents[2] / "finops" / "schemas" / "cost.json"
Make = Callable[..., Resource]
Priced = Callable[..., Estimate]


def test_a_nat_gateway_costs_its_hours_and_its_gigabytes(make: Make, price: Priced) -> None:
    """730 h at 0.045 in any case; 100 GB at 0.045 expected, 300 GB at most."""
    made = price(make(NAT))
    assert made.total == Cost(Decimal("32.85"), Decimal("37.35"), Decimal("46.35"))


def test_replicas_are_charged_where_they_stand_and_their_traffic_between(make: Make, price: Priced) -> None:
    """A million writes in each of two regions, at each region's price."""
    table = make(TABLE, billingMode="PAY_PER_REQUEST", replicas=[{"regionName": "eu-west-1"}])
    made = price(table)
    writes = {line.region: line.expected for line in made.lines if line.item == "writes"}
    assert writes == {"us-east-1": Decimal("0.63"), "eu-west-1": Decimal("0.71")}
    between = [line for line in made.lines if line.region == BETWEEN_REGIONS]
    assert [line.item for line in between] == ["replication traffic"]
    assert {line.region for line in made.lines if line.copy} == {"eu-west-1", BETWEEN_REGIONS}


def test_the_price_of_survival_is_what_copies_cost(make: Make, price: Priced) -> None:
    alone = price(make(TABLE, billingMode="PAY_PER_REQUEST"))
    copied = price(make(TABLE, billingMode="PAY_PER_REQUEST", replicas=[{"regionName": "us-west-2"}]))
    reads = sum(
        (it.expected for it in copied.lines if it.region == "us-west-2" and it.item == "reads"), Decimal(0)
    )
    assert alone.survival_price == Cost()
    assert copied.survival_price.expected == copied.total.expected - alone.total.expected - reads


def test_an_unknown_type_is_unpriced_and_loud(make: Make, price: Priced) -> None:
    made = price(make("aws:new/thing:Thing"))
    assert (made.lines, made.free) == ((), 0)
    assert "no estimator knows aws:new/thing:Thing" in made.unpriced[0].reason


@pytest.mark.parametrize("value", [UNKNOWN, SECRET, Reference("urn:pulumi:a::b::c:d/e:F::g", "instanceType")])
def test_an_undecided_input_names_the_property_and_is_not_zero(
    make: Make, price: Priced, value: object
) -> None:
    made = price(make(INSTANCE, instanceType=value))
    assert made.total == Cost()
    assert "`instanceType`" in made.unpriced[0].reason


def test_a_reference_is_followed_to_what_it_repeats(make: Make, price: Priced) -> None:
    other = make(INSTANCE, "a", instanceType="m7i.xlarge")
    made = price(other, make(INSTANCE, "b", instanceType=Reference(other.urn, "instanceType")))
    hours = [line.expected for line in made.lines if "m7i.xlarge" in line.item]
    assert hours == [Decimal("147.17")] * 2


def test_an_unknown_made_of_one_resource_takes_its_input_and_says_so(make: Make, price: Priced) -> None:
    other = make(INSTANCE, "a", instanceType="m7i.xlarge")
    second = make(INSTANCE, "b", instanceType=UNKNOWN, property_dependencies={"instanceType": (other.urn,)})
    made = price(other, second)
    assert made.unpriced == ()
    assert "`instanceType` of b is taken from a, of which it is made" in made.assumptions


def test_a_group_finds_its_instance_type_through_the_launch_template(make: Make, price: Priced) -> None:
    template = make(TEMPLATE, "t", instanceType="m7i.xlarge")
    group = make(
        GROUP, launchTemplate={"id": Reference(template.urn, "id")}, minSize=1, desiredCapacity=2, maxSize=4
    )
    hours = next(line for line in price(template, group).lines if "m7i.xlarge" in line.item)
    one = 730 * Decimal("0.2016")
    assert (hours.floor, hours.expected, hours.ceiling) == tuple(
        (one * n).quantize(Decimal("0.01")) for n in (1, 2, 4)
    )


def test_a_missing_price_leaves_one_item_out_not_the_resource(make: Make, price: Priced) -> None:
    made = price(make(INSTANCE, instanceType="m99.huge"))
    assert [it.item for it in made.unpriced] == ["instance m99.huge, on demand"]
    assert [line.item for line in made.lines] == ["root disk gp3"]


def test_an_unverified_price_is_flagged_to_the_end(make: Make, price: Priced) -> None:
    made = price(make("aws:eks/cluster:Cluster", region="ap-southeast-1"))
    assert made.unverified and not made.lines[0].verified
    document = made.to_dict()
    assert document["unverified"] == len(made.unverified)
    assert document["lines"][0]["price"]["verified"] is False


def test_a_component_a_provider_and_what_is_only_read_cost_nothing_and_count_as_nothing(
    make: Make, price: Priced
) -> None:
    made = price(
        make("tradewind:index:Network", custom=False),
        make("pulumi:providers:aws", "p"),
        make(INSTANCE, "read", instanceType="m7i.xlarge", external=True),
    )
    assert (made.lines, made.unpriced, made.free) == ((), (), 0)


def test_free_types_are_counted(make: Make, price: Priced) -> None:
    role = make("aws:iam/role:Role")
    namespace = make("kubernetes:core/v1:Namespace")
    endpoint = make("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Gateway")
    assert price(role, namespace, endpoint).free == 3


def test_lines_know_their_component_and_tenant(make: Make, price: Priced) -> None:
    outer = make("tradewind:index:Network", "network", custom=False)
    nat = make(NAT, parent=outer.urn, tags={"tenant": "search"})
    made = price(outer, nat)
    assert set(made.by("component")) == {"Network"}
    assert set(made.by("tenant")) == {"search"}


def test_the_widest_spread_is_the_first_driver(make: Make, price: Priced) -> None:
    made = price(
        make(NAT),
        make(
            TABLE, "online", billingMode="PAY_PER_REQUEST", onDemandThroughput={"maxWriteRequestUnits": 40000}
        ),
    )
    first = made.drivers(1)[0]
    assert (first.name, first.item) == ("online", "writes")
    assert "maxWriteRequestUnits 40000 a second" in first.driver


def line(name: str, region: str, three: list[Decimal]) -> Line:
    price = BOOK.find(service="AmazonEC2-NAT", region="us-east-1", usage_type="NatGateway-Hours")
    assert price is not None
    low, middle, high = three
    floor, expected, ceiling = (price.cost(it).quantize(Decimal("0.01")) for it in three)
    return Line(
        urn=f"urn:{name}",
        type=NAT,
        name=name,
        region=region,
        service=name[:1],
        item="hours",
        unit="Hrs",
        price=price,
        quantities=Quantity(low, middle, high),
        floor=floor,
        expected=expected,
        ceiling=ceiling,
        component=name[-1:],
    )


BOOK = PriceBook.bundled()
amounts = st.lists(st.decimals(0, 10**6, places=4), min_size=3, max_size=3).map(sorted)
lines = st.lists(
    st.builds(line, st.sampled_from(["ab", "bc", "cb"]), st.sampled_from(["r1", "r2"]), amounts), max_size=12
)


@given(lines)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_every_grouping_adds_up_to_the_total(made: list[Line]) -> None:
    whole = Estimate(tuple(made))
    for what in ("service", "region", "component", "tenant", "resource"):
        parts = whole.by(what).values()
        assert sum(parts, Cost()) == whole.total
    assert whole.total.floor <= whole.total.expected <= whole.total.ceiling


# Every property name that an estimator reads, from the text of the estimators.
SOURCES = (Path(__file__).parents[2] / "finops" / "estimators").glob("*.py")
PROPERTIES = sorted(
    {
        name
        for path in SOURCES
        for name in re.findall(
            r'\.(?:text|number|flag|items|sections?|value)\(\s*"(\w+)"', path.read_text(encoding="utf-8")
        )
    }
)
leaves = st.one_of(
    st.sampled_from(
        [
            "",
            "m5.large",
            "PAY_PER_REQUEST",
            "aurora-mysql",
            "db.serverless",
            "ON_DEMAND",
            UNKNOWN,
            SECRET,
            True,
            None,
        ]
    ),
    st.integers(-1, 10**6),
    st.floats(0, 100),
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(PROPERTIES), inner, max_size=3)
    ),
    max_leaves=6,
)


def test_the_properties_for_the_next_test_were_found() -> None:
    assert {"instanceType", "replicas", "spec", "volumeSize", "minSize"} <= set(PROPERTIES)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(REGISTRY)),
            st.sampled_from(["us-east-1", "eu-west-1", "ap-south-1", ""]),
            st.dictionaries(st.sampled_from(PROPERTIES), values, max_size=5),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_program_states_a_resource_is_priced_free_or_unpriced(
    rows: list[tuple[str, str, dict[str, object]]],
) -> None:
    """No input of any shape crashes an estimator, and each line's cost is quantity times price."""
    resources = [
        Resource(f"urn:pulumi:s::p::{token}::{n}", token, str(n), inputs, region=region)
        for n, (token, region, inputs) in enumerate(rows)
    ]
    made = estimate(Graph.of(resources), Usage(), BOOK)
    priced = {it.urn for it in made.lines} | {it.urn for it in made.unpriced}
    assert len(priced) + made.free == len(resources)
    for it in made.lines:
        assert 0 <= it.floor <= it.expected <= it.ceiling
        for shown, quantity in (
            (it.floor, it.quantities.floor),
            (it.expected, it.quantities.expected),
            (it.ceiling, it.quantities.ceiling),
        ):
            assert abs(shown - it.price.cost(quantity)) <= Decimal("0.005")


def test_the_dates_of_the_prices_are_told(make: Make, price: Priced) -> None:
    assert price(make("aws:iam/role:Role")).prices_as_of is None
    assert price(make(NAT)).prices_as_of == (date(2026, 8, 21), date(2026, 8, 21))


def test_the_document_fits_its_schema_and_is_the_same_every_time(make: Make, price: Priced) -> None:
    resources = [
        make(NAT),
        make(TABLE, billingMode="PAY_PER_REQUEST", replicas=[{"regionName": "eu-west-1"}]),
        make("aws:new/thing:Thing"),
    ]
    document = price(*resources).to_dict()
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    again = price(*reversed(resources)).to_dict()
    assert json.dumps(document, sort_keys=True) == json.dumps(again, sort_keys=True)
    lines = [Decimal(it["expected"]) for it in document["lines"]]
    assert Decimal(document["total"]["expected"]) == sum(lines, Decimal(0))


def test_twenty_thousand_resources_take_seconds_not_minutes(book: PriceBook) -> None:
    """Measured below 2 s on two cores; the bound leaves room for a busy machine."""
    kinds: list[tuple[str, dict[str, object]]] = [
        (NAT, {}),
        (INSTANCE, {"instanceType": "m7i.xlarge"}),
        (TABLE, {"billingMode": "PAY_PER_REQUEST"}),
        ("aws:iam/role:Role", {}),
    ]
    resources = []
    for number in range(20_000):
        token, inputs = kinds[number % 4]
        resources.append(
            Resource(f"urn:pulumi:s::p::{token}::{number}", token, str(number), inputs, region="us-east-1")
        )
    graph = Graph.of(resources)
    start = time.perf_counter()
    made = estimate(graph, Usage(), book)
    assert time.perf_counter() - start < 8
    assert made.free == 5_000
