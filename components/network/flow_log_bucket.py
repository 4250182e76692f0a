"""The bucket that flow logs of a region are delivered to: private, encrypted, expiring."""

import json
from typing import TYPE_CHECKING, Any, Dict

from pulumi_aws import kms, s3

from components import naming
from components.base import Cell
from components.network.settings import retention_of

if TYPE_CHECKING:
    from components.network.network import Network

__all__ = ["bucket", "bucket_policy"]


def bucket(network: "Network", key: kms.Key) -> s3.Bucket:
    """The bucket with all that makes it safe to write to."""
    name = naming.bucket_name(network.cell, "flow-logs", region=network.region)
    here = {"region": network.region}
    made = s3.Bucket(
        f"{network.name}-flow-logs",
        bucket=name,
        force_destroy=not network.cell.is_protected,
        tags=network.tags(name),
        opts=network.child(protect=network.cell.is_protected),
        **here,
    )
    of_bucket = {"bucket": made.bucket, "opts": network.child(), **here}
    s3.BucketPublicAccessBlock(
        f"{network.name}-flow-logs",
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        **of_bucket,
    )
    s3.BucketServerSideEncryptionConfiguration(
        f"{network.name}-flow-logs",
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
            }
        ],
        **of_bucket,
    )
    versioning = s3.BucketVersioning(
        f"{network.name}-flow-logs", versioning_configuration={"status": "Enabled"}, **of_bucket
    )
    days = retention_of(network.args.flow_logs, network.cell.environment_class)
    s3.BucketLifecycleConfiguration(
        f"{network.name}-flow-logs",
        rules=_lifecycle(days),
        **{**of_bucket, "opts": network.child(depends_on=[versioning])},
    )
    s3.BucketPolicy(
        f"{network.name}-flow-logs", policy=json.dumps(bucket_policy(network.cell, name)), **of_bucket
    )
    return made


def _lifecycle(days: int) -> list[Dict[str, Any]]:
    return [
        {
            "id": "expire",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": days},
            "noncurrent_version_expiration": {"noncurrent_days": 7},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ]


def bucket_policy(cell: Cell, name: str) -> Dict[str, Any]:
    """Log delivery of this account may write; nobody gets in without TLS."""
    arn = naming.arn(cell, "s3", name, account=False)
    delivery = {"Service": "delivery.logs.amazonaws.com"}
    own = {"aws:SourceAccount": cell.account_id}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LogDeliveryWrites",
                "Effect": "Allow",
                "Principal": delivery,
                "Action": "s3:PutObject",
                "Resource": f"{arn}/*",
                "Condition": {"StringEquals": {**own, "s3:x-amz-acl": "bucket-owner-full-control"}},
            },
            {
                "Sid": "LogDeliveryChecks",
                "Effect": "Allow",
                "Principal": delivery,
                "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
                "Resource": arn,
                "Condition": {"StringEquals": own},
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
