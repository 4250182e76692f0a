"""The registry's state machines in one region: role, log, and the alarm when one fails."""

import json
from typing import Any, Dict, Sequence

import pulumi
from pulumi_aws import cloudwatch, iam, sfn

from components.base import Component
from components.model_registry import names
from components.model_registry.policies import topic_policy
from components.naming import name as named
from components.statements import sourced_trust
from components.topic import people

__all__ = ["alarm", "machine", "machine_log"]


def machine_log(
    parent: Component, logical: str, key_arn: pulumi.Output[str], days: int
) -> cloudwatch.LogGroup:
    """Every execution with its input: who asked for what, and why it was refused."""
    physical = named(parent.cell, names.PART, limit=80)
    return cloudwatch.LogGroup(
        logical,
        # CloudWatch grows a policy with every log group delivered to, but for those of this beginning.
        name=f"/aws/vendedlogs/states/{physical}",
        retention_in_days=days,
        kms_key_id=key_arn,
        region=parent.cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )


def machine(
    parent: Component,
    logical: str,
    kind: str,
    definition: Dict[str, Any],
    document: Dict[str, Any],
    log: cloudwatch.LogGroup,
) -> sfn.StateMachine:
    """A machine with a role of its own; nothing else may take that role."""
    cell = parent.cell
    physical = names.role_name(cell, kind, cell.region)
    own = names.machine_arn(cell, kind, cell.region)
    role = iam.Role(
        logical,
        name=physical,
        assume_role_policy=json.dumps(sourced_trust(cell, "states.amazonaws.com", [own])),
        force_detach_policies=True,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    rights = iam.RolePolicy(
        logical, name="models", role=role.name, policy=json.dumps(document), opts=parent.child()
    )
    return sfn.StateMachine(
        logical,
        name=names.machine_name(cell, kind),
        role_arn=role.arn,
        definition=json.dumps(definition),
        logging_configuration={
            "level": "ALL",
            "include_execution_data": True,
            "log_destination": log.arn.apply(lambda it: f"{it}:*"),
        },
        region=cell.region,
        tags=parent.tags(names.machine_name(cell, kind)),
        opts=parent.child(depends_on=[rights]),
    )


def alarm(
    parent: Component,
    logical: str,
    machine_arn: pulumi.Output[str],
    notify: Sequence[str],
    key_arn: pulumi.Output[str],
) -> None:
    """Tells people when an execution of the machine failed: nobody waits for its answer."""
    cell, physical = parent.cell, names.topic_name(parent.cell)
    topic = people(
        parent,
        logical,
        physical,
        key_arn=key_arn,
        policy=topic_policy(cell),
        addresses={f"{logical}-{address}": address for address in notify},
    )
    what = named(cell, names.PART, "following", limit=255)
    cloudwatch.MetricAlarm(
        logical,
        name=what,
        alarm_description=f"Models promoted elsewhere are not registered in {cell.region}",
        namespace="AWS/States",
        metric_name="ExecutionsFailed",
        dimensions={"StateMachineArn": machine_arn},
        statistic="Sum",
        period=300,
        evaluation_periods=1,
        threshold=1,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
        region=cell.region,
        tags=parent.tags(what),
        opts=parent.child(),
    )
