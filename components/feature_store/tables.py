"""A DynamoDB table for each online view, as Feast expects it, with a replica in each of its regions."""

from typing import Any, Dict, List

import pulumi
from pulumi_aws import dynamodb

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices, throughput_of
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup
from components.feature_store.settings import FeatureStoreSettings, FeatureView

__all__ = ["HASH_KEY", "online_table", "replicas"]

# Feast writes the serialised entity key here and reads by nothing else.
HASH_KEY = "entity_id"


def online_table(
    parent: Component,
    name: str,
    store: FeatureStoreSettings,
    group: ViewGroup,
    view: FeatureView,
    keys: Dict[str, pulumi.Output[str]],
    chosen: Choices,
) -> dynamodb.Table:
    """The table of `view`, at home in the group's first region."""
    cell = parent.cell
    reads, writes = throughput_of(view, cell.environment_class)
    others = replicas(group, view, keys, chosen)
    table = names.table_name(store, cell, view.name)
    own = {"data-class": view.data_class.value, "feature-view": view.name}
    return dynamodb.Table(
        f"{name}-{view.name}",
        name=table,
        billing_mode="PAY_PER_REQUEST",
        hash_key=HASH_KEY,
        attributes=[{"name": HASH_KEY, "type": "S"}],
        on_demand_throughput={"max_read_request_units": reads, "max_write_request_units": writes},
        # Replication reads the stream, so a replicated table cannot be without.
        stream_enabled=bool(others),
        stream_view_type="NEW_AND_OLD_IMAGES" if others else None,
        ttl={"attribute_name": view.ttl_attribute, "enabled": True} if view.ttl_attribute else None,
        point_in_time_recovery=_recovery(chosen),
        deletion_protection_enabled=chosen.protected,
        server_side_encryption={"enabled": True, "kms_key_arn": keys[group.home]},
        replicas=others,
        global_table_witness={"region_name": view.witness_region} if view.witness_region else None,
        region=group.home,
        tags=parent.tags(table, {**group_tags(group), **own}),
        opts=parent.child(protect=chosen.protected),
    )


def replicas(
    group: ViewGroup, view: FeatureView, keys: Dict[str, pulumi.Output[str]], chosen: Choices
) -> List[Dict[str, Any]]:
    """Every other region of the group, each with the key of its own region."""
    return [
        {
            "region_name": region,
            "kms_key_arn": keys[region],
            "point_in_time_recovery": chosen.point_in_time_recovery_days > 0,
            "deletion_protection_enabled": chosen.protected,
            "propagate_tags": True,
            "consistency_mode": view.consistency.value.upper(),
        }
        for region in group.regions[1:]
    ]


def _recovery(chosen: Choices) -> Dict[str, Any]:
    days = chosen.point_in_time_recovery_days
    return {"enabled": True, "recovery_period_in_days": days} if days else {"enabled": False}
