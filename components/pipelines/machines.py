"""Pipelines on Step Functions: a state machine each, started by EventBridge."""

import json
from typing import Any, Dict, List, Mapping, Sequence

import pulumi
from pulumi_aws import cloudwatch, scheduler, sfn

from components.base import Component
from components.pipelines import events, names
from components.pipelines.asl import definition
from components.pipelines.cron import eventbridge
from components.pipelines.defaults import Choices
from components.pipelines.ground import Ground
from components.pipelines.policies import service, triggers
from components.pipelines.roles import Made, role
from components.pipelines.tasks import Placed

__all__ = ["machine", "machines", "triggers_role"]

HOUR = 3600


def machines(
    parent: Component,
    name: str,
    placed: Sequence[Placed],
    controls: Dict[str, Made],
    stands_on: Ground,
    logs: cloudwatch.LogGroup,
    chosen: Choices,
    after: Sequence[pulumi.Resource],
) -> Dict[str, sfn.StateMachine]:
    """The state machines by pipeline, with what starts them. `after` is what their steps run on."""
    starts = triggers_role(parent, name, "triggers", [one.name for one in placed])
    made = {}
    for one in placed:
        waits = [*controls[one.name].rights, *after]
        made[one.name] = machine(
            parent,
            f"{name}-{one.name}",
            names.machine(parent.cell, one.name),
            definition(one),
            controls[one.name],
            stands_on,
            logs,
            traced=chosen.traced,
            after=waits,
            tags=one.tags,
        )
        arn: pulumi.Output[str] = made[one.name].arn
        letters: pulumi.Output[str] = stands_on.dead_letters.arn
        _schedule(parent, name, one, arn, starts, letters)
        events.rules(
            parent,
            name,
            one,
            target_arn=arn,
            role_arn=starts.arn,
            dead_letters_arn=letters,
            after=starts.rights,
        )
    arns = [names.machine_arn(parent.cell, one.name) for one in placed]
    events.lost_runs(parent, name, arns, stands_on.dead_letters.arn)
    return made


def machine(
    parent: Component,
    name: str,
    physical: str,
    definition: str,
    control: Made,
    stands_on: Ground,
    logs: cloudwatch.LogGroup,
    *,
    traced: bool,
    after: Sequence[pulumi.Resource],
    tags: Mapping[str, str] = {},
) -> sfn.StateMachine:
    """A state machine whose history and log are encrypted; its log holds what failed, not what was passed."""
    cell = parent.cell
    encryption: Dict[str, Any] = {
        "type": "CUSTOMER_MANAGED_KMS_KEY",
        "kms_key_id": stands_on.key.arn,
        "kms_data_key_reuse_period_seconds": 300,
    }
    return sfn.StateMachine(
        name,
        name=physical,
        type="STANDARD",
        definition=definition,
        role_arn=control.arn,
        encryption_configuration=encryption,
        logging_configuration={
            "level": "ERROR",
            "include_execution_data": False,
            "log_destination": pulumi.Output.concat(logs.arn, ":*"),
        },
        tracing_configuration={"enabled": traced},
        region=cell.region,
        tags=parent.tags(physical, tags),
        opts=parent.child(depends_on=list(after)),
    )


def triggers_role(parent: Component, name: str, part: str, pipelines: List[str]) -> Made:
    """With which EventBridge starts the state machines of `pipelines`."""
    cell = parent.cell
    return role(
        parent,
        f"{name}-{part}",
        names.region_role(cell, part),
        trust=service(cell, "events.amazonaws.com", "scheduler.amazonaws.com"),
        description="Starts runs of pipelines",
        documents={"start": triggers(cell, pipelines)},
    )


def _schedule(
    parent: Component,
    name: str,
    placed: Placed,
    machine_arn: pulumi.Output[str],
    starts: Made,
    dead_letters_arn: pulumi.Output[str],
) -> None:
    schedule, cell = placed.pipeline.triggers.schedule, parent.cell
    if schedule is None:
        return
    scheduler.Schedule(
        f"{name}-{placed.name}-schedule",
        name=names.rule(cell, placed.name, "schedule"),
        description=f"Starts pipeline {placed.name}",
        schedule_expression=eventbridge(schedule.cron),
        schedule_expression_timezone=schedule.timezone,
        flexible_time_window={"mode": "OFF"},
        state="ENABLED" if placed.active else "DISABLED",
        target={
            "arn": machine_arn,
            "role_arn": starts.arn,
            "input": json.dumps({"pipeline": placed.name, "trigger": "schedule"}),
            "dead_letter_config": {"arn": dead_letters_arn},
            "retry_policy": {"maximum_event_age_in_seconds": HOUR, "maximum_retry_attempts": 10},
        },
        region=cell.region,
        opts=parent.child(depends_on=starts.rights),
    )
