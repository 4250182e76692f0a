"""A key for each group of data: one multi-Region key, never outside the group's regions."""

import json
from typing import Any, Dict, Sequence

import pulumi
from pulumi_aws import kms

from components.base import Component
from components.model import EnvironmentClass
from components.statements import Document
from components.storage.group import Group
from components.storage.policies import key_policy

__all__ = ["KEY_DELETION_DAYS", "ROTATION_DAYS", "group_keys", "multi_region_key"]

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
    return multi_region_key(
        parent,
        f"{name}-{group.label}",
        group.alias(cell),
        group.regions,
        description=f"{purpose} of {cell.environment}, group {group.label}",
        deletion_days=KEY_DELETION_DAYS[cell.environment_class],
        policy=key_policy(cell, group.regions, readers),
        protect=cell.is_protected,
        tags=group.tags,
    )


def multi_region_key(
    parent: Component,
    name: str,
    alias: str,
    regions: Sequence[str],
    *,
    description: str,
    deletion_days: int,
    policy: Document,
    protect: bool,
    tags: Dict[str, str],
) -> Dict[str, pulumi.Output[str]]:
    """ARN of the key by region: the primary in the first one, a replica in the others, the alias in all."""
    shared: Dict[str, Any] = {
        "description": description,
        "deletion_window_in_days": deletion_days,
        "policy": json.dumps(policy),
        "tags": parent.tags(alias.removeprefix("alias/"), tags),
        "opts": parent.child(protect=protect),
    }
    home, *others = regions
    primary = kms.Key(
        name,
        multi_region=True,
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        region=home,
        **shared,
    )
    arns: Dict[str, pulumi.Output[str]] = {home: primary.arn}
    for region in others:
        replica = kms.ReplicaKey(f"{name}-{region}", primary_key_arn=primary.arn, region=region, **shared)
        arns[region] = replica.arn
    for region, arn in arns.items():
        kms.Alias(f"{name}-{region}", name=alias, target_key_id=arn, region=region, opts=parent.child())
    return arns
