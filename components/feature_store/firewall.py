"""Who reaches the registry and the cache: named networks and security groups, on one port."""

from typing import Any, Dict, List, Optional

import pulumi
from pulumi_aws.ec2.security_group import SecurityGroup

from components.base import Component
from components.naming import name as named

__all__ = ["firewall"]


def firewall(
    parent: Component,
    name: str,
    *,
    part: str,
    port: int,
    vpc_id: Optional[pulumi.Output[str]],
    cidrs: List[str],
    security_group_ids: Optional[pulumi.Output[List[str]]],
) -> SecurityGroup:
    """The security group of `part`: clients come in on `port`, and nothing goes out, as stores call nobody."""
    physical = named(parent.cell, part, region=parent.cell.region, limit=255)
    rule: Dict[str, Any] = {
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "description": "Clients of the feature store",
    }
    if cidrs:
        rule["cidr_blocks"] = cidrs
    if security_group_ids is not None:
        rule["security_groups"] = security_group_ids
    return SecurityGroup(
        name,
        name=physical,
        description=f"Clients of {physical}",
        vpc_id=vpc_id,
        ingress=[rule],
        egress=[],
        region=parent.cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
