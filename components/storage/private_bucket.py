"""One bucket as every store here wants it: versioned, encrypted, private, with a lifecycle."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import pulumi
from pulumi_aws import s3

from components.base import Component
from components.statements import Document

__all__ = ["PrivateBucket", "kept_tidy", "lifecycle_rule", "private_bucket"]

ABORT_UPLOADS_DAYS = 7


@dataclass(frozen=True)
class PrivateBucket:
    """A bucket, the versioning that replication has to wait for, and its public access block."""

    bucket: s3.Bucket
    versioning: s3.BucketVersioning
    block: s3.BucketPublicAccessBlock


def private_bucket(
    parent: Component,
    name: str,
    physical: str,
    *,
    region: str,
    key_arn: pulumi.Output[str],
    lifecycle: Sequence[Dict[str, Any]],
    policy: Document,
    kept: bool,
    request_metrics: bool,
    tags: Dict[str, str],
    lock: Optional[Dict[str, Any]] = None,
) -> PrivateBucket:
    """The bucket `physical` with everything that belongs to it.

    This includes: versioning, encryption with the key and a bucket key, the public access block, ownership
    without ACLs, lifecycle, the bucket's `policy`, and request metrics where asked. `kept` protects it and
    its objects; `lock` is the retention that every new object gets (`{"mode": "GOVERNANCE", "days": 30}`).
    """
    made = s3.Bucket(
        name,
        bucket=physical,
        force_destroy=not kept,
        # Cannot be switched on later by the bucket's own resource without making it anew.
        object_lock_enabled=True if lock is not None else None,
        region=region,
        tags=parent.tags(physical, tags),
        opts=parent.child(protect=kept),
    )
    placed = {"bucket": made.bucket, "region": region, "opts": parent.child()}
    versioning = s3.BucketVersioning(name, versioning_configuration={"status": "Enabled"}, **placed)
    by_default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    s3.BucketServerSideEncryptionConfiguration(
        name,
        rules=[{"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": True}],
        **placed,
    )
    block = s3.BucketPublicAccessBlock(
        name,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        **placed,
    )
    s3.BucketOwnershipControls(name, rule={"object_ownership": "BucketOwnerEnforced"}, **placed)
    # Rules about versions that are no longer current need versioning to be there.
    after_versioning = parent.child(depends_on=[versioning])
    s3.BucketLifecycleConfiguration(name, rules=list(lifecycle), **{**placed, "opts": after_versioning})
    if lock is not None:
        rule = {"default_retention": lock}
        s3.BucketObjectLockConfiguration(name, rule=rule, **{**placed, "opts": after_versioning})
    # S3 refuses two changes of a bucket's access at once.
    after_block = parent.child(depends_on=[block])
    s3.BucketPolicy(name, policy=json.dumps(policy), **{**placed, "opts": after_block})
    if request_metrics:
        s3.BucketMetric(name, name="EntireBucket", **placed)
    return PrivateBucket(made, versioning, block)


def lifecycle_rule(identity: str, **actions: Any) -> Dict[str, Any]:
    """A lifecycle rule for the whole bucket."""
    return {"id": identity, "status": "Enabled", "filter": {"prefix": ""}, **actions}


def kept_tidy() -> List[Dict[str, Any]]:
    """The rules that no versioned bucket does without: nothing is left of what is gone or never came."""
    unfinished = {"days_after_initiation": ABORT_UPLOADS_DAYS}
    return [
        lifecycle_rule("delete-markers", expiration={"expired_object_delete_marker": True}),
        lifecycle_rule("unfinished-uploads", abort_incomplete_multipart_upload=unfinished),
    ]
