import json

import pulumi
import pulumi_aws as aws
from accounts import member_provider

config = pulumi.Config()
members = config.require_object("members")
providers = {member["name"]: member_provider(member) for member in members}


def on(name, **more):
    return pulumi.ResourceOptions(provider=providers[name], **more)


buckets = {}
for member in members:
    name = member["name"]
    identity = aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=providers[name]))
    key = aws.kms.Key(
        f"{name}-key",
        description=f"Data of {name}",
        policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{identity.account_id}:root"},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            }
        ),
        opts=on(name),
    )
    buckets[name] = aws.s3.Bucket(f"{name}-data", tags={"member": name}, opts=on(name))
    aws.s3.BucketVersioning(
        f"{name}-versioning",
        bucket=buckets[name].id,
        versioning_configuration={"status": "Enabled"},
        opts=on(name, parent=buckets[name]),
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=buckets[name].id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
            }
        ],
        # No provider here: the parent's is taken
        opts=pulumi.ResourceOptions(parent=buckets[name]),
    )

# Everything that arrives goes on to training and to serving
source = members[0]["name"]
replication_role = aws.iam.Role(
    "replication",
    assume_role_policy=aws.iam.get_policy_document(
        statements=[
            aws.iam.GetPolicyDocumentStatementArgs(
                actions=["sts:AssumeRole"],
                principals=[
                    aws.iam.GetPolicyDocumentStatementPrincipalArgs(
                        type="Service", identifiers=["s3.amazonaws.com"]
                    )
                ],
            )
        ]
    ).json,
    opts=on(source),
)
aws.s3.BucketReplicationConfig(
    "replicate",
    role=replication_role.arn,
    bucket=buckets[source].id,
    rules=[
        {
            "id": f"to-{member['name']}",
            "priority": position,
            "status": "Enabled",
            "filter": {"prefix": ""},
            "delete_marker_replication": {"status": "Disabled"},
            "destination": {
                "bucket": buckets[member["name"]].arn,
                "account": member["account"],
                "access_control_translation": {"owner": "Destination"},
            },
        }
        for position, member in enumerate(members[1:])
    ],
    opts=on(source),
)

vpcs = {
    member["name"]: aws.ec2.Vpc(f"{member['name']}-vpc", cidr_block=member["cidr"], opts=on(member["name"]))
    for member in members
}
hub = members[0]
for spoke in members[1:]:
    link = aws.ec2.VpcPeeringConnection(
        f"{hub['name']}-{spoke['name']}",
        vpc_id=vpcs[hub["name"]].id,
        peer_vpc_id=vpcs[spoke["name"]].id,
        peer_owner_id=spoke["account"],
        peer_region=spoke["region"],
        opts=on(hub["name"]),
    )
    aws.ec2.VpcPeeringConnectionAccepter(
        f"{spoke['name']}-accepts",
        vpc_peering_connection_id=link.id,
        auto_accept=True,
        opts=on(spoke["name"]),
    )

# In the account the stack belongs to: one table in three regions, and the audit trail
table = aws.dynamodb.Table(
    "catalogue",
    billing_mode="PAY_PER_REQUEST",
    hash_key="dataset",
    attributes=[{"name": "dataset", "type": "S"}],
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    replicas=[{"region_name": member["region"]} for member in members],
)
# One resource elsewhere, with the default provider
audit = aws.s3.Bucket("audit", region="eu-central-1", opts=pulumi.ResourceOptions(protect=True))

pulumi.export("buckets", {name: bucket.arn for name, bucket in buckets.items()})
pulumi.export("table", table.name)
