"""A region's network: VPC, subnets in every zone, ways out, endpoints, flow logs.

This includes: the VPC with a secondary network for pods, four subnets per zone (private, public, data,
pods), internet gateway, NAT gateways by class, route tables (the data subnets have no default route),
endpoints (`network_endpoints`), flow logs (`network_flow_logs`), and the default security group
emptied, so that nothing talks through it by accident.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

import pulumi
from pulumi_aws import ec2

from components import catalogue, naming
from components.base import Cell, Component, validated
from components.network import endpoints as network_endpoints
from components.network import flow_logs as network_flow_logs
from components.network.address_plan import AddressPlan, address_plan
from components.network.settings import Nat, NetworkSettings, nat_of

__all__ = ["Network", "NetworkArgs", "zones_of"]

ANYWHERE = "0.0.0.0/0"


class NetworkArgs(NetworkSettings):
    """The settings of a region's network and the cell it stands in."""

    cell: Cell


@dataclass(frozen=True)
class _Subnets:
    """Subnets by zone, in the order of the zones."""

    private: Dict[str, ec2.Subnet]
    public: Dict[str, ec2.Subnet]
    data: Dict[str, ec2.Subnet]
    pods: Dict[str, ec2.Subnet]


class Network(Component):
    """The VPC of one region with its subnets, ways out, endpoints and flow logs."""

    vpc_id: pulumi.Output[str]
    vpc_cidr: pulumi.Output[str]
    zones: pulumi.Output[List[str]]
    """Availability zones in use; every list of subnets has their order."""
    private_subnet_ids: pulumi.Output[List[str]]
    public_subnet_ids: pulumi.Output[List[str]]
    pod_subnet_ids: pulumi.Output[List[str]]
    data_subnet_ids: pulumi.Output[List[str]]
    endpoint_security_group_id: pulumi.Output[Optional[str]]
    """Security group of the interface endpoints; none where there are none."""

    def __init__(self, name: str, args: NetworkArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        args = validated(NetworkArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args, self.region = name, args, args.cell.region
        plan = address_plan(args.cidr, args.pod_cidr, zones=args.zones)
        used = zones_of(args)

        vpc = self._vpc()
        pods = ec2.VpcIpv4CidrBlockAssociation(
            f"{name}-pods",
            vpc_id=vpc.id,
            cidr_block=args.pod_cidr,
            region=self.region,
            opts=self.child(),
        )
        subnets = self._subnets(vpc, pods, plan, used)
        self._ways_out: List[pulumi.Resource] = []
        tables = self._routes(vpc, subnets)
        network_endpoints.gateway_endpoints(self, vpc, tables)
        group, endpoints = network_endpoints.interface_endpoints(self, vpc, list(subnets.private.values()))
        network_flow_logs.flow_logs(self, vpc)

        self.vpc_id, self.vpc_cidr = vpc.id, pulumi.Output.from_input(args.cidr)
        self.zones = pulumi.Output.from_input(used)
        # Nodes that cannot reach AWS neither join a cluster nor let go of their instances: what stands in
        # these subnets comes after the ways out and goes before them.
        reached = [way.id for way in (*self._ways_out, *endpoints)]
        self.private_subnet_ids = _ids(subnets.private, reached)
        self.public_subnet_ids = _ids(subnets.public)
        self.pod_subnet_ids = _ids(subnets.pods)
        self.data_subnet_ids = _ids(subnets.data)
        self.endpoint_security_group_id = pulumi.Output.from_input(group.id if group else None)
        self.register_outputs({key: getattr(self, key) for key in Network.__annotations__})

    def named(self, *parts: str) -> str:
        """The `Name` tag of a part of this network."""
        return naming.name(self.cell, *parts, region=self.region)

    def _vpc(self) -> ec2.Vpc:
        vpc = ec2.Vpc(
            f"{self.name}-vpc",
            cidr_block=self.args.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            region=self.region,
            tags=self.tags(self.named()),
            opts=self.child(protect=self.cell.is_protected),
        )
        ec2.DefaultSecurityGroup(
            f"{self.name}-default",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            region=self.region,
            tags=self.tags(self.named("unused")),
            opts=self.child(),
        )
        return vpc

    def _subnets(
        self, vpc: ec2.Vpc, pods: ec2.VpcIpv4CidrBlockAssociation, plan: AddressPlan, used: List[str]
    ) -> _Subnets:
        def subnet(tier: str, zone: str, cidr: object, tags: Dict[str, str]) -> ec2.Subnet:
            return ec2.Subnet(
                f"{self.name}-{tier}-{zone}",
                vpc_id=vpc.id,
                cidr_block=str(cidr),
                availability_zone=zone,
                map_public_ip_on_launch=False,
                region=self.region,
                tags=self.tags(self.named(tier, zone[-1]), tags),
                opts=self.child(depends_on=[pods] if tier == "pods" else []),
            )

        # Karpenter finds nodes' subnets by this tag; it names the VPC, as several clusters may share it.
        discovery = {"karpenter.sh/discovery": self.named()}
        zones = list(zip(used, plan.zones, strict=True))
        return _Subnets(
            private={
                zone: subnet(
                    "private", zone, part.private, {"kubernetes.io/role/internal-elb": "1", **discovery}
                )
                for zone, part in zones
            },
            public={
                zone: subnet("public", zone, part.public, {"kubernetes.io/role/elb": "1"})
                for zone, part in zones
            },
            data={zone: subnet("data", zone, part.data, {}) for zone, part in zones},
            # The VPC CNI gives pods addresses from subnets with this tag.
            pods={
                zone: subnet("pods", zone, part.pods, {"kubernetes.io/role/cni": "1"}) for zone, part in zones
            },
        )

    def _routes(self, vpc: ec2.Vpc, subnets: _Subnets) -> List[ec2.RouteTable]:
        """One public table, one data table, one private table per zone (pods and nodes share it)."""
        gateway = ec2.InternetGateway(
            f"{self.name}-internet",
            vpc_id=vpc.id,
            region=self.region,
            tags=self.tags(self.named("internet")),
            opts=self.child(),
        )
        public = self._table(vpc, "public", list(subnets.public.values()))
        self._default_route("public", public, gateway_id=gateway.id)
        data = self._table(vpc, "data", list(subnets.data.values()))
        ways_out = self._nat(subnets, gateway)
        private = []
        for zone, subnet in subnets.private.items():
            table = self._table(vpc, f"private-{zone}", [subnet, subnets.pods[zone]], is_used=True)
            if ways_out:
                nat = ways_out.get(zone, next(iter(ways_out.values())))
                route = self._default_route(f"private-{zone}", table, nat_gateway_id=nat.id)
                self._ways_out.append(route)
            private.append(table)
        return [*private, data]

    def _nat(self, subnets: _Subnets, gateway: ec2.InternetGateway) -> Dict[str, ec2.NatGateway]:
        """NAT gateways by zone: one per zone, one in the first zone, or none."""
        count = {Nat.PER_ZONE: len(subnets.public), Nat.SINGLE: 1, Nat.NONE: 0}
        chosen = count[nat_of(self.args, self.cell.environment_class)]
        gateways = {}
        for zone, subnet in list(subnets.public.items())[:chosen]:
            address = ec2.Eip(
                f"{self.name}-nat-{zone}",
                domain="vpc",
                region=self.region,
                tags=self.tags(self.named("nat", zone[-1])),
                opts=self.child(depends_on=[gateway]),
            )
            gateways[zone] = ec2.NatGateway(
                f"{self.name}-nat-{zone}",
                allocation_id=address.allocation_id,
                subnet_id=subnet.id,
                region=self.region,
                tags=self.tags(self.named("nat", zone[-1])),
                opts=self.child(depends_on=[gateway]),
            )
        return gateways

    def _table(
        self, vpc: ec2.Vpc, tier: str, subnets: List[ec2.Subnet], *, is_used: bool = False
    ) -> ec2.RouteTable:
        table = ec2.RouteTable(
            f"{self.name}-{tier}",
            vpc_id=vpc.id,
            region=self.region,
            tags=self.tags(self.named(tier)),
            opts=self.child(),
        )
        for subnet in subnets:
            association = ec2.RouteTableAssociation(
                subnet._name,
                route_table_id=table.id,
                subnet_id=subnet.id,
                region=self.region,
                opts=self.child(),
            )
            if is_used:
                self._ways_out.append(association)
        return table

    def _default_route(self, tier: str, table: ec2.RouteTable, **target: pulumi.Output[str]) -> ec2.Route:
        return ec2.Route(
            f"{self.name}-{tier}-default",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            region=self.region,
            opts=self.child(),
            **target,
        )


def zones_of(args: NetworkArgs) -> List[str]:
    """The zones in use: those named, or the first of the region's in the bundled catalogue.

    Raises `ValueError` when the region has fewer than asked for.
    """
    if args.availability_zones:
        return args.availability_zones
    known = catalogue.zones(args.cell.region)
    if len(known) < args.zones:
        raise ValueError(f"{args.cell.region} has {len(known)} availability zones, not {args.zones}")
    return known[: args.zones]


def _ids(
    subnets: Dict[str, ec2.Subnet], reached: Sequence[pulumi.Output[str]] = ()
) -> pulumi.Output[List[str]]:
    """Ids of `subnets`, known once everything in `reached` is there too."""
    count = len(subnets)
    known = pulumi.Output.all(*(subnet.id for subnet in subnets.values()), *reached)
    return known.apply(lambda ids: list(ids)[:count])
