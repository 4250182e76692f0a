"""Copies of every object of a bucket in other buckets of its group, and the role that makes them."""

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence

import pulumi
from pulumi_aws import iam, s3

from components.base import Component
from components.statements import Document, trusted_service
from components.storage.private_bucket import PrivateBucket

__all__ = ["Copier", "copier", "replicate"]

# Replication time control promises 15 minutes; S3 knows no other figure.
CONTROL = {"status": "Enabled", "time": {"minutes": 15}}
CONTROL_METRICS = {"status": "Enabled", "event_threshold": {"minutes": 15}}


@dataclass(frozen=True)
class Copier:
    """The role that S3 copies with, and the policies without which it cannot."""

    role: iam.Role
    policies: List[iam.RolePolicy]


def copier(
    parent: Component,
    name: str,
    physical: str,
    *,
    description: str,
    buckets: Document,
    keys: Sequence[pulumi.Output[str]],
    use: Callable[[List[str]], Document],
    tags: Dict[str, str],
) -> Copier:
    """The role `physical` with the policy `buckets`, and the policy that `use` makes of the keys' ARNs."""
    role = iam.Role(
        name,
        name=physical,
        description=description,
        assume_role_policy=json.dumps(trusted_service("s3.amazonaws.com")),
        force_detach_policies=True,
        tags=parent.tags(physical, tags),
        opts=parent.child(),
    )
    data = iam.RolePolicy(
        name, name="buckets", role=role.name, policy=json.dumps(buckets), opts=parent.child()
    )
    encryption = iam.RolePolicy(
        f"{name}-keys",
        name="keys",
        role=role.name,
        policy=pulumi.Output.all(*keys).apply(lambda arns: json.dumps(use(arns))),
        opts=parent.child(),
    )
    return Copier(role, [data, encryption])


def replicate(
    parent: Component,
    name: str,
    buckets: Mapping[str, PrivateBucket],
    keys: Mapping[str, pulumi.Output[str]],
    targets: Mapping[str, Sequence[str]],
    *,
    by: Copier,
    time_control: bool,
) -> None:
    """Copies the bucket of each region in `targets` to the buckets of the regions given there.

    `time_control` buys replication within 15 minutes.
    """
    versioning = [made.versioning for made in buckets.values()]
    for region, others in targets.items():
        s3.BucketReplicationConfig(
            f"{name}-{region}",
            bucket=buckets[region].bucket.bucket,
            role=by.role.arn,
            rules=[
                _rule(target, priority, buckets[target], keys[target], time_control)
                for priority, target in enumerate(others, start=1)
            ],
            region=region,
            opts=parent.child(depends_on=[*versioning, *by.policies]),
        )


def _rule(
    target: str, priority: int, bucket: PrivateBucket, key_arn: pulumi.Output[str], time_control: bool
) -> Dict[str, Any]:
    destination: Dict[str, Any] = {
        "bucket": bucket.bucket.arn,
        "encryption_configuration": {"replica_kms_key_id": key_arn},
        "metrics": CONTROL_METRICS if time_control else {"status": "Enabled"},
    }
    if time_control:
        destination["replication_time"] = CONTROL
    return {
        "id": f"to-{target}",
        "status": "Enabled",
        "priority": priority,
        "filter": {"prefix": ""},
        # What is deleted, on purpose or because no snapshot needs it, must not stay elsewhere for ever.
        "delete_marker_replication": {"status": "Enabled"},
        "source_selection_criteria": {
            "sse_kms_encrypted_objects": {"status": "Enabled"},
            # What is changed on a copy comes back: both directions stay alike.
            "replica_modifications": {"status": "Enabled"},
        },
        "destination": destination,
    }
