"""The key of what the feature store has in one region only: registry, cache, query results, their logs."""

import json

from pulumi_aws import kms

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.key_policies import regional_key_policy
from components.storage.keys import ROTATION_DAYS

__all__ = ["region_key"]


def region_key(parent: Component, name: str, chosen: Choices) -> kms.Key:
    """A key that is not copied anywhere, with the alias by which roles of the global cell know it."""
    cell = parent.cell
    alias = names.regional_key_alias(cell)
    key = kms.Key(
        name,
        description=f"Feature registry, cache and query results of {cell.environment} in {cell.region}",
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        deletion_window_in_days=chosen.key_deletion_days,
        policy=json.dumps(regional_key_policy(cell)),
        region=cell.region,
        tags=parent.tags(alias.removeprefix("alias/")),
        opts=parent.child(protect=chosen.protected),
    )
    kms.Alias(
        name,
        name=alias,
        target_key_id=key.arn,
        region=cell.region,
        opts=parent.child(),
    )
    return key
