"""Every kind of change to a resource; `version` in the configuration says which are made."""

import json

import pulumi
import pulumi_aws as aws

version = pulumi.Config().get("version") or "first"
changed = version == "changed"


class Store(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("shop:index:Store", name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(f"{name}-files", opts=below)
        aws.s3.BucketPublicAccessBlock(
            f"{name}-files", bucket=self.bucket.id, block_public_acls=True, opts=below
        )


def was(name: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)])


def table(name: str, key: str, *, protect: bool = False) -> aws.dynamodb.Table:
    return aws.dynamodb.Table(
        name,
        attributes=[{"name": key, "type": "S"}],
        hash_key=key,
        billing_mode="PAY_PER_REQUEST",
        opts=pulumi.ResourceOptions(protect=protect),
    )


# Renamed: a component whose children follow, and a resource that changes in place at the same time.
orders = Store("purchases", was("orders")) if changed else Store("orders")
aws.sqs.Queue(
    "jobs" if changed else "work",
    visibility_timeout_seconds=60 if changed else 30,
    tags={"stage": "b" if changed else "a"},
    opts=was("work") if changed else None,
)

# Data: protected, and not.
replaces = version in ("replaces-protected", "unprotects-and-replaces")
if version != "deletes-protected":
    table("prices", "key" if replaces else "id", protect=version != "unprotects-and-replaces")
cache = table("cache", "key" if changed else "id")

# A name of its own: the old one has to go first, and what is attached to it too.
role = aws.iam.Role(
    "reader",
    name="shop-reader",
    path="/shop/" if changed else "/",
    assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
)
aws.iam.RolePolicy(
    "reader",
    role=role.name,
    policy=cache.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": arn}],
            }
        )
    ),
)

# What depends on something that is replaced.
vpc = aws.ec2.Vpc("net", cidr_block="10.1.0.0/16" if changed else "10.0.0.0/16")
aws.ec2.Subnet("net", vpc_id=vpc.id, cidr_block="10.1.1.0/24" if changed else "10.0.1.0/24")
aws.ec2.SecurityGroup("web", vpc_id=vpc.id, description="web")

# Gone, with its data and without; added.
if changed:
    aws.sqs.Queue("added")
else:
    aws.s3.Bucket("kept", opts=pulumi.ResourceOptions(retain_on_delete=True))
    aws.s3.Bucket("old")

# Options that decide what a change means; code.
aws.ssm.Parameter(
    "limit",
    type="String",
    name="/shop/limit",
    value="20" if changed else "10",
    opts=pulumi.ResourceOptions(ignore_changes=["value"]),
)
aws.sns.Topic(
    "events",
    display_name="b" if changed else "a",
    opts=pulumi.ResourceOptions(replace_on_changes=["displayName"]),
)
aws.s3.BucketObjectv2("code", bucket=orders.bucket.id, source=pulumi.StringAsset("two" if changed else "one"))
