"""A key for each group of data: one multi-Region key, never outside the group's regions."""

import json
from typing import Any, Dict, Sequence

import pulumi
from pulumi_aws import kms

from components.base import Component
from components.model import EnvironmentClass
from components.storage.group import Group
from components.storage.policies import key_policy

__all__ = ["KEY_DELETION_DAYS", "ROTATION_DAYS", "group_keys"]

# KMS keeps every earlier version of the key's material, so old data stays readable.
ROTATION_DAYS = 365
KEY_DELETION_DAYS = {
    EnvironmentClass.DEVELOPMENT: 7,
    EnvironmentClass.STAGING: 14,
    EnvironmentClass.PRODUCTION: 30,
}


def group_keys(
    parent: Component, name: str, group: Group, purpose: str, readers: Sequence[str] = ()
) -> Dict[str, pulumi.Output[str]]:
    """ARN of the group's key by region: the primary at home, a replica and an alias in every region.

    `readers` are accounts that may decrypt what S3 has encrypted with it.
    """
    cell = parent.cell
    alias = group.alias(cell)
    protected = parent.child(protect=cell.is_protected)
    shared: Dict[str, Any] = {
        "description": f"{purpose} of {cell.environment}, group {group.label}",
        "deletion_window_in_days": KEY_DELETION_DAYS[cell.environment_class],
        "policy": json.dumps(key_policy(cell, group.regions, readers)),
        "tags": parent.tags(alias.removeprefix("alias/"), group.tags),
        "opts": protected,
    }
    primary = kms.Key(
        f"{name}-{group.label}",
        multi_region=True,
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        region=group.home,
        **shared,
    )
    arns: Dict[str, pulumi.Output[str]] = {group.home: primary.arn}
    for region in group.regions[1:]:
        replica = kms.ReplicaKey(
            f"{name}-{group.label}-{region}", primary_key_arn=primary.arn, region=region, **shared
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
