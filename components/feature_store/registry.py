"""Feast's registry in one region: Aurora PostgreSQL, which scales with its load.

In one region it is a cluster by itself, whose master password RDS keeps. In several regions it is part
of a global database: the home region's cluster takes the writes, the others forward theirs to it. RDS
keeps no master password for a cluster of a global database, so that one is made here, once, and lies in
Secrets Manager. Applications need neither: they sign in with IAM tokens.
"""

import secrets
from typing import Any, Dict, List, Optional

import pulumi
from pulumi_aws import cloudwatch, rds, secretsmanager

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices, Registry, maintenance_window
from components.feature_store.settings import FeatureStoreSettings

__all__ = ["LOGS", "PORT", "registry"]

ENGINE = "aurora-postgresql"
PORT = 5432
MASTER = "registry_owner"
LOGS = ("iam-db-auth-error", "postgresql")

# It holds definitions of features, never values, so it may lie in every region whatever the zones say.
FREE_TO_TRAVEL = {"residency": "any"}
PAUSE_AFTER_SECONDS = 3600
BACKUP_WINDOW = "01:00-02:00"
# What RDS keeps at no charge.
INSIGHTS_DAYS = 7


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
    tags = parent.tags(identifier, FREE_TO_TRAVEL)
    logs = _log_groups(parent, name, identifier, key_arn, chosen)
    version = store.registry.engine_version
    cluster = rds.Cluster(
        name,
        cluster_identifier=identifier,
        engine=ENGINE,
        engine_version=version,
        **_role(parent, name, store, chosen, key_arn),
        serverlessv2_scaling_configuration=_scaling(sized),
        db_subnet_group_name=_subnets(parent, name, identifier, subnet_ids).name,
        db_cluster_parameter_group_name=_parameters(parent, name, identifier, version).name,
        vpc_security_group_ids=[security_group_id],
        port=PORT,
        iam_database_authentication_enabled=True,
        storage_encrypted=True,
        kms_key_id=key_arn,
        backup_retention_period=sized.backup_days,
        preferred_backup_window=BACKUP_WINDOW,
        preferred_maintenance_window=maintenance_window(cell.regions, cell.region),
        copy_tags_to_snapshot=True,
        deletion_protection=chosen.protected,
        delete_automated_backups=not chosen.protected,
        enabled_cloudwatch_logs_exports=list(LOGS),
        region=cell.region,
        tags=tags,
        opts=parent.child(
            protect=chosen.protected,
            depends_on=logs,
            ignore_changes=_decided_elsewhere(cell.regions),
        ),
    )
    for number in range(1, sized.instances + 1):
        _instance(parent, f"{name}-{number}", cluster, f"{identifier}-{number}", number, key_arn, chosen)
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
        "skip_final_snapshot": not cell.is_production,
        "final_snapshot_identifier": _last_snapshot(identifier, key_arn) if cell.is_production else None,
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


def _scaling(sized: Registry) -> Dict[str, Any]:
    paused = {"seconds_until_auto_pause": PAUSE_AFTER_SECONDS} if sized.min_acu == 0 else {}
    return {"min_capacity": sized.min_acu, "max_capacity": sized.max_acu, **paused}


def _last_snapshot(identifier: str, key_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Ends in the first digits of the key that encrypts it: an environment that is built again has another
    key, so its last snapshot does not collide with the one before, which stays."""
    return key_arn.apply(lambda arn: f"{identifier}-final-{arn.rpartition('/')[2][:8]}")


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


def _subnets(
    parent: Component, name: str, identifier: str, subnet_ids: Optional[pulumi.Output[List[str]]]
) -> rds.SubnetGroup:
    return rds.SubnetGroup(
        name,
        name=identifier,
        description="Data subnets of the region's network",
        subnet_ids=subnet_ids,
        region=parent.cell.region,
        tags=parent.tags(identifier),
        opts=parent.child(),
    )


def _parameters(parent: Component, name: str, identifier: str, version: str) -> rds.ClusterParameterGroup:
    major = version.split(".")[0]
    return rds.ClusterParameterGroup(
        name,
        # Named with the version: an upgrade makes a new one before the old one goes.
        name=f"{identifier}-{major}",
        family=f"{ENGINE}{major}",
        description="TLS only; slow statements are logged",
        parameters=[
            {"name": "rds.force_ssl", "value": "1", "apply_method": "pending-reboot"},
            {"name": "log_min_duration_statement", "value": "1000", "apply_method": "immediate"},
        ],
        region=parent.cell.region,
        tags=parent.tags(f"{identifier}-{major}"),
        opts=parent.child(),
    )


def _log_groups(
    parent: Component, name: str, identifier: str, key_arn: pulumi.Output[str], chosen: Choices
) -> List[pulumi.Resource]:
    """Made before RDS does, which would keep logs for ever and without an owner."""
    return [
        cloudwatch.LogGroup(
            f"{name}-{kind}",
            name=f"/aws/rds/cluster/{identifier}/{kind}",
            retention_in_days=chosen.log_days,
            kms_key_id=key_arn,
            region=parent.cell.region,
            tags=parent.tags(identifier),
            opts=parent.child(),
        )
        for kind in LOGS
    ]


def _instance(
    parent: Component,
    name: str,
    cluster: rds.Cluster,
    identifier: str,
    number: int,
    key_arn: pulumi.Output[str],
    chosen: Choices,
) -> None:
    secondary = parent.cell.region != parent.cell.home_region
    rds.ClusterInstance(
        name,
        identifier=identifier,
        cluster_identifier=cluster.id,
        engine=ENGINE,
        instance_class="db.serverless",
        # Of tiers 0 and 1, readers scale with the writer, and so can take over at once.
        promotion_tier=min(number - 1, 1),
        publicly_accessible=False,
        copy_tags_to_snapshot=True,
        auto_minor_version_upgrade=True,
        performance_insights_enabled=True,
        performance_insights_kms_key_id=key_arn,
        performance_insights_retention_period=INSIGHTS_DAYS,
        preferred_maintenance_window=maintenance_window(parent.cell.regions, parent.cell.region),
        # AWS keeps the last instance of a replicating cluster unless the cluster is cut off first.
        force_destroy=True if secondary and not chosen.protected else None,
        region=parent.cell.region,
        tags=parent.tags(identifier),
        opts=parent.child(),
    )
