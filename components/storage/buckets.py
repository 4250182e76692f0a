"""Buckets of a group of data: one in each of its regions, each object of one of them in all of them."""

from typing import Any, Dict, List, Optional, Sequence

import pulumi

from components.base import Component
from components.model import EnvironmentClass
from components.storage.group import Group
from components.storage.policies import bucket_policy, reencrypt, replication
from components.storage.private_bucket import PrivateBucket, kept_tidy, lifecycle_rule, private_bucket
from components.storage.replication import copier, replicate

__all__ = ["group_buckets", "lifecycle"]


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
    """The group's bucket of each of its regions, copied in both directions between any two.

    `rules` is the buckets' lifecycle; `time_control` buys replication within 15 minutes; `lock` is the
    retention that every new object gets (`{"mode": "GOVERNANCE", "days": 30}`), none by default; `readers`
    are other accounts that may read.
    """
    cell = parent.cell
    label = f"{name}-{group.label}"
    made = {
        region: private_bucket(
            parent,
            f"{label}-{region}",
            group.bucket(cell, region),
            region=region,
            key_arn=keys[region],
            lifecycle=rules,
            policy=bucket_policy(cell, group.bucket_arn(cell, region), readers),
            kept=cell.is_protected,
            request_metrics=cell.environment_class is not EnvironmentClass.DEVELOPMENT,
            tags=group.tags,
            lock=lock,
        )
        for region in group.regions
    }
    if len(made) > 1:
        by = copier(
            parent,
            f"{label}-replication",
            group.role(cell, "replication"),
            description=f"S3 copies {group.part} of group {group.label} between its regions",
            buckets=replication(group.bucket_arns(cell), locked=lock is not None),
            keys=[keys[region] for region in group.regions],
            use=lambda arns: reencrypt(group.regions, arns),
            tags=group.tags,
        )
        targets = {region: [other for other in group.regions if other != region] for region in group.regions}
        replicate(parent, label, made, keys, targets, by=by, time_control=time_control)
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
    rules = [lifecycle_rule("old-versions", **replaced), *kept_tidy()]
    if tier_days is not None:
        step = {"days": tier_days, "storage_class": "INTELLIGENT_TIERING"}
        rules.append(lifecycle_rule("cheaper-storage", transitions=[step]))
    return rules
