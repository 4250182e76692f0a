"""The parts that policy documents are put together from."""

from typing import Any, Dict, Sequence

__all__ = ["Document", "Statement", "allow", "document", "through_s3", "trusted_service"]

Document = Dict[str, Any]
Statement = Dict[str, Any]


def document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, actions: Sequence[str], resources: Sequence[Any], **condition: Any) -> Statement:
    """`condition` by its operator: `StringLike={"s3:prefix": [...]}`."""
    made = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**made, "Condition": condition} if condition else made


def through_s3(regions: Sequence[str]) -> Dict[str, Any]:
    """Condition of a key's use: by S3 on behalf of the caller, never by the caller."""
    return {"StringEquals": {"kms:ViaService": [f"s3.{region}.amazonaws.com" for region in regions]}}


def trusted_service(service: str, account_id: str = "") -> Document:
    """Trust of a role that an AWS service takes; with `account_id` for that account's own resources only.

    S3 does not say on whose behalf it replicates, so its trust can name no account.
    """
    made: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account_id:
        made["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return document([made])
