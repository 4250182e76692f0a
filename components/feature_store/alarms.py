"""Alarms about features that are late, refused or different: what each looks at, and when it rings.

`alarms_of` is the list for one region, made of names alone; `alarms` makes them, with a topic that tells
people. Each alarm stands where its metric is published: lag of an online replica in the region that was
written to, lag of copied files in the region they arrive in, failed copies in the region they leave.
"""

import math
from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Sequence

import pulumi
from pulumi_aws import cloudwatch, sns

from components.base import Component
from components.feature_store import metrics, names
from components.feature_store.keys import group_tags
from components.feature_store.placement import ViewGroup, destinations
from components.feature_store.settings import Consistency, FeatureStoreSettings
from components.model import Cell, EnvironmentClass
from components.naming import arn, name
from components.statements import document
from components.topic import people

__all__ = ["Alarm", "alarms", "alarms_of"]

ONLINE = "AWS/DynamoDB"
OFFLINE = "AWS/S3"
QUEUES = "AWS/SQS"
FIVE_MINUTES = 300
HOUR = 3600
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Alarm:
    """Rings when `metric` is above `threshold` in each of `periods` of `seconds` each."""

    name: str
    text: str
    group: ViewGroup
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    threshold: float
    seconds: int = FIVE_MINUTES
    periods: int = 1
    silence_rings: bool = False
    """Whether no data is as bad as bad data."""


def alarms_of(store: FeatureStoreSettings, cell: Cell, here: Sequence[ViewGroup]) -> List[Alarm]:
    """The alarms of `cell.region`, of which `here` are the groups with data in it; none where not wanted."""
    wanted = store.alarms.enabled
    if wanted is None:
        wanted = cell.environment_class is not EnvironmentClass.DEVELOPMENT
    if not wanted:
        return []
    found = [*_missed(store, cell, here)]
    for group in here:
        found += [*_online(store, cell, group), *_offline(store, cell, group), *_job(store, cell, group)]
    return found


def _online(store: FeatureStoreSettings, cell: Cell, group: ViewGroup) -> Iterator[Alarm]:
    for view in group.online:
        table = {"TableName": names.table_name(store, cell, view.name)}
        for kind in ("Read", "Write"):
            yield Alarm(
                f"{view.name}-{kind.lower()}s-throttled",
                f"{kind}s of feature view {view.name} are refused: its ceiling, or one key that is asked too often",
                group,
                ONLINE,
                f"{kind}ThrottleEvents",
                table,
                "Sum",
                0,
                periods=2,
            )
        if view.consistency is Consistency.STRONG:
            # Replicas that answer with the latest write have no lag to tell.
            continue
        for region in group.regions:
            if region != cell.region:
                yield Alarm(
                    f"{view.name}-behind-in-{region}",
                    f"Feature view {view.name} reaches {region} late",
                    group,
                    ONLINE,
                    "ReplicationLatency",
                    {**table, "ReceivingRegion": region},
                    "Average",
                    store.alarms.replication_seconds * 1000,
                    periods=2,
                )


def _offline(store: FeatureStoreSettings, cell: Cell, group: ViewGroup) -> Iterator[Alarm]:
    copies, here = store.offline.copies, cell.region
    for source in group.regions:
        if here in destinations(group.regions, source, copies):
            yield Alarm(
                f"{group.label}-files-late-from-{source}",
                f"Offline features of group {group.label} arrive late from {source}",
                group,
                OFFLINE,
                "ReplicationLatency",
                _rule(cell, group, source, here),
                "Maximum",
                store.alarms.offline_replication_minutes * 60,
                periods=3,
            )
    for target in destinations(group.regions, here, copies):
        yield Alarm(
            f"{group.label}-files-not-copied-to-{target}",
            f"Offline features of group {group.label} could not be copied to {target}",
            group,
            OFFLINE,
            "OperationsFailedReplication",
            _rule(cell, group, here, target),
            "Sum",
            0,
        )


def _rule(cell: Cell, group: ViewGroup, source: str, target: str) -> Dict[str, str]:
    return {
        "SourceBucket": names.lake_bucket(cell, group, source),
        "DestinationBucket": names.lake_bucket(cell, group, target),
        "RuleId": f"to-{target}",
    }


def _job(store: FeatureStoreSettings, cell: Cell, group: ViewGroup) -> Iterator[Alarm]:
    """Where the job runs: in the group's home region."""
    settings = store.materialization
    if settings is None or cell.region != group.home:
        return
    for view in group.online:
        dimension = {metrics.DIMENSION: view.name}
        seconds = FIVE_MINUTES if settings.stale_minutes <= DAY_MINUTES else HOUR
        yield Alarm(
            f"{view.name}-stale",
            f"Feature view {view.name} was not materialised for {settings.stale_minutes} minutes",
            group,
            metrics.NAMESPACE,
            metrics.AGE,
            dimension,
            "Maximum",
            settings.stale_minutes * 60,
            seconds=seconds,
            periods=math.ceil(settings.stale_minutes * 60 / seconds),
            silence_rings=True,
        )
        if settings.skew_sample:
            yield Alarm(
                f"{view.name}-skewed",
                f"Online values of feature view {view.name} are not the offline ones",
                group,
                metrics.NAMESPACE,
                metrics.SKEW,
                dimension,
                "Maximum",
                settings.max_skew_percent,
            )


def _missed(store: FeatureStoreSettings, cell: Cell, here: Sequence[ViewGroup]) -> Iterator[Alarm]:
    """One for all groups at home in the region: its schedules share a queue."""
    running = [group for group in here if group.online and group.home == cell.region]
    if store.materialization and running:
        yield Alarm(
            "materialization-missed",
            f"A materialisation run of {cell.region} could not be started; the message in the queue says why",
            running[0],
            QUEUES,
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": names.materialization_name(cell)},
            "Maximum",
            0,
        )


def alarms(
    parent: Component,
    name_of: str,
    store: FeatureStoreSettings,
    here: Sequence[ViewGroup],
    key_arn: pulumi.Output[str],
) -> None:
    """The region's alarms, and its topic where somebody is to be told."""
    cell = parent.cell
    found = alarms_of(store, cell, here)
    if not found:
        return
    topics = [_topic(parent, name_of, key_arn, store.alarms.notify).arn] if store.alarms.notify else []
    for alarm in found:
        physical = name(cell, "features", alarm.name, limit=255)
        cloudwatch.MetricAlarm(
            f"{name_of}-{alarm.name}",
            name=physical,
            alarm_description=alarm.text,
            comparison_operator="GreaterThanThreshold",
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            treat_missing_data="breaching" if alarm.silence_rings else "notBreaching",
            alarm_actions=topics,
            ok_actions=topics,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=dict(alarm.dimensions),
            statistic=alarm.statistic,
            period=alarm.seconds,
            region=cell.region,
            tags=parent.tags(physical, group_tags(alarm.group)),
            opts=parent.child(),
        )


def _topic(
    parent: Component, name_of: str, key_arn: pulumi.Output[str], addresses: Sequence[str]
) -> sns.Topic:
    cell = parent.cell
    physical = name(cell, "feature-alarms", limit=256)
    publish = {
        "Sid": "AlarmsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn(cell, "sns", physical, region=cell.region),
        "Condition": {"StringEquals": {"aws:SourceAccount": cell.account_id}},
    }
    return people(
        parent,
        name_of,
        physical,
        key_arn=key_arn,
        policy=document([publish]),
        addresses={f"{name_of}-{address.replace('@', '-at-')}": address for address in addresses},
        display_name=f"Features of {cell.environment} in {cell.region}",
    )
