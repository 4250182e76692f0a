"""A key for each group of views: one multi-region key, never outside the group's regions."""

from typing import Dict

import pulumi

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.key_policies import key_policy
from components.feature_store.placement import ViewGroup, data_class_of
from components.feature_store.settings import FeatureStoreSettings, OfflineCatalog
from components.feature_store.table_policies import table_maintenance
from components.storage.keys import multi_region_key

__all__ = ["group_keys", "group_tags"]


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
    return multi_region_key(
        parent,
        f"{name}-{group.label}",
        names.key_alias(cell, group),
        group.regions,
        description=f"Features of group {group.label} of {cell.environment}",
        deletion_days=chosen.key_deletion_days,
        policy=key_policy(cell, group.regions, *others),
        protect=chosen.protected,
        tags=group_tags(group),
    )
