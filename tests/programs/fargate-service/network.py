import ipaddress

import pulumi
import pulumi_aws as aws


def make_network(name, cidr, zone_count, nat_per_zone):
    """Public and private subnets in each zone; returns (vpc, public subnets, private subnets)."""
    zones = aws.get_availability_zones(state="available")
    zone_names = zones.names[:zone_count]
    blocks = list(ipaddress.ip_network(cidr).subnets(new_prefix=20))

    vpc = aws.ec2.Vpc(f"{name}-vpc", cidr_block=cidr, enable_dns_hostnames=True)
    igw = aws.ec2.InternetGateway(f"{name}-igw", vpc_id=vpc.id)

    public_table = aws.ec2.RouteTable(f"{name}-public", vpc_id=vpc.id)
    aws.ec2.Route(
        f"{name}-public-default",
        route_table_id=public_table.id,
        destination_cidr_block="0.0.0.0/0",
        gateway_id=igw.id,
    )

    public, private, gateways = [], [], []
    for index, zone in enumerate(zone_names):
        subnet = aws.ec2.Subnet(
            f"{name}-public-{index}",
            vpc_id=vpc.id,
            availability_zone=zone,
            cidr_block=str(blocks[index]),
            map_public_ip_on_launch=True,
            tags={"Name": f"{name}-public-{zone}", "tier": "public"},
        )
        aws.ec2.RouteTableAssociation(
            f"{name}-public-{index}", subnet_id=subnet.id, route_table_id=public_table.id
        )
        public.append(subnet)
        if nat_per_zone or index == 0:
            address = aws.ec2.Eip(f"{name}-nat-{index}", domain="vpc", opts=pulumi.ResourceOptions(depends_on=[igw]))
            gateways.append(
                aws.ec2.NatGateway(f"{name}-nat-{index}", subnet_id=subnet.id, allocation_id=address.id)
            )

    for index, zone in enumerate(zone_names):
        subnet = aws.ec2.Subnet(
            f"{name}-private-{index}",
            vpc_id=vpc.id,
            availability_zone=zone,
            cidr_block=str(blocks[8 + index]),
            tags={"Name": f"{name}-private-{zone}", "tier": "private"},
        )
        table = aws.ec2.RouteTable(f"{name}-private-{index}", vpc_id=vpc.id)
        aws.ec2.Route(
            f"{name}-private-{index}-default",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=gateways[index % len(gateways)].id,
        )
        aws.ec2.RouteTableAssociation(f"{name}-private-{index}", subnet_id=subnet.id, route_table_id=table.id)
        private.append(subnet)

    return vpc, public, private
