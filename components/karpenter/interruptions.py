"""How Karpenter hears that AWS is about to take an instance: EventBridge rules into a queue.

With two minutes' notice a node can be drained and its replacement started; without, its pods die with it.
"""

import json
from typing import TYPE_CHECKING, List, Mapping, Tuple

import pulumi
from pulumi_aws import cloudwatch, sqs

from components.karpenter.policies import queue_policy

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = ["EVENTS", "interruptions"]

EVENTS: Mapping[str, Tuple[str, str]] = {
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation-end": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
    "health": ("aws.health", "AWS Health Event"),
}
"""Source and detail type of each event by a short name; `health` announces scheduled changes."""


def interruptions(cluster: "Cluster") -> Tuple[sqs.Queue, List[pulumi.Resource]]:
    """The queue and its rules; returns what the controller must wait for."""
    names = cluster.names
    queue = sqs.Queue(
        f"{cluster.name}-interruptions",
        name=names.queue,
        message_retention_seconds=300,  # An older warning is about an instance that is gone.
        sqs_managed_sse_enabled=True,
        region=cluster.region,
        tags=cluster.tags(names.queue),
        opts=cluster.child(),
    )
    policy = sqs.QueuePolicy(
        f"{cluster.name}-interruptions",
        queue_url=queue.url,
        policy=json.dumps(queue_policy(names, list(EVENTS))),
        region=cluster.region,
        opts=cluster.child(),
    )
    targets = [_rule(cluster, queue, event, *pattern) for event, pattern in EVENTS.items()]
    return queue, [policy, *targets]


def _rule(
    cluster: "Cluster", queue: sqs.Queue, event: str, source: str, detail_type: str
) -> cloudwatch.EventTarget:
    name = cluster.names.rule(event)
    rule = cloudwatch.EventRule(
        f"{cluster.name}-{event}",
        name=name,
        description=f"Tells Karpenter: {detail_type}",
        event_pattern=json.dumps({"source": [source], "detail-type": [detail_type]}),
        region=cluster.region,
        tags=cluster.tags(name),
        opts=cluster.child(),
    )
    return cloudwatch.EventTarget(
        f"{cluster.name}-{event}",
        rule=rule.name,
        target_id="karpenter",
        arn=queue.arn,
        region=cluster.region,
        opts=cluster.child(),
    )
