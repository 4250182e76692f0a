"""What training reads features by, in one region: Glue databases, Iceberg tables, Athena workgroups."""

from typing import Dict, Sequence

import pulumi
from pulumi_aws import athena, glue

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup
from components.feature_store.schema import iceberg_input, schema_of
from components.feature_store.settings import FeatureStoreSettings, FeatureView, OfflineCatalog
from components.storage.private_bucket import PrivateBucket

__all__ = ["catalog", "workgroups"]

# Engines that write the table own these from its creation on: columns are added by ALTER TABLE, and
# changing them here would make a table again.
OWNED_BY_WRITERS = ["open_table_format_input", "parameters", "storage_descriptor", "table_type"]


def catalog(
    parent: Component, name: str, store: FeatureStoreSettings, groups: Sequence[ViewGroup]
) -> Dict[str, glue.CatalogDatabase]:
    """A database for each group with an Iceberg table for each of its views, by the database's name."""
    databases = {}
    region = parent.cell.region
    for group in groups:
        bucket = names.lake_bucket(parent.cell, group, region)
        location = f"s3://{bucket}/{names.lake_prefix(region)}"
        physical = names.database_name(store, parent.cell, group)
        database = glue.CatalogDatabase(
            f"{name}-{group.label}",
            name=physical,
            description=f"Features of group {group.label}",
            location_uri=location,
            region=region,
            tags=parent.tags(physical, group_tags(group)),
            opts=parent.child(),
        )
        # Tables of S3 Tables are elsewhere; Feast's temporary ones are here either way.
        glued = store.offline.catalog is OfflineCatalog.GLUE
        for view in group.views if glued else ():
            _table(parent, name, database, view, f"{location}/{view.name}")
        databases[physical] = database
    return databases


def workgroups(
    parent: Component,
    name: str,
    groups: Sequence[ViewGroup],
    bucket: PrivateBucket,
    key_arn: pulumi.Output[str],
    chosen: Choices,
) -> Dict[str, athena.Workgroup]:
    """A workgroup for each group, so that queries are kept apart, bounded and attributed; by its name."""
    made = {}
    for group in groups:
        physical = names.workgroup_name(parent.cell, group)
        encryption = {"encryption_option": "SSE_KMS", "kms_key_arn": key_arn}
        made[physical] = athena.Workgroup(
            f"{name}-{group.label}",
            name=physical,
            description=f"Queries of features of group {group.label}",
            configuration={
                # Feast has each answer written as a table below the group's prefix, and Athena refuses a
                # place named by the client where the workgroup enforces its own. The roles' policies
                # allow no other place than that prefix.
                "enforce_workgroup_configuration": False,
                "publish_cloudwatch_metrics_enabled": True,
                "bytes_scanned_cutoff_per_query": chosen.max_scanned_bytes,
                "requester_pays_enabled": False,
                "engine_version": {"selected_engine_version": "Athena engine version 3"},
                "result_configuration": {
                    "output_location": pulumi.Output.concat("s3://", bucket.bucket.bucket, f"/{physical}/"),
                    "encryption_configuration": encryption,
                    "expected_bucket_owner": parent.cell.account_id,
                },
            },
            force_destroy=not chosen.protected,
            region=parent.cell.region,
            tags=parent.tags(physical, group_tags(group)),
            opts=parent.child(),
        )
    return made


def _table(
    parent: Component, name: str, database: glue.CatalogDatabase, view: FeatureView, location: str
) -> None:
    schema = schema_of(view.entity_key, view.entity_type, view.columns, view.partitioning)
    glue.CatalogTable(
        f"{name}-{view.name}",
        name=view.name,
        database_name=database.name,
        description=f"Features by {view.entity_key}",
        table_type="EXTERNAL_TABLE",
        open_table_format_input=iceberg_input(schema, location),
        region=parent.cell.region,
        opts=parent.child(protect=parent.cell.is_protected, ignore_changes=OWNED_BY_WRITERS),
    )
