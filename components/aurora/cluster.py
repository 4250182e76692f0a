"""An Aurora PostgreSQL cluster (serverless v2) by itself: encrypted, private, logged, IAM sign-in.

This includes: the cluster with its instances, subnet group, parameters (TLS only), log groups, and a
security group that lets named networks in and nothing out. RDS draws the owner's password and keeps it in
Secrets Manager; applications sign in with IAM tokens.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import pulumi
from pulumi_aws import cloudwatch, ec2, rds

from components.base import Component

__all__ = ["LOGS", "OWNER", "PORT", "Capacity", "aurora"]

ENGINE = "aurora-postgresql"
PORT = 5432
OWNER = "owner"
LOGS = ("iam-db-auth-error", "postgresql")

PAUSE_AFTER_SECONDS = 3600
BACKUP_WINDOW = "01:00-02:00"
# Not at the weekend: when an upgrade goes wrong, somebody is there.
MAINTENANCE_WINDOW = "wed:04:00-wed:05:00"
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


def aurora(
    parent: Component,
    name: str,
    identifier: str,
    database: str,
    capacity: Capacity,
    *,
    vpc_id: Optional[pulumi.Output[str]],
    subnet_ids: Optional[pulumi.Output[List[str]]],
    client_cidrs: Sequence[str],
    key_arn: pulumi.Output[str],
    tags: Dict[str, str],
) -> rds.Cluster:
    """The cluster, its instances already among its children."""
    cell = parent.cell
    group = _firewall(parent, name, identifier, vpc_id, client_cidrs, tags)
    logs = _log_groups(parent, name, identifier, capacity.log_days, key_arn, tags)
    production = cell.is_production
    cluster = rds.Cluster(
        name,
        cluster_identifier=identifier,
        engine=ENGINE,
        engine_version=capacity.engine_version,
        database_name=database,
        master_username=OWNER,
        manage_master_user_password=True,
        master_user_secret_kms_key_id=key_arn,
        serverlessv2_scaling_configuration=_scaling(capacity),
        db_subnet_group_name=_subnets(parent, name, identifier, subnet_ids, tags).name,
        db_cluster_parameter_group_name=_parameters(parent, name, identifier, capacity, tags).name,
        vpc_security_group_ids=[group.id],
        port=PORT,
        iam_database_authentication_enabled=True,
        storage_encrypted=True,
        kms_key_id=key_arn,
        backup_retention_period=capacity.backup_days,
        preferred_backup_window=BACKUP_WINDOW,
        preferred_maintenance_window=MAINTENANCE_WINDOW,
        copy_tags_to_snapshot=True,
        deletion_protection=cell.is_protected,
        delete_automated_backups=not cell.is_protected,
        skip_final_snapshot=not production,
        final_snapshot_identifier=_last_snapshot(identifier, key_arn) if production else None,
        enabled_cloudwatch_logs_exports=list(LOGS),
        region=cell.region,
        tags=parent.tags(identifier, tags),
        opts=parent.child(protect=cell.is_protected, depends_on=logs),
    )
    for number in range(1, capacity.instances + 1):
        _instance(parent, f"{name}-{number}", cluster, f"{identifier}-{number}", number, key_arn, tags)
    return cluster


def _scaling(capacity: Capacity) -> Dict[str, Any]:
    paused = {"seconds_until_auto_pause": PAUSE_AFTER_SECONDS} if capacity.min_acu == 0 else {}
    return {"min_capacity": capacity.min_acu, "max_capacity": capacity.max_acu, **paused}


def _last_snapshot(identifier: str, key_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Ends in the first digits of the key that encrypts it: an environment that is built again has another
    key, so its last snapshot does not collide with the one before, which stays."""
    return key_arn.apply(lambda arn: f"{identifier}-final-{arn.rpartition('/')[2][:8]}")


def _firewall(
    parent: Component,
    name: str,
    identifier: str,
    vpc_id: Optional[pulumi.Output[str]],
    cidrs: Sequence[str],
    tags: Dict[str, str],
) -> ec2.SecurityGroup:
    """Clients come in on the database's port, and nothing goes out, as a store calls nobody."""
    rule = {
        "protocol": "tcp",
        "from_port": PORT,
        "to_port": PORT,
        "description": "Clients of the database",
        "cidr_blocks": list(cidrs),
    }
    return ec2.SecurityGroup(
        name,
        name=identifier,
        description=f"Clients of {identifier}",
        vpc_id=vpc_id,
        ingress=[rule],
        egress=[],
        region=parent.cell.region,
        tags=parent.tags(identifier, tags),
        opts=parent.child(),
    )


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


def _log_groups(
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


def _instance(
    parent: Component,
    name: str,
    cluster: rds.Cluster,
    identifier: str,
    number: int,
    key_arn: pulumi.Output[str],
    tags: Dict[str, str],
) -> None:
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
        preferred_maintenance_window=MAINTENANCE_WINDOW,
        region=parent.cell.region,
        tags=parent.tags(identifier, tags),
        opts=parent.child(),
    )
