"""EC2 and load balancers: descriptions from the world, with the filters that the questions use."""

from __future__ import annotations

import fnmatch
from typing import Any

from .questions import Answer, Question, ServiceError, answers, tag_list
from .ties import NETWORK_INTERFACE
from .world import Thing

_VPC = "aws:ec2/vpc:Vpc"
_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_NAMES = {
    "vpc-id": "VpcId", "subnet-id": "SubnetId", "group-name": "GroupName", "group-id": "GroupId", "status": "Status",
    "route-table-id": "RouteTableId", "network-interface-id": "NetworkInterfaceId", "description": "Description",
    "instance-id": "InstanceId", "requester-id": "RequesterId", "cidr": "CidrBlock", "volume-id": "VolumeId",
    "instance-state-name": "State.Name", "attachment.instance-id": "Attachment.InstanceId", "interface-type": "InterfaceType",
    "vpc-endpoint-id": "VpcEndpointId", "service-name": "ServiceName", "association.subnet-id": "Associations.SubnetId",
    "association.main": "Associations.Main", "attachment.vpc-id": "Attachments.VpcId", "owner-id": "OwnerId",
}  # fmt: skip


def _fits(row: dict[str, Any], filters: list[dict[str, Any]]) -> bool:
    return all(
        _passes(row, item["Name"], [str(value) for value in item.get("Values") or ()]) for item in filters
    )


def _passes(row: dict[str, Any], name: str, values: list[str]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in row.get("Tags") or row.get("TagSet") or ()}
    if name == "tag-key":
        got = [*tags]
    elif name.startswith("tag:"):
        got = [tags[name[4:]]] if name[4:] in tags else []
    elif name in _NAMES:
        got = _at(row, _NAMES[name].split("."))
    else:
        raise ServiceError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return any(fnmatch.fnmatchcase(text, value) for text in got for value in values)


def _at(value: Any, path: list[str]) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _at(item, path)]
    if not path:
        return [str(value).lower() if isinstance(value, bool) else str(value)]
    return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def _chosen(question: Question, rows: list[dict[str, Any]], key: str, ids: str) -> list[dict[str, Any]]:
    """The rows that the question's ids and filters leave. Raises `ServiceError` for an id that is not there."""
    wanted = question.given.get(ids) or []
    known = {row[key] for row in rows}
    for id in wanted:
        if id not in known:
            raise ServiceError(f"Invalid{key.removesuffix('Id')}ID.NotFound", f"The ID '{id}' does not exist")
    filters = question.given.get("Filters") or []
    return [row for row in rows if (not wanted or row[key] in wanted) and _fits(row, filters)]


@answers("ec2", "DescribeVpcs")
def _vpcs(question: Question) -> Answer:
    rows = []
    more = question.things("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
    for thing in question.things(_VPC):
        values = thing.properties
        blocks = [(f"vpc-cidr-assoc-{thing.id[4:]}", values.get("cidrBlock", ""))]
        blocks += [
            (m.id, m.properties.get("cidrBlock", "")) for m in more if m.properties.get("vpcId") == thing.id
        ]
        associated = [
            {"AssociationId": id, "CidrBlock": block, "CidrBlockState": {"State": "associated"}}
            for id, block in blocks
        ]
        rows.append(
            {"VpcId": thing.id, "CidrBlock": values.get("cidrBlock", ""), "State": "available", "Tags": tag_list(thing),
             "CidrBlockAssociationSet": associated, "OwnerId": question.account}
        )  # fmt: skip
    return {"Vpcs": _chosen(question, rows, "VpcId", "VpcIds")}


@answers("ec2", "DescribeSubnets")
def _subnets(question: Question) -> Answer:
    rows = [
        {"SubnetId": t.id, "VpcId": t.properties.get("vpcId", ""), "CidrBlock": t.properties.get("cidrBlock", ""),
         "AvailabilityZone": t.properties.get("availabilityZone", ""), "Tags": tag_list(t), "State": "available"}
        for t in question.things("aws:ec2/subnet:Subnet")
    ]  # fmt: skip
    return {"Subnets": _chosen(question, rows, "SubnetId", "SubnetIds")}


@answers("ec2", "DescribeRouteTables")
def _route_tables(question: Question) -> Answer:
    """With the main route table of each VPC, which nobody made."""
    rows = []
    links = question.things(_ASSOCIATION)
    routes = question.things("aws:ec2/route:Route")
    for thing in question.things("aws:ec2/routeTable:RouteTable"):
        own = [link for link in links if link.properties.get("routeTableId") == thing.id]
        rows.append(
            _route_table(
                thing.id, thing, own, [r for r in routes if r.properties.get("routeTableId") == thing.id]
            )
        )
    for vpc in question.things(_VPC):
        if main := vpc.properties.get("mainRouteTableId"):
            row = _route_table(main, Thing(vpc.region, "", main, properties={"vpcId": vpc.id}), [], [])
            rows.append({**row, "Associations": [{"RouteTableId": main, "Main": True}]})
    return {"RouteTables": _chosen(question, rows, "RouteTableId", "RouteTableIds")}


def _route_table(id: str, thing: Thing, links: list[Thing], routes: list[Thing]) -> dict[str, Any]:
    return {
        "RouteTableId": id, "VpcId": thing.properties.get("vpcId", ""), "Tags": tag_list(thing),
        "Associations": [
            {"RouteTableAssociationId": link.id, "RouteTableId": id, "SubnetId": link.properties.get("subnetId", ""),
             "Main": False} for link in links
        ],
        "Routes": [
            {"DestinationCidrBlock": r.properties.get("destinationCidrBlock", ""), "State": "active",
             "NatGatewayId": r.properties.get("natGatewayId"), "GatewayId": r.properties.get("gatewayId"),
             "VpcPeeringConnectionId": r.properties.get("vpcPeeringConnectionId")} for r in routes
        ],
    }  # fmt: skip


@answers("ec2", "DescribeSecurityGroups")
def _groups(question: Question) -> Answer:
    """With the default group of each VPC, and the group that each cluster brings."""
    rows = [
        {"GroupId": t.id, "GroupName": t.properties.get("name", t.id), "VpcId": t.properties.get("vpcId", ""),
         "Description": t.properties.get("description", ""), "Tags": tag_list(t)}
        for t in question.things("aws:ec2/securityGroup:SecurityGroup")
    ]  # fmt: skip
    for vpc in question.things(_VPC):
        if group := vpc.properties.get("defaultSecurityGroupId"):
            rows.append({"GroupId": group, "GroupName": "default", "VpcId": vpc.id, "Description": "default VPC security group", "Tags": []})  # fmt: skip
    for cluster in question.things("aws:eks/cluster:Cluster"):
        config = cluster.properties.get("vpcConfig") or {}
        rows.append(
            {"GroupId": config.get("clusterSecurityGroupId", ""), "GroupName": f"eks-cluster-sg-{cluster.name}",
             "VpcId": config.get("vpcId", ""), "Description": "EKS created security group",
             "Tags": [{"Key": "aws:eks:cluster-name", "Value": cluster.name}]}
        )  # fmt: skip
    return {"SecurityGroups": _chosen(question, rows, "GroupId", "GroupIds")}


@answers("ec2", "DescribeNetworkInterfaces")
def _interfaces(question: Question) -> Answer:
    rows = []
    for thing in question.things(NETWORK_INTERFACE):
        values = thing.properties
        attachment = values.get("attachment") or {}
        rows.append(
            {"NetworkInterfaceId": thing.id, "VpcId": values.get("vpcId", ""), "SubnetId": values.get("subnetId", ""),
             "Description": values.get("description", ""), "Status": values.get("status", "in-use"),
             "RequesterId": values.get("requesterId", ""), "InterfaceType": values.get("interfaceType", "interface"),
             "Groups": [{"GroupId": group} for group in values.get("groups") or values.get("securityGroups") or ()],
             "Attachment": {"InstanceId": attachment.get("instanceId")} if attachment else None,
             "TagSet": tag_list(thing)}
        )  # fmt: skip
    return {"NetworkInterfaces": _chosen(question, rows, "NetworkInterfaceId", "NetworkInterfaceIds")}


@answers("ec2", "DescribeInstances")
def _instances(question: Question) -> Answer:
    zones = {t.id: t.properties.get("vpcId", "") for t in question.things("aws:ec2/subnet:Subnet")}
    rows = [
        {"InstanceId": t.id, "State": {"Name": t.properties.get("instanceState", "running"), "Code": 16},
         "SubnetId": t.properties.get("subnetId", ""), "Tags": tag_list(t),
         "VpcId": t.properties.get("vpcId") or zones.get(t.properties.get("subnetId"), "")}
        for t in question.things("aws:ec2/instance:Instance")
    ]  # fmt: skip
    found = _chosen(question, rows, "InstanceId", "InstanceIds")
    return {
        "Reservations": [{"ReservationId": f"r-{row['InstanceId'][2:]}", "Instances": [row]} for row in found]
    }


@answers("ec2", "DescribeVolumes")
def _volumes(question: Question) -> Answer:
    rows = [
        {"VolumeId": t.id, "State": t.properties.get("state", "available"), "Tags": tag_list(t),
         "Attachments": [
             {"InstanceId": one.get("instanceId"), "DeleteOnTermination": bool(one.get("deleteOnTermination"))}
             for one in t.properties.get("attachments") or ()
         ]}
        for t in question.things("aws:ebs/volume:Volume")
    ]  # fmt: skip
    return {"Volumes": _chosen(question, rows, "VolumeId", "VolumeIds")}


@answers("ec2", "DescribeVpcEndpoints")
def _endpoints(question: Question) -> Answer:
    rows = [
        {"VpcEndpointId": t.id, "VpcId": t.properties.get("vpcId", ""), "State": "available", "Tags": tag_list(t),
         "ServiceName": t.properties.get("serviceName", ""), "VpcEndpointType": t.properties.get("vpcEndpointType", "Gateway")}
        for t in question.things("aws:ec2/vpcEndpoint:VpcEndpoint")
    ]  # fmt: skip
    return {"VpcEndpoints": _chosen(question, rows, "VpcEndpointId", "VpcEndpointIds")}


_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")


@answers("elbv2", "DescribeLoadBalancers")
def _balancers(question: Question) -> Answer:
    wanted = (question.given.get("LoadBalancerArns") or []) + (question.given.get("Names") or [])
    found = [t for t in question.things(*_BALANCERS) if not wanted or t.arn in wanted or t.name in wanted]
    if wanted and not found:
        raise ServiceError("LoadBalancerNotFound", "One or more load balancers not found")
    return {
        "LoadBalancers": [
            {"LoadBalancerArn": t.arn, "LoadBalancerName": t.name, "VpcId": t.properties.get("vpcId", ""),
             "DNSName": t.properties.get("dnsName", ""), "Type": t.properties.get("loadBalancerType", "application"),
             "State": {"Code": "active"}} for t in found
        ]
    }  # fmt: skip


@answers("elbv2", "DescribeTags")
def _balancer_tags(question: Question) -> Answer:
    by_arn = {t.arn: t for t in question.things(*_BALANCERS, "aws:lb/targetGroup:TargetGroup")}
    wanted = question.given.get("ResourceArns") or []
    return {
        "TagDescriptions": [
            {"ResourceArn": arn, "Tags": tag_list(by_arn[arn])} for arn in wanted if arn in by_arn
        ]
    }
