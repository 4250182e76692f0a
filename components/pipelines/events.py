"""What starts a run besides the clock: EventBridge rules for commits and drift, the same for every engine."""

import json
from typing import Any, Dict, List, Optional

import pulumi
from pulumi_aws import cloudwatch

from components.base import Component
from components.pipelines import names
from components.pipelines.tasks import Placed

__all__ = ["SOURCE", "lost_runs", "patterns", "rules"]

SOURCE = "tradewind.pipelines"
"""Source of events that builds send: `aws events put-events`, with detail-type `commit`."""
HOUR = 3600


def patterns(placed: Placed) -> Dict[str, Dict[str, Any]]:
    """Patterns of the events that start `placed`, by trigger."""
    triggers, found = placed.pipeline.triggers, {}
    if triggers.commit:
        detail = {"repository": [triggers.commit.repository], "branch": [triggers.commit.branch]}
        found["commit"] = {"source": [SOURCE], "detail-type": ["commit"], "detail": detail}
    if triggers.drift:
        alarm = triggers.drift.alarm
        named: Any = {"prefix": alarm} if alarm.endswith("-") else alarm
        found["drift"] = {
            "source": ["aws.cloudwatch"],
            "detail-type": ["CloudWatch Alarm State Change"],
            "detail": {"alarmName": [named], "state": {"value": ["ALARM"]}},
        }
    return found


def rules(
    parent: Component,
    name: str,
    placed: Placed,
    *,
    target_arn: pulumi.Output[str],
    role_arn: Optional[pulumi.Output[str]],
    dead_letters_arn: pulumi.Output[str],
    after: List[pulumi.Resource],
) -> None:
    """A rule for each trigger, off where the pipeline only stands by; what can't be delivered is a dead letter."""
    cell = parent.cell
    for trigger, pattern in patterns(placed).items():
        physical = names.rule(cell, placed.name, trigger)
        rule = cloudwatch.EventRule(
            f"{name}-{placed.name}-{trigger}",
            name=physical,
            description=f"Starts pipeline {placed.name} on {trigger}",
            event_pattern=json.dumps(pattern),
            state="ENABLED" if placed.active else "DISABLED",
            region=cell.region,
            tags=parent.tags(physical),
            opts=parent.child(),
        )
        cloudwatch.EventTarget(
            f"{name}-{placed.name}-{trigger}",
            rule=rule.name,
            arn=target_arn,
            role_arn=role_arn,
            input=json.dumps({"pipeline": placed.name, "trigger": trigger}),
            dead_letter_config={"arn": dead_letters_arn},
            retry_policy={"maximum_event_age_in_seconds": HOUR, "maximum_retry_attempts": 10},
            region=cell.region,
            opts=parent.child(depends_on=after),
        )


def lost_runs(
    parent: Component, name: str, machine_arns: List[str], dead_letters_arn: pulumi.Output[str]
) -> None:
    """Runs that somebody ended, or that ended without a word: the state machine itself can't tell."""
    cell = parent.cell
    physical = names.rule(cell, "runs", "lost")
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"status": ["ABORTED", "TIMED_OUT"], "stateMachineArn": machine_arns},
    }
    rule = cloudwatch.EventRule(
        f"{name}-lost-runs",
        name=physical,
        description="Runs that were ended from outside are dead letters too",
        event_pattern=json.dumps(pattern),
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    cloudwatch.EventTarget(
        f"{name}-lost-runs", rule=rule.name, arn=dead_letters_arn, region=cell.region, opts=parent.child()
    )
