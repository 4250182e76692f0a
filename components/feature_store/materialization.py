"""The materialisation job of a region: a Fargate task for each group of views, started by a schedule.

This includes: an ECS cluster, a task definition and a schedule for each group, a log group with filters that
make metrics of the job's lines, a queue for runs that never began, and the roles of ECS and of the schedule.
A schedule is on in its group's home region only.
"""

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pulumi
from pulumi_aws import cloudwatch, ecs, iam, scheduler, sqs
from pulumi_aws.ec2.security_group import SecurityGroup

from components.base import Component
from components.feature_store import materialization_policies as policies
from components.feature_store import metrics, names
from components.feature_store.defaults import Choices, Registry
from components.feature_store.feast import feature_store_yaml
from components.feature_store.keys import group_tags
from components.feature_store.operation_settings import MaterializationSettings
from components.feature_store.placement import ViewGroup
from components.feature_store.policies import task_trust
from components.feature_store.roles import MATERIALIZER
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell
from components.naming import arn, name

__all__ = ["environment_of", "materialization", "schedule_of"]

PROGRAM = Path(__file__).with_name("materialization_program.py")
MINUTES_A_DAY = 24 * 60
# A run that starts late by more than this is left to the next one.
LATEST_START_SECONDS = 600


def environment_of(
    store: FeatureStoreSettings,
    cell: Cell,
    group: ViewGroup,
    settings: MaterializationSettings,
    registry: Registry,
) -> Dict[str, str]:
    """What the program is told; `materialization_program.py` says what each means."""
    found = {
        "AWS_DEFAULT_REGION": cell.region,
        "FEATURE_STORE_YAML": feature_store_yaml(store, cell, group, cell.region, registry=registry.enabled),
        "FEATURE_VIEWS": ",".join(view.name for view in group.online),
        "SKEW_SAMPLE": str(settings.skew_sample),
        # Nobody is asked whether the product's makers may know of a run.
        "FEAST_USAGE": "False",
    }
    if registry.enabled:
        found["REGISTRY_CLUSTER"] = names.registry_name(cell, cell.region)
        found["REGISTRY_USER"] = names.database_user(store, cell, "writer")
        if cell.region != cell.home_region:
            found["REGISTRY_FORWARDS"] = "1"
    return found


def schedule_of(settings: MaterializationSettings) -> str:
    """`rate(...)` in the largest unit that fits."""
    for minutes, unit in ((MINUTES_A_DAY, "day"), (60, "hour"), (1, "minute")):
        count, rest = divmod(settings.every_minutes, minutes)
        if not rest:
            return f"rate({count} {unit}{'' if count == 1 else 's'})"
    raise AssertionError(settings.every_minutes)


def materialization(
    parent: Component,
    name_of: str,
    store: FeatureStoreSettings,
    settings: MaterializationSettings,
    groups: Sequence[ViewGroup],
    *,
    registry: Registry,
    chosen: Choices,
    key_arn: pulumi.Output[str],
    vpc_id: Optional[pulumi.Output[str]],
    subnet_ids: Optional[pulumi.Output[List[str]]],
) -> None:
    """The region's job for each of `groups`, all of which have views online here."""
    cell = parent.cell
    physical = names.materialization_name(cell)
    placed: Dict[str, Any] = {"region": cell.region, "tags": parent.tags(physical), "opts": parent.child()}
    logs = cloudwatch.LogGroup(
        f"{name_of}-logs",
        name=f"/{physical}",
        retention_in_days=chosen.log_days,
        kms_key_id=key_arn,
        **placed,
    )
    _metrics(parent, name_of, logs)
    cluster = ecs.Cluster(
        name_of, name=physical, settings=[{"name": "containerInsights", "value": "disabled"}], **placed
    )
    execution = _role(
        parent,
        f"{name_of}-execution",
        "feature-task-start",
        "ECS starts materialisation tasks",
        task_trust(cell),
        policies.execution(cell, settings.image),
    )
    calls = _calls(parent, name_of, settings, groups, cluster)
    network = {
        "subnets": subnet_ids,
        "security_groups": [_firewall(parent, name_of, vpc_id).id],
        "assign_public_ip": False,
    }
    for group in groups:
        task = _task(parent, name_of, store, settings, group, registry, execution, logs)
        _schedule(parent, f"{name_of}-{group.label}", group, task, network, calls)


def _calls(
    parent: Component,
    name_of: str,
    settings: MaterializationSettings,
    groups: Sequence[ViewGroup],
    cluster: ecs.Cluster,
) -> Dict[str, Any]:
    """What the schedules of a region have in common: when and as whom they start, where failures go."""
    cell = parent.cell
    physical = names.materialization_name(cell)
    placed: Dict[str, Any] = {"region": cell.region, "tags": parent.tags(physical), "opts": parent.child()}
    starter = _role(
        parent,
        f"{name_of}-schedule",
        "feature-task-schedule",
        "Schedules of materialisation tasks",
        policies.schedule_trust(cell),
        policies.scheduling(cell, groups, name(cell, "feature-task-start", region=cell.region, limit=64)),
    )
    missed = sqs.Queue(
        name_of,
        name=physical,
        sqs_managed_sse_enabled=True,
        message_retention_seconds=14 * 86400,
        **placed,
    )
    return {
        "group_name": scheduler.ScheduleGroup(name_of, name=physical, **placed).name,
        "schedule_expression": schedule_of(settings),
        "target": {
            "arn": cluster.arn,
            "role_arn": starter.arn,
            "retry_policy": {
                "maximum_event_age_in_seconds": LATEST_START_SECONDS,
                "maximum_retry_attempts": 3,
            },
            "dead_letter_config": {"arn": missed.arn},
        },
    }


def _schedule(
    parent: Component,
    title: str,
    group: ViewGroup,
    task: ecs.TaskDefinition,
    network: Dict[str, Any],
    calls: Dict[str, Any],
) -> None:
    """Runs the group's task as `calls` says."""
    cell = parent.cell
    run = {
        # The latest revision: one that is named would be gone after the next change.
        "task_definition_arn": task.arn_without_revision,
        "launch_type": "FARGATE",
        "task_count": 1,
        "propagate_tags": "TASK_DEFINITION",
        "network_configuration": network,
    }
    scheduler.Schedule(
        title,
        **{**calls, "target": {**calls["target"], "ecs_parameters": run}},
        name=names.schedule_name(cell, group),
        description=f"Materialises features of group {group.label}; on in its home region {group.home}",
        state="ENABLED" if group.home == cell.region else "DISABLED",
        flexible_time_window={"mode": "OFF"},
        region=cell.region,
        opts=parent.child(),
    )


def _task(
    parent: Component,
    name_of: str,
    store: FeatureStoreSettings,
    settings: MaterializationSettings,
    group: ViewGroup,
    registry: Registry,
    execution: iam.Role,
    logs: cloudwatch.LogGroup,
) -> ecs.TaskDefinition:
    cell = parent.cell
    physical = names.schedule_name(cell, group)
    environment = environment_of(store, cell, group, settings, registry)
    container = {
        "name": "materialize",
        "image": settings.image,
        "essential": True,
        "entryPoint": ["python", "-c"],
        "command": [PROGRAM.read_text(encoding="utf-8")],
        "environment": [{"name": key, "value": value} for key, value in sorted(environment.items())],
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/{names.materialization_name(cell)}",
                "awslogs-region": cell.region,
                "awslogs-stream-prefix": group.label,
            },
        },
    }
    return ecs.TaskDefinition(
        f"{name_of}-{group.label}",
        family=physical,
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu=str(settings.cpu_units),
        memory=str(int(settings.memory_gib * 1024)),
        runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": "X86_64"},
        execution_role_arn=execution.arn,
        task_role_arn=arn(cell, "iam", f"role/{names.role_name(cell, group, MATERIALIZER)}"),
        container_definitions=json.dumps([container]),
        region=cell.region,
        tags=parent.tags(physical, group_tags(group)),
        opts=parent.child(depends_on=[logs]),
    )


def _metrics(parent: Component, name_of: str, logs: cloudwatch.LogGroup) -> None:
    for metric, (field, unit) in metrics.EVENTS.items():
        cloudwatch.LogMetricFilter(
            f"{name_of}-{field.replace('_', '-')}",
            name=metric,
            log_group_name=logs.name,
            pattern=f"{{ $.{field} = * }}",
            metric_transformation={
                "namespace": metrics.NAMESPACE,
                "name": metric,
                "value": f"$.{field}",
                "unit": unit,
                "dimensions": {metrics.DIMENSION: "$.feature_view"},
            },
            region=parent.cell.region,
            opts=parent.child(),
        )


def _role(
    parent: Component, name_of: str, kind: str, why: str, trust: Dict[str, Any], document: Dict[str, Any]
) -> iam.Role:
    cell = parent.cell
    physical = name(cell, kind, region=cell.region, limit=64)
    role = iam.Role(
        name_of,
        name=physical,
        description=f"{why} in {cell.region}",
        assume_role_policy=json.dumps(trust),
        force_detach_policies=True,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    iam.RolePolicy(name_of, name="work", role=role.name, policy=json.dumps(document), opts=parent.child())
    return role


def _firewall(parent: Component, name_of: str, vpc_id: Optional[pulumi.Output[str]]) -> SecurityGroup:
    """Nobody comes in; out to AWS's services and the image's registry over TLS, and to the registry."""
    physical = name(parent.cell, "feature-materialization", region=parent.cell.region, limit=255)
    everywhere = ["0.0.0.0/0"]
    return SecurityGroup(
        name_of,
        name=physical,
        description=f"Tasks of {physical}",
        vpc_id=vpc_id,
        ingress=[],
        egress=[
            {
                "protocol": "tcp",
                "from_port": port,
                "to_port": port,
                "cidr_blocks": everywhere,
                "description": what,
            }
            for port, what in ((443, "AWS and where the image is"), (5432, "Feature registry"))
        ],
        region=parent.cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
