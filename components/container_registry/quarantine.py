"""The gate's resources in one region: rules, the state machine with its role and log, and whom to tell."""

import json
from typing import Sequence

import pulumi
from pulumi_aws import cloudwatch, iam, sfn

from components.base import Component
from components.container_registry import names
from components.container_registry.choices import Choices
from components.container_registry.gate import machine, new_findings, scan_with_findings
from components.container_registry.policies import (
    events_service_trust,
    gate,
    gate_start,
    topic_policy,
)
from components.naming import arn, name
from components.statements import sourced_trust
from components.topic import people

__all__ = ["quarantine"]


def quarantine(
    parent: Component, logical: str, notify: Sequence[str], key_arn: pulumi.Output[str], chosen: Choices
) -> sfn.StateMachine:
    """Scans with too many findings start the machine, findings that come later go to the topic."""
    physical = name(parent.cell, "images")
    topic = people(
        parent,
        logical,
        physical,
        key_arn=key_arn,
        policy=topic_policy(parent.cell, arn(parent.cell, "sns", physical, region=parent.cell.region)),
        addresses={f"{logical}-{address}": address for address in notify},
    )
    made = _machine(parent, logical, key_arn, chosen)
    patterns = {
        "scan": scan_with_findings(parent.cell, chosen.quarantine_from),
        "finding": new_findings(parent.cell, chosen.quarantine_from),
    }
    rules = {part: _rule(parent, logical, part, pattern) for part, pattern in patterns.items()}
    role = _role(
        parent,
        f"{logical}-events",
        "image-events",
        json.dumps(events_service_trust(parent.cell)),
        json.dumps(gate_start(_machine_arn(parent))),
    )
    placed = {"region": parent.cell.region, "opts": parent.child()}
    cloudwatch.EventTarget(
        f"{logical}-scan",
        rule=rules["scan"].name,
        target_id="quarantine",
        arn=made.arn,
        role_arn=role.arn,
        **placed,
    )
    cloudwatch.EventTarget(
        f"{logical}-finding", rule=rules["finding"].name, target_id="people", arn=topic.arn, **placed
    )
    return made


def _machine_arn(parent: Component) -> str:
    own = name(parent.cell, "image-quarantine", limit=80)
    return arn(parent.cell, "states", f"stateMachine:{own}", region=parent.cell.region)


def _machine(
    parent: Component, logical: str, key_arn: pulumi.Output[str], chosen: Choices
) -> sfn.StateMachine:
    cell, physical = parent.cell, name(parent.cell, "image-quarantine", limit=80)
    group = cloudwatch.LogGroup(
        f"{logical}-quarantine",
        # CloudWatch grows a policy with every log group delivered to, but for those of this beginning.
        name=f"/aws/vendedlogs/states/{physical}",
        retention_in_days=chosen.log_days,
        kms_key_id=key_arn,
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    machines = arn(cell, "states", f"stateMachine:{physical}", region=cell.region)
    role = _role(
        parent,
        f"{logical}-gate",
        "image-gate",
        json.dumps(sourced_trust(cell, "states.amazonaws.com", machines)),
        json.dumps(gate(cell)),
    )
    topic = arn(cell, "sns", name(cell, "images"), region=cell.region)
    return sfn.StateMachine(
        f"{logical}-quarantine",
        name=physical,
        role_arn=role.arn,
        definition=json.dumps(machine(cell, topic)),
        logging_configuration={
            "level": "ALL",
            "include_execution_data": True,
            "log_destination": group.arn.apply(lambda it: f"{it}:*"),
        },
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )


def _role(parent: Component, logical: str, part: str, trust: str, policy: str) -> iam.Role:
    physical = names.regional_role(parent.cell, part)
    role = iam.Role(
        logical,
        name=physical,
        assume_role_policy=trust,
        force_detach_policies=True,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    iam.RolePolicy(logical, name="images", role=role.name, policy=policy, opts=parent.child())
    return role


def _rule(parent: Component, logical: str, part: str, pattern: object) -> cloudwatch.EventRule:
    physical = name(parent.cell, "images", part, limit=64)
    return cloudwatch.EventRule(
        f"{logical}-{part}",
        name=physical,
        event_pattern=json.dumps(pattern),
        region=parent.cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
