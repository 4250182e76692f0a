"""The one specification of pipelines, whichever engine runs them.

What each engine costs and takes stands at `Engine`. Neither Step Functions nor AWS Batch is pointed at the
region's cluster: both are outside of its VPC, and its API has a private endpoint only.
"""

import enum
import re
from typing import Dict, List, Optional

import pydantic

from components.catalogue import nearest
from components.model import Args, refused
from components.pipelines.cron import checked
from components.pipelines.expectations import Expectation
from components.pipelines.order import cycle, producers

__all__ = [
    "ANY",
    "AirflowClass",
    "ArgoSettings",
    "CommitTrigger",
    "Dataset",
    "DriftTrigger",
    "Engine",
    "MwaaSettings",
    "Pipeline",
    "PipelinesSettings",
    "Queue",
    "Resources",
    "Retry",
    "ScheduleTrigger",
    "Step",
    "Triggers",
]

ANY = "any"
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
DEFAULT_QUEUE = "default"
IMAGE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._/:-]*?)(?::(?P<tag>[A-Za-z0-9_][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
LOCATION = re.compile(r"s3://(?P<bucket>[a-z0-9.{}_-]{3,100})/(?P<prefix>[\w./{}=-]+)")
PLACEHOLDERS = ("account_id", "environment", "region", "region_code")
GATE = "check-"
"""What the name of a quality gate begins with; the dataset's name follows."""


class Engine(enum.Enum):
    """What starts the steps, in order, and again where they fail."""

    STEP_FUNCTIONS = "step-functions"
    """State machines, steps in AWS Batch: nothing is paid while nothing runs, nothing is operated. A level of
    steps waits for the slowest of the one before, and a step on Fargate takes a minute to start."""
    ARGO = "argo"
    """Pods on the region's cluster, in Kueue's queues, on nodes that are there anyway: the cheapest for many
    or large steps. Two controllers to operate; what is known of runs goes with the cluster."""
    MWAA = "mwaa"
    """Airflow, with its calendar, backfills and connectors, steps in AWS Batch: an environment is paid by the
    hour whether or not anything runs, in each region that has one."""


class Resources(Args):
    """What a step gets."""

    cpu: float = pydantic.Field(default=1, gt=0, le=192)
    memory_gib: float = pydantic.Field(default=2, gt=0, le=1536)
    gpus: int = pydantic.Field(default=0, ge=0, le=8)


class Retry(Args):
    """How often a step that failed is tried again."""

    attempts: int = pydantic.Field(default=2, ge=0, le=10)
    """Tries after the first."""
    wait_seconds: int = pydantic.Field(default=60, ge=1, le=3600)
    """Before the first of them."""
    backoff: float = pydantic.Field(default=2, ge=1, le=10)
    """Each wait is so many times as long as the one before."""


class Step(Args):
    """A container that runs to its end. The same inputs must give the same outputs, written over the old ones."""

    name: str = pydantic.Field(pattern=NAME, max_length=30)
    image: str
    """`repository:tag` or `repository@digest` in the region's own registry, or with a registry's host before it."""
    command: List[str] = pydantic.Field(default=[])
    """Default: the image's own."""
    resources: Resources = Resources()
    inputs: List[str] = pydantic.Field(default=[])
    """Datasets, and outputs of other steps, which then come before this one."""
    outputs: List[str] = pydantic.Field(default=[])
    """Names of what the step leaves behind; the place of each is in `OUTPUT_<NAME>`."""
    after: List[str] = pydantic.Field(default=[])
    """Steps that come before this one though it reads nothing of theirs."""
    queue: Optional[str] = None
    """Default: `default`, for steps without GPUs."""
    retry: Optional[Retry] = None
    """Default: the pipeline's."""
    timeout_minutes: Optional[int] = pydantic.Field(default=None, ge=1, le=7 * 24 * 60)
    """Of one try. Default: the pipeline's."""

    @pydantic.field_validator("image")
    @classmethod
    def _says_which_version(cls, image: str) -> str:
        match = IMAGE.fullmatch(image)
        if not match:
            raise refused("it is no name of an image", "such as: churn/train:1.4.2")
        if not match["digest"] and match["tag"] in (None, "latest"):
            but = "what it names changes without a commit, and a run could not be told from the next"
            raise refused(but, f"{match['name']}:<version>, or {match['name']}@sha256:<digest>")
        return image

    @pydantic.field_validator("inputs", "outputs")
    @classmethod
    def _are_names(cls, names: List[str]) -> List[str]:
        for name in names:
            if not re.fullmatch(NAME, name) or len(name) > 40:
                raise refused(f"{name!r} is no name", "up to 40 of a-z, 0-9 and -, such as clean-users")
        return names

    @pydantic.model_validator(mode="after")
    def _gpus_come_from_a_queue(self) -> "Step":
        if self.resources.gpus and not self.queue:
            but = f"step {self.name} asks for {self.resources.gpus} GPUs and for no queue to wait in for them"
            raise refused(but, "queue: one of `queues` with gpu_instance_types")
        if self.name.startswith(GATE):
            raise refused(f"{GATE}... are the names of quality gates", "another name")
        return self


class Dataset(Args):
    """An Iceberg table of the Glue catalogue, and what it must be like."""

    name: str = pydantic.Field(pattern=NAME, max_length=24)
    database: str = pydantic.Field(pattern=r"^[a-z0-9_]{1,255}$")
    table: str = pydantic.Field(pattern=r"^[a-z0-9_]{1,255}$")
    location: str
    """Where its files lie, `s3://bucket/prefix`; `{region}`, `{region_code}` (use1), `{account_id}` and
    `{environment}` stand for those of the region the pipeline runs in."""
    key_alias: Optional[str] = pydantic.Field(
        default=None, pattern=r"^alias/[A-Za-z0-9/_-]+$", max_length=250
    )
    """Alias of the KMS key of the files."""
    expectations: List[Expectation] = pydantic.Field(min_length=1, max_length=100)
    """Every one has to hold, or no step starts."""

    @pydantic.field_validator("location")
    @classmethod
    def _is_a_place_in_s3(cls, text: str) -> str:
        if not LOCATION.fullmatch(text):
            raise refused("it is no place in S3", "s3://my-lake-{region_code}-{account_id}/tables/users")
        unknown = [name for name in re.findall(r"\{([^}]*)\}", text) if name not in PLACEHOLDERS]
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise refused(f"nothing stands for {{{unknown[0]}}}", f"one of {known}")
        return text


class Queue(Args):
    """Where steps wait for their turn: a Kueue LocalQueue for Argo, a queue of AWS Batch for the others.

    Batch's queues are made with the pipelines. A LocalQueue of that name is expected in the pipelines'
    namespace where Kueue manages pods; without Kueue the label does nothing, and pods start as nodes allow.
    """

    name: str = pydantic.Field(pattern=NAME, max_length=24)
    max_vcpus: int = pydantic.Field(default=16, ge=1, le=10_000)
    """What all its steps together may take at a time: the ceiling of its cost. Kueue has quotas of its own."""
    gpu_instance_types: List[str] = pydantic.Field(default=[], max_length=20)
    """EC2 types of a queue for steps with GPUs, in Batch; empty: Fargate, without GPUs."""
    spot: bool = False
    """Spare capacity, cheaper and taken back at two minutes' notice: the step is tried again."""

    @pydantic.field_validator("gpu_instance_types")
    @classmethod
    def _have_gpus(cls, types: List[str]) -> List[str]:
        for kind in types:
            if not re.fullmatch(r"(g[3-9]|p[2-9])[a-z0-9-]*\.[a-z0-9-]+", kind):
                raise refused(f"{kind} is no EC2 type with NVIDIA GPUs", "such as: g5.xlarge")
        return types


class ScheduleTrigger(Args):
    """At times."""

    cron: str
    """Minute, hour, day of month, month, day of week."""
    timezone: str = pydantic.Field(default="UTC", pattern=r"^[A-Za-z]+(/[A-Za-z_+-]+[0-9]*)*$")

    @pydantic.field_validator("cron")
    @classmethod
    def _parses(cls, text: str) -> str:
        return checked(text)


class CommitTrigger(Args):
    """When a repository's build says so: an event `commit` of the source `tradewind.pipelines` on the
    default bus, with `repository` and `branch` in its detail."""

    repository: str = pydantic.Field(pattern=r"^[\w.-]+(/[\w.-]+)*$", max_length=200)
    branch: str = pydantic.Field(default="main", pattern=r"^[\w./-]+$", max_length=200)


class DriftTrigger(Args):
    """When a CloudWatch alarm goes off that watches the model or its features."""

    alarm: str = pydantic.Field(pattern=r"^[\w.:/-]+$", min_length=1, max_length=255)
    """The alarm's name; one that ends in `-` stands for all that begin with it."""


class Triggers(Args):
    """What starts a run; by hand it can always be started. With the same code and data nothing is done twice."""

    schedule: Optional[ScheduleTrigger] = None
    commit: Optional[CommitTrigger] = None
    drift: Optional[DriftTrigger] = None


class Pipeline(Args):
    """Steps that together make something, such as a model."""

    name: str = pydantic.Field(pattern=NAME, max_length=30)
    engine: Optional[Engine] = None
    """Default: the section's."""
    residency: str = ANY
    """`any`, or the zone that the pipeline runs in: in the first of its regions."""
    tenant: Optional[str] = None
    """Whose it is: what it makes carries the tenant's tag."""
    steps: List[Step] = pydantic.Field(min_length=1, max_length=40)
    triggers: Triggers = Triggers()
    retry: Retry = Retry()
    timeout_minutes: int = pydantic.Field(default=60, ge=1, le=7 * 24 * 60)
    """Of one try of a step that says nothing else."""

    @pydantic.field_validator("steps")
    @classmethod
    def _steps_fit_together(cls, steps: List[Step]) -> List[Step]:
        names = [step.name for step in steps]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise refused(f"{', '.join(twice)} stands more than once", "give each step a name of its own")
        made: Dict[str, str] = {}
        for step in steps:
            for output in step.outputs:
                if output in made:
                    but = f"{output} is an output of both {made[output]} and {step.name}"
                    raise refused(but, "rename one of the two")
                made[output] = step.name
            for name in step.after:
                if name not in names:
                    close = nearest(name, names)
                    but = f"step {step.name} comes after {name}, and there is no such step"
                    raise refused(but, " or ".join(close) or f"one of {', '.join(names)}")
        before = {step.name: producers(step.after, step.inputs, made) for step in steps}
        if found := cycle(before):
            raise refused(
                f"each of {' -> '.join(found)} waits for the next, so none ever starts",
                f"take {found[1]} out of what {found[0]} waits for, or break the circle elsewhere",
            )
        return steps


class AirflowClass(enum.Enum):
    """Size of an environment of MWAA."""

    MICRO = "mw1.micro"
    """Everything in one container: for trying things out."""
    SMALL = "mw1.small"
    MEDIUM = "mw1.medium"
    LARGE = "mw1.large"


class MwaaSettings(Args):
    """An environment of Managed Workflows for Apache Airflow, where a pipeline asks for it."""

    airflow_version: str = pydantic.Field(default="3.0.6", pattern=r"^\d+\.\d+\.\d+$")
    environment_class: AirflowClass = AirflowClass.SMALL
    min_workers: int = pydantic.Field(default=1, ge=1, le=25)
    max_workers: int = pydantic.Field(default=2, ge=1, le=25)

    @pydantic.model_validator(mode="after")
    def _sizes_fit(self) -> "MwaaSettings":
        if self.min_workers > self.max_workers:
            but = f"min_workers {self.min_workers} is above max_workers {self.max_workers}"
            raise refused(but, f"max_workers: {self.min_workers}")
        return self


class ArgoSettings(Args):
    """Argo Workflows and Argo Events on the region's cluster, where a pipeline asks for them."""

    chart_repository: str = pydantic.Field(
        default="https://argoproj.github.io/argo-helm", pattern=r"^https://.+[^/]$"
    )
    workflows_chart: str = pydantic.Field(default="0.45.27", pattern=r"^\d+\.\d+\.\d+$")
    """Installs Argo Workflows 3.7.3, whose definitions the workflows are tested against; version 4 has a
    `memoize` of another form."""
    events_chart: str = pydantic.Field(default="2.4.22", pattern=r"^\d+\.\d+\.\d+$")
    namespace: str = pydantic.Field(default="pipelines", pattern=NAME, max_length=40)
    """Where workflows run; Kueue's queues are looked for here too."""
    tools_image: str = "public.ecr.aws/aws-cli/aws-cli:2.31.18"
    """Image with AWS' command line, for gates and dead letters."""


class PipelinesSettings(Args):
    """The environment's pipelines."""

    engine: Engine
    """Runs the pipelines that name no other."""
    datasets: List[Dataset] = pydantic.Field(min_length=1)
    queues: List[Queue] = pydantic.Field(default_factory=lambda: [Queue(name=DEFAULT_QUEUE)])
    pipelines: List[Pipeline] = pydantic.Field(min_length=1)
    notify: List[str] = pydantic.Field(default=[], max_length=10)
    """E-mail addresses that are told when a run ends among the dead letters."""
    standby: Optional[bool] = None
    """Whether the pipelines also stand in the further regions they may run in, not started by anything, so
    that a lost region costs a switch and no deployment. Default: in production. An environment of MWAA
    costs the same in a region that only stands by."""
    active_region: Optional[str] = None
    """Where triggers start pipelines, as far as their residency has it. Default: the first of a pipeline's
    regions. With `standby`, moving on from a lost region is to name another one here."""
    keep_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """How long outputs of runs are kept: what is to stay, such as a model, a step registers elsewhere.
    Default: 30 in production, 14 in staging, else 7."""
    mwaa: MwaaSettings = MwaaSettings()
    argo: ArgoSettings = ArgoSettings()

    @pydantic.field_validator("datasets", "queues", "pipelines")
    @classmethod
    def _names_are_unique(cls, items: List[pydantic.BaseModel]) -> List[pydantic.BaseModel]:
        names = [str(getattr(item, "name", "")) for item in items]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise refused(f"{', '.join(twice)} stands more than once", "rename one of them")
        return items

    @pydantic.field_validator("notify")
    @classmethod
    def _are_addresses(cls, addresses: List[str]) -> List[str]:
        for address in addresses:
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
                raise refused(f"{address} is not an e-mail address", "like ml-platform@example.com")
        return addresses
