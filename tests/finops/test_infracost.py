"""Prices as AWS's list describes them, answers to Infracost's queries, the endpoint, the reasons."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from finops.estimate import Estimate, estimate
from finops.estimators import REGISTRY
from finops.infracost.comparison import joined
from finops.infracost.endpoint import Endpoint, serving
from finops.infracost.products import Catalogue, prefixed, prefixes, ratio, rules, units_of
from finops.infracost.queries import Query, answer
from finops.infracost.reasons import agree, reasons
from finops.infracost.results import Component, Theirs
from finops.infracost.usage import keys, usage_file
from finops.prices import PriceBook
from finops.usage import Usage, known, short_name
from finops.usage_file import Entry, Stated
from plan.export.terraform import export
from plan.export.terraform.types import mapped
from plan.graph import Graph


@pytest.fixture(scope="module")
def catalogue(book: PriceBook) -> Catalogue:
    return Catalogue(book)


def query(
    service: str, region: str = "eu-central-1", family: str = "", price: Any = None, **attributes: str
) -> Query:
    """Attributes whose text stands in slashes are regular expressions."""
    filters = [
        {"key": key, "value_regex" if text.startswith("/") else "value": text}
        for key, text in attributes.items()
    ]
    product = {
        "vendorName": "aws",
        "service": service,
        "region": region or None,
        "productFamily": family or None,
        "attributeFilters": filters,
    }
    return Query.of({"productFilter": product, "priceFilter": price})


def book_rate(book: PriceBook, service: str, region: str, usage_type: str, **rest: str) -> D:
    found = book.find(service=service, region=region, usage_type=usage_type, **rest)
    assert found is not None
    return found.rate


def test_usage_types_have_the_prefix_of_their_region() -> None:
    assert prefixed("X", "us-east-1") == "X"
    assert prefixed("X", "us-east-1", "always") == "USE1-X"
    assert prefixed("X", "eu-west-1") == "EU-X"
    assert prefixed("X", "eu-west-1", "name") == "eu-west-1-X"
    assert prefixed("X", "eu-west-1", "none") == prefixed("X", "", "always") == "X"
    assert prefixed("X", "xx-new-9") == "XXNEW9-X"


def test_each_prefix_is_one_regions() -> None:
    assert len(set(prefixes().values())) == len(prefixes())


def test_units_are_singles() -> None:
    assert (units_of("million"), units_of("1000 requests"), units_of("Hrs")) == (1_000_000, 1000, 1)
    assert (ratio("730"), ratio("1/4")) == (730, D("0.25"))


def test_every_row_of_the_table_describes_a_price_of_the_book(book: PriceBook) -> None:
    dead = []
    for service, table in rules().items():
        for rule in table:
            prices = (
                price
                for region in ("us-east-1", "eu-west-1", "global")
                for price in book.all(rule.service, region)
            )
            if not any(rule.product(price, "us-east-1") for price in prices):
                dead.append((service, rule.pattern.pattern))
    assert dead == []


@pytest.mark.parametrize(
    ("asked", "service", "usage_type", "factor"),
    [
        (query("AmazonEC2", family="Compute Instance", instanceType="m7i.large", tenancy="Shared", operatingSystem="Linux", preInstalledSw="NA", licenseModel="No License required", capacitystatus="Used", price={"purchaseOption": "on_demand"}), "AmazonEC2", "BoxUsage:m7i.large", D(1)),
        (query("AmazonEC2", family="NAT Gateway", usagetype="/NatGateway-Hours/"), "AmazonEC2-NAT", "NatGateway-Hours", D(1)),
        (query("AmazonEC2", family="Storage", volumeApiName="/gp3/i"), "AmazonEC2-EBS", "EBS:VolumeUsage.gp3", D(1)),
        (query("AmazonEC2", family="Provisioned Throughput", volumeApiName="/gp3/i", usagetype="/VolumeP-Throughput.gp3/"), "AmazonEC2-EBS", "EBS:VolumeP-Throughput.gp3", D(1024)),
        (query("AWSQueueService", family="API Request", queueType="Standard", price={"startUsageAmount": "0"}), "AWSQueueService", "Requests-Tier1", D("0.000001")),
        (query("awskms", usagetype="/KMS-Requests$/"), "awskms", "KMS-Requests", D("0.0001")),
        (query("AWSELB", family="Load Balancer-Application", locationType="AWS Region", usagetype=r"/^([A-Z]{3}\d-|Global-|EU-)?LoadBalancerUsage$/i"), "AWSELB", "LoadBalancerUsage:application", D(1)),
        (query("AmazonRoute53", "", "DNS Zone", usagetype="HostedZone", price={"startUsageAmount": "0"}), "AmazonRoute53", "HostedZone", D(1)),
    ],
)  # fmt: skip
def test_a_query_is_answered_from_the_book(
    book: PriceBook, catalogue: Catalogue, asked: Query, service: str, usage_type: str, factor: D
) -> None:
    assert answer(asked, catalogue) == (book_rate(book, service, "eu-central-1", usage_type) * factor,)


def test_spot_is_another_price(book: PriceBook, catalogue: Catalogue) -> None:
    (found,) = answer(
        query("AmazonEC2", instanceType="m7i.large", price={"purchaseOption": "spot"}), catalogue
    )
    assert found == book_rate(book, "AmazonEC2", "eu-central-1", "BoxUsage:m7i.large", purchase_option="spot")


def test_a_tier_is_chosen_by_where_the_quantity_starts(book: PriceBook, catalogue: Catalogue) -> None:
    price = book.find(service="AmazonS3", region="us-east-1", usage_type="TimedStorage-ByteHrs")
    assert price is not None
    assert price.is_tiered
    whole = {"usagetype": "/TimedStorage-ByteHrs/i", "volumeType": "/Standard/i", "operation": ""}
    for tier in price.tiers:
        asked = query("AmazonS3", "us-east-1", price={"startUsageAmount": f"{tier.start:f}"}, **whole)
        assert answer(asked, catalogue) == (tier.price,)
    # Asked for none, all are told: Infracost then takes the smallest, as it does with AWS's list.
    assert answer(query("AmazonS3", "us-east-1", **whole), catalogue) == tuple(
        tier.price for tier in price.tiers
    )


@pytest.mark.parametrize(
    "asked",
    [
        query("AmazonECR", family="EC2 Container Registry", usagetype="TimedStorage-ByteHrs"),
        query("AmazonEC2", family="Compute Instance", instanceType="m7i.large", operatingSystem="Windows"),
        query("AmazonEC2", family="Compute Instance", instanceType="m7i.large", tenancy="Dedicated"),
        query("AmazonEC2", instanceType="m7i.large", price={"purchaseOption": "reserved", "termLength": "1yr"}),
        query("AmazonEC2", instanceType="m7i.large", price={"termLength": "1yr"}),
        query("AmazonEC2", instanceType="m7i.large", price={"description": "no such words"}),
        query("AmazonEC2", instanceType="m7i.large", price={"description_regex": "/Windows/"}),
        query("AmazonEC2", instanceType="m7i.large", nobodyKnows="this"),
        query("AmazonEC2", "no-such-region", instanceType="m7i.large"),
        query("NoSuchService"),
        query("AmazonEC2", usagetype="/(/"),
    ],
)  # fmt: skip
def test_what_the_book_does_not_say_is_not_guessed(catalogue: Catalogue, asked: Query) -> None:
    assert answer(asked, catalogue) == ()


def test_a_free_tier_that_is_excluded_is_not_in_the_book(book: PriceBook, catalogue: Catalogue) -> None:
    asked = query(
        "AmazonDynamoDB", family="Database Storage", usagetype="/(?<!IA-)TimedStorage-ByteHrs$/i",
        price={"description_regex": r"/^(?!.*\$0.00 per GB-Month).*$/i"},
    )  # fmt: skip
    assert answer(asked, catalogue) == (
        book_rate(book, "AmazonDynamoDB", "eu-central-1", "TimedStorage-ByteHrs"),
    )


@pytest.fixture
def endpoint(book: PriceBook) -> Iterator[Endpoint]:
    with serving(book) as found:
        yield found


def post(url: str, body: bytes) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=10) as reply:
        return json.loads(reply.read())


def variables(region: str, usage_type: str) -> dict[str, Any]:
    product = {"service": "AmazonEC2", "productFamily": "NAT Gateway", "region": region, "attributeFilters": [{"key": "usagetype", "value_regex": usage_type}]}  # fmt: skip
    return {"query": "...", "variables": {"productFilter": product, "priceFilter": None}}


def test_a_batch_is_answered_in_its_order(endpoint: Endpoint, book: PriceBook) -> None:
    asked = [
        variables("eu-central-1", "/NatGateway-Hours/"),
        variables("eu-central-1", "/Nothing/"),
        variables("us-east-1", "/NatGateway-Hours/"),
    ]
    first, none, last = post(f"{endpoint.url}/graphql", json.dumps(asked).encode())
    for reply, region in ((first, "eu-central-1"), (last, "us-east-1")):
        (product,) = reply["data"]["products"]
        assert [D(it["USD"]) for it in product["prices"]] == [
            book_rate(book, "AmazonEC2-NAT", region, "NatGateway-Hours")
        ]
    assert none == {"data": {"products": []}}
    assert [str(it) for it in endpoint.unanswered] == [
        "AmazonEC2 / NAT Gateway / eu-central-1: usagetype ~ /Nothing/"
    ]
    assert len(endpoint.answered) == 2


def test_the_greeting_and_the_report_of_a_run_are_taken(endpoint: Endpoint) -> None:
    assert post(f"{endpoint.url}/graphql", b'[{"query": "", "variables": null}]') == [{}]
    assert post(f"{endpoint.url}/event", b'{"event": "run"}') == {}


@pytest.mark.parametrize(
    "body", [b"{", b"{}", b'[{"variables": {}}]', b'[{"variables": {"productFilter": 1}}]', b"\xff"]
)
def test_what_is_no_query_is_refused(endpoint: Endpoint, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(f"{endpoint.url}/graphql", body)
    assert caught.value.code == 400
    assert post(f"{endpoint.url}/event", b"{}") == {}


def test_it_listens_on_this_machine_only_and_ends_with_its_block(book: PriceBook) -> None:
    with serving(book) as found:
        assert found.url.startswith("http://127.0.0.1:")
    port = int(found.url.rpartition(":")[2])
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", port)) != 0


def test_the_usage_of_a_resource_is_told_in_their_words(make: Any, book: PriceBook) -> None:
    table = make("aws:dynamodb/table:Table", "t", billingMode="PAY_PER_REQUEST", globalSecondaryIndexes=[{}])
    bucket = make("aws:s3/bucket:Bucket", "b")
    cluster = make("aws:rds/cluster:Cluster", "c", engine="aurora-postgresql")
    graph = Graph.of([table, bucket, cluster])
    stated = Entry("s3.Bucket", "", {"standard_gb": Stated(D("1.5"))}, "", "")
    usage = Usage(types=(stated,))
    found = json.loads(usage_file(export(graph).blocks, graph, usage, estimate(graph, usage, book).lines))[
        "resource_usage"
    ]
    # An index may repeat every write: the estimate counts two.
    assert found["aws_dynamodb_table.t"]["monthly_write_request_units"] == 2_000_000
    assert found["aws_s3_bucket.b"]["standard"] == {
        "storage_gb": 1.5, "monthly_tier_1_requests": 100_000, "monthly_tier_2_requests": 1_000_000,
    }  # fmt: skip
    assert found["aws_rds_cluster.c"]["read_requests_per_sec"] == 4


def test_their_words_are_for_usage_that_is_known() -> None:
    of_type: dict[str, set[str]] = {}
    for token in REGISTRY:
        to = mapped(token)
        if to is not None:
            of_type.setdefault(to.type, set()).update(known().types.get(short_name(token), {}))
    unknown = [
        (type, row["usage"])
        for type, table in keys().items()
        for row in table.values()
        if "usage" in row and row["usage"] not in of_type.get(type, ())
    ]
    assert unknown == []


def test_two_sums_agree_within_a_hundredth_or_a_cent() -> None:
    assert agree(D("100"), D("99"))
    assert not agree(D("100"), D("98.9"))
    assert agree(D("0.01"), D("0.002"))
    assert not agree(D("0.02"), D("0"))


def test_the_reasons_are_well_formed() -> None:
    names = [reason.name for reason in reasons()]
    assert len(set(names)) == len(names)
    for reason in reasons():
        assert reason.kind in ("coverage", "defect", "usage", "tiers")
        assert reason.ours or reason.theirs
        assert reason.why.endswith(".")


def part(name: str, cost: str, priced: bool = True) -> Component:
    return Component(name, "", D(1), D(cost), D(cost), priced)


def test_a_row_says_what_each_side_does(make: Any, price: Any) -> None:
    key, alias = make("aws:kms/key:Key", "k"), make("aws:kms/alias:Alias", "a")
    queue, thing = make("aws:sqs/queue:Queue", "q"), make("aws:new/thing:Thing", "n")
    ours: Estimate = price(key, alias, queue, thing)
    addresses = {key.urn: "aws_kms_key.k", alias.urn: "aws_kms_alias.a", queue.urn: "aws_sqs_queue.q"}
    types = {urn: address.partition(".")[0] for urn, address in addresses.items()}
    theirs = {
        "aws_kms_key.k": Theirs("aws_kms_key.k", (part("Customer master key", "1"), part("x", "0", False))),
        "aws_sqs_queue.q": Theirs("aws_sqs_queue.q", (part("Requests", "0", False),)),
    }
    rows = {
        row.name: row
        for row in joined(
            Graph.of([key, alias, queue, thing]), ours, addresses, types, theirs, ["aws_kms_alias"]
        )
    }
    assert [(rows[name].ours, rows[name].state, rows[name].verdict) for name in "kaqn"] == [
        ("priced", "priced", "explained"),
        ("free", "unsupported", "neither"),
        ("priced", "no price", "ours only"),
        ("unpriced", "not sent", "neither"),
    ]
    ((reason, amount),) = rows["k"].reasons
    assert (reason.name, amount) == ("key-requests", D("0.30"))
    # The same key at another price of theirs has no reason that accounts for it.
    theirs["aws_kms_key.k"] = Theirs("aws_kms_key.k", (part("Customer master key", "2"),))
    (again, *_) = joined(Graph.of([key]), ours, addresses, types, theirs)
    assert again.verdict == "unexplained"
