"""Runs a component against Pulumi's mocks and hands back what it registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi.runtime
import pytest

from components.base import Cell, EnvironmentClass

Registered = list[pulumi.runtime.MockResourceArgs]


class Recorder(pulumi.runtime.Mocks):
    """Remembers every resource, and answers with its inputs, an id and an ARN."""

    def __init__(self) -> None:
        self.resources: Registered = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.resources.append(args)
        return f"{args.name}-id", {"arn": f"arn:of:{args.name}", **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"a component looks nothing up, but {args.token} was called")


@pytest.fixture
def registered() -> Callable[[Callable[[], object]], Registered]:
    """What a function that makes components registers."""

    def run(make: Callable[[], object]) -> Registered:
        recorder = Recorder()
        pulumi.runtime.set_mocks(recorder, project="tradewind", stack="test", preview=False)

        def body() -> None:
            make()

        test: Callable[[Callable[[], None]], Callable[[], None]] = pulumi.runtime.test
        test(body)()
        return recorder.resources

    return run


@pytest.fixture
def cell() -> Cell:
    return Cell(
        environment="prod",
        environment_class=EnvironmentClass.PRODUCTION,
        region="eu-west-1",
        regions=["us-east-1", "eu-west-1"],
        account_id="123456789012",
        tags={"owner": "ml-platform", "cost-center": "cc-1", "environment": "prod", "data-class": "internal"},
    )
