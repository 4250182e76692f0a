"""Feast's registry in one region: Aurora PostgreSQL, which scales with its load.

In one region it is a cluster by itself, whose master password RDS keeps. In several regions it is part
of a global database: the home region's cluster takes the writes, the others forward theirs to it. RDS
keeps no master password for a cluster of a global database, so that one is made here, once, and lies in
Secrets Manager. Applications need neither: they sign in with IAM tokens.
"""

import secrets
from typing import Any, Dict, List, Optional

import pulumi
from pulumi_aws import rds, secretsmanager

from components.aurora.parts import Capacity, instances, last_snapshot, log_groups, settled
from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices, Registry, maintenance_window
from components.feature_store.settings import FeatureStoreSettings

__all__ = ["registry"]

MASTER = "registry_owner"

# It holds definitions of features, never values, so it may lie in every region whatever the zones say.
FREE_TO_TRAVEL = {"residency": "any"}


def registry(
    parent: Component,
    name: str,
    store: FeatureStoreSettings,
    sized: Registry,
    chosen: Choices,
    *,
    subnet_ids: Optional[pulumi.Output[List[str]]],
    security_group_id: pulumi.Output[str],
    key_arn: pulumi.Output[str],
) -> rds.Cluster:
    """The region's cluster with its instances."""
    cell = parent.cell
    identifier = names.registry_name(cell, cell.region)
    window = maintenance_window(cell.regions, cell.region)
    capacity = Capacity(
        engine_version=store.registry.engine_version,
        min_acu=sized.min_acu,
        max_acu=sized.max_acu,
        instances=sized.instances,
        backup_days=sized.backup_days,
        log_days=chosen.log_days,
    )
    cluster = rds.Cluster(
        name,
        **settled(
            parent,
            name,
            identifier,
            capacity,
            subnet_ids=subnet_ids,
            security_group_id=security_group_id,
            key_arn=key_arn,
            maintenance_window=window,
            tags={},
        ),
        **_role(parent, name, store, chosen, key_arn),
        tags=parent.tags(identifier, FREE_TO_TRAVEL),
        opts=parent.child(
            protect=chosen.protected,
            depends_on=log_groups(parent, name, identifier, chosen.log_days, key_arn, {}),
            ignore_changes=_decided_elsewhere(cell.regions),
        ),
    )
    secondary = cell.region != cell.home_region
    instances(
        parent,
        name,
        cluster,
        identifier,
        sized.instances,
        key_arn=key_arn,
        maintenance_window=window,
        tags={},
        force_destroy=True if secondary and not chosen.protected else None,
    )
    return cluster


def _role(
    parent: Component, name: str, store: FeatureStoreSettings, chosen: Choices, key_arn: pulumi.Output[str]
) -> Dict[str, Any]:
    """What only a cluster by itself has, only the global database's primary, or only a secondary."""
    cell = parent.cell
    identifier = names.registry_name(cell, cell.region)
    owner = {
        "database_name": names.registry_database(store, cell),
        "master_username": MASTER,
        **last_snapshot(cell, identifier, key_arn),
    }
    if len(cell.regions) == 1:
        return {**owner, "manage_master_user_password": True, "master_user_secret_kms_key_id": key_arn}
    member = {"global_cluster_identifier": names.global_cluster_name(cell)}
    if cell.region == cell.home_region:
        return {**owner, **member, "master_password": _master_password(parent, name, chosen, key_arn)}
    # The last snapshot of the data is the primary's.
    return {
        **member,
        "source_region": cell.home_region,
        "enable_global_write_forwarding": True,
        "skip_final_snapshot": True,
    }


def _decided_elsewhere(regions: List[str]) -> List[str]:
    """A global database upgrades its members, and a switchover swaps who replicates from whom."""
    return ["engine_version", "replication_source_identifier"] if len(regions) > 1 else []


def _master_password(
    parent: Component, name: str, chosen: Choices, key_arn: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Drawn when the secret is made and kept from then on: later draws are ignored."""
    cell = parent.cell
    physical = f"{cell.platform}/{cell.environment}/feature-registry"
    secret = secretsmanager.Secret(
        f"{name}-master",
        name=physical,
        description="Owner of the feature registry; applications sign in with IAM tokens instead",
        kms_key_id=key_arn,
        # When this region is lost, its secret must not be lost with it.
        replicas=[{"region": region} for region in cell.regions if region != cell.region],
        # A secret that waits for its deletion keeps its name from being used again.
        recovery_window_in_days=30 if chosen.protected else 0,
        region=cell.region,
        tags=parent.tags(physical, FREE_TO_TRAVEL),
        opts=parent.child(protect=chosen.protected),
    )
    version = secretsmanager.SecretVersion(
        f"{name}-master",
        secret_id=secret.id,
        secret_string=pulumi.Output.secret(secrets.token_urlsafe(32)),
        region=cell.region,
        opts=parent.child(ignore_changes=["secret_string"]),
    )
    return pulumi.Output.secret(version.secret_string)
