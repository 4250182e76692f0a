"""What the environment's class decides where the settings leave a choice open."""

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from components.model import Cell, EnvironmentClass
from components.model_registry.settings import Evidence, ModelRegistrySettings

__all__ = ["STAGES", "Choices", "choices"]

DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

STAGES: Tuple[str, ...] = ("development", "staging", "production")
"""In the order in which a release passes them."""

LOCK_DAYS = {DEVELOPMENT: 1, STAGING: 30, PRODUCTION: 365}
NONCURRENT_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 90}
POINT_IN_TIME_DAYS = {DEVELOPMENT: 0, STAGING: 7, PRODUCTION: 35}
LOG_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 365}


@dataclass(frozen=True)
class Choices:
    """The settings with nothing left open."""

    lock: Dict[str, Any]
    """Retention of every new object, as S3 takes it."""
    noncurrent_days: int
    time_control: bool
    point_in_time_days: int
    log_days: int
    evidence: Dict[str, List[str]]
    """What is asked for, by stage."""
    max_age_days: int
    image_scan: bool


def choices(settings: ModelRegistrySettings, cell: Cell) -> Choices:
    kind, artifacts = cell.environment_class, settings.artifacts
    control, scan = artifacts.time_control, settings.evidence.image_scan
    days = artifacts.lock_days or LOCK_DAYS[kind]
    return Choices(
        lock={"mode": artifacts.lock_mode.value.upper(), "days": days},
        noncurrent_days=artifacts.noncurrent_days or NONCURRENT_DAYS[kind],
        time_control=kind is PRODUCTION if control is None else control,
        point_in_time_days=POINT_IN_TIME_DAYS[kind],
        log_days=LOG_DAYS[kind],
        evidence={
            "development": [],
            "staging": _named(settings.evidence.staging),
            "production": _named(settings.evidence.production),
        },
        max_age_days=settings.evidence.max_age_days,
        image_scan=kind is not DEVELOPMENT if scan is None else scan,
    )


def _named(wanted: List[Evidence]) -> List[str]:
    return [one.value for one in wanted]
