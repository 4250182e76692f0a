"""What people decide about keeping features fresh, and about being told when they are not."""

import re
from typing import List, Optional

import pydantic

from components.environment_settings import EMAIL
from components.model import Args, refused

__all__ = ["AlarmSettings", "MaterializationSettings"]

# What Fargate offers: memory in GiB by CPU units.
FARGATE = {
    256: (0.5, 1, 2),
    512: (1, 2, 3, 4),
    1024: tuple(range(2, 9)),
    2048: tuple(range(4, 17)),
    4096: tuple(range(8, 31)),
    8192: tuple(range(16, 61, 4)),
    16384: tuple(range(32, 121, 8)),
}

# CloudWatch looks back a week at most.
MOST_MINUTES = 7 * 24 * 60 // 3


class MaterializationSettings(Args):
    """The job that writes the newest offline values into the online tables, as `feast materialize-incremental`.

    One Fargate task for each group of views, started by a schedule in the group's home region; global
    tables carry the values to the others. In its other regions the schedule exists, switched off: after
    the loss of the home region it is switched on there. Cost: the task's minutes, and what Athena reads.
    """

    image: str = pydantic.Field(min_length=1, max_length=500)
    """An image with Python, Feast and its AWS extra (and psycopg where there is a registry), with a tag or
    a digest. `feastdev/feature-server` has them."""
    every_minutes: int = pydantic.Field(default=60, ge=5, le=MOST_MINUTES)
    """Start of one run to start of the next."""
    cpu_units: int = 1024
    """Of Fargate: 1,024 are one vCPU."""
    memory_gib: float = pydantic.Field(default=4, gt=0)
    """Feast holds the rows of one view and one run in memory."""
    stale_after_minutes: Optional[int] = pydantic.Field(default=None, ge=15, le=MOST_MINUTES * 3)
    """An alarm rings when a view was not materialised for so long. Default: three times `every_minutes`."""
    skew_sample: int = pydantic.Field(default=100, ge=0, le=1000)
    """Entities of each run whose online values are compared with the offline ones; 0 compares none."""
    max_skew_percent: float = pydantic.Field(default=1, ge=0, le=100)
    """An alarm rings when more of the sample differ."""

    @pydantic.field_validator("image")
    @classmethod
    def _pinned(cls, image: str) -> str:
        name = image.rpartition("/")[2]
        if "@" not in name and name.partition(":")[2] in ("", "latest"):
            raise refused(
                f"{image!r} is whatever was pushed last", f"{image.removesuffix(':latest')}:<version>"
            )
        return image

    @pydantic.model_validator(mode="after")
    def _fits(self) -> "MaterializationSettings":
        if self.cpu_units not in FARGATE:
            raise refused(
                f"Fargate has no task of {self.cpu_units} CPU units",
                f"cpu_units: one of {', '.join(map(str, FARGATE))}",
            )
        memory = FARGATE[self.cpu_units]
        if self.memory_gib not in memory:
            raise refused(
                f"Fargate has no task of {self.cpu_units} CPU units with {self.memory_gib:g} GiB",
                f"memory_gib: {memory[0]:g} to {memory[-1]:g}, as {', '.join(f'{gib:g}' for gib in memory)}",
            )
        if self.stale_after_minutes is not None and self.stale_after_minutes < self.every_minutes:
            raise refused(
                f"stale_after_minutes {self.stale_after_minutes} is less than every_minutes "
                f"{self.every_minutes}: the alarm would ring between two runs",
                f"stale_after_minutes: {3 * self.every_minutes}",
            )
        return self

    @property
    def stale_minutes(self) -> int:
        return self.stale_after_minutes or 3 * self.every_minutes


class AlarmSettings(Args):
    """Alarms of CloudWatch about features that are late, refused or different, in each region.

    DynamoDB's own metrics (`AWS/DynamoDB`): `ReplicationLatency` of each replica, `ReadThrottleEvents` and
    `WriteThrottleEvents` of each table. S3's (`AWS/S3`): `ReplicationLatency` and
    `OperationsFailedReplication` of each replication rule. The materialisation job's own
    (`Tradewind/FeatureStore`, by `FeatureView`): `MaterializationAge` (seconds between two runs that
    succeeded) and `OnlineOfflineSkew` (percent of the sample that differ).
    """

    enabled: Optional[bool] = None
    """Default: not in development."""
    notify: List[str] = pydantic.Field(default_factory=list)
    """Mail addresses; each has to confirm the subscription once. Without one, alarms only show."""
    replication_seconds: int = pydantic.Field(default=30, ge=1, le=3600)
    """Online replicas that are further behind ring; usual is less than one second."""
    offline_replication_minutes: int = pydantic.Field(default=15, ge=1, le=1440)
    """Copies of offline data that are further behind ring; 15 is what replication time control promises."""

    @pydantic.field_validator("notify")
    @classmethod
    def _addresses(cls, addresses: List[str]) -> List[str]:
        for address in addresses:
            if not re.fullmatch(EMAIL, address):
                raise refused(f"{address} is not an e-mail address", "like ml-platform@example.com")
        return addresses
