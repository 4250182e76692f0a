"""A topic that tells people: encrypted, filled by who its policy names, one e-mail for each address."""

import json
from typing import Mapping, Optional

import pulumi
from pulumi_aws import sns

from components.base import Component
from components.statements import Document

__all__ = ["people"]


def people(
    parent: Component,
    name: str,
    physical: str,
    *,
    key_arn: pulumi.Input[str],
    policy: Document,
    addresses: Mapping[str, str],
    display_name: Optional[str] = None,
) -> sns.Topic:
    """The topic `physical` of the cell's region; `addresses` are e-mail addresses by resource name."""
    region = parent.cell.region
    topic = sns.Topic(
        name,
        name=physical,
        display_name=display_name,
        kms_master_key_id=key_arn,
        region=region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    sns.TopicPolicy(name, arn=topic.arn, policy=json.dumps(policy), region=region, opts=parent.child())
    for subscription, address in addresses.items():
        sns.TopicSubscription(
            subscription,
            topic=topic.arn,
            protocol="email",
            endpoint=address,
            region=region,
            opts=parent.child(),
        )
    return topic
