"""What the environment's class decides where the settings leave a choice open."""

from dataclasses import dataclass
from typing import Sequence, Tuple

from components.feature_store.settings import (
    FeatureStoreSettings,
    FeatureView,
    StorageClass,
    Transition,
)
from components.model import Cell, EnvironmentClass

__all__ = ["Choices", "Registry", "choices", "maintenance_window", "registry_of", "throughput_of"]

DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

# Request units a second that an on-demand table may take; DynamoDB's own quota is 40,000 of each.
CEILING = {DEVELOPMENT: 1_000, STAGING: 4_000, PRODUCTION: 40_000}

POINT_IN_TIME_DAYS = {DEVELOPMENT: 0, STAGING: 7, PRODUCTION: 35}
BACKUP_DAYS = {DEVELOPMENT: 1, STAGING: 7, PRODUCTION: 35}
NONCURRENT_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 90}
SCANNED_GIB = {DEVELOPMENT: 100, STAGING: 1_024, PRODUCTION: 10_240}
KEY_DELETION_DAYS = {DEVELOPMENT: 7, STAGING: 14, PRODUCTION: 30}
LOG_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 365}

MIN_ACU = {DEVELOPMENT: 0.0, STAGING: 0.5, PRODUCTION: 1.0}
MAX_ACU = {DEVELOPMENT: 4.0, STAGING: 4.0, PRODUCTION: 16.0}
# A cluster of a global database does not pause.
MIN_ACU_GLOBAL = 0.5

GIB = 1024**3

# Not at the weekend: when an upgrade goes wrong, somebody is there.
WEEK = ("tue", "wed", "thu", "mon", "fri", "sat", "sun")


@dataclass(frozen=True)
class Choices:
    """The store's settings with nothing left open, but for what is decided per view and the registry."""

    protected: bool
    """Deletion protection, and `protect` in the stack."""
    point_in_time_recovery_days: int
    """0 where there is none."""
    noncurrent_days: int
    replication_time_control: bool
    request_metrics: bool
    transitions: Tuple[Transition, ...]
    max_scanned_bytes: int
    key_deletion_days: int
    log_days: int


@dataclass(frozen=True)
class Registry:
    """Aurora's settings with nothing left open; `enabled` False means Feast's file in the bucket."""

    enabled: bool
    min_acu: float
    max_acu: float
    instances: int
    backup_days: int


def choices(store: FeatureStoreSettings, cell: Cell) -> Choices:
    """Settings where given, otherwise what the environment's class is worth."""
    offline, environment_class = store.offline, cell.environment_class
    production = environment_class is PRODUCTION
    steps = offline.transitions
    if steps is None:
        tiering = Transition(after_days=30, storage_class=StorageClass.INTELLIGENT_TIERING)
        steps = [tiering] if production else []
    control = offline.replication_time_control
    return Choices(
        protected=cell.is_protected,
        point_in_time_recovery_days=POINT_IN_TIME_DAYS[environment_class],
        noncurrent_days=offline.noncurrent_days or NONCURRENT_DAYS[environment_class],
        replication_time_control=production if control is None else control,
        request_metrics=environment_class is not DEVELOPMENT,
        transitions=tuple(steps),
        max_scanned_bytes=(offline.max_scanned_gib_per_query or SCANNED_GIB[environment_class]) * GIB,
        key_deletion_days=KEY_DELETION_DAYS[environment_class],
        log_days=LOG_DAYS[environment_class],
    )


def throughput_of(view: FeatureView, environment_class: EnvironmentClass) -> Tuple[int, int]:
    """Ceilings of (read, write) request units a second in each region."""
    default = CEILING[environment_class]
    return view.max_read_units_per_second or default, view.max_write_units_per_second or default


def registry_of(store: FeatureStoreSettings, environment_class: EnvironmentClass, regions: int) -> Registry:
    """The registry's capacity and copies; several regions are one global database, which never pauses."""
    given = store.registry
    production = environment_class is PRODUCTION
    least = MIN_ACU[environment_class] if given.min_acu is None else given.min_acu
    if regions > 1:
        least = max(least, MIN_ACU_GLOBAL)
    most = MAX_ACU[environment_class] if given.max_acu is None else given.max_acu
    return Registry(
        enabled=environment_class is not DEVELOPMENT if given.enabled is None else given.enabled,
        min_acu=least,
        max_acu=max(least, most),
        instances=given.instances or (2 if production else 1),
        backup_days=given.backup_days or BACKUP_DAYS[environment_class],
    )


def maintenance_window(regions: Sequence[str], region: str) -> str:
    """A night of the week in UTC, a different one for each of up to seven regions."""
    day = WEEK[list(regions).index(region) % len(WEEK)]
    return f"{day}:03:00-{day}:04:00"
