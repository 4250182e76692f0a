"""What the environment's class decides where the settings leave a choice open."""

from dataclasses import dataclass
from typing import Optional

from components.data_versioning.settings import GLACIER_IR_DAYS, DataVersioningSettings
from components.model import Cell, EnvironmentClass

__all__ = ["Choices", "choices"]

DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

EXPIRE_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 365}
ARCHIVE_DAYS = 30
TIER_DAYS = 30


@dataclass(frozen=True)
class Choices:
    """The settings with nothing left open."""

    archive_days: Optional[int]
    expire_days: int
    tier_days: Optional[int]
    time_control: bool
    access_point: bool
    """Where a group has more than one region."""
    backup: bool
    locked: bool
    lakefs_replicas: int


def choices(settings: DataVersioningSettings, cell: Cell) -> Choices:
    """Settings where given, otherwise what the environment's class is worth."""
    production = cell.environment_class is PRODUCTION
    old = settings.old_versions
    expire = old.expire_after_days or EXPIRE_DAYS[cell.environment_class]
    archive = old.archive_after_days
    if archive is None and production and expire >= ARCHIVE_DAYS + GLACIER_IR_DAYS:
        archive = ARCHIVE_DAYS
    tier = settings.tier_after_days
    if tier is None and production:
        tier = TIER_DAYS
    backup = settings.backup
    replicas = settings.lakefs.replicas if settings.lakefs else None
    return Choices(
        archive_days=archive,
        expire_days=expire,
        tier_days=tier,
        time_control=_or(settings.replication_time_control, production),
        access_point=_or(settings.multi_region_access_point, production),
        backup=_or(backup.enabled, production),
        locked=_or(backup.locked, production),
        lakefs_replicas=replicas or (2 if production else 1),
    )


def _or(given: Optional[bool], default: bool) -> bool:
    return default if given is None else given
