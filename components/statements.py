"""The parts that policy documents are put together from."""

from typing import Any, Dict, Optional, Sequence, Union

from components.model import Cell
from components.naming import arn

__all__ = [
    "Document",
    "Statement",
    "allow",
    "by_identity_policies",
    "document",
    "for_logs",
    "for_messages",
    "no_replica_elsewhere",
    "sourced_trust",
    "through_s3",
    "trusted_service",
    "via",
]

Document = Dict[str, Any]
Statement = Dict[str, Any]


def document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[Any], condition: Optional[Dict[str, Any]] = None
) -> Statement:
    """A statement that allows `actions` on `resources`, where `condition` holds if one is given."""
    made = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**made, "Condition": condition} if condition else made


def through_s3(regions: Sequence[str]) -> Dict[str, Any]:
    """Condition of a key's use: by S3 on behalf of the caller, never by the caller."""
    return via([f"s3.{region}.amazonaws.com" for region in regions])


def via(services: Sequence[str]) -> Dict[str, Any]:
    """Condition of a key's use: by one of these services on behalf of the caller, never by the caller."""
    return {"StringEquals": {"kms:ViaService": list(services)}}


def by_identity_policies(cell: Cell) -> Statement:
    """Of a key's policy: the account's identities use it as IAM allows them."""
    return {
        "Sid": "ByIdentityPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": arn(cell, "iam", "root")},
        "Action": "kms:*",
        "Resource": "*",
    }


def no_replica_elsewhere(regions: Sequence[str]) -> Statement:
    """Of a multi-Region key's policy: a replica of it in `regions` only."""
    return {
        "Sid": "NoReplicaElsewhere",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "kms:ReplicateKey",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"kms:ReplicaRegion": sorted(regions)}},
    }


def trusted_service(service: str, account_id: str = "") -> Document:
    """Trust of a role that an AWS service takes; with `account_id` for that account's own resources only.

    S3 does not say on whose behalf it replicates, so its trust can name no account.
    """
    made: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account_id:
        made["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return document([made])


def for_logs(cell: Cell, groups: Union[str, Sequence[str]], sid: str = "Logs") -> Statement:
    """Of a key's policy: CloudWatch Logs of the cell's region, for these log groups (ARNs, `*` allowed)."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{cell.region}.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    }


def for_messages(cell: Cell, sid: str, service: str, generate: str = "kms:GenerateDataKey") -> Statement:
    """Of a key's policy: `service` writes to an encrypted topic on behalf of this account."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Decrypt", generate],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": cell.account_id}},
    }


def sourced_trust(cell: Cell, service: str, sources: Union[str, Sequence[str]]) -> Document:
    """A service may take the role on behalf of `sources` (ARNs, `*` allowed) of this account only."""
    condition = {
        "StringEquals": {"aws:SourceAccount": cell.account_id},
        "ArnLike": {"aws:SourceArn": sources},
    }
    made: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document([{**made, "Condition": condition}])
