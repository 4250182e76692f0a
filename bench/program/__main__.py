"""About `bench:resources` resources: components of nine AWS resources, outputs feeding inputs."""

import json

import pulumi
import pulumi_aws as aws

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ],
}


def access(arns: list[str]) -> str:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "dynamodb:GetItem"], "Resource": list(arns)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Application(pulumi.ComponentResource):
    """A bucket, a table, a key, and a role that may read them."""

    def __init__(self, name: str, shared_key_arn: pulumi.Output[str]) -> None:
        super().__init__("bench:index:Application", name)
        child = pulumi.ResourceOptions(parent=self)
        tags = {"application": name, "environment": "prod", "owner": "team-a"}
        key = aws.kms.Key(f"{name}-key", description=name, enable_key_rotation=True, tags=tags, opts=child)
        aws.kms.Alias(f"{name}-alias", name=f"alias/{name}", target_key_id=key.key_id, opts=child)
        bucket = aws.s3.Bucket(f"{name}-bucket", tags=tags, opts=child)
        aws.s3.BucketVersioning(
            f"{name}-versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=child
        )
        encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": encryption, "bucket_key_enabled": True}],
            opts=child,
        )
        aws.s3.BucketPublicAccessBlock(
            f"{name}-access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        role = aws.iam.Role(f"{name}-role", assume_role_policy=json.dumps(TRUST), tags=tags, opts=child)
        table = aws.dynamodb.Table(
            f"{name}-table",
            hash_key="id",
            billing_mode="PAY_PER_REQUEST",
            attributes=[{"name": "id", "type": "S"}],
            server_side_encryption={"enabled": True, "kms_key_arn": shared_key_arn},
            point_in_time_recovery={"enabled": True},
            tags=tags,
            opts=child,
        )
        policy = pulumi.Output.all(bucket.arn, table.arn).apply(access)
        aws.iam.RolePolicy(f"{name}-policy", role=role.id, policy=policy, opts=child)
        self.register_outputs({"bucket": bucket.id, "table": table.name})


shared = aws.kms.Key("shared", description="shared by all")
for number in range(pulumi.Config().require_int("resources") // 10):
    Application(f"app{number}", shared.arn)
