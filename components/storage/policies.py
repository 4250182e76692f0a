"""Policies of a group's keys and buckets, and of the roles that copy and back up. Plain dicts."""

from typing import Any, List, Sequence

from components.model import Cell
from components.naming import arn
from components.statements import (
    Document,
    Statement,
    allow,
    by_identity_policies,
    document,
    no_replica_elsewhere,
    through_s3,
)
from components.storage.group import Group

__all__ = ["backup", "bucket_policy", "key_policy", "reencrypt", "replication"]


def key_policy(cell: Cell, regions: Sequence[str], readers: Sequence[str] = ()) -> Document:
    """The account's identities as IAM allows them; a replica of the key in `regions` only.

    Identities of the accounts `readers` may read what S3 has encrypted with it, as their IAM allows.
    """
    reading: Statement = {
        "Sid": "ReadersOfOtherAccounts",
        "Effect": "Allow",
        "Principal": {"AWS": _roots(cell, readers)},
        "Action": ["kms:Decrypt", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": through_s3(regions),
    }
    return document(
        [by_identity_policies(cell), no_replica_elsewhere(regions), *([reading] if readers else [])]
    )


def _roots(cell: Cell, accounts: Sequence[str]) -> List[str]:
    """The accounts as principals: which of their identities, they decide themselves."""
    return [arn(cell.model_copy(update={"account_id": account}), "iam", "root") for account in accounts]


def bucket_policy(cell: Cell, bucket_arn: str, readers: Sequence[str] = ()) -> Document:
    """TLS 1.2 or newer, and objects encrypted with a KMS key of this account or by the bucket's default.

    The accounts `readers` may list and read it.
    """
    reading: Statement = {
        "Sid": "ReadersOfOtherAccounts",
        "Effect": "Allow",
        "Principal": {"AWS": _roots(cell, readers)},
        "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"],
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
    }
    everything = [bucket_arn, f"{bucket_arn}/*"]
    objects = [f"{bucket_arn}/*"]
    algorithm = "s3:x-amz-server-side-encryption"
    key = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    own_keys = arn(cell, "kms", "key/*", region="*")
    return document(
        [
            _deny("NoPlainText", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
            _deny("NoOldTls", "s3:*", everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
            _deny(
                "NoOtherEncryption",
                "s3:PutObject",
                objects,
                {"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}},
            ),
            _deny(
                "NoKeyOfAnotherAccount",
                "s3:PutObject",
                objects,
                {"Null": {key: "false"}, "ArnNotLike": {key: own_keys}},
            ),
            *([reading] if readers else []),
        ]
    )


def _deny(sid: str, action: str, resources: List[str], condition: Any) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": resources,
        "Condition": condition,
    }


def replication(buckets: Sequence[str], *, locked: bool = False) -> Document:
    """Reads versions of the `buckets` (ARNs) and writes replicas to them: each is source and destination.

    Where objects are `locked`, their copies are too.
    """
    objects = [f"{bucket}/*" for bucket in buckets]
    versions = (
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionTagging",
        *(("s3:GetObjectLegalHold", "s3:GetObjectRetention") if locked else ()),
    )
    copies = ("s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags")
    return document(
        [
            allow("ReadBuckets", ("s3:GetReplicationConfiguration", "s3:ListBucket"), buckets),
            allow("ReadVersions", versions, objects),
            allow("WriteReplicas", copies, objects),
        ]
    )


def reencrypt(regions: Sequence[str], key_arns: Sequence[Any]) -> Document:
    """Decrypts in one of the regions and encrypts again in another, through S3 only."""
    actions = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
    return document([allow("ReEncrypt", actions, key_arns, through_s3(regions))])


BACKED_UP_BUCKET = (
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketNotification",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetInventoryConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketNotification",
    "s3:PutInventoryConfiguration",
)
BACKED_UP_OBJECT = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
)
WATCHED = (
    "events:DeleteRule",
    "events:DescribeRule",
    "events:DisableRule",
    "events:EnableRule",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
)
SNAPSHOTS = (
    "rds:AddTagsToResource",
    "rds:CopyDBClusterSnapshot",
    "rds:CreateDBClusterSnapshot",
    "rds:DeleteDBClusterSnapshot",
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:ListTagsForResource",
    "rds:ModifyDBClusterSnapshotAttribute",
)
KEY_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def backup(
    cell: Cell, group: Group, *, buckets: Sequence[str], clusters: Sequence[str], key_arns: Sequence[Any]
) -> Document:
    """Takes backups of the `buckets` and Aurora `clusters` (ARNs) and copies them between the group's vaults.

    AWS Backup follows changes of a bucket by its own EventBridge rule, and sizes it by CloudWatch, whose
    action knows no resources. Snapshots that it makes are called `awsbackup:`. Source: the service role
    policies that AWS maintains for Backup, narrowed to these resources.
    """
    vaults = [group.vault_arn(cell, region) for region in group.regions[:2]]
    found: List[Statement] = [
        allow("Vaults", ("backup:CopyFromBackupVault", "backup:CopyIntoBackupVault"), vaults),
        allow("Tags", ("backup:TagResource",), [arn(cell, "backup", "recovery-point:*", region=group.home)]),
    ]
    if buckets:
        rules = arn(cell, "events", "rule/AwsBackupManagedRule*", region=group.home)
        found += [
            allow("Buckets", BACKED_UP_BUCKET, buckets),
            allow("Objects", BACKED_UP_OBJECT, [f"{bucket}/*" for bucket in buckets]),
            allow("Changes", WATCHED, [rules]),
            allow("Sizes", ("cloudwatch:GetMetricData", "events:ListRules"), ["*"]),
        ]
    if clusters:
        snapshots = [
            arn(cell, "rds", "cluster-snapshot:awsbackup:*", region=region) for region in group.regions[:2]
        ]
        found.append(allow("Snapshots", SNAPSHOTS, [*clusters, *snapshots]))
        found += _snapshot_keys(cell, group, clusters, key_arns)
    found.append(allow("Keys", KEY_USE, key_arns))
    return document(found)


def _snapshot_keys(
    cell: Cell, group: Group, clusters: Sequence[str], key_arns: Sequence[Any]
) -> List[Statement]:
    """A snapshot is decrypted with its cluster's own key, known by its alias, and encrypted with the vault's.

    RDS does both later, by grants that this role gives it.
    """
    aliases = [f"alias/{cluster.rpartition(':')[2]}" for cluster in clusters]
    own = [arn(cell, "kms", "key/*", region=group.home)]
    named = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases}}
    for_rds = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        allow("ClusterKeys", KEY_USE, own, named),
        allow("ClusterGrants", ("kms:CreateGrant",), own, {**named, **for_rds}),
        allow("VaultGrants", ("kms:CreateGrant",), key_arns, for_rds),
    ]
