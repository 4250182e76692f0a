"""Tables in S3 Tables, both ways: who reads, writes and copies them, and who sees none of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policies.iam import Access
from tests.components.feature_store_roles.questions import (
    ACCOUNT,
    Ask,
    Group,
    all_are,
    each_group,
    keeps_to_its_group,
    keys_without_their_services,
    reads,
    schedules,
    starting,
)


def reads_tables(group: Group) -> Iterator[Ask]:
    """At home and in the region that holds the copy."""
    for region in group.regions[:2]:
        yield "s3tables:GetTableBucket", group.table_bucket(region), {}
        yield "s3tables:GetTableData", f"{group.table_bucket(region)}/table/1234", {}
        catalog = f"s3tablescatalog/tradewind-prod-features{group.suffix}"
        yield (
            "glue:GetTable",
            f"arn:aws:glue:{region}:{ACCOUNT}:table/{catalog}/{group.database}/{group.view}",
            {},
        )


def writes_tables(group: Group) -> Iterator[Ask]:
    for action in ("PutTableData", "UpdateTableMetadataLocation"):
        yield f"s3tables:{action}", f"{group.table_bucket(group.home)}/table/1234", {}


def others_tables(group: Group) -> Iterator[Ask]:
    for other in group.others:
        yield from reads_tables(other)
        yield from writes_tables(other)
    for action in ("DeleteTableBucket", "PutTableBucketPolicy", "DeleteTableBucketPolicy"):
        yield f"s3tables:{action}", group.table_bucket(group.home), {}
    yield "s3tables:DeleteTable", f"{group.table_bucket(group.home)}/table/1234", {}


@each_group
def test_tables_of_table_buckets_are_read_by_both_and_written_by_writers(
    with_table_buckets: Access, group: Group
) -> None:
    reader, writer = group.role("feature-reader"), group.role("feature-writer")
    for role in (reader, writer):
        all_are(with_table_buckets, role, reads_tables(group), allowed=True)
        all_are(with_table_buckets, role, others_tables(group), allowed=False, least=10)
    all_are(with_table_buckets, writer, writes_tables(group), allowed=True)
    all_are(with_table_buckets, reader, writes_tables(group), allowed=False)


@each_group
def test_the_materialisation_job_reads_tables_of_table_buckets_and_writes_none(
    with_table_buckets: Access, group: Group
) -> None:
    role = group.role("feature-materializer")
    all_are(with_table_buckets, role, reads_tables(group), allowed=True)
    all_are(with_table_buckets, role, others_tables(group), allowed=False, least=10)
    all_are(with_table_buckets, role, writes_tables(group), allowed=False)


@each_group
def test_roles_that_work_with_no_tables_see_no_table_buckets(
    with_table_buckets: Access, group: Group
) -> None:
    helpers = [role for region in group.regions for role in (starting(region), schedules(region)[0])]
    for role in (group.role("feature-replication"), *helpers):
        all_are(with_table_buckets, role, reads_tables(group), allowed=False)
        all_are(with_table_buckets, role, writes_tables(group), allowed=False)
        all_are(with_table_buckets, role, others_tables(group), allowed=False, least=10)


@each_group
@pytest.mark.parametrize("kind", ["feature-reader", "feature-writer", "feature-materializer"])
def test_table_buckets_change_nothing_about_the_rest(
    with_table_buckets: Access, kind: str, group: Group
) -> None:
    role = group.role(kind)
    all_are(with_table_buckets, role, reads(with_table_buckets, group), allowed=True)
    keeps_to_its_group(with_table_buckets, role, group)
    all_are(with_table_buckets, role, keys_without_their_services(with_table_buckets, group), allowed=False)


@each_group
def test_copies_of_table_buckets_are_made_away_from_home(with_table_buckets: Access, group: Group) -> None:
    role, home, away = group.role("feature-table-replication"), group.home, group.regions[1]
    work: list[Ask] = [
        ("s3tables:ListTables", group.table_bucket(home), {}),
        ("s3tables:GetTableData", f"{group.table_bucket(home)}/table/1234", {}),
        ("s3tables:CreateTable", group.table_bucket(away), {}),
        ("s3tables:PutTableData", f"{group.table_bucket(away)}/table/1234", {}),
        ("kms:Decrypt", group.key(with_table_buckets, home), {}),
        ("kms:GenerateDataKey", group.key(with_table_buckets, away), {}),
    ]
    all_are(with_table_buckets, role, iter(work), allowed=True)
    others: list[Ask] = [
        ("s3tables:PutTableData", f"{group.table_bucket(home)}/table/1234", {}),
        ("s3tables:CreateTable", group.table_bucket(home), {}),
        ("s3tables:DeleteTable", f"{group.table_bucket(away)}/table/1234", {}),
        *(
            (action, other.key(with_table_buckets, other.home), {})
            for other in group.others
            for action in ("kms:Decrypt",)
        ),
        *others_tables(group),
    ]
    all_are(with_table_buckets, role, iter(others), allowed=False, least=10)
    keeps_to_its_group(with_table_buckets, role, group)
