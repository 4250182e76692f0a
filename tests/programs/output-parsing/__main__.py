"""Outputs taken apart, computed with and decided on: what programs do inside `apply`."""

import base64
import datetime
import ipaddress
import json
import re
from urllib.parse import urlparse

import pulumi
import pulumi_aws as aws

REGION_NAMES = {"ap-southeast-2": "Sydney", "us-east-1": "Virginia"}

bucket = aws.s3.Bucket("data")
topic = aws.sns.Topic("events")
queue = aws.sqs.Queue("jobs", visibility_timeout_seconds=60)
address = aws.ec2.Eip("gateway", domain="vpc")
vpc = aws.ec2.Vpc("vpc", cidr_block="10.70.0.0/16", assign_generated_ipv6_cidr_block=True)
database = aws.rds.Instance(
    "database",
    engine="mysql",
    instance_class="db.t4g.micro",
    allocated_storage=20,
    username="app",
    manage_master_user_password=True,
    skip_final_snapshot=True,
)
table = aws.dynamodb.Table(
    "table", hash_key="id", attributes=[{"name": "id", "type": "S"}], billing_mode="PAY_PER_REQUEST"
)
cluster = aws.eks.Cluster(
    "cluster",
    role_arn="arn:aws:iam::123456789012:role/eks",
    vpc_config={"subnet_ids": ["subnet-0a", "subnet-0b"]},
)

# Taken apart
account = topic.arn.apply(lambda arn: arn.split(":")[4])
name = bucket.arn.apply(lambda arn: arn.split(":")[5])
account_number = topic.arn.apply(lambda arn: int(arn.split(":")[4]))
queue_name = queue.url.apply(lambda url: urlparse(url).path.split("/")[2])
resource_id = cluster.arn.apply(lambda arn: re.match(r"arn:aws:eks:[^:]+:\d{12}:cluster/(?P<name>.+)", arn).group("name"))
host, port = (database.endpoint.apply(lambda endpoint, i=i: endpoint.split(":")[i]) for i in (0, 1))


def next_port(value):
    number = int(value)
    if number > 65000:
        raise ValueError("no port left")
    return number + 1


# Computed with
above = port.apply(next_port)
numeric_port = database.port.apply(lambda value: value + 1)
allowed = address.public_ip.apply(lambda ip: str(ipaddress.ip_network(f"{ip}/32")))
v6_subnet = vpc.ipv6_cidr_block.apply(lambda block: str(next(ipaddress.ip_network(block).subnets(new_prefix=64))))
v4_subnet = vpc.cidr_block.apply(lambda block: str(list(ipaddress.ip_network(block).subnets(new_prefix=24))[3]))
authority = cluster.certificate_authority.apply(lambda ca: base64.b64decode(ca.data).decode())
age = cluster.created_at.apply(
    lambda created: (datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(created)).days
)
digest = bucket.bucket_domain_name.apply(lambda domain: int(domain.split("-")[1][:4], 16))

# Decided on
region_name = bucket.region.apply(lambda region: REGION_NAMES[region])
partition_suffix = topic.arn.apply(lambda arn: ".cn" if arn.split(":")[1] == "aws-cn" else "")
long_name = name.apply(lambda value: value if len(value) < 63 else value[:63])


def wants_replica(arn):
    if arn.startswith("arn:aws:"):
        return "replicated"
    raise RuntimeError(f"unexpected ARN {arn}")


replica_tag = table.arn.apply(wants_replica)

group = aws.ec2.SecurityGroup(
    "database",
    vpc_id=vpc.id,
    ingress=[
        {"protocol": "tcp", "from_port": numeric_port, "to_port": above, "cidr_blocks": [allowed]},
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "ipv6_cidr_blocks": [v6_subnet]},
    ],
    tags={"account": account, "replica": replica_tag, "region": region_name},
)
aws.ec2.Subnet("known", vpc_id=vpc.id, cidr_block=v4_subnet)
aws.sqs.QueuePolicy(
    "jobs",
    queue_url=queue.url,
    policy=pulumi.Output.all(account=account, queue=queue.arn, name=queue_name).apply(
        lambda args: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": args["account"]},
                        "Action": "sqs:SendMessage",
                        "Resource": args["queue"],
                        "Condition": {"StringLike": {"aws:SourceArn": f"arn:aws:sns:*:*:{args['name']}"}},
                    }
                ],
            }
        )
    ),
)
aws.ssm.Parameter("account", type="String", value=account_number.apply(lambda number: f"{number:012d}"))
aws.ssm.Parameter("authority", type="String", tier="Advanced", value=authority)
aws.ssm.Parameter("host", type="String", value=pulumi.Output.concat(host, ":", above.apply(str)))

# Loops over lists nobody knows yet
subnets = aws.ec2.get_subnets_output(filters=[{"name": "vpc-id", "values": [vpc.id]}])
peers = subnets.ids.apply(lambda ids: [f"{id}/32" for id in ids])
replicas = database.replicas.apply(lambda names: {name: index for index, name in enumerate(names)})
members = pulumi.Output.all(*[database.address, cluster.endpoint]).apply(
    lambda hosts: [host.split("//")[-1].split(".")[0] for host in hosts]
)


def listener_for(ids):
    """Resources made inside `apply`: none, as long as the list is unknown."""
    return [aws.ec2.NetworkInterface(f"interface-{index}", subnet_id=id).id for index, id in enumerate(ids)]


interfaces = subnets.ids.apply(listener_for)
validation = aws.acm.Certificate("site", domain_name="example.com", validation_method="DNS")
option = validation.domain_validation_options[0]
record = aws.route53.Record(
    "validation",
    zone_id="Z0123456789ABCDEFGHIJ",
    name=option.resource_record_name,
    type=option.resource_record_type,
    records=[option.resource_record_value],
    ttl=60,
)
aws.acm.CertificateValidation("site", certificate_arn=validation.arn, validation_record_fqdns=[record.fqdn])

pulumi.export("account", account)
pulumi.export("accountNumber", account_number)
pulumi.export("bucketName", long_name)
pulumi.export("cluster", resource_id)
pulumi.export("age", age)
pulumi.export("digest", digest)
pulumi.export("suffix", partition_suffix)
pulumi.export("peers", peers)
pulumi.export("replicas", replicas)
pulumi.export("members", members)
pulumi.export("interfaces", interfaces)
pulumi.export("subnet", v4_subnet)
