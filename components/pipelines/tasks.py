"""A pipeline as it stands in one region, told in terms that every engine has: tasks in order.

The three renderings read nothing but this, so that they can't differ in steps, order or retries.

A text may hold `{key}`, the run's execution key, and `{version:<dataset>}`, the version of a dataset that
the run reads. The key is the digest (SHA-256) of `<digest of the tasks>|<version>|<version>...`, the
versions in the order of the datasets' names: the same code on the same data has the same key, in every
engine and region. Outputs lie below the key, so that a task run twice writes the same objects again.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from components.model import Cell
from components.naming import partition, region_code
from components.pipelines import names
from components.pipelines.order import levels, producers
from components.pipelines.settings import (
    DEFAULT_QUEUE,
    GATE,
    LOCATION,
    Dataset,
    Engine,
    Pipeline,
    PipelinesSettings,
    Resources,
    Retry,
    Step,
)

__all__ = [
    "HANGING",
    "Placed",
    "Task",
    "filled",
    "image_of",
    "key_text",
    "location_of",
    "marker",
    "place",
    "read_datasets",
]

PLACEHOLDER = re.compile(r"\{(key|version:[a-z0-9-]+)\}")
REGISTRY = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?/.+")
# A gate is cheap to repeat, and what it finds does not change by waiting: only AWS' own hiccups count.
GATE_RETRY = Retry(attempts=2, wait_seconds=30, backoff=2)
GATE_MINUTES = 60
HANGING = 4
"""How many times its time limit a try may take with its wait in the queue, before it counts as hanging."""


@dataclass(frozen=True)
class Task:
    """One thing to be done: a step, or the gate of `dataset`."""

    name: str
    after: Tuple[str, ...]
    retry: Retry
    timeout_seconds: int
    dataset: Optional[str] = None
    image: str = ""
    command: Tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)
    queue: str = ""
    environment: Tuple[Tuple[str, str], ...] = ()
    """Names and texts."""

    @property
    def is_gate(self) -> bool:
        return self.dataset is not None


@dataclass(frozen=True)
class Placed:
    """A pipeline in the region of `cell`."""

    cell: Cell
    name: str
    engine: Engine
    tenant: Optional[str]
    active: bool
    """Whether triggers start it here; elsewhere it stands by."""
    pipeline: Pipeline
    datasets: Tuple[Dataset, ...]
    """Those it reads, by name."""
    tasks: Tuple[Task, ...]
    digest: str

    @property
    def tags(self) -> Dict[str, str]:
        """What tells the pipeline's resources from others on the bill."""
        return {"pipeline": self.name, **({"tenant": self.tenant} if self.tenant else {})}

    @property
    def levels(self) -> List[List[Task]]:
        """Tasks level by level; each waits only for tasks of levels before its own."""
        by_name = {task.name: task for task in self.tasks}
        found = levels({task.name: task.after for task in self.tasks})
        return [[by_name[name] for name in level] for level in found]


def read_datasets(pipeline: Pipeline, datasets: Sequence[Dataset]) -> Tuple[Dataset, ...]:
    """Those that a step reads, by name."""
    read = {name for step in pipeline.steps for name in step.inputs}
    return tuple(sorted((one for one in datasets if one.name in read), key=lambda one: one.name))


def place(settings: PipelinesSettings, pipeline: Pipeline, cell: Cell, *, active: bool) -> Placed:
    """`pipeline` in the cell's region."""
    datasets = read_datasets(pipeline, settings.datasets)
    gates = [_gate(dataset) for dataset in datasets]
    made = {output: step.name for step in pipeline.steps for output in step.outputs}
    prefix = f"s3://{names.bucket(cell)}/{names.runs(pipeline.name)}/{{key}}"
    places = {output: f"{prefix}/{maker}/{output}" for output, maker in made.items()}
    first = tuple(gate.name for gate in gates)
    steps = [_step(step, pipeline, cell, datasets, made, places, first) for step in pipeline.steps]
    return Placed(
        cell=cell,
        name=pipeline.name,
        engine=pipeline.engine or settings.engine,
        tenant=pipeline.tenant,
        active=active,
        pipeline=pipeline,
        datasets=datasets,
        tasks=(*gates, *steps),
        digest=_digest(pipeline, datasets),
    )


def _gate(dataset: Dataset) -> Task:
    return Task(f"{GATE}{dataset.name}", (), GATE_RETRY, GATE_MINUTES * 60, dataset=dataset.name)


def _step(
    step: Step,
    pipeline: Pipeline,
    cell: Cell,
    datasets: Sequence[Dataset],
    made: Mapping[str, str],
    places: Mapping[str, str],
    first: Tuple[str, ...],
) -> Task:
    environment: Dict[str, str] = {"EXECUTION_KEY": "{key}"}
    for dataset in datasets:
        if dataset.name in step.inputs:
            variable = f"DATASET_{_upper(dataset.name)}"
            environment[variable] = f"{dataset.database}.{dataset.table}"
            environment[f"{variable}_VERSION"] = f"{{version:{dataset.name}}}"
    for name in step.inputs:
        if name in places:
            environment[f"INPUT_{_upper(name)}"] = places[name]
    for name in step.outputs:
        environment[f"OUTPUT_{_upper(name)}"] = places[name]
    return Task(
        name=step.name,
        # Whatever waits for no step waits for the gates, and so does all the rest through it.
        after=producers(step.after, step.inputs, made) or first,
        retry=step.retry or pipeline.retry,
        timeout_seconds=60 * (step.timeout_minutes or pipeline.timeout_minutes),
        image=image_of(step.image, cell),
        command=tuple(step.command),
        resources=step.resources,
        queue=step.queue or DEFAULT_QUEUE,
        environment=tuple(environment.items()),
    )


def image_of(image: str, cell: Cell) -> str:
    """With the region's own registry before it where it names none."""
    if REGISTRY.fullmatch(image):
        return image
    domain = "amazonaws.com.cn" if partition(cell.region) == "aws-cn" else "amazonaws.com"
    return f"{cell.account_id}.dkr.ecr.{cell.region}.{domain}/{image}"


def location_of(dataset: Dataset, cell: Cell) -> Tuple[str, str]:
    """Bucket and prefix of a dataset's files in the cell's region."""
    match = LOCATION.fullmatch(dataset.location)
    assert match
    values = {
        "account_id": cell.account_id,
        "environment": cell.environment,
        "region": cell.region,
        "region_code": region_code(cell.region),
    }
    return match["bucket"].format(**values), match["prefix"].format(**values).strip("/")


def marker(pipeline: str, task: str, key: str) -> str:
    """S3 key of the empty object that says that a task is done for an execution key."""
    return f"{names.runs(pipeline)}/{key}/{task}/_done"


def key_text(digest: str, datasets: Sequence[Dataset]) -> str:
    """What the execution key is the digest of."""
    return "|".join((digest, *(f"{{version:{dataset.name}}}" for dataset in datasets)))


def filled(text: str, value: Callable[[str], str]) -> str:
    """`text` with `value(placeholder)` in place of every placeholder."""
    return PLACEHOLDER.sub(lambda match: value(match[1]), text)


def _digest(pipeline: Pipeline, datasets: Sequence[Dataset]) -> str:
    """Of what decides outputs: images, commands and what is read; not of the region, retries or sizes."""
    steps = [[step.name, step.image, step.command, step.inputs, step.outputs] for step in pipeline.steps]
    told = [pipeline.name, steps, [[one.name, one.database, one.table] for one in datasets]]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")
