"""A web server on EC2, in a small network of its own."""

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
instance_type = config.get("instanceType") or "t3.micro"
vpc_network_cidr = config.get("vpcNetworkCidr") or "10.0.0.0/16"

# The newest Amazon Linux image
ami = aws.ec2.get_ami(
    most_recent=True,
    owners=["amazon"],
    filters=[aws.ec2.GetAmiFilterArgs(name="name", values=["al2023-ami-2023*-x86_64"])],
)

# Shown on the first page
user_data = f"""#!/bin/bash
dnf install -y httpd
echo "<h1>Hello from {pulumi.get_stack()}</h1>" > /var/www/html/index.html
systemctl enable --now httpd
"""

vpc = aws.ec2.Vpc(
    "vpc",
    cidr_block=vpc_network_cidr,
    enable_dns_hostnames=True,
    enable_dns_support=True,
    tags={"Name": "web-server"},
)

gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)

subnet = aws.ec2.Subnet(
    "subnet",
    vpc_id=vpc.id,
    cidr_block="10.0.1.0/24",
    map_public_ip_on_launch=True,
)

route_table = aws.ec2.RouteTable(
    "routeTable",
    vpc_id=vpc.id,
    routes=[aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=gateway.id)],
)

aws.ec2.RouteTableAssociation("routeTableAssociation", subnet_id=subnet.id, route_table_id=route_table.id)

sec_group = aws.ec2.SecurityGroup(
    "secGroup",
    description="HTTP from anywhere",
    vpc_id=vpc.id,
    ingress=[
        aws.ec2.SecurityGroupIngressArgs(
            from_port=80,
            to_port=80,
            protocol="tcp",
            cidr_blocks=["0.0.0.0/0"],
        )
    ],
    egress=[
        aws.ec2.SecurityGroupEgressArgs(
            from_port=0,
            to_port=0,
            protocol="-1",
            cidr_blocks=["0.0.0.0/0"],
        )
    ],
)

server = aws.ec2.Instance(
    "server",
    instance_type=instance_type,
    subnet_id=subnet.id,
    vpc_security_group_ids=[sec_group.id],
    user_data=user_data,
    ami=ami.id,
    root_block_device={"volume_size": 20, "volume_type": "gp3", "encrypted": True},
    tags={"Name": "web-server"},
)

pulumi.export("ip", server.public_ip)
pulumi.export("hostname", server.public_dns)
pulumi.export("url", pulumi.Output.concat("http://", server.public_dns))
