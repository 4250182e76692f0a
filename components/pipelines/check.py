"""What is wrong with pipelines in an environment: mistakes that no field can see by itself."""

import json
from typing import Iterator, List, Sequence

from components.catalogue import nearest
from components.data_plane.surroundings import Surroundings
from components.environment_settings import TenantTier
from components.model import EnvironmentClass
from components.pipelines.asl import definition
from components.pipelines.defaults import choices, fargate_size, homes, placed_in
from components.pipelines.settings import (
    ANY,
    DEFAULT_QUEUE,
    AirflowClass,
    Engine,
    Pipeline,
    PipelinesSettings,
    Step,
)
from problems import Problem

__all__ = ["MWAA_REGIONS", "problems_of"]

MWAA_REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "sa-east-1",
    "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2",
    "eu-west-3", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "af-south-1", "il-central-1", "me-central-1", "me-south-1",
)  # fmt: skip
"""Where MWAA is offered. Source: AWS General Reference, "Amazon MWAA endpoints and quotas", from memory of
its state in 2025: a region that is new since then is missing."""

# Step Functions' limit for a definition, in bytes.
DEFINITION = 1024 * 1024


def problems_of(settings: PipelinesSettings, around: Surroundings) -> Sequence[Problem]:
    """Every mistake, with its path below the section; `place` is left to the caller."""
    found: List[Problem] = []
    for number, pipeline in enumerate(settings.pipelines):
        path = f"pipelines[{number}]"
        found.extend(_placement(settings, pipeline, path, around))
        found.extend(_datasets(settings, pipeline, path))
        for index, step in enumerate(pipeline.steps):
            found.extend(_queue(settings, pipeline, step, f"{path}.steps[{index}]"))
            found.extend(_backoff(settings, pipeline, step, f"{path}.steps[{index}]"))
    found.extend(_active_region(settings, around))
    found.extend(_airflow(settings, around))
    return found if found else list(_sizes(settings, around))


def _problem(path: str, got: str, but: str, fix: str) -> Problem:
    return Problem("", path, got, but, fix)


def _close(text: str, known: Sequence[str], otherwise: str) -> str:
    near = nearest(text, list(known))
    if near:
        return " or ".join(near)
    return f"one of {', '.join(known)}" if known else otherwise


def _placement(
    settings: PipelinesSettings, pipeline: Pipeline, path: str, around: Surroundings
) -> Iterator[Problem]:
    zones, tenants = around.residency, {tenant.name: tenant for tenant in around.tenants}
    if pipeline.residency != ANY and pipeline.residency not in zones:
        fix = _close(pipeline.residency, [ANY, *zones], "")
        yield _problem(f"{path}.residency", pipeline.residency, "residency.zones has no such zone", fix)
    elif not homes(settings, pipeline, around.cell, zones):
        but = f"the environment has no region of that zone, only {', '.join(around.cell.regions)}"
        yield _problem(f"{path}.residency", pipeline.residency, but, "add one of the zone's regions")
    if pipeline.tenant and pipeline.tenant not in tenants:
        fix = _close(pipeline.tenant, list(tenants), "add it to tenants")
        yield _problem(f"{path}.tenant", pipeline.tenant, "tenants lists no such tenant", fix)
    elif (
        pipeline.tenant
        and _engine(settings, pipeline) is Engine.ARGO
        and tenants[pipeline.tenant].tier is not TenantTier.POOL
    ):
        tier = tenants[pipeline.tenant].tier.value
        but = f"Argo runs on nodes that tenants share, and work of tier {tier} stays on nodes of its own"
        yield _problem(f"{path}.tenant", pipeline.tenant, but, "engine: step-functions")


def _active_region(settings: PipelinesSettings, around: Surroundings) -> Iterator[Problem]:
    regions, active = around.cell.regions, settings.active_region
    if active is not None and active not in regions:
        yield _problem(
            "active_region", active, "the environment has no such region", _close(active, regions, "")
        )


def _engine(settings: PipelinesSettings, pipeline: Pipeline) -> Engine:
    return pipeline.engine or settings.engine


def _datasets(settings: PipelinesSettings, pipeline: Pipeline, path: str) -> Iterator[Problem]:
    datasets = [dataset.name for dataset in settings.datasets]
    outputs = [output for step in pipeline.steps for output in step.outputs]
    read = False
    for index, step in enumerate(pipeline.steps):
        for place, name in enumerate(step.inputs):
            read = read or name in datasets
            if name not in datasets and name not in outputs:
                but = f"it is neither a dataset nor what another step of {pipeline.name} leaves behind"
                where = f"{path}.steps[{index}].inputs[{place}]"
                yield _problem(where, name, but, _close(name, [*datasets, *outputs], "add it to datasets"))
        for place, name in enumerate(step.outputs):
            if name in datasets:
                but = "a dataset has that name, and steps could not tell the two apart"
                yield _problem(f"{path}.steps[{index}].outputs[{place}]", name, but, "another name")
    if not read and all(name in outputs for step in pipeline.steps for name in step.inputs):
        but = "no step reads a dataset: no run could be told from the one before, and no gate stands at the input"
        yield _problem(f"{path}.steps", pipeline.name, but, f"inputs: [{datasets[0]}] at its first step")


def _queue(settings: PipelinesSettings, pipeline: Pipeline, step: Step, path: str) -> Iterator[Problem]:
    queues = {queue.name: queue for queue in settings.queues}
    name, size = step.queue or DEFAULT_QUEUE, step.resources
    if name not in queues:
        but = "queues lists no such queue"
        where = f"{path}.queue" if step.queue else path
        yield _problem(where, step.queue or step.name, but, _close(name, list(queues), "add it to queues"))
        return
    queue = queues[name]
    if size.gpus and not queue.gpu_instance_types:
        but = f"it has no GPUs, and step {step.name} asks for {size.gpus}"
        with_gpus = [one.name for one in settings.queues if one.gpu_instance_types]
        fix = f"one of {', '.join(with_gpus)}" if with_gpus else "gpu_instance_types: [g5.xlarge] at a queue"
        yield _problem(f"{path}.queue", name, but, fix)
        return
    if size.cpu > queue.max_vcpus:
        but = f"queue {name} has {queue.max_vcpus} vCPUs, so the step would wait for ever"
        yield _problem(f"{path}.resources.cpu", f"{size.cpu:g}", but, f"max_vcpus of at least {size.cpu:g}")
    if _engine(settings, pipeline) is not Engine.ARGO and not queue.gpu_instance_types:
        try:
            fargate_size(size.cpu, size.memory_gib)
        except ValueError as error:
            got = f"{size.cpu:g} vCPUs, {size.memory_gib:g} GiB"
            yield _problem(f"{path}.resources", got, str(error), "a smaller step, or engine: argo")


def _backoff(settings: PipelinesSettings, pipeline: Pipeline, step: Step, path: str) -> Iterator[Problem]:
    if _engine(settings, pipeline) is not Engine.MWAA:
        return
    retry = step.retry or pipeline.retry
    if retry.attempts > 1 and retry.backoff not in (1, 2):
        where = f"{path}.retry.backoff" if step.retry else f"{path.partition('.')[0]}.retry.backoff"
        but = "Airflow waits as long each time, or twice as long, and nothing else"
        yield _problem(where, f"{retry.backoff:g}", but, "backoff: 1 or 2, or another engine")


def _airflow(settings: PipelinesSettings, around: Surroundings) -> Iterator[Problem]:
    cell, standby = around.cell, choices(settings, around.cell).standby
    users = [
        (number, pipeline)
        for number, pipeline in enumerate(settings.pipelines)
        if _engine(settings, pipeline) is Engine.MWAA
    ]
    for number, pipeline in users:
        regions = homes(settings, pipeline, cell, around.residency)
        for region in regions if standby else regions[:1]:
            if region not in MWAA_REGIONS:
                path = f"pipelines[{number}].engine" if pipeline.engine else "engine"
                but = f"MWAA is not offered in {region}, where {pipeline.name} stands"
                yield _problem(path, Engine.MWAA.value, but, "engine: argo or step-functions")
    micro = settings.mwaa.environment_class is AirflowClass.MICRO
    if users and micro and cell.environment_class is EnvironmentClass.PRODUCTION:
        but = "it runs scheduler and worker in one container, and AWS means it for development"
        yield _problem("mwaa.environment_class", AirflowClass.MICRO.value, but, AirflowClass.SMALL.value)


def _sizes(settings: PipelinesSettings, around: Surroundings) -> Iterator[Problem]:
    """Limits of what is made of the pipelines, once nothing else is wrong with them."""
    for number, pipeline in enumerate(settings.pipelines):
        for placed in placed_in(settings, around.cell, around.residency):
            if placed.name != pipeline.name or placed.engine is not Engine.STEP_FUNCTIONS:
                continue
            length = len(json.dumps(json.loads(definition(placed))))
            if length > DEFINITION:
                but = f"its state machine takes {length} bytes, and Step Functions {DEFINITION}"
                yield _problem(f"pipelines[{number}].steps", pipeline.name, but, "divide it into several")
