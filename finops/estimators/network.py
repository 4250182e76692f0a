"""Networks and the ways into them: gateways, endpoints, load balancers, accelerators."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.compute import public_ipv4, to_the_internet
from finops.estimators.registry import Items, estimator
from finops.estimators.subject import Rate, Subject, Undetermined, Unpriceable, item
from finops.quantity import HOURS, Quantity


def vpc(usage_type: str) -> Rate:
    return Rate("AmazonVPC", usage_type)


@estimator("aws:ec2/natGateway:NatGateway", service="VPC", usage=("processed_gb",))
def nat_gateway(it: Subject) -> Items:
    yield item("NAT gateway", HOURS, Rate("AmazonEC2-NAT", "NatGateway-Hours"))
    yield item(
        "data through the NAT gateway", it.usage("processed_gb"), Rate("AmazonEC2-NAT", "NatGateway-Bytes")
    )


@estimator("aws:ec2/eip:Eip", service="VPC")
def elastic_ip(it: Subject) -> Items:
    """Charged by the hour, in use or idle, at the same price."""
    yield public_ipv4()


@estimator("aws:ec2/vpcEndpoint:VpcEndpoint", service="VPC", usage=("processed_gb",))
def vpc_endpoint(it: Subject) -> Items:
    """By the hour in each zone; gateway endpoints (S3, DynamoDB) are free."""
    kind = it.text("vpcEndpointType", "Gateway")
    if kind == "Gateway":
        return
    zones = len(it.items("subnetIds")) or len(it.items("subnetConfigurations"))
    if not zones:
        zones = sum(
            1 for _ in it.dependents("aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation")
        )
    if not zones:
        raise Undetermined("subnetIds", "says in how many zones the endpoint stands, and is not stated")
    names = {"Interface": "VpcEndpoint-Hours", "GatewayLoadBalancer": "VpcEndpoint-GWLBE-Hours"}
    if kind not in names:
        raise Unpriceable(f"the price book has no price for endpoints of type {kind}")
    yield item(f"{kind.lower()} endpoint in {zones} zones", HOURS * zones, vpc(names[kind]))
    yield item("data through the endpoint", it.usage("processed_gb"), vpc("VpcEndpoint-Bytes"))


@estimator(
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:alb/loadBalancer:LoadBalancer",
    service="ELB",
    usage=("capacity_units",),
)
def load_balancer(it: Subject) -> Items:
    kind = it.text("loadBalancerType", "application")
    yield from balancer(it, kind, it.usage("capacity_units"))
    if not it.flag("internal"):
        zones = max(len(it.items("subnets")), len(it.items("subnetMappings")))
        if not zones:
            raise Undetermined("subnets", "says how many public IPv4 addresses there are, and is not stated")
        yield public_ipv4(zones)


def balancer(it: Subject, kind: str, units: Quantity) -> Items:
    """The hours of a load balancer of `kind`, and `units` capacity units on average."""
    if kind not in ("application", "network", "gateway"):
        raise Unpriceable(f"ELB has no load balancers of type {kind!r}")
    yield item(f"{kind} load balancer", HOURS, Rate("AWSELB", f"LoadBalancerUsage:{kind}"), service="ELB")
    yield item("capacity units", units * HOURS, Rate("AWSELB", f"LCUUsage:{kind}"), service="ELB")


@estimator("aws:elb/loadBalancer:LoadBalancer", service="ELB", usage=("processed_gb",))
def classic_load_balancer(it: Subject) -> Items:
    yield item("classic load balancer", HOURS, Rate("AWSELB", "LoadBalancerUsage"))
    yield item(
        "data through the load balancer", it.usage("processed_gb"), Rate("AWSELB", "DataProcessing-Bytes")
    )


@estimator(
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment",
    "aws:ec2transitgateway/connect:Connect",
    service="VPC", usage=("processed_gb",),
)  # fmt: skip
def transit_gateway_attachment(it: Subject) -> Items:
    yield item("transit gateway attachment", HOURS, vpc("TransitGateway-Hours"))
    yield item("data through the transit gateway", it.usage("processed_gb"), vpc("TransitGateway-Bytes"))


@estimator("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", service="VPC", usage=("transferred_gb",))
def peering(it: Subject) -> Items:
    """The connection is free; bytes are charged as between zones, or as between regions."""
    there = it.text("peerRegion", it.region)
    between = there != it.region
    usage_type = "AWS-Out-Bytes" if between else "DataTransfer-Regional-Bytes"
    region = "between regions" if between else ""
    name = f"data to {there}" if between else "data between the networks"
    yield item(name, it.usage("transferred_gb"), Rate("AWSDataTransfer", usage_type), region=region)


@estimator("aws:ec2/vpnConnection:VpnConnection", service="VPC", usage=("internet_gb",))
def vpn(it: Subject) -> Items:
    yield item("VPN connection", HOURS, vpc("VpnUsage-Hours:ipsec.1"))
    yield to_the_internet(it)


@estimator("aws:ec2/trafficMirrorSession:TrafficMirrorSession", service="VPC")
def traffic_mirror(it: Subject) -> Items:
    yield item("traffic mirror", HOURS, vpc("TrafficMirroring-Hours"))


@estimator("aws:ec2/flowLog:FlowLog", service="CloudWatch", usage=("logged_gb",))
def flow_log(it: Subject) -> Items:
    """Records delivered by AWS, in tiers; what a log group or bucket then stores is charged there."""
    kind = it.text("logDestinationType", "cloud-watch-logs")
    names = {
        "cloud-watch-logs": "VendedLog-Bytes",
        "s3": "S3-Egress-Bytes",
        "kinesis-data-firehose": "FH-Egress-Bytes",
    }
    if kind not in names:
        raise Unpriceable(f"flow logs have no destination of type {kind!r}")
    logged = it.usage("logged_gb")
    yield item("flow log records", logged, Rate("AmazonCloudWatch", names[kind]))
    if it.section("destinationOptions").text("fileFormat") == "parquet":
        yield item("conversion to Parquet", logged, Rate("AmazonCloudWatch", "S3-Egress-InputBytes-Parquet"))


@estimator(
    "aws:globalaccelerator/accelerator:Accelerator", service="Global Accelerator", usage=("transferred_gb",)
)
def accelerator(it: Subject) -> Items:
    if not it.flag("enabled", True):
        it.assume("a disabled accelerator is charged like an enabled one")
    yield item("accelerator", HOURS, Rate("AWSGlobalAccelerator", "GlobalAccelerator-Hours"))
    moved = it.usage("transferred_gb")
    yield item(
        "premium for data, Europe and North America", moved, Rate("AWSGlobalAccelerator", "DT-Premium-US-EU")
    )
    yield item(
        "public IPv4 address",
        HOURS * 2,
        Rate("AmazonVPC", "PublicIPv4:InUseAddress", region="us-east-1"),
        region="global",
    )


@estimator("aws:networkfirewall/firewall:Firewall", service="Network Firewall", usage=("processed_gb",))
def network_firewall(it: Subject) -> Items:
    zones = len(it.items("subnetMappings"))
    yield item(f"firewall in {zones} zones", HOURS * zones, Rate("AWSNetworkFirewall", "Endpoint-Hour"))
    yield item("traffic", it.usage("processed_gb"), Rate("AWSNetworkFirewall", "Traffic-GB-Processed"))


@estimator("aws:route53/zone:Zone", service="Route 53", usage=("queries",))
def hosted_zone(it: Subject) -> Items:
    yield item("hosted zone", 1, Rate("AmazonRoute53", "HostedZone"))
    if not it.items("vpcs"):
        yield item("queries", it.usage("queries") * MILLIONTH, Rate("AmazonRoute53", "DNS-Queries"))


@estimator("aws:route53/healthCheck:HealthCheck", service="Route 53")
def health_check(it: Subject) -> Items:
    """Basic check plus each optional feature: HTTPS, string matching, fast interval, latency."""
    kind = it.text("type").upper()
    if kind in ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"):
        yield item("health check", 1, Rate("AmazonRoute53", "Health-Check-AWS"))
        return
    yield item("health check", 1, Rate("AmazonRoute53", "Health-Check-Non-AWS"))
    features = [
        kind.startswith("HTTPS"),
        kind.endswith("STR_MATCH"),
        it.number("requestInterval", 30) < 30,
        it.flag("measureLatency"),
    ]
    if count := sum(features):
        yield item("optional features", count, Rate("AmazonRoute53", "Health-Check-Option-Non-AWS"))


@estimator("aws:route53/resolverEndpoint:ResolverEndpoint", service="Route 53", usage=("queries",))
def resolver_endpoint(it: Subject) -> Items:
    addresses = len(it.items("ipAddresses"))
    yield item("resolver addresses", HOURS * addresses, Rate("AmazonRoute53", "ResolverNetworkInterface"))
    yield item("queries", it.usage("queries") * MILLIONTH, Rate("AmazonRoute53", "ResolverQueries"))


@estimator(
    "aws:cloudfront/distribution:Distribution", service="CloudFront", usage=("transferred_gb", "requests")
)
def distribution(it: Subject) -> Items:
    it.assume("CloudFront serves viewers in Europe and North America")
    yield item(
        "data to viewers", it.usage("transferred_gb"), Rate("AmazonCloudFront", "DataTransfer-Out-Bytes")
    )
    yield item(
        "HTTPS requests",
        it.usage("requests") * TEN_THOUSANDTH,
        Rate("AmazonCloudFront", "Requests-Tier2-HTTPS"),
    )


@estimator("aws:apigateway/vpcLink:VpcLink", service="API Gateway")
def vpc_link(it: Subject) -> Items:
    """The link is free; the network load balancer it needs is charged by itself."""
    return ()


MILLIONTH = Decimal("0.000001")
TEN_THOUSANDTH = Decimal("0.0001")
