import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
network = pulumi.StackReference(config.require("networkStack"))
cluster = pulumi.StackReference("cluster", stack_name=config.require("clusterStack"))

vpc_id = network.require_output("vpcId")
private_subnets = network.get_output("privateSubnetIds")
domain = network.get_output("domain").apply(lambda value: value or "example.internal")

group = aws.ec2.SecurityGroup(
    "app",
    vpc_id=vpc_id,
    ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [network.get_output("cidr")]}],
)

cache_subnets = aws.elasticache.SubnetGroup("cache", subnet_ids=private_subnets)
cache = aws.elasticache.ReplicationGroup(
    "cache",
    description="Sessions",
    engine="valkey",
    node_type="cache.t4g.small",
    num_cache_clusters=2,
    automatic_failover_enabled=True,
    subnet_group_name=cache_subnets.name,
    security_group_ids=[group.id],
    auth_token=cluster.get_output("cacheToken"),
    transit_encryption_enabled=True,
)

role = aws.iam.Role(
    "app",
    assume_role_policy=cluster.require_output("oidcProviderArn").apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": arn},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {"StringLike": {f"{arn.split('/', 1)[-1]}:sub": "system:serviceaccount:app:*"}},
                    }
                ],
            }
        )
    ),
)

url = pulumi.Output.format("https://app.{0}:{1}", domain, cluster.get_output("ingressPort"))
aws.ssm.Parameter("endpoint", type="String", name="/app/endpoint", value=url)

pulumi.export("cacheEndpoint", cache.primary_endpoint_address)
pulumi.export("subnetCount", private_subnets.apply(lambda ids: len(ids or [])))
pulumi.export("securityGroup", group.id)
pulumi.export("url", url)
