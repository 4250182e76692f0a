"""The parts that policy documents are put together from."""

from typing import Any, Dict, Sequence

from components.feature_store.names import lake_bucket
from components.feature_store.placement import ViewGroup
from components.model import Cell
from components.naming import partition

__all__ = ["Document", "Statement", "allow", "document", "lake_bucket_arn", "via"]

Document = Dict[str, Any]
Statement = Dict[str, Any]


def document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def via(services: Sequence[str]) -> Dict[str, Any]:
    """Condition of a key's use: by one of these services on behalf of the caller, never by the caller."""
    return {"StringEquals": {"kms:ViaService": list(services)}}


def lake_bucket_arn(cell: Cell, group: ViewGroup, region: str) -> str:
    return f"arn:{partition(region)}:s3:::{lake_bucket(cell, group, region)}"
