"""Network: a queue, encrypted, to begin with.

This includes: the queue.
"""

from typing import Optional

import pulumi
from pulumi_aws import sqs

from components import naming
from components.base import Cell, Component, validated
from components.network_settings import NetworkSettings, retention_of

__all__ = ["Network", "NetworkArgs"]

SECONDS_A_DAY = 86_400
QUEUE_NAME = 80


class NetworkArgs(NetworkSettings):
    """The settings of the network and the cell it stands in."""

    cell: Cell


class Network(Component):
    """Network of one region."""

    queue_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        args: NetworkArgs,
        opts: Optional[pulumi.ResourceOptions] = None,
    ) -> None:
        args = validated(NetworkArgs, args)
        super().__init__(name, args.cell, opts)
        region = args.cell.region
        physical = naming.name(args.cell, "network", region=region, limit=QUEUE_NAME)
        queue = sqs.Queue(
            f"{name}-queue",
            name=physical,
            message_retention_seconds=retention_of(args, args.cell.environment_class) * SECONDS_A_DAY,
            sqs_managed_sse_enabled=True,
            region=region,
            tags=self.tags(physical),
            opts=self.child(),
        )
        self.queue_arn = queue.arn
        self.register_outputs({"queue_arn": self.queue_arn})
