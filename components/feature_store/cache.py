"""Valkey without nodes, for reads below a millisecond: encrypted, bounded, signed in to with IAM."""

from typing import List, Optional

import pulumi
from pulumi_aws import elasticache

from components.base import Component
from components.feature_store import names
from components.feature_store.settings import LowLatencySettings

__all__ = ["ACCESS", "PORT", "cache"]

ENGINE = "valkey"
PORT = 6379

# A serverless cache takes three subnets at most, in different zones.
MAX_SUBNETS = 3

ACCESS = {
    "reader": "on ~* -@all +@read +@connection -@dangerous",
    "writer": "on ~* -@all +@read +@write +@connection -@dangerous",
}
"""What each user may do; nobody may flush the cache or change its settings."""


def cache(
    parent: Component,
    name: str,
    settings: LowLatencySettings,
    *,
    subnet_ids: Optional[pulumi.Output[List[str]]],
    security_group_id: pulumi.Output[str],
    key_arn: pulumi.Output[str],
) -> elasticache.ServerlessCache:
    """The region's cache, and its two users."""
    cell = parent.cell
    physical = names.cache_name(cell)
    subnets = pulumi.Output.from_input(subnet_ids).apply(lambda ids: (ids or [])[:MAX_SUBNETS])
    return elasticache.ServerlessCache(
        name,
        name=physical,
        description=f"Features of {cell.environment} in memory",
        engine=ENGINE,
        major_engine_version="8",
        cache_usage_limits={
            "data_storage": {"maximum": settings.max_gb, "unit": "GB"},
            "ecpu_per_seconds": [{"maximum": settings.max_ecpu_per_second}],
        },
        kms_key_id=key_arn,
        security_group_ids=[security_group_id],
        subnet_ids=subnets,
        user_group_id=_users(parent, name).user_group_id,
        # What is here can be had again from the online tables: a week of snapshots only saves the refill.
        daily_snapshot_time="03:00" if cell.is_production else None,
        snapshot_retention_limit=7 if cell.is_production else 0,
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )


def _users(parent: Component, name: str) -> elasticache.UserGroup:
    cell = parent.cell
    users = [
        elasticache.User(
            f"{name}-{kind}",
            user_id=names.cache_user(cell, kind),
            user_name=names.cache_user(cell, kind),
            engine=ENGINE,
            access_string=access,
            authentication_mode={"type": "iam"},
            region=cell.region,
            tags=parent.tags(names.cache_user(cell, kind)),
            opts=parent.child(),
        )
        for kind, access in ACCESS.items()
    ]
    return elasticache.UserGroup(
        name,
        user_group_id=names.cache_name(cell),
        engine=ENGINE,
        user_ids=[user.user_id for user in users],
        region=cell.region,
        tags=parent.tags(names.cache_name(cell)),
        opts=parent.child(),
    )
