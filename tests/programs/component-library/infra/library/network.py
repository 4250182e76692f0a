import pulumi
from pulumi_aws import ec2


class SubnetTier(pulumi.ComponentResource):
    def __init__(self, name, vpc, zones, offset, public, opts=None):
        super().__init__("library:network:SubnetTier", name, None, opts)
        self.subnets = []
        for index, zone in enumerate(zones):
            subnet = ec2.Subnet(
                f"{name}-{index}",
                ec2.SubnetArgs(
                    vpc_id=vpc.id,
                    availability_zone=zone,
                    cidr_block=vpc.cidr_block.apply(lambda cidr, i=index: _block(cidr, offset + i)),
                    map_public_ip_on_launch=public,
                    tags={"Name": f"{name}-{zone}"},
                ),
                pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            self.subnets.append(subnet)
        self.subnet_ids = [subnet.id for subnet in self.subnets]
        self.register_outputs({"subnetIds": self.subnet_ids})


class Network(pulumi.ComponentResource):
    def __init__(self, name, cidr, zones, tiers, opts=None):
        super().__init__("library:network:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.vpc = ec2.Vpc(name, cidr_block=cidr, enable_dns_support=True, opts=child)
        ec2.DefaultSecurityGroup(
            f"{name}-closed", vpc_id=self.vpc.id, opts=pulumi.ResourceOptions(parent=self.vpc)
        )
        self.tiers = {}
        for position, tier in enumerate(tiers):
            self.tiers[tier["name"]] = SubnetTier(
                f"{name}-{tier['name']}",
                vpc=self.vpc,
                zones=zones,
                offset=position * len(zones),
                public=tier["public"],
                opts=child,
            )
        self.register_outputs({})


def _block(cidr, index):
    first, second, *_ = cidr.split(".")
    return f"{first}.{second}.{index * 16}.0/20"
