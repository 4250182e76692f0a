"""The feature store's buckets: a lake for each group of views and region, and query results by region."""

from typing import Any, Dict, List

import pulumi

from components.base import Component
from components.feature_store import names
from components.feature_store.defaults import Choices
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup, destinations
from components.naming import partition
from components.storage.policies import bucket_policy, reencrypt, replication
from components.storage.private_bucket import PrivateBucket, kept_tidy, lifecycle_rule, private_bucket
from components.storage.replication import copier, replicate

__all__ = ["copy_lakes", "lake_buckets", "lake_lifecycle", "results_bucket"]


def lake_buckets(
    parent: Component,
    name: str,
    group: ViewGroup,
    keys: Dict[str, pulumi.Output[str]],
    chosen: Choices,
) -> Dict[str, PrivateBucket]:
    """The group's bucket of each of its regions."""
    cell = parent.cell
    return {
        region: private_bucket(
            parent,
            f"{name}-{group.label}-{region}",
            names.lake_bucket(cell, group, region),
            region=region,
            key_arn=keys[region],
            lifecycle=lake_lifecycle(chosen),
            policy=bucket_policy(cell, names.lake_bucket_arn(cell, group, region)),
            kept=chosen.protected,
            request_metrics=chosen.request_metrics,
            tags=group_tags(group),
        )
        for region in group.regions
    }


def results_bucket(
    parent: Component, name: str, days: int, key_arn: pulumi.Output[str], chosen: Choices
) -> PrivateBucket:
    """The region's bucket of query results: nothing in it stays longer than `days`, so it is not protected."""
    cell = parent.cell
    physical = names.results_bucket(cell, cell.region)
    return private_bucket(
        parent,
        name,
        physical,
        region=cell.region,
        key_arn=key_arn,
        lifecycle=results_lifecycle(days),
        policy=bucket_policy(cell, f"arn:{partition(cell.region)}:s3:::{physical}"),
        kept=False,
        request_metrics=chosen.request_metrics,
        tags={},
    )


def lake_lifecycle(chosen: Choices) -> List[Dict[str, Any]]:
    """What is replaced goes after a while; what is current moves to cheaper storage where asked."""
    replaced = {"noncurrent_days": chosen.noncurrent_days}
    rules = [lifecycle_rule("replaced", noncurrent_version_expiration=replaced), *kept_tidy()]
    if chosen.transitions:
        steps = [
            {"days": step.after_days, "storage_class": step.storage_class.value}
            for step in chosen.transitions
        ]
        rules.append(lifecycle_rule("cheaper-storage", transitions=steps))
    return rules


def results_lifecycle(days: int) -> List[Dict[str, Any]]:
    """Query results can be had again: they go after `days`, and so does everything replaced."""
    return [
        lifecycle_rule(
            "results",
            expiration={"days": days},
            noncurrent_version_expiration={"noncurrent_days": 1},
            abort_incomplete_multipart_upload={"days_after_initiation": 1},
        )
    ]


def copy_lakes(
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
    targets = {region: destinations(group.regions, region, copies) for region in group.regions}
    if not any(targets.values()):
        return
    cell = parent.cell
    by = copier(
        parent,
        f"{name}-{group.label}-replication",
        names.role_name(cell, group, "feature-replication"),
        description=f"S3 copies features of group {group.label} between their regions",
        buckets=replication([names.lake_bucket_arn(cell, group, region) for region in group.regions]),
        keys=[keys[region] for region in group.regions],
        use=lambda arns: reencrypt(group.regions, arns),
        tags=group_tags(group),
    )
    label = f"{name}-{group.label}"
    time_control = chosen.replication_time_control
    replicate(parent, label, buckets, keys, targets, by=by, time_control=time_control)
