"""A key for each group of views: one multi-region key, never outside the group's regions."""

import json
from typing import Dict

import pulumi
from pulumi_aws import kms

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.placement import ViewGroup, data_class_of
from components.feature_store.resource_policies import key_policy
from components.feature_store.settings import FeatureStoreSettings, OfflineCatalog
from components.feature_store.table_policies import table_maintenance

__all__ = ["group_keys", "group_tags"]

# KMS keeps every earlier version of the key's material, so old data stays readable.
ROTATION_DAYS = 365


def group_tags(group: ViewGroup) -> Dict[str, str]:
    """Whose data a group's resources hold, where it may lie, and the strictest class among its views."""
    tenant = {"tenant": group.tenant} if group.tenant else {}
    return {"data-class": data_class_of(group.views).value, "residency": group.residency, **tenant}


def group_keys(
    parent: Component, name: str, store: FeatureStoreSettings, group: ViewGroup, chosen: Choices
) -> Dict[str, pulumi.Output[str]]:
    """ARN of the group's key by region: the primary at home, a replica and an alias in every region."""
    cell = parent.cell
    tables = store.offline.catalog is OfflineCatalog.S3_TABLES
    others = [table_maintenance(cell, group)] if tables else []
    policy = json.dumps(key_policy(cell, group.regions, *others))
    alias = names.key_alias(cell, group)
    tags = parent.tags(alias.removeprefix("alias/"), group_tags(group))
    described = f"Features of group {group.label} of {cell.environment}"
    options = {"protect": chosen.protected}
    primary = kms.Key(
        f"{name}-{group.label}",
        description=described,
        multi_region=True,
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        deletion_window_in_days=chosen.key_deletion_days,
        policy=policy,
        region=group.home,
        tags=tags,
        opts=parent.child(**options),
    )
    arns: Dict[str, pulumi.Output[str]] = {group.home: primary.arn}
    for region in group.regions[1:]:
        replica = kms.ReplicaKey(
            f"{name}-{group.label}-{region}",
            primary_key_arn=primary.arn,
            description=described,
            deletion_window_in_days=chosen.key_deletion_days,
            policy=policy,
            region=region,
            tags=tags,
            opts=parent.child(**options),
        )
        arns[region] = replica.arn
    for region, arn in arns.items():
        kms.Alias(
            f"{name}-{group.label}-{region}",
            name=alias,
            target_key_id=arn,
            region=region,
            opts=parent.child(),
        )
    return arns
