"""Buckets as the feature store wants them: versioned, encrypted, private, and copied where asked.

This includes: versioning, encryption with a customer's key and a bucket key, the public access block,
ownership without ACLs, lifecycle, the policy that refuses plain text, request metrics by class, and
replication round the group's regions.
"""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

import pulumi
from pulumi_aws import iam, s3

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup, destinations
from components.feature_store.resource_policies import (
    bucket_policy,
    replication,
    replication_keys,
    replication_trust,
)

__all__ = [
    "PrivateBucket",
    "lake_buckets",
    "lake_lifecycle",
    "private_bucket",
    "replicate",
    "results_lifecycle",
]

ABORT_UPLOADS_DAYS = 7

# Replication time control promises 15 minutes; S3 knows no other figure.
CONTROL = {"status": "Enabled", "time": {"minutes": 15}}
CONTROL_METRICS = {"status": "Enabled", "event_threshold": {"minutes": 15}}


@dataclass(frozen=True)
class PrivateBucket:
    """A bucket, and the versioning that replication has to wait for."""

    bucket: s3.Bucket
    versioning: s3.BucketVersioning


def lake_buckets(
    parent: Component,
    name: str,
    group: ViewGroup,
    keys: Dict[str, pulumi.Output[str]],
    chosen: Choices,
) -> Dict[str, PrivateBucket]:
    """The group's bucket of each of its regions."""
    return {
        region: private_bucket(
            parent,
            f"{name}-{group.label}-{region}",
            bucket=names.lake_bucket(parent.cell, group, region),
            region=region,
            key_arn=keys[region],
            lifecycle=lake_lifecycle(chosen),
            chosen=chosen,
            tags=group_tags(group),
        )
        for region in group.regions
    }


def private_bucket(
    parent: Component,
    name: str,
    *,
    bucket: str,
    region: str,
    key_arn: pulumi.Output[str],
    lifecycle: Sequence[Dict[str, Any]],
    chosen: Choices,
    tags: Dict[str, str],
    protect: bool = True,
) -> PrivateBucket:
    """A bucket that only this account reaches, over TLS; `protect` False for what can be made again."""
    kept = chosen.protected and protect
    made = s3.Bucket(
        name,
        bucket=bucket,
        force_destroy=not kept,
        region=region,
        tags=parent.tags(bucket, tags),
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
    document = json.dumps(bucket_policy(parent.cell, bucket))
    # S3 refuses two changes of a bucket's access at once.
    s3.BucketPolicy(name, policy=document, **{**placed, "opts": parent.child(depends_on=[block])})
    if chosen.request_metrics:
        s3.BucketMetric(name, name="EntireBucket", **placed)
    return PrivateBucket(made, versioning)


def lake_lifecycle(chosen: Choices) -> List[Dict[str, Any]]:
    """What is replaced goes after a while; what is current moves to cheaper storage where asked."""
    rules: List[Dict[str, Any]] = [
        _rule("replaced", noncurrent_version_expiration={"noncurrent_days": chosen.noncurrent_days}),
        _rule("delete-markers", expiration={"expired_object_delete_marker": True}),
        _rule("unfinished-uploads", abort_incomplete_multipart_upload=_unfinished()),
    ]
    if chosen.transitions:
        steps = [
            {"days": step.after_days, "storage_class": step.storage_class.value}
            for step in chosen.transitions
        ]
        rules.append(_rule("cheaper-storage", transitions=steps))
    return rules


def results_lifecycle(days: int) -> List[Dict[str, Any]]:
    """Query results can be had again: they go after `days`, and so does everything replaced."""
    return [
        _rule(
            "results",
            expiration={"days": days},
            noncurrent_version_expiration={"noncurrent_days": 1},
            abort_incomplete_multipart_upload={"days_after_initiation": 1},
        )
    ]


def replicate(
    parent: Component,
    name: str,
    group: ViewGroup,
    buckets: Dict[str, PrivateBucket],
    keys: Dict[str, pulumi.Output[str]],
    *,
    copies: int,
    chosen: Choices,
) -> None:
    """Copies every bucket of the group to the next ones; nothing where one region or one copy is wanted."""
    if not any(destinations(group.regions, region, copies) for region in group.regions):
        return
    role, policies = _replication_role(parent, f"{name}-{group.label}-replication", group, keys)
    versioning = [made.versioning for made in buckets.values()]
    for region in group.regions:
        targets = destinations(group.regions, region, copies)
        s3.BucketReplicationConfig(
            f"{name}-{group.label}-{region}",
            bucket=buckets[region].bucket.bucket,
            role=role.arn,
            rules=[
                _replication_rule(target, priority, buckets, keys, chosen)
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
    chosen: Choices,
) -> Dict[str, Any]:
    destination: Dict[str, Any] = {
        "bucket": buckets[target].bucket.arn,
        "encryption_configuration": {"replica_kms_key_id": keys[target]},
        "metrics": CONTROL_METRICS if chosen.replication_time_control else {"status": "Enabled"},
    }
    if chosen.replication_time_control:
        destination["replication_time"] = CONTROL
    return {
        "id": f"to-{target}",
        "status": "Enabled",
        "priority": priority,
        "filter": {"prefix": ""},
        # Iceberg deletes files that no snapshot needs: the copies must not keep them for ever.
        "delete_marker_replication": {"status": "Enabled"},
        "source_selection_criteria": {
            "sse_kms_encrypted_objects": {"status": "Enabled"},
            # What is changed on a copy comes back: both directions stay alike.
            "replica_modifications": {"status": "Enabled"},
        },
        "destination": destination,
    }


def _replication_role(
    parent: Component, name: str, group: ViewGroup, keys: Dict[str, pulumi.Output[str]]
) -> tuple[iam.Role, List[iam.RolePolicy]]:
    cell = parent.cell
    physical = names.role_name(cell, group, "feature-replication")
    role = iam.Role(
        name,
        name=physical,
        description=f"S3 copies features of group {group.label} between their regions",
        assume_role_policy=json.dumps(replication_trust()),
        force_detach_policies=True,
        tags=parent.tags(physical, group_tags(group)),
        opts=parent.child(),
    )
    data = iam.RolePolicy(
        name,
        name="buckets",
        role=role.name,
        policy=json.dumps(replication(cell, group)),
        opts=parent.child(),
    )
    arns = pulumi.Output.all(*(keys[region] for region in group.regions))
    use = iam.RolePolicy(
        f"{name}-keys",
        name="keys",
        role=role.name,
        policy=arns.apply(lambda arns: json.dumps(replication_keys(group, arns))),
        opts=parent.child(),
    )
    return role, [data, use]


def _unfinished() -> Dict[str, Any]:
    return {"days_after_initiation": ABORT_UPLOADS_DAYS}


def _rule(identity: str, **actions: Any) -> Dict[str, Any]:
    """A lifecycle rule for the whole bucket."""
    return {"id": identity, "status": "Enabled", "filter": {"prefix": ""}, **actions}
