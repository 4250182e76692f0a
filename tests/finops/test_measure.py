"""Usage as CloudWatch measured it, through botocore's Stubber."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from finops.estimate import estimate
from finops.measure import measured, questions, usage_file
from finops.prices import PriceBook
from finops.usage import load
from plan.graph import Graph, Resource

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TABLE, BUCKET, NAT = "aws:dynamodb/table:Table", "aws:s3/bucket:Bucket", "aws:ec2/natGateway:NatGateway"


def named(token: str, urn: str, **inputs: Any) -> Resource:
    return Resource(f"urn:pulumi:s::p::{token}::{urn}", token, urn, inputs, region="us-east-1")


def client() -> Any:
    return boto3.client(
        "cloudwatch", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


def answer(**points: list[float]) -> dict[str, Any]:
    rows = [
        {"Id": key, "Label": key, "Values": values, "StatusCode": "Complete"}
        for key, values in points.items()
    ]
    return {"MetricDataResults": rows}


def test_only_what_has_a_name_is_asked_for(make: Callable[..., Resource]) -> None:
    asked, unnamed = questions(Graph.of([named(TABLE, "t", name="orders"), make(NAT, "n")]))
    assert {(it.metric, it.dimensions) for it in asked} == {
        ("ConsumedWriteCapacityUnits", (("TableName", "orders"),)),
        ("ConsumedReadCapacityUnits", (("TableName", "orders"),)),
    }
    assert [it.name for it in unnamed] == ["n"]


def test_what_was_measured_prices_the_plan(
    make: Callable[..., Resource], book: PriceBook, tmp_path: Path
) -> None:
    table = named(TABLE, "t", name="orders", billingMode="PAY_PER_REQUEST")
    bucket = make(BUCKET, "b", bucket="shop-data")
    graph = Graph.of([table, bucket, make(NAT, "n")])
    made = client()
    with Stubber(made) as stub:
        call = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": NOW}
        more = {**answer(q0=[1_000_000.0] * 10), "NextToken": "more"}
        stub.add_response("get_metric_data", more, call)
        stub.add_response(
            "get_metric_data",
            answer(q0=[1_000_000.0] * 20, q2=[100 * 2.0**30, 300 * 2.0**30]),
            {**call, "NextToken": "more"},
        )
        found = measured(graph, lambda _: made, now=NOW)
    # A million a day for 30 days are 30.4 million a month of 730 hours.
    assert round(found.values[table.urn]["write_requests"]) == round(D(10) ** 6 * 730 / 24)
    assert "read_requests" not in found.values[table.urn]
    assert round(found.values[bucket.urn]["standard_gb"]) == 200
    file = tmp_path / "usage.yaml"
    file.write_text(usage_file(found, graph, day="2026-11-23"))
    assert "#   n (ec2.NatGateway)" in file.read_text()
    priced = estimate(graph, load(file, graph), book)
    writes = next(line for line in priced.lines if line.item == "writes")
    assert writes.expected == (D(730) / 24 * D("0.625")).quantize(D("0.01"), "ROUND_HALF_UP")
    assert writes.floor < writes.expected < writes.ceiling


def test_a_plan_of_thousands_is_asked_for_in_parts() -> None:
    graph = Graph.of([named("aws:cloudwatch/logGroup:LogGroup", f"l{n}", name=f"l{n}") for n in range(501)])
    made = client()
    with Stubber(made) as stub:
        for _ in range(2):
            stub.add_response("get_metric_data", answer())
        found = measured(graph, lambda _: made, now=NOW)
        stub.assert_no_pending_responses()
    assert not any(found.values.values())
