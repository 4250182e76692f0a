"""An input means the same resource however it is written."""

from __future__ import annotations

import pytest

from plan.graph import Resource
from plan.joins import Joins, at
from plan.values import UNKNOWN, Template
from tests.plan.build import graph, made, ref

BUCKET, VERSIONING = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning"
KEY, ALIAS = "aws:kms/key:Key", "aws:kms/alias:Alias"
QUEUE = "aws:sqs/queue:Queue"

DATA = made(BUCKET, "data", "eu-west-1", bucket="shop-data")
PASSED_ON = made(VERSIONING, "data", "eu-west-1", bucket=ref(DATA, "bucket"))


@pytest.mark.parametrize(
    "value",
    [
        ref(DATA, "arn"),
        ref(PASSED_ON, "bucket"),
        Template(f"{ref(DATA, 'arn')}/*"),
        "shop-data",
        "arn:aws:s3:::shop-data",
    ],
)
def test_by_reference_name_and_arn(value: object) -> None:
    user = made(QUEUE, "q", "eu-west-1", target=value)
    assert Joins(graph(DATA, PASSED_ON, user)).find(user, "target", (BUCKET,)).one == DATA


@pytest.mark.parametrize("upstream", [DATA, PASSED_ON])
def test_by_dependency_when_unknown(upstream: Resource) -> None:
    passed = made(
        VERSIONING, "data", "eu-west-1", bucket=UNKNOWN, property_dependencies={"bucket": (DATA.urn,)}
    )
    user = made(QUEUE, "q", bucket=UNKNOWN, property_dependencies={"bucket": (upstream.urn,)})
    joins = Joins(graph(DATA, passed, user))
    assert joins.find(user, "bucket", (BUCKET,)).one == DATA


def test_unknown_without_dependencies_stays_unknown_and_nothing_is_nothing() -> None:
    user = made(QUEUE, "q", bucket=UNKNOWN)
    joins = Joins(graph(user))
    assert joins.find(user, "bucket", (BUCKET,)).unknown
    assert not joins.find(user, "absent", (BUCKET,)).unknown


def test_a_name_that_stands_in_two_regions_means_the_one_here() -> None:
    keys = [made(KEY, f"k-{region}", region) for region in ("eu-west-1", "us-east-1")]
    aliases = [made(ALIAS, k.name, k.region, inputs={"name": "alias/x", "targetKeyId": ref(k)}) for k in keys]
    user = made(QUEUE, "q", "us-east-1", key="alias/x")
    assert Joins(graph(*keys, *aliases, user)).find(user, "key", (KEY,)).one == keys[1]


def test_the_region_in_an_arn_decides() -> None:
    tables = [
        made("aws:dynamodb/table:Table", r, r, inputs={"name": "t"}) for r in ("eu-west-1", "us-east-1")
    ]
    user = made(QUEUE, "q", "us-east-1", table="arn:aws:dynamodb:eu-west-1:1:table/t")
    assert Joins(graph(*tables, user)).find(user, "table", ("aws:dynamodb/table:Table",)).one == tables[0]


def test_a_path_ends_at_the_first_thing_that_is_not_known() -> None:
    assert at({"a": [{"b": 1}]}, "a.0.b") == 1
    assert at({"a": UNKNOWN}, "a.0.b") is UNKNOWN
    assert at({"a": 1}, "a.b.c") is None
    assert at({"a": []}, "a.3") is None
