"""What people decide about experiment tracking: who runs MLflow, how large it is, how long things stay.

There is an instance of MLflow for all tenants of tier pool that share a residency, and one for each bridge
or silo tenant: MLflow's own permissions keep people from each other's experiments, not tenants. An
instance stands in the first region of its residency, and what it keeps never leaves that residency.

What drives the cost: a managed server is billed by the hour whether used or not; an own one takes room on
the cluster's nodes and an Aurora cluster, which in development pauses while nobody is there. Artifacts
(models, plots, data samples) usually cost more than either.
"""

import enum
from typing import Optional

import pydantic

from components.feature_store.settings import DataClass
from components.model import Args, refused

__all__ = [
    "ExperimentTrackingSettings",
    "RunBackups",
    "TrackingArtifacts",
    "TrackingBackend",
    "TrackingDatabase",
    "TrackingServer",
    "TrackingServerSize",
]


class TrackingBackend(enum.Enum):
    """Who runs MLflow."""

    SELF_HOSTED = "self-hosted"
    """Pods on the cluster, Aurora, S3: any version, backups in a second region; somebody has to upgrade it."""
    MANAGED_SERVER = "managed-server"
    """A tracking server of SageMaker, billed by the hour of its size. AWS offers no backup of its runs."""
    MANAGED_APP = "managed-app"
    """SageMaker's serverless MLflow: no size, no hours. AWS offers no backup of its runs."""


class TrackingServerSize(enum.Enum):
    """Of a managed server; AWS means each for a team of up to 25, 50 or 100 people."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class TrackingServer(Args):
    """The pods of an own MLflow."""

    image: str = pydantic.Field(default="ghcr.io/mlflow/mlflow:v3.17.2-full", pattern=r"^\S+(:|@sha256:)\S+$")
    """With PostgreSQL's driver and the AWS SDK in it, as MLflow's own `-full` images have. Production takes
    a copy from the own registry, by its digest."""
    replicas: Optional[int] = pydantic.Field(default=None, ge=1, le=20)
    """Default: 2 in production, otherwise 1."""
    cpu: str = pydantic.Field(default="500m", pattern=r"^\d+m?$")
    """Each pod's request."""
    memory_gib: int = pydantic.Field(default=2, ge=1, le=64)
    """Each pod's request and limit; a worker process takes about 300 MB."""
    workers: int = pydantic.Field(default=2, ge=1, le=16)
    """Processes in each pod."""
    collect_after_days: int = pydantic.Field(default=30, ge=1, le=3650)
    """When runs that somebody deleted go for good, with their artifacts (`mlflow gc`, once a day)."""


class TrackingDatabase(Args):
    """Aurora PostgreSQL with the runs of an own MLflow."""

    engine_version: str = pydantic.Field(default="17.5", pattern=r"^\d{2}\.\d{1,2}$")
    min_acu: Optional[float] = pydantic.Field(default=None, ge=0, le=256, multiple_of=0.5)
    """Capacity that is always there, in Aurora capacity units of about 2 GiB; 0 pauses when idle.
    Default: 0.5, in development 0."""
    max_acu: Optional[float] = pydantic.Field(default=None, ge=1, le=256, multiple_of=0.5)
    """Default: 8 in production, otherwise 2."""
    instances: Optional[int] = pydantic.Field(default=None, ge=1, le=15)
    """In different zones. Default: 2 in production, otherwise 1."""
    backup_days: Optional[int] = pydantic.Field(default=None, ge=1, le=35)
    """Point-in-time recovery in the region. Default: 35 in production, 7 in staging, 1 in development."""

    @pydantic.model_validator(mode="after")
    def _minimum_below_maximum(self) -> "TrackingDatabase":
        if self.min_acu is not None and self.max_acu is not None and self.min_acu > self.max_acu:
            raise refused(
                f"min_acu {self.min_acu:g} is above max_acu {self.max_acu:g}", f"max_acu: {self.min_acu:g}"
            )
        return self


class TrackingArtifacts(Args):
    """The buckets with what runs leave behind."""

    copies: Optional[int] = pydantic.Field(default=None, ge=1, le=10)
    """In how many regions of the residency they lie. Default: 2, in development 1."""
    tier_after_days: Optional[int] = pydantic.Field(default=None, ge=0, le=3650)
    """When they move to intelligent tiering. Default: 30 in production, otherwise never."""
    deleted_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3650)
    """How long what was deleted or replaced can be had back. Default: 90 in production, 30 in staging, else 7."""
    replication_time_control: Optional[bool] = None
    """Replication within 15 minutes as an SLA, billed by the gigabyte. Default: in production."""


class RunBackups(Args):
    """Daily backups of the runs (an own MLflow's database), copied to a second region of the residency."""

    enabled: Optional[bool] = None
    """Default: not in development, where the database's own point-in-time recovery does."""
    days: int = pydantic.Field(default=35, ge=1, le=36500)
    """How long each stays."""
    locked: Optional[bool] = None
    """Whether nobody can shorten that (vault lock, governance mode). Default: in production."""


class ExperimentTrackingSettings(Args):
    """The environment's MLflow instances."""

    backend: TrackingBackend = TrackingBackend.SELF_HOSTED
    data_class: DataClass = DataClass.INTERNAL
    """The strictest class of what people log: samples of data end up among artifacts."""
    managed_size: Optional[TrackingServerSize] = None
    """Of a managed server. Default: medium in production, otherwise small."""
    managed_version: Optional[str] = pydantic.Field(default=None, pattern=r"^\d+\.\d+(\.\d+)?$")
    """MLflow's version on a managed server. Default: AWS's newest when it is made."""
    server: TrackingServer = TrackingServer()
    database: TrackingDatabase = TrackingDatabase()
    artifacts: TrackingArtifacts = TrackingArtifacts()
    backup: RunBackups = RunBackups()

    @pydantic.model_validator(mode="after")
    def _choices_belong_to_the_backend(self) -> "ExperimentTrackingSettings":
        managed = self.backend is TrackingBackend.MANAGED_SERVER
        for field in ("managed_size", "managed_version"):
            if getattr(self, field) is not None and not managed:
                raise refused(
                    f"{field} is about a managed server, and backend is {self.backend.value}",
                    f"backend: managed-server, or leave {field} out",
                )
        own = self.backend is TrackingBackend.SELF_HOSTED
        for section in ("server", "database"):
            if getattr(self, section) != type(getattr(self, section))() and not own:
                raise refused(
                    f"{section} is about an own MLflow, and backend is {self.backend.value}",
                    f"backend: self-hosted, or leave {section} out",
                )
        if self.backup.enabled and not own:
            raise refused(
                f"AWS offers no backup of the runs of a {self.backend.value}",
                "backend: self-hosted, or leave backup out; artifacts are copied in any case",
            )
        return self
