"""Offline tables in S3 Tables: where they are, who writes and reads them, what is lost with a region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.feature_store.check import problems_of
from components.feature_store.schema import Column, ColumnType, schema_of
from components.feature_store.settings import FeatureStoreSettings
from components.feature_store.table_buckets import table_metadata
from components.model import Cell
from finops.estimate import estimate
from finops.prices import PriceBook
from finops.usage import Usage
from plan.export.terraform import export
from plan.graph import Graph
from plan.survive import survive
from policies.iam import Access
from tests.components.feature_store_plan import REGIONS, STORE, of, planned, region_of_key

ACCOUNT = "123456789012"
TABLES: dict[str, Any] = {**STORE, "offline": {"catalog": "s3_tables", "copies": 3}}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("tables"), "production", REGIONS, TABLES)


def home_of(graph: Graph, arn: Any) -> str:
    return graph[arn.urn].region


def test_each_region_of_a_group_has_a_bucket_and_its_home_the_tables(tables: Graph) -> None:
    places = {(it.name.removesuffix(f"-{it.region}"), it.region) for it in of(tables, "TableBucket")}
    assert places == {
        *((f"features-tables-{label}", region) for label in ("any", "any-acme") for region in REGIONS),
        ("features-tables-eu", "eu-west-1"),
        ("features-tables-eu", "eu-central-1"),
    }
    homes = {it.inputs["name"]: it.region for it in tables if it.type == "aws:s3tables/table:Table"}
    assert homes == {
        "users": "us-east-1",
        "history": "us-east-1",
        "scores": "us-east-1",
        "europeans": "eu-west-1",
    }


def test_nothing_is_twice_in_glue(tables: Graph) -> None:
    """Feast's temporary tables still need the databases."""
    assert not [it for it in tables if it.type.endswith(":CatalogTable")]
    assert len(of(tables, "CatalogDatabase")) == 3 + 3 + 2


def test_buckets_are_encrypted_with_the_groups_key_of_their_region_and_protected(tables: Graph) -> None:
    for bucket in of(tables, "TableBucket"):
        encryption = bucket.inputs["encryptionConfiguration"]
        assert encryption["sseAlgorithm"] == "aws:kms"
        assert region_of_key(tables, encryption["kmsKeyArn"]) == bucket.region
        assert bucket.protect and not bucket.inputs["forceDestroy"]


def test_copies_go_from_home_to_the_other_regions_of_the_group(tables: Graph) -> None:
    found = {}
    for config in of(tables, "TableBucketReplication"):
        targets = config.inputs["rule"]["destinations"]
        assert home_of(tables, config.inputs["tableBucketArn"]) == config.region
        found[config.name] = {home_of(tables, it["destinationTableBucketArn"]) for it in targets}
    everywhere = {"eu-west-1", "eu-central-1"}
    assert found == {
        "features-tables-any": everywhere,
        "features-tables-any-acme": everywhere,
        "features-tables-eu": {"eu-central-1"},
    }


def test_two_copies_are_two_buckets(tmp_path: Path) -> None:
    store = {"views": [STORE["views"][0]], "offline": {"catalog": "s3_tables"}}
    graph = planned(tmp_path, "production", REGIONS, {**store, "registry": {"enabled": False}})
    assert {it.region for it in of(graph, "TableBucket")} == set(REGIONS[:2])


def test_more_copies_than_the_service_makes_are_refused() -> None:
    regions = [*REGIONS, "eu-west-2", "eu-north-1", "us-west-2", "us-east-2"]
    cell = Cell(environment="prod", region=regions[0], regions=regions, account_id=ACCOUNT)
    store = {"views": [STORE["views"][0]], "offline": {"catalog": "s3_tables", "copies": 7}}
    (problem,) = problems_of(FeatureStoreSettings.model_validate(store), cell, {})
    assert (problem.path, problem.fix) == ("offline.copies", "copies: 6")


def test_columns_are_those_of_the_view_and_a_list_is_left_to_the_first_writer() -> None:
    plain = schema_of("id", ColumnType.STRING, [Column(name="age", type=ColumnType.INT)])
    fields = table_metadata(plain)["iceberg"]["schema"]["fields"]
    assert fields[0] == {"name": "id", "type": "string", "required": True}
    assert [field["name"] for field in fields] == ["id", "event_timestamp", "created_timestamp", "age"]
    listed = schema_of("id", ColumnType.STRING, [Column(name="v", type=ColumnType.FLOAT, repeated=True)])
    assert table_metadata(listed) == {}


def test_tables_are_written_at_home_and_read_where_they_are_copied(tables: Graph) -> None:
    access = Access(tables, account=ACCOUNT)
    home, away = (
        f"arn:aws:s3tables:{region}:{ACCOUNT}:bucket/tradewind-prod-features/table/0f0a"
        for region in ("us-east-1", "eu-west-1")
    )
    reader, writer = "tradewind-prod-feature-reader", "tradewind-prod-feature-writer"
    for role in (reader, writer):
        for table in (home, away):
            assert access.may(role, "s3tables:GetTableData", table).allowed
    assert access.may(writer, "s3tables:PutTableData", home).allowed
    assert access.may(writer, "s3tables:PutTableData", away).denied
    assert access.may(reader, "s3tables:PutTableData", home).denied
    for action in ("s3tables:DeleteTable", "s3tables:CreateTable", "s3tables:DeleteTableBucket"):
        for role in (reader, writer):
            assert access.may(role, action, home).denied
    other = home.replace("features/", "features-acme/")
    assert access.may(writer, "s3tables:GetTableData", other).denied


def test_the_service_replicates_from_home_only_and_compacts_with_the_key(tables: Graph) -> None:
    access = Access(tables, account=ACCOUNT)
    role = "tradewind-prod-feature-table-replication-eu"
    home, copy = (
        f"arn:aws:s3tables:{region}:{ACCOUNT}:bucket/tradewind-prod-features-eu/table/0f0a"
        for region in ("eu-west-1", "eu-central-1")
    )
    assert access.may(role, "s3tables:GetTableData", home).allowed
    assert access.may(role, "s3tables:PutTableData", copy).allowed
    assert access.may(role, "s3tables:PutTableData", home).denied
    assert access.may(role, "s3tables:PutTableData", copy.replace("features-eu", "features")).denied
    (key,) = [it for it in of(tables, "Key") if it.name == "features-eu"]
    statements = {it["Sid"]: it for it in json.loads(key.inputs["policy"])["Statement"]}
    assert statements["TableMaintenance"]["Principal"] == {"Service": "maintenance.s3tables.amazonaws.com"}


def test_everything_of_it_has_a_price(tables: Graph) -> None:
    found = estimate(tables, Usage(), PriceBook.bundled())
    ours = {it.urn for it in tables if ":s3tables/" in it.type}
    assert not [it for it in found.unpriced if it.urn in ours]
    moved = [line for line in found.lines if line.type.endswith(":TableBucketReplication")]
    assert {line.item for line in moved} >= {
        "replicated data to eu-west-1",
        "replicated requests to eu-west-1",
    }


def test_the_export_says_which_types_are_newer_than_the_provider(tables: Graph) -> None:
    left = {tables[note.urn].type for note in export(tables).notes if note.kind == "left-out"}
    assert "aws:s3tables/tableBucketReplication:TableBucketReplication" in left
    made = {block.token for block in export(tables).blocks}
    assert {"aws:s3tables/tableBucket:TableBucket", "aws:s3tables/table:Table"} <= made


def test_a_copy_can_be_read_when_home_is_lost_and_nothing_is_lost_with_a_copy(tables: Graph) -> None:
    losses = {loss.region: loss for loss in survive(tables).regions}

    def of_bucket(lost: str, region: str) -> tuple[str, float | None, str]:
        (it,) = [one for one in losses[lost].stores if one.name == f"features-tables-eu-{region}"]
        return it.verdict, it.data_loss_seconds, it.access

    # AWS promises no time for this replication, so there is no figure.
    assert of_bucket("eu-west-1", "eu-west-1") == ("degraded", None, "after promotion")
    assert of_bucket("eu-central-1", "eu-central-1") == ("yes", 0, "now")
