"""What the environment's class decides where the settings leave a choice open."""

from dataclasses import dataclass
from typing import Optional

from components.aurora.parts import Capacity
from components.experiment_tracking.settings import (
    ExperimentTrackingSettings,
    TrackingBackend,
    TrackingServerSize,
)
from components.model import Cell, EnvironmentClass

__all__ = ["Choices", "capacity_of", "choices"]

DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

DELETED_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 90}
BACKUP_DAYS = {DEVELOPMENT: 1, STAGING: 7, PRODUCTION: 35}
LOG_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 365}
TIER_DAYS = 30


@dataclass(frozen=True)
class Choices:
    """The settings with nothing left open, but for the database's."""

    tier_days: Optional[int]
    deleted_days: int
    time_control: bool
    backup: bool
    locked: bool
    replicas: int
    size: TrackingServerSize


def choices(settings: ExperimentTrackingSettings, cell: Cell) -> Choices:
    """Settings where given, otherwise what the environment's class is worth."""
    production = cell.environment_class is PRODUCTION
    artifacts, backup = settings.artifacts, settings.backup
    tier = artifacts.tier_after_days
    control, enabled, locked = artifacts.replication_time_control, backup.enabled, backup.locked
    own = settings.backend is TrackingBackend.SELF_HOSTED
    by_default = own and cell.environment_class is not DEVELOPMENT
    return Choices(
        tier_days=TIER_DAYS if tier is None and production else tier,
        deleted_days=artifacts.deleted_days or DELETED_DAYS[cell.environment_class],
        time_control=production if control is None else control,
        backup=by_default if enabled is None else enabled,
        locked=production if locked is None else locked,
        replicas=settings.server.replicas or (2 if production else 1),
        size=settings.managed_size or (TrackingServerSize.MEDIUM if production else TrackingServerSize.SMALL),
    )


def capacity_of(settings: ExperimentTrackingSettings, cell: Cell) -> Capacity:
    """The database of each instance."""
    given = settings.database
    production = cell.environment_class is PRODUCTION
    least = given.min_acu
    if least is None:
        least = 0.0 if cell.environment_class is DEVELOPMENT else 0.5
    most = given.max_acu or (8.0 if production else 2.0)
    return Capacity(
        engine_version=given.engine_version,
        min_acu=least,
        max_acu=max(least, most),
        instances=given.instances or (2 if production else 1),
        backup_days=given.backup_days or BACKUP_DAYS[cell.environment_class],
        log_days=LOG_DAYS[cell.environment_class],
    )
