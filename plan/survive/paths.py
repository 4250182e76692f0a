"""Ways of serving: clusters, endpoints, names, accelerators, routes and images between regions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from plan.graph import Resource
from plan.survive.model import PathLoss, Reason, Verdict
from plan.survive.world import World, role_of, rows, title
from plan.values import Reference, Template, Value

__all__ = ["Path", "loss_of", "paths"]

# What serves. The value: whether its work is what the environment is for ("no") or helps it ("degraded").
SERVING: dict[str, tuple[str, Verdict]] = {
    "aws:eks/cluster:Cluster": ("cluster", "no"),
    "aws:ecs/service:Service": ("service", "no"),
    "aws:lb/loadBalancer:LoadBalancer": ("load balancer", "no"),
    "aws:alb/loadBalancer:LoadBalancer": ("load balancer", "no"),
    "aws:apigateway/restApi:RestApi": ("API", "no"),
    "aws:apigatewayv2/api:Api": ("API", "no"),
    "aws:apprunner/service:Service": ("service", "no"),
    "aws:sagemaker/endpoint:Endpoint": ("model endpoint", "no"),
    "aws:ec2/instance:Instance": ("instance", "no"),
    "aws:autoscaling/group:Group": ("instances", "no"),
    "aws:lambda/function:Function": ("function", "degraded"),
}
WORKLOADS = (
    "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:DaemonSet",
    "kubernetes:batch/v1:CronJob", "aws:ecs/taskDefinition:TaskDefinition", "aws:lambda/function:Function",
    "aws:sagemaker/model:Model",
)  # fmt: skip
BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
POLICIES = (
    "failoverRoutingPolicies", "latencyRoutingPolicies", "weightedRoutingPolicies",
    "geolocationRoutingPolicies", "geoproximityRoutingPolicy", "multivalueAnswerRoutingPolicy",
)  # fmt: skip
EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})

_IMAGE = re.compile(r"\.dkr\.ecr\.([a-z]{2,4}(?:-[a-z]+)+-\d)\.amazonaws\.com")
_HOST = re.compile(r"(?<![a-z0-9])([a-z]{2,4}(?:-[a-z]+)+-\d)(?![a-z0-9])")


@dataclass(frozen=True, slots=True)
class Path:
    """One way of serving and the regions that each carry it; `alone` is the verdict when none is left,
    `after` the one when others remain."""

    urn: str
    name: str
    kind: str
    regions: tuple[tuple[str, Reason], ...]
    alone: Verdict = "no"
    after: Verdict = "yes"
    remark: tuple[Reason, ...] = ()
    otherwise: str = "no other region has the like"


def loss_of(path: Path, region: str) -> PathLoss | None:
    """None when `path` does not run through `region`."""
    lost = [reason for where, reason in path.regions if where == region]
    if not lost:
        return None
    left = [reason for where, reason in path.regions if where != region]
    chain = (*lost, *(left or [Reason(path.otherwise, path.urn, lost[0].source)]), *path.remark)
    return PathLoss(path.urn, path.name, path.kind, path.after if left else path.alone, chain)


def paths(world: World) -> Iterator[Path]:
    """Every way of serving in the graph, each once."""
    yield from _serving(world)
    yield from _records(world)
    yield from _accelerators(world)
    yield from _routes(world)
    yield from _images(world)


def _serving(world: World) -> Iterator[Path]:
    groups: defaultdict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in world.graph.of_type(*SERVING):
        if resource.region and resource.is_managed:
            groups[role_of(resource)].append(resource)
    for members in groups.values():
        kind, alone = SERVING[members[0].type]
        regions = tuple(
            (member.region, Reason.of(member, f"{title(member)} serves in {member.region}"))
            for member in members
        )
        yield Path(members[0].urn, members[0].name, kind, regions, alone)


def _records(world: World) -> Iterator[Path]:
    """Records of one name: with a routing policy they share the load, or take over from each other."""
    groups: defaultdict[tuple[str, str, str], list[Resource]] = defaultdict(list)
    for record in world.graph.of_type("aws:route53/record:Record"):
        zone, name, kind = (record.inputs.get(part) for part in ("zoneId", "name", "type"))
        groups[str(zone), str(name), str(kind)].append(record)
    for members in groups.values():
        regions = tuple(
            (region, Reason.of(record, f"{title(record)} leads to {region}"))
            for record in members
            for region in sorted(_targets(record, world))
        )
        if not regions:
            continue
        blind = [record for record in members if not _is_watched(record)]
        remark = tuple(Reason.of(r, f"{title(r)} has no health check: it is changed by hand") for r in blind)
        shared = len(members) > 1 and all(any(record.inputs.get(p) for p in POLICIES) for record in members)
        after: Verdict = "degraded" if not shared or blind else "yes"
        yield Path(members[0].urn, members[0].name, "DNS name", regions, "no", after, remark)


def _targets(record: Resource, world: World) -> set[str]:
    found: set[str] = set()
    for alias in rows(record.inputs.get("aliases")):
        joined = world.joins.meant(record, alias.get("name"), "aliases", BALANCERS)
        found |= {target.region for target in joined.resources} or set(_HOST.findall(joined.text))
    values = record.inputs.get("records")
    for value in values if isinstance(values, list) else [values]:
        joined = world.joins.meant(record, value, "records", BALANCERS)
        found |= {target.region for target in joined.resources} or set(_HOST.findall(joined.text))
    return found - {""}


def _is_watched(record: Resource) -> bool:
    aliases = rows(record.inputs.get("aliases"))
    return record.inputs.get("healthCheckId") is not None or any(
        a.get("evaluateTargetHealth") is True for a in aliases
    )


def _accelerators(world: World) -> Iterator[Path]:
    kind = "aws:globalaccelerator/endpointGroup:EndpointGroup"
    for listener in world.graph.of_type("aws:globalaccelerator/listener:Listener"):
        regions = []
        for group in world.attached(listener, "listenerArn", kind):
            region = group.inputs.get("endpointGroupRegion")
            if isinstance(region, str) and not isinstance(region, Template):
                regions.append((region, Reason.of(group, f"{title(group)} takes traffic in {region}")))
        if regions:
            yield Path(listener.urn, listener.name, "accelerator", tuple(regions))


def _routes(world: World) -> Iterator[Path]:
    """A default route of one region that leads through another."""
    for route, owner, block in _default_routes(world):
        far = _beyond(owner, block, world)
        if far:
            text = f"the way out of {route.region} runs through {far}"
            regions = ((far, Reason.of(route, text)),)
            yield Path(route.urn, route.name, "route between regions", regions, otherwise=text)


def _default_routes(world: World) -> Iterator[tuple[Resource, Resource, dict[str, Value]]]:
    for route in world.graph.of_type("aws:ec2/route:Route", "aws:ec2transitgateway/route:Route"):
        if EVERYWHERE & {
            route.inputs.get("destinationCidrBlock"),
            route.inputs.get("destinationIpv6CidrBlock"),
        }:
            yield route, route, dict(route.inputs)
    for table in world.graph.of_type("aws:ec2/routeTable:RouteTable"):
        for block in rows(table.inputs.get("routes")):
            if EVERYWHERE & {block.get("cidrBlock"), block.get("ipv6CidrBlock")}:
                yield table, table, dict(block)


_CONNECTIONS = {
    "vpcPeeringConnectionId": ("aws:ec2/vpcPeeringConnection:VpcPeeringConnection",
                               "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"),
    "transitGatewayAttachmentId": ("aws:ec2transitgateway/peeringAttachment:PeeringAttachment",
                                   "aws:ec2transitgateway/peeringAttachmentAccepter:PeeringAttachmentAccepter"),
}  # fmt: skip


def _beyond(owner: Resource, block: dict[str, Value], world: World) -> str:
    """The region at the other end of the connection that a route takes, "" for none or its own."""
    for name, kinds in _CONNECTIONS.items():
        prop = name if name in owner.inputs else "routes"
        for connection in world.joins.meant(owner, block.get(name), prop, kinds).resources:
            ends = {connection.region, connection.inputs.get("peerRegion")}
            far = sorted(end for end in ends if isinstance(end, str) and end not in ("", owner.region))
            if far:
                return far[0]
    return ""


def _images(world: World) -> Iterator[Path]:
    """Workloads that pull their images from another region's registry cannot start anew without it."""
    for workload in world.graph.of_type(*WORKLOADS):
        found: set[str] = set()
        _image_regions(workload.inputs, found, world)
        for region in sorted(found - {workload.region, ""}):
            text = f"{title(workload)} in {workload.region or 'another region'} pulls its image from {region}"
            yield Path(
                workload.urn, workload.name, "image", ((region, Reason.of(workload, text)),), "degraded"
            )


def _image_regions(value: Value, found: set[str], world: World) -> None:
    if isinstance(value, str):
        found |= set(_IMAGE.findall(value))
    elif isinstance(value, Reference):
        target = world.graph.get(value.urn)
        if target is not None and target.type == "aws:ecr/repository:Repository":
            found.add(target.region)
    elif isinstance(value, list):
        for item in value:
            _image_regions(item, found, world)
    elif hasattr(value, "values"):
        for item in value.values():
            _image_regions(item, found, world)
