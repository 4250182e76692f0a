"""Offline tables in S3 Tables: a table bucket in each region of a group, written at home, copied from there.

This includes: encryption with the group's key, removal of files that no snapshot needs, a namespace, an
Iceberg table for each view, and replication of the whole bucket. A replica is a table of its own that can
be queried where it lies, but not written; Amazon Athena sees it once the account's region is integrated with
the Glue catalogue (`s3tablescatalog`, a switch of the account that no environment owns).
"""

import json
from typing import Any, Dict, List

import pulumi
from pulumi_aws import iam, s3tables

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup, destinations
from components.feature_store.schema import Schema, schema_of
from components.feature_store.settings import FeatureStoreSettings, FeatureView
from components.feature_store.table_policies import (
    table_replication,
    table_replication_keys,
    table_replication_trust,
)

__all__ = ["table_buckets", "table_metadata"]

UNREFERENCED_DAYS = 3


def table_buckets(
    parent: Component,
    name: str,
    store: FeatureStoreSettings,
    group: ViewGroup,
    keys: Dict[str, pulumi.Output[str]],
    chosen: Choices,
) -> List[pulumi.Output[str]]:
    """Names of the group's table buckets: at home with its tables, elsewhere for the copies."""
    targets = destinations(group.regions, group.home, store.offline.copies)
    made = {
        region: _bucket(parent, f"{name}-{group.label}-{region}", group, region, keys[region], chosen)
        for region in (group.home, *targets)
    }
    home = made[group.home]
    physical = names.database_name(store, parent.cell, group)
    namespace = s3tables.Namespace(
        f"{name}-{group.label}",
        namespace=physical,
        table_bucket_arn=home.arn,
        region=group.home,
        opts=parent.child(protect=chosen.protected),
    )
    tables = [_table(parent, name, home, namespace, group, view, chosen) for view in group.views]
    if targets:
        _replicate(parent, f"{name}-{group.label}", store, group, made, keys, tables)
    return [bucket.name for bucket in made.values()]


def table_metadata(schema: Schema) -> Dict[str, Any]:
    """`metadata` of a new table, or nothing where a column is a list: S3 Tables creates columns of single
    values only, so the first writer of such a table brings its schema."""
    kinds = [json.loads(field.type) for field in schema.fields]
    if any(not isinstance(kind, str) for kind in kinds):
        return {}
    fields = [
        {"name": field.name, "type": kind, "required": field.required}
        for field, kind in zip(schema.fields, kinds, strict=True)
    ]
    return {"iceberg": {"schema": {"fields": fields}}}


def _bucket(
    parent: Component,
    name: str,
    group: ViewGroup,
    region: str,
    key_arn: pulumi.Output[str],
    chosen: Choices,
) -> s3tables.TableBucket:
    physical = names.table_bucket(parent.cell, group)
    removal = {"unreferenced_days": UNREFERENCED_DAYS, "non_current_days": chosen.noncurrent_days}
    return s3tables.TableBucket(
        name,
        name=physical,
        encryption_configuration={"sse_algorithm": "aws:kms", "kms_key_arn": key_arn},
        maintenance_configuration={
            "iceberg_unreferenced_file_removal": {"status": "enabled", "settings": removal}
        },
        force_destroy=not chosen.protected,
        region=region,
        tags=parent.tags(physical, group_tags(group)),
        opts=parent.child(protect=chosen.protected),
    )


def _table(
    parent: Component,
    name: str,
    bucket: s3tables.TableBucket,
    namespace: s3tables.Namespace,
    group: ViewGroup,
    view: FeatureView,
    chosen: Choices,
) -> s3tables.Table:
    schema = schema_of(view.entity_key, view.entity_type, view.columns, view.partitioning)
    return s3tables.Table(
        f"{name}-{view.name}",
        name=view.name,
        namespace=namespace.namespace,
        table_bucket_arn=bucket.arn,
        format="ICEBERG",
        metadata=table_metadata(schema) or None,
        region=group.home,
        tags=parent.tags(view.name, {**group_tags(group), "data-class": view.data_class.value}),
        # Columns are added by ALTER TABLE; changing them here would make the table again.
        opts=parent.child(protect=chosen.protected, ignore_changes=["metadata"]),
    )


def _replicate(
    parent: Component,
    name: str,
    store: FeatureStoreSettings,
    group: ViewGroup,
    buckets: Dict[str, s3tables.TableBucket],
    keys: Dict[str, pulumi.Output[str]],
    tables: List[s3tables.Table],
) -> None:
    cell = parent.cell
    physical = names.role_name(cell, group, "feature-table-replication")
    role = iam.Role(
        f"{name}-table-replication",
        name=physical,
        description=f"S3 Tables copies features of group {group.label} to its other regions",
        assume_role_policy=json.dumps(table_replication_trust(cell, group)),
        force_detach_policies=True,
        tags=parent.tags(physical, group_tags(group)),
        opts=parent.child(),
    )
    data = iam.RolePolicy(
        f"{name}-table-replication",
        name="tables",
        role=role.name,
        policy=json.dumps(table_replication(store, cell, group)),
        opts=parent.child(),
    )
    arns = pulumi.Output.all(*(keys[region] for region in buckets))
    use = iam.RolePolicy(
        f"{name}-table-replication-keys",
        name="keys",
        role=role.name,
        policy=arns.apply(lambda arns: json.dumps(table_replication_keys(arns))),
        opts=parent.child(),
    )
    targets = [bucket for region, bucket in buckets.items() if region != group.home]
    s3tables.TableBucketReplication(
        name,
        table_bucket_arn=buckets[group.home].arn,
        role=role.arn,
        rule={"destinations": [{"destination_table_bucket_arn": bucket.arn} for bucket in targets]},
        region=group.home,
        opts=parent.child(depends_on=[data, use, *tables]),
    )
