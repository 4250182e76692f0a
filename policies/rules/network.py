"""The network: what may come in, and what stands in the open."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import Breach, rule
from policies.view import View

GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
LOAD_BALANCERS = (
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:alb/loadBalancer:LoadBalancer",
    "aws:elb/loadBalancer:LoadBalancer",
)
WEB_PORTS = (80, 443)


@rule(
    id="open-ingress",
    types=(*GROUPS, RULE, INGRESS_RULE),
    scope="stack",
    severity="critical",
    level="mandatory",
    rationale="A port open to the whole internet is found and tried within minutes; only load balancers belong there.",
    fix="name the sources in cidrBlocks, or the calling security group; 80 and 443 may be open on a load balancer's group",
    frameworks=("CIS AWS 3.0 5.2", "CIS AWS 3.0 5.3", "AWS FSBP EC2.18"),
)
def open_ingress(view: View) -> Iterator[str]:
    for opening, cidrs in _openings(view):
        for cidr in cidrs:
            if cidr.endswith("/0") and not _is_web(opening):
                yield f"allows {cidr} on {_ports(opening)}"
            elif cidr.endswith("/0") and not _serves_load_balancer(view):
                yield f"allows {cidr} on {_ports(opening)}, and no load balancer uses the group"


def _openings(view: View) -> Iterator[tuple[View, list[str]]]:
    """Each rule of incoming traffic with the ranges it names."""
    if view.type == INGRESS_RULE:
        yield view, [*view.texts("cidrIpv4"), *view.texts("cidrIpv6")]
    elif view.type == RULE:
        if view.get("type") == "ingress":
            yield view, [*view.texts("cidrBlocks"), *view.texts("ipv6CidrBlocks")]
    else:
        for opening in view.each("ingress"):
            yield opening, [*opening.texts("cidrBlocks"), *opening.texts("ipv6CidrBlocks")]


def _protocol(opening: View) -> str:
    return str(opening.get("ipProtocol") or opening.get("protocol") or "-1").lower()


def _is_web(opening: View) -> bool:
    first, last = opening.get("fromPort"), opening.get("toPort")
    return _protocol(opening) in ("tcp", "6", "udp", "17") and first == last and first in WEB_PORTS


def _ports(opening: View) -> str:
    protocol, first, last = _protocol(opening), opening.get("fromPort"), opening.get("toPort")
    if protocol in ("-1", "all"):
        return "every port"
    if first is None or protocol.startswith("icmp"):
        return protocol
    return f"{protocol} {first:g}" if first == last else f"{protocol} {first:g}-{last:g}"


def _serves_load_balancer(view: View) -> bool:
    groups = view.targets("securityGroupId") if view.type in (RULE, INGRESS_RULE) else (view,)
    return any(group.related(*LOAD_BALANCERS, through="securityGroups") for group in groups)


def _eks(cluster: View) -> Iterator[Breach]:
    if cluster.get("vpcConfig", "endpointPublicAccess") is False:
        return
    open_to = list(cluster.texts("vpcConfig", "publicAccessCidrs")) or ["0.0.0.0/0, the default"]
    for cidr in open_to:
        if "/0" in cidr:
            yield Breach(
                f"has an API endpoint open to {cidr}",
                "set vpcConfig.publicAccessCidrs to your own ranges, or vpcConfig.endpointPublicAccess to false",
            )


def _publicly_accessible(store: View) -> Iterator[Breach]:
    if store.flag("publiclyAccessible"):
        yield Breach("is publicly accessible", "set publiclyAccessible to false")


def _opensearch(domain: View) -> Iterator[Breach]:
    if not domain.given("vpcOptions"):
        yield Breach(
            "stands outside a VPC, on a public endpoint",
            "set vpcOptions.subnetIds and vpcOptions.securityGroupIds",
        )


def _kafka(cluster: View) -> Iterator[Breach]:
    access = cluster.get("brokerNodeGroupInfo", "connectivityInfo", "publicAccess", "type")
    if access not in (None, "DISABLED"):
        yield Breach(
            f"has public access {access}",
            "set brokerNodeGroupInfo.connectivityInfo.publicAccess.type to DISABLED",
        )


def _function_url(url: View) -> Iterator[Breach]:
    if url.get("authorizationType") == "NONE":
        yield Breach("answers anybody without authorization", "set authorizationType to AWS_IAM")


def _notebook(notebook: View) -> Iterator[Breach]:
    if notebook.get("directInternetAccess") != "Disabled":
        yield Breach(
            "has direct internet access",
            "set directInternetAccess to Disabled, with subnetId and securityGroups",
        )


def _airflow(environment: View) -> Iterator[Breach]:
    if environment.get("webserverAccessMode") == "PUBLIC_ONLY":
        yield Breach("has a public web server", "set webserverAccessMode to PRIVATE_ONLY")


def _instance(instance: View) -> Iterator[Breach]:
    if instance.flag("associatePublicIpAddress"):
        yield Breach(
            "has a public address of its own",
            "set associatePublicIpAddress to false and stand behind a load balancer",
        )


PUBLIC = {
    "aws:eks/cluster:Cluster": _eks,
    "aws:rds/instance:Instance": _publicly_accessible,
    "aws:rds/cluster:Cluster": _publicly_accessible,
    "aws:rds/clusterInstance:ClusterInstance": _publicly_accessible,
    "aws:docdb/clusterInstance:ClusterInstance": _publicly_accessible,
    "aws:neptune/clusterInstance:ClusterInstance": _publicly_accessible,
    "aws:redshift/cluster:Cluster": _publicly_accessible,
    "aws:redshiftserverless/workgroup:Workgroup": _publicly_accessible,
    "aws:dms/replicationInstance:ReplicationInstance": _publicly_accessible,
    "aws:mq/broker:Broker": _publicly_accessible,
    "aws:opensearch/domain:Domain": _opensearch,
    "aws:msk/cluster:Cluster": _kafka,
    "aws:lambda/functionUrl:FunctionUrl": _function_url,
    "aws:sagemaker/notebookInstance:NotebookInstance": _notebook,
    "aws:mwaa/environment:Environment": _airflow,
    "aws:ec2/instance:Instance": _instance,
}


@rule(
    id="public-endpoint",
    types=PUBLIC,
    severity="high",
    level="mandatory",
    rationale="An interface on the internet has only its password or its bugs between it and everybody.",
    fix="put the endpoint into the VPC",
    frameworks=("AWS FSBP EKS.1", "AWS FSBP RDS.2", "AWS FSBP Opensearch.2"),
)
def public_endpoint(view: View) -> Iterator[Breach]:
    yield from PUBLIC[view.type](view)
