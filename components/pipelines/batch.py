"""AWS Batch, where steps of Step Functions and Airflow run: a queue and its compute for each queue in use,
and a job definition for each step.

Queues without GPUs are Fargate: nothing runs, and nothing is paid, while no step does. Queues with GPUs
start EC2 instances for what waits and end them afterwards. Retries are the engine's: a job is one try.
"""

from typing import Any, Dict, List, Sequence

import pulumi
from pulumi_aws import batch, cloudwatch, ec2, iam

from components.base import Component
from components.pipelines import names
from components.pipelines.defaults import fargate_size
from components.pipelines.policies import pull, service
from components.pipelines.roles import Made, role
from components.pipelines.settings import Queue
from components.pipelines.tasks import Placed, Task

__all__ = ["container", "job_definitions", "queues_in_use", "repositories", "run_queues"]

VOLUME_GIB = 200
"""Disk of an instance with GPUs: images with CUDA alone take tens of gigabytes."""

# EC2 hands the role to an instance's own account only, and says no account.
EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def queues_in_use(placed: Sequence[Placed], queues: Sequence[Queue]) -> List[Queue]:
    """Those that a task waits in, in the settings' order."""
    used = {task.queue for one in placed for task in one.tasks if not task.is_gate}
    return [queue for queue in queues if queue.name in used]


def repositories(placed: Sequence[Placed]) -> List[str]:
    """Repositories of the region's own registry that steps' images are in."""
    found = set()
    for one in placed:
        own = f"{one.cell.account_id}.dkr.ecr."
        for task in one.tasks:
            if task.image.startswith(own):
                path = task.image.partition("/")[2].partition("@")[0]
                found.add(path.rpartition(":")[0] or path)
    return sorted(found)


def run_queues(
    parent: Component,
    name: str,
    queues: Sequence[Queue],
    *,
    subnet_ids: pulumi.Output[List[str]],
    security_group_id: pulumi.Output[str],
) -> Dict[str, batch.JobQueue]:
    """A queue of Batch for each of `queues`, with compute of its own, by name."""
    cell, made = parent.cell, {}
    network = {"subnets": subnet_ids, "security_group_ids": [security_group_id]}
    for queue in queues:
        physical = names.job_queue(cell, queue.name)
        resources = {"max_vcpus": queue.max_vcpus, **network}
        if queue.gpu_instance_types:
            resources.update(_instances(parent, f"{name}-{queue.name}", queue, physical))
        else:
            resources["type"] = "FARGATE_SPOT" if queue.spot else "FARGATE"
        compute = batch.ComputeEnvironment(
            f"{name}-{queue.name}",
            name=physical,
            type="MANAGED",
            compute_resources=resources,
            region=cell.region,
            tags=parent.tags(physical),
            opts=parent.child(delete_before_replace=True),
        )
        made[queue.name] = batch.JobQueue(
            f"{name}-{queue.name}",
            name=physical,
            state="ENABLED",
            priority=1,
            compute_environment_orders=[{"order": 1, "compute_environment": compute.arn}],
            region=cell.region,
            tags=parent.tags(physical),
            opts=parent.child(),
        )
    return made


def _instances(parent: Component, name: str, queue: Queue, physical: str) -> Dict[str, Any]:
    """What a queue with GPUs starts: none while nothing waits."""
    template = ec2.LaunchTemplate(
        name,
        name=physical,
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 2,
        },
        block_device_mappings=[
            {
                "device_name": "/dev/xvda",
                "ebs": {
                    "volume_size": VOLUME_GIB,
                    "volume_type": "gp3",
                    "encrypted": "true",
                    "delete_on_termination": "true",
                },
            }
        ],
        tag_specifications=[
            {"resource_type": kind, "tags": parent.tags(physical)}
            for kind in ("instance", "volume", "network-interface")
        ],
        region=parent.cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    node = role(
        parent,
        f"{name}-node",
        names.region_role(parent.cell, f"{queue.name}-node"),
        trust=EC2_TRUST,
        description=f"Instances of the queue {queue.name}",
        documents={},
        managed=["service-role/AmazonEC2ContainerServiceforEC2Role"],
    )
    profile = iam.InstanceProfile(
        f"{name}-node",
        name=names.region_role(parent.cell, f"{queue.name}-node"),
        role=node.role.name,
        tags=parent.tags(physical),
        opts=parent.child(depends_on=node.rights),
    )
    spot = queue.spot
    return {
        "type": "SPOT" if spot else "EC2",
        "allocation_strategy": "SPOT_PRICE_CAPACITY_OPTIMIZED" if spot else "BEST_FIT_PROGRESSIVE",
        "min_vcpus": 0,
        "instance_types": queue.gpu_instance_types,
        "instance_role": profile.arn,
        "launch_template": {"launch_template_id": template.id, "version": "$Latest"},
        "tags": parent.tags(physical),
    }


def execution_role(parent: Component, name: str, placed: Sequence[Placed], log_group: str) -> Made:
    """What pulls images and opens logs before a container runs."""
    cell = parent.cell
    return role(
        parent,
        f"{name}-pull",
        names.region_role(cell, "pull"),
        trust=service(cell, "ecs-tasks.amazonaws.com"),
        description="Pulls images of steps and opens their logs",
        documents={"pull": pull(cell, repositories(placed), log_group)},
    )


def job_definitions(
    parent: Component,
    name: str,
    placed: Placed,
    queues: Sequence[Queue],
    *,
    steps: Made,
    execution: Made,
    logs: cloudwatch.LogGroup,
) -> List[batch.JobDefinition]:
    """One for each step of `placed`."""
    kinds = {queue.name: queue for queue in queues}
    made = []
    for task in placed.tasks:
        if task.is_gate:
            continue
        gpus = bool(kinds[task.queue].gpu_instance_types)
        properties = pulumi.Output.json_dumps(
            {
                **container(placed, task, on_instances=gpus),
                "jobRoleArn": steps.arn,
                "executionRoleArn": execution.arn,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": logs.name,
                        "awslogs-stream-prefix": f"{placed.name}/{task.name}",
                    },
                },
            }
        )
        physical = names.job_definition(parent.cell, placed.name, task.name)
        made.append(
            batch.JobDefinition(
                f"{name}-{placed.name}-{task.name}",
                name=physical,
                type="container",
                platform_capabilities=["EC2" if gpus else "FARGATE"],
                container_properties=properties,
                retry_strategy={"attempts": 1},
                timeout={"attempt_duration_seconds": task.timeout_seconds},
                propagate_tags=True,
                region=parent.cell.region,
                tags=parent.tags(physical, placed.tags),
                opts=parent.child(depends_on=[*steps.rights, *execution.rights]),
            )
        )
    return made


def container(placed: Placed, task: Task, *, on_instances: bool) -> Dict[str, Any]:
    """What Batch is told of a step's container: its image and size, never a public address."""
    size = task.resources
    told: Dict[str, Any] = {"image": task.image}
    if task.command:
        told["command"] = list(task.command)
    if on_instances:
        cpu, memory = size.cpu, size.memory_gib
        amounts = {"VCPU": f"{max(1, round(cpu))}", "MEMORY": f"{round(memory * 1024)}"}
        if size.gpus:
            amounts["GPU"] = str(size.gpus)
    else:
        cpu, memory = fargate_size(size.cpu, size.memory_gib)
        amounts = {"VCPU": f"{cpu:g}", "MEMORY": f"{round(memory * 1024)}"}
        told["networkConfiguration"] = {"assignPublicIp": "DISABLED"}
        told["fargatePlatformConfiguration"] = {"platformVersion": "LATEST"}
    told["resourceRequirements"] = [{"type": kind, "value": value} for kind, value in amounts.items()]
    return told
