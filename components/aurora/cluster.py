"""An Aurora PostgreSQL cluster (serverless v2) by itself: encrypted, private, logged, IAM sign-in.

This includes: the cluster with its instances, subnet group, parameters (TLS only), log groups, and a
security group that lets named networks in and nothing out. RDS draws the owner's password and keeps it in
Secrets Manager; applications sign in with IAM tokens.
"""

from typing import Dict, List, Optional, Sequence

import pulumi
from pulumi_aws import ec2, rds

from components.aurora.parts import PORT, Capacity, instances, last_snapshot, log_groups, settled
from components.base import Component

__all__ = ["OWNER", "aurora"]

OWNER = "owner"
# Not at the weekend: when an upgrade goes wrong, somebody is there.
MAINTENANCE_WINDOW = "wed:04:00-wed:05:00"


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
    logs = log_groups(parent, name, identifier, capacity.log_days, key_arn, tags)
    cluster = rds.Cluster(
        name,
        **settled(
            parent,
            name,
            identifier,
            capacity,
            subnet_ids=subnet_ids,
            security_group_id=group.id,
            key_arn=key_arn,
            maintenance_window=MAINTENANCE_WINDOW,
            tags=tags,
        ),
        **last_snapshot(cell, identifier, key_arn),
        database_name=database,
        master_username=OWNER,
        manage_master_user_password=True,
        master_user_secret_kms_key_id=key_arn,
        tags=parent.tags(identifier, tags),
        opts=parent.child(protect=cell.is_protected, depends_on=logs),
    )
    instances(
        parent,
        name,
        cluster,
        identifier,
        capacity.instances,
        key_arn=key_arn,
        maintenance_window=MAINTENANCE_WINDOW,
        tags=tags,
    )
    return cluster


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
