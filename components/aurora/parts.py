"""What every Aurora PostgreSQL cluster (serverless v2) has: how it is set, and what stands around it."""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import pulumi
from pulumi_aws import cloudwatch, rds

from components.base import Component
from components.model import Cell

__all__ = ["LOGS", "PORT", "Capacity", "instances", "last_snapshot", "log_groups", "settled"]

ENGINE = "aurora-postgresql"
PORT = 5432
LOGS = ("iam-db-auth-error", "postgresql")

PAUSE_AFTER_SECONDS = 3600
BACKUP_WINDOW = "01:00-02:00"
# What RDS keeps at no charge.
INSIGHTS_DAYS = 7


@dataclass(frozen=True)
class Capacity:
    """How large a cluster is and what it keeps, with nothing left open."""

    engine_version: str
    min_acu: float
    """0 pauses the cluster an hour after the last connection has closed."""
    max_acu: float
    instances: int
    backup_days: int
    log_days: int


def settled(
    parent: Component,
    name: str,
    identifier: str,
    capacity: Capacity,
    *,
    subnet_ids: Optional[pulumi.Output[List[str]]],
    security_group_id: pulumi.Input[str],
    key_arn: pulumi.Output[str],
    maintenance_window: str,
    tags: Dict[str, str],
) -> Dict[str, Any]:
    """Arguments of a cluster that are the same whoever owns it and whatever it is part of.

    Its subnet group and parameters are made here, with `tags`.
    """
    cell = parent.cell
    return {
        "cluster_identifier": identifier,
        "engine": ENGINE,
        "engine_version": capacity.engine_version,
        "serverlessv2_scaling_configuration": _scaling(capacity),
        "db_subnet_group_name": _subnets(parent, name, identifier, subnet_ids, tags).name,
        "db_cluster_parameter_group_name": _parameters(parent, name, identifier, capacity, tags).name,
        "vpc_security_group_ids": [security_group_id],
        "port": PORT,
        "iam_database_authentication_enabled": True,
        "storage_encrypted": True,
        "kms_key_id": key_arn,
        "backup_retention_period": capacity.backup_days,
        "preferred_backup_window": BACKUP_WINDOW,
        "preferred_maintenance_window": maintenance_window,
        "copy_tags_to_snapshot": True,
        "deletion_protection": cell.is_protected,
        "delete_automated_backups": not cell.is_protected,
        "enabled_cloudwatch_logs_exports": list(LOGS),
        "region": cell.region,
    }


def _scaling(capacity: Capacity) -> Dict[str, Any]:
    paused = {"seconds_until_auto_pause": PAUSE_AFTER_SECONDS} if capacity.min_acu == 0 else {}
    return {"min_capacity": capacity.min_acu, "max_capacity": capacity.max_acu, **paused}


def last_snapshot(cell: Cell, identifier: str, key_arn: pulumi.Output[str]) -> Dict[str, Any]:
    """Production leaves a snapshot behind.

    Its name ends in the first digits of the key that encrypts it: an environment that is built again has
    another key, so its last snapshot does not collide with the one before, which stays.
    """
    if not cell.is_production:
        return {"skip_final_snapshot": True}
    named = key_arn.apply(lambda arn: f"{identifier}-final-{arn.rpartition('/')[2][:8]}")
    return {"skip_final_snapshot": False, "final_snapshot_identifier": named}


def _subnets(
    parent: Component,
    name: str,
    identifier: str,
    subnet_ids: Optional[pulumi.Output[List[str]]],
    tags: Dict[str, str],
) -> rds.SubnetGroup:
    return rds.SubnetGroup(
        name,
        name=identifier,
        description="Data subnets of the region's network",
        subnet_ids=subnet_ids,
        region=parent.cell.region,
        tags=parent.tags(identifier, tags),
        opts=parent.child(),
    )


def _parameters(
    parent: Component, name: str, identifier: str, capacity: Capacity, tags: Dict[str, str]
) -> rds.ClusterParameterGroup:
    major = capacity.engine_version.split(".")[0]
    # Named with the version: an upgrade makes a new one before the old one goes.
    physical = f"{identifier}-{major}"
    return rds.ClusterParameterGroup(
        name,
        name=physical,
        family=f"{ENGINE}{major}",
        description="TLS only; slow statements are logged",
        parameters=[
            {"name": "rds.force_ssl", "value": "1", "apply_method": "pending-reboot"},
            {"name": "log_min_duration_statement", "value": "1000", "apply_method": "immediate"},
        ],
        region=parent.cell.region,
        tags=parent.tags(physical, tags),
        opts=parent.child(),
    )


def log_groups(
    parent: Component,
    name: str,
    identifier: str,
    days: int,
    key_arn: pulumi.Output[str],
    tags: Dict[str, str],
) -> List[pulumi.Resource]:
    """Made before RDS does, which would keep logs for ever and without an owner."""
    return [
        cloudwatch.LogGroup(
            f"{name}-{kind}",
            name=f"/aws/rds/cluster/{identifier}/{kind}",
            retention_in_days=days,
            kms_key_id=key_arn,
            region=parent.cell.region,
            tags=parent.tags(identifier, tags),
            opts=parent.child(),
        )
        for kind in LOGS
    ]


def instances(
    parent: Component,
    name: str,
    cluster: rds.Cluster,
    identifier: str,
    count: int,
    *,
    key_arn: pulumi.Output[str],
    maintenance_window: str,
    tags: Dict[str, str],
    force_destroy: Optional[bool] = None,
) -> None:
    """The cluster's `count` instances, the first of which writes.

    `force_destroy` cuts the cluster off before the last of them goes, which AWS keeps otherwise while the
    cluster replicates another one.
    """
    for number in range(1, count + 1):
        rds.ClusterInstance(
            f"{name}-{number}",
            identifier=f"{identifier}-{number}",
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
            preferred_maintenance_window=maintenance_window,
            force_destroy=force_destroy,
            region=parent.cell.region,
            tags=parent.tags(f"{identifier}-{number}", tags),
            opts=parent.child(),
        )
