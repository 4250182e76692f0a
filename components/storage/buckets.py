"""Buckets of a group of data: versioned, encrypted, private, and copied between the group's regions.

This includes, for each region: versioning, encryption with the group's key and a bucket key, the public
access block, ownership without ACLs, lifecycle, the policy that refuses plain text, request metrics
outside development, and replication to each of the group's other regions, in both directions.
"""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import pulumi
from pulumi_aws import iam, s3

from components.base import Component
from components.model import EnvironmentClass
from components.storage.group import Group
from components.storage.policies import bucket_policy, reencrypt, replication
from components.storage.statements import trusted_service

__all__ = ["PrivateBucket", "group_buckets", "lifecycle"]

ABORT_UPLOADS_DAYS = 7

# Replication time control promises 15 minutes; S3 knows no other figure.
CONTROL = {"status": "Enabled", "time": {"minutes": 15}}
CONTROL_METRICS = {"status": "Enabled", "event_threshold": {"minutes": 15}}


@dataclass(frozen=True)
class PrivateBucket:
    """A bucket, and the versioning that replication has to wait for."""

    bucket: s3.Bucket
    versioning: s3.BucketVersioning
    block: s3.BucketPublicAccessBlock


def group_buckets(
    parent: Component,
    name: str,
    group: Group,
    keys: Dict[str, pulumi.Output[str]],
    rules: Sequence[Dict[str, Any]],
    *,
    time_control: bool,
    lock: Optional[Dict[str, Any]] = None,
    readers: Sequence[str] = (),
) -> Dict[str, PrivateBucket]:
    """The group's bucket of each of its regions, each object of one of them in all of them.

    `rules` is the buckets' lifecycle; `time_control` buys replication within 15 minutes; `lock` is the
    retention that every new object gets (`{"mode": "GOVERNANCE", "days": 30}`), none by default; `readers`
    are other accounts that may read.
    """
    made = {
        region: _private(
            parent, f"{name}-{group.label}-{region}", group, region, keys[region], rules, lock, readers
        )
        for region in group.regions
    }
    if len(made) > 1:
        _replicate(parent, name, group, made, keys, time_control, locked=lock is not None)
    return made


def lifecycle(
    *, expire_days: int, archive_days: Optional[int] = None, tier_days: Optional[int] = None
) -> List[Dict[str, Any]]:
    """What is replaced or deleted moves to instant retrieval after `archive_days` where given, and goes for
    good after `expire_days`; what is current moves to intelligent tiering after `tier_days` where given."""
    replaced: Dict[str, Any] = {"noncurrent_version_expiration": {"noncurrent_days": expire_days}}
    if archive_days is not None:
        step = {"noncurrent_days": archive_days, "storage_class": "GLACIER_IR"}
        replaced["noncurrent_version_transitions"] = [step]
    rules = [
        _rule("old-versions", **replaced),
        _rule("delete-markers", expiration={"expired_object_delete_marker": True}),
        _rule(
            "unfinished-uploads",
            abort_incomplete_multipart_upload={"days_after_initiation": ABORT_UPLOADS_DAYS},
        ),
    ]
    if tier_days is not None:
        step = {"days": tier_days, "storage_class": "INTELLIGENT_TIERING"}
        rules.append(_rule("cheaper-storage", transitions=[step]))
    return rules


def _rule(identity: str, **actions: Any) -> Dict[str, Any]:
    """A lifecycle rule for the whole bucket."""
    return {"id": identity, "status": "Enabled", "filter": {"prefix": ""}, **actions}


def _private(
    parent: Component,
    name: str,
    group: Group,
    region: str,
    key_arn: pulumi.Output[str],
    rules: Sequence[Dict[str, Any]],
    lock: Optional[Dict[str, Any]],
    readers: Sequence[str],
) -> PrivateBucket:
    cell = parent.cell
    physical = group.bucket(cell, region)
    made = s3.Bucket(
        name,
        bucket=physical,
        force_destroy=not cell.is_protected,
        # Cannot be switched on later by the bucket's own resource without making it anew.
        object_lock_enabled=True if lock is not None else None,
        region=region,
        tags=parent.tags(physical, group.tags),
        opts=parent.child(protect=cell.is_protected),
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
    s3.BucketLifecycleConfiguration(name, rules=list(rules), **{**placed, "opts": after_versioning})
    if lock is not None:
        rule = {"default_retention": lock}
        s3.BucketObjectLockConfiguration(name, rule=rule, **{**placed, "opts": after_versioning})
    document = json.dumps(bucket_policy(cell, group.bucket_arn(cell, region), readers))
    # S3 refuses two changes of a bucket's access at once.
    s3.BucketPolicy(name, policy=document, **{**placed, "opts": parent.child(depends_on=[block])})
    if cell.environment_class is not EnvironmentClass.DEVELOPMENT:
        s3.BucketMetric(name, name="EntireBucket", **placed)
    return PrivateBucket(made, versioning, block)


def _replicate(
    parent: Component,
    name: str,
    group: Group,
    buckets: Dict[str, PrivateBucket],
    keys: Dict[str, pulumi.Output[str]],
    time_control: bool,
    *,
    locked: bool,
) -> None:
    role, policies = _replication_role(parent, f"{name}-{group.label}-replication", group, keys, locked)
    versioning = [made.versioning for made in buckets.values()]
    for region in group.regions:
        targets = [other for other in group.regions if other != region]
        s3.BucketReplicationConfig(
            f"{name}-{group.label}-{region}",
            bucket=buckets[region].bucket.bucket,
            role=role.arn,
            rules=[
                _replication_rule(target, priority, buckets, keys, time_control)
                for priority, target in enumerate(targets, start=1)
            ],
            region=region,
            opts=parent.child(depends_on=[*versioning, *policies]),
        )


def _replication_rule(
    target: str,
    priority: int,
    buckets: Dict[str, PrivateBucket],
    keys: Dict[str, pulumi.Output[str]],
    time_control: bool,
) -> Dict[str, Any]:
    destination: Dict[str, Any] = {
        "bucket": buckets[target].bucket.arn,
        "encryption_configuration": {"replica_kms_key_id": keys[target]},
        "metrics": CONTROL_METRICS if time_control else {"status": "Enabled"},
    }
    if time_control:
        destination["replication_time"] = CONTROL
    return {
        "id": f"to-{target}",
        "status": "Enabled",
        "priority": priority,
        "filter": {"prefix": ""},
        # What is deleted on purpose must not stay in the other region for ever.
        "delete_marker_replication": {"status": "Enabled"},
        "source_selection_criteria": {
            "sse_kms_encrypted_objects": {"status": "Enabled"},
            # What is changed on a copy comes back: both directions stay alike.
            "replica_modifications": {"status": "Enabled"},
        },
        "destination": destination,
    }


def _replication_role(
    parent: Component, name: str, group: Group, keys: Dict[str, pulumi.Output[str]], locked: bool
) -> tuple[iam.Role, List[iam.RolePolicy]]:
    cell = parent.cell
    physical = group.role(cell, "replication")
    role = iam.Role(
        name,
        name=physical,
        description=f"S3 copies {group.part} of group {group.label} between its regions",
        assume_role_policy=json.dumps(trusted_service("s3.amazonaws.com")),
        force_detach_policies=True,
        tags=parent.tags(physical, group.tags),
        opts=parent.child(),
    )
    data = iam.RolePolicy(
        name,
        name="buckets",
        role=role.name,
        policy=json.dumps(replication(cell, group, locked=locked)),
        opts=parent.child(),
    )
    arns = pulumi.Output.all(*(keys[region] for region in group.regions))
    use = iam.RolePolicy(
        f"{name}-keys",
        name="keys",
        role=role.name,
        policy=arns.apply(lambda arns: json.dumps(reencrypt(group, arns))),
        opts=parent.child(),
    )
    return role, [data, use]
