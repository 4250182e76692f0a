"""What all pipelines of a region share: a key, a bucket for what runs leave behind, the dead letters, alarms.

Whatever fails for good becomes a message in one queue, whichever engine it ran on; the alarm on that queue
is the one that wakes somebody.
"""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Sequence

import pulumi
from pulumi_aws import cloudwatch, kms, s3, sns, sqs

from components.base import Component
from components.environment_settings import ANY
from components.pipelines import names
from components.pipelines.defaults import Choices
from components.pipelines.policies import key_policy, queue_policy, topic_policy
from components.storage.buckets import group_buckets
from components.storage.group import Group
from components.topic import people

__all__ = ["Ground", "bucket", "ground", "queue"]

ROTATION_DAYS = 365
# As long as SQS keeps anything: a long weekend must not lose what failed.
LETTER_DAYS = 14
DAY = 86_400


@dataclass(frozen=True)
class Ground:
    """What the engines stand on."""

    key: kms.Key
    bucket: s3.Bucket
    """Of runs."""
    dead_letters: sqs.Queue
    data_class: str


def ground(
    parent: Component, name: str, chosen: Choices, notify: Sequence[str], *, data_class: str
) -> Ground:
    """The region's key, bucket, queue of dead letters and alarm on it, with whom it tells."""
    key = _key(parent, name, chosen)
    cell = parent.cell
    runs = bucket(parent, f"{name}-runs", names.RUNS, key, _runs(chosen.keep_days), data_class)
    letters = queue(parent, f"{name}-dead-letters", names.dead_letters(cell), key, kept=LETTER_DAYS * DAY)
    topic = people(
        parent,
        f"{name}-alarms",
        names.topic(cell),
        key_arn=key.arn,
        policy=topic_policy(cell),
        addresses={f"{name}-alarms-{address}": address for address in notify},
    )
    _alarm(parent, name, topic)
    return Ground(key, runs, letters, data_class)


def queue(parent: Component, name: str, physical: str, key: kms.Key, *, kept: int, **more: Any) -> sqs.Queue:
    """An encrypted queue that EventBridge's rules may fill."""
    cell = parent.cell
    made = sqs.Queue(
        name,
        name=physical,
        message_retention_seconds=kept,
        kms_master_key_id=key.arn,
        kms_data_key_reuse_period_seconds=300,
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
        **more,
    )
    sqs.QueuePolicy(
        name,
        queue_url=made.url,
        policy=json.dumps(queue_policy(cell, physical)),
        region=cell.region,
        opts=parent.child(),
    )
    return made


def _key(parent: Component, name: str, chosen: Choices) -> kms.Key:
    cell = parent.cell
    alias = names.key_alias(cell)
    groups = [names.log_group(cell, "*"), f"airflow-{names.environment(cell)}-*"]
    key = kms.Key(
        name,
        description=f"Pipelines of {cell.environment} in {cell.region}: runs, queues, logs",
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        deletion_window_in_days=chosen.key_deletion_days,
        policy=json.dumps(key_policy(cell, groups)),
        region=cell.region,
        tags=parent.tags(alias.removeprefix("alias/")),
        opts=parent.child(protect=cell.is_protected),
    )
    kms.Alias(name, name=alias, target_key_id=key.arn, region=cell.region, opts=parent.child())
    return key


def bucket(
    parent: Component,
    name: str,
    part: str,
    key: kms.Key,
    rules: Sequence[Dict[str, Any]],
    data_class: str,
) -> s3.Bucket:
    """A bucket in the cell's region alone: what is in it can be made again."""
    region = parent.cell.region
    keys: Dict[str, pulumi.Output[str]] = {region: pulumi.Output.from_input(key.arn)}
    group = Group(part, ANY, None, (region,), data_class)
    return group_buckets(parent, name, group, keys, rules, time_control=False)[region].bucket


def _runs(days: int) -> List[Dict[str, Any]]:
    """Runs can be made again from their inputs: what they leave behind goes."""
    return [
        {
            "id": "runs",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": days},
            "noncurrent_version_expiration": {"noncurrent_days": 1},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
        }
    ]


def _alarm(parent: Component, name: str, topic: sns.Topic) -> None:
    cell = parent.cell
    physical = names.dead_letters(cell)
    cloudwatch.MetricAlarm(
        f"{name}-dead-letters",
        name=physical,
        alarm_description="A run of a pipeline failed for good: its message says which, where and why",
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": physical},
        statistic="Maximum",
        period=60,
        evaluation_periods=1,
        threshold=0,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
        ok_actions=[topic.arn],
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
