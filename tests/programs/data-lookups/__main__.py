"""What the account already has, looked up in every way there is."""

import pulumi
import pulumi_aws as aws

current = aws.get_caller_identity()
region = aws.get_region()
partition = aws.get_partition()
zones = aws.get_availability_zones(state="available")
zones_output = aws.get_availability_zones_output(state="available")

# The network that every account starts with
default_vpc = aws.ec2.get_vpc(default=True)
default_subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [default_vpc.id]}])
shared_vpc = aws.ec2.get_vpc_output(filters=[{"name": "tag:Name", "values": ["shared"]}])
shared_subnets = aws.ec2.get_subnets_output(filters=[{"name": "vpc-id", "values": [shared_vpc.id]}])

image = aws.ec2.get_ami(
    most_recent=True,
    owners=["099720109477"],
    filters=[{"name": "name", "values": ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-*"]}],
)
image_name = aws.ssm.get_parameter(name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64")
image_output = aws.ec2.get_ami_output(most_recent=True, owners=["amazon"])

bucket = aws.s3.Bucket("reports", force_destroy=True)
key = aws.kms.Key("reports", deletion_window_in_days=7)

reader_policy = aws.iam.get_policy_document_output(
    statements=[
        aws.iam.GetPolicyDocumentStatementArgs(
            sid="Read",
            effect="Allow",
            actions=["s3:GetObject", "s3:ListBucket"],
            resources=[bucket.arn, bucket.arn.apply(lambda arn: f"{arn}/*")],
        ),
        aws.iam.GetPolicyDocumentStatementArgs(
            sid="Decrypt", effect="Allow", actions=["kms:Decrypt"], resources=[key.arn]
        ),
    ]
)
trust_policy = aws.iam.get_policy_document(
    statements=[
        {
            "actions": ["sts:AssumeRole"],
            "principals": [
                {"type": "Service", "identifiers": ["ec2.amazonaws.com"]},
                {"type": "AWS", "identifiers": [f"arn:{partition.partition}:iam::{current.account_id}:root"]},
            ],
        }
    ]
)

role = aws.iam.Role("reader", assume_role_policy=trust_policy.json)
aws.iam.RolePolicy("reader", role=role.id, policy=reader_policy.json)
profile = aws.iam.InstanceProfile("reader", role=role.name)

aws.s3.BucketPolicy(
    "reports",
    bucket=bucket.id,
    policy=aws.iam.get_policy_document_output(
        statements=[
            {
                "sid": "TlsOnly",
                "effect": "Deny",
                "actions": ["s3:*"],
                "principals": [{"type": "*", "identifiers": ["*"]}],
                "resources": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}],
            }
        ]
    ).json,
)

reporter = aws.ec2.Instance(
    "reporter",
    ami=image.id,
    instance_type="t4g.small",
    availability_zone=zones.names[0],
    subnet_id=default_subnets.ids[0],
    iam_instance_profile=profile.name,
)
aws.ec2.Instance(
    "archiver",
    ami=image_name.value,
    instance_type="t4g.micro",
    availability_zone=zones_output.names[1],
    subnet_id=shared_subnets.ids[0],
)
aws.ec2.Instance("visitor", ami=image_output.id, instance_type="t4g.nano", subnet_id=default_subnets.ids[-1])

group = aws.ec2.SecurityGroup("shared", vpc_id=shared_vpc.id)
existing = aws.s3.Bucket.get("landing", "landing-zone-archive")
aws.s3.BucketVersioning(
    "landing", bucket=existing.bucket, versioning_configuration={"status": "Enabled"}
)
zone = aws.route53.get_zone_output(name="example.com.")
aws.route53.Record(
    "reporter", zone_id=zone.zone_id, name="reports", type="A", ttl=300, records=[reporter.private_ip]
)

pulumi.export("account", current.account_id)
pulumi.export("region", region.region)
pulumi.export("zones", len(zones.names))
