"""What the feature store's keys and buckets allow, and the role that copies between them.

Policy documents, as plain dicts.
"""

from typing import Any, List, Mapping, Sequence, Tuple

from components.feature_store import names
from components.feature_store.placement import ViewGroup
from components.feature_store.statements import Document, Statement, allow, document, lake_bucket_arn, via
from components.model import Cell
from components.naming import arn, partition

__all__ = [
    "bucket_policy",
    "key_policy",
    "regional_key_policy",
    "replication",
    "replication_keys",
    "replication_trust",
]


def key_policy(cell: Cell, regions: Sequence[str], *others: Statement) -> Document:
    """The account's identities as IAM allows them, and `others`; a replica of the key in `regions` only."""
    return document(
        [
            _by_identity_policies(cell),
            {
                "Sid": "NoReplicaElsewhere",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "kms:ReplicateKey",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"kms:ReplicaRegion": sorted(regions)}},
            },
            *others,
        ]
    )


def regional_key_policy(cell: Cell) -> Document:
    """The account's identities as IAM allows them, CloudWatch Logs for the registry's and the jobs' log
    groups, and CloudWatch for the topic of its alarms."""
    groups = [
        arn(cell, "logs", f"log-group:{pattern}", region=cell.region)
        for pattern in ("/aws/rds/cluster/*", f"/{names.materialization_name(cell)}")
    ]
    return document(
        [
            _by_identity_policies(cell),
            {
                "Sid": "RegistryLogs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{cell.region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            },
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": cell.account_id}},
            },
        ]
    )


def _by_identity_policies(cell: Cell) -> Statement:
    return {
        "Sid": "ByIdentityPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": arn(cell, "iam", "root")},
        "Action": "kms:*",
        "Resource": "*",
    }


def bucket_policy(cell: Cell, bucket: str) -> Document:
    """TLS 1.2 or newer, and objects encrypted with a KMS key of this account or by the bucket's default."""
    bucket_arn = f"arn:{partition(cell.home_region)}:s3:::{bucket}"
    everything = [bucket_arn, f"{bucket_arn}/*"]
    keys = arn(cell, "kms", "key/*", region="*")
    algorithm = "s3:x-amz-server-side-encryption"
    key_id = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    rules: List[Tuple[str, str, List[str], Mapping[str, Any]]] = [
        ("NoPlainText", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
        ("NoOldTls", "s3:*", everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        (
            "NoOtherEncryption",
            "s3:PutObject",
            [f"{bucket_arn}/*"],
            {"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}},
        ),
        (
            "NoKeyOfAnotherAccount",
            "s3:PutObject",
            [f"{bucket_arn}/*"],
            {"Null": {key_id: "false"}, "ArnNotLike": {key_id: keys}},
        ),
    ]
    return document(
        [
            {
                "Sid": sid,
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": action,
                "Resource": resources,
                "Condition": dict(condition),
            }
            for sid, action, resources, condition in rules
        ]
    )


def replication_trust() -> Document:
    return document(
        [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    )


def replication(cell: Cell, group: ViewGroup) -> Document:
    """Reads versions of the group's buckets and writes replicas to them: each is source and destination."""
    buckets = [lake_bucket_arn(cell, group, region) for region in group.regions]
    objects = [f"{bucket}/*" for bucket in buckets]
    return document(
        [
            allow("ReadBuckets", ("s3:GetReplicationConfiguration", "s3:ListBucket"), buckets),
            allow(
                "ReadVersions",
                (
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionTagging",
                ),
                objects,
            ),
            allow("WriteReplicas", ("s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"), objects),
        ]
    )


def replication_keys(group: ViewGroup, key_arns: Sequence[str]) -> Document:
    """Decrypts in one region of the group and encrypts again in another, through S3 only."""
    through = via([f"s3.{region}.amazonaws.com" for region in group.regions])
    actions = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
    return document([{**allow("ReEncrypt", actions, key_arns), "Condition": through}])
