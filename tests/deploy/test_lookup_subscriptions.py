"""Subscriptions of a topic are found where the topic tells of them, once somebody has confirmed them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deploy.cloud import Cloud
from deploy.lookup import DESCRIBED

KIND = "aws:sns/topicSubscription:TopicSubscription"


class Here(Cloud):
    """moto in this process."""

    def client(self, service: str) -> Any:
        return boto3.client(
            service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )


HERE = Here("us-east-1")


@pytest.fixture
def topic() -> Iterator[str]:
    with mock_aws():
        yield HERE.client("sns").create_topic(Name="images")["TopicArn"]


def test_a_confirmed_subscription_is_found_and_no_other(topic: str) -> None:
    sns = HERE.client("sns")
    queue = "arn:aws:sqs:us-east-1:123456789012:findings"
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    inputs = {"topic": topic, "protocol": "sqs", "endpoint": queue}
    assert DESCRIBED[KIND](HERE, inputs) == [made["SubscriptionArn"]]
    assert DESCRIBED[KIND](HERE, {**inputs, "endpoint": queue + "-other"}) == []
