"""The VPC's endpoints: AWS services reached without leaving the network.

S3 and DynamoDB have gateway endpoints, which are free, so they are always there: datasets, checkpoints
and features then never pass a NAT gateway, which would be paid by the gigabyte.
"""

from typing import TYPE_CHECKING, List, Optional, Tuple

from pulumi_aws import ec2
from pulumi_aws.vpc.security_group_ingress_rule import SecurityGroupIngressRule

from components.network.settings import endpoints_of

if TYPE_CHECKING:
    from components.network.network import Network

__all__ = ["gateway_endpoints", "interface_endpoints"]


def gateway_endpoints(network: "Network", vpc: ec2.Vpc, tables: List[ec2.RouteTable]) -> None:
    """Routes to S3 and DynamoDB in `tables`."""
    for service in ("s3", "dynamodb"):
        ec2.VpcEndpoint(
            f"{network.name}-{service}",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{network.region}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            region=network.region,
            tags=network.tags(network.named(service)),
            opts=network.child(),
        )


def interface_endpoints(
    network: "Network", vpc: ec2.Vpc, subnets: List[ec2.Subnet]
) -> Tuple[Optional[ec2.SecurityGroup], List[ec2.VpcEndpoint]]:
    """An endpoint in every zone for each service that is set, and the security group they share, if any."""
    services = endpoints_of(network.args, network.cell.environment_class)
    if not services:
        return None, []
    group = ec2.SecurityGroup(
        f"{network.name}-endpoints",
        name=network.named("endpoints"),
        description="Interface endpoints: HTTPS from inside the VPC",
        vpc_id=vpc.id,
        region=network.region,
        tags=network.tags(network.named("endpoints")),
        opts=network.child(),
    )
    for source, cidr in (("nodes", network.args.cidr), ("pods", network.args.pod_cidr)):
        SecurityGroupIngressRule(
            f"{network.name}-endpoints-{source}",
            security_group_id=group.id,
            description=f"HTTPS from {source}",
            cidr_ipv4=cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            region=network.region,
            tags=network.tags(network.named("endpoints", source)),
            opts=network.child(),
        )
    endpoints = [
        ec2.VpcEndpoint(
            f"{network.name}-{service.value.replace('.', '-')}",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{network.region}.{service.value}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=[subnet.id for subnet in subnets],
            security_group_ids=[group.id],
            region=network.region,
            tags=network.tags(network.named(service.value.replace(".", "-"))),
            opts=network.child(),
        )
        for service in services
    ]
    return group, endpoints
