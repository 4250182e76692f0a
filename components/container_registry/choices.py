"""What the environment's class decides where the settings leave a choice open."""

from dataclasses import dataclass
from typing import Dict

from components.container_registry.settings import (
    AdmissionMode,
    ContainerRegistrySettings,
    LowestSeverity,
    Repository,
)
from components.model import Cell, EnvironmentClass

__all__ = ["Choices", "choices", "kept"]

DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

KEPT = {DEVELOPMENT: 20, STAGING: 50, PRODUCTION: 200}
UNTAGGED_DAYS = {DEVELOPMENT: 3, STAGING: 14, PRODUCTION: 14}
KEY_DELETION_DAYS = {DEVELOPMENT: 7, STAGING: 14, PRODUCTION: 30}
LOG_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 365}
ADMISSION: Dict[EnvironmentClass, AdmissionMode] = {
    DEVELOPMENT: AdmissionMode.OFF,
    STAGING: AdmissionMode.WARN,
    PRODUCTION: AdmissionMode.ENFORCE,
}


@dataclass(frozen=True)
class Choices:
    """The settings with nothing left open."""

    protected: bool
    registry_wide: bool
    untagged_days: int
    enhanced: bool
    quarantine_from: LowestSeverity
    signing: bool
    admission: AdmissionMode
    require_digest: bool
    key_deletion_days: int
    log_days: int


def choices(settings: ContainerRegistrySettings, cell: Cell) -> Choices:
    """Settings where given, otherwise what the environment's class is worth."""
    kind = cell.environment_class
    enhanced = _chosen(settings.scanning.enhanced, kind is not DEVELOPMENT)
    if settings.scanning.quarantine_from is not None:
        lowest = settings.scanning.quarantine_from
    else:
        lowest = LowestSeverity.CRITICAL if enhanced else LowestSeverity.NEVER
    return Choices(
        protected=cell.is_protected,
        registry_wide=_chosen(settings.registry_wide, kind is PRODUCTION),
        untagged_days=settings.untagged_days or UNTAGGED_DAYS[kind],
        enhanced=enhanced,
        quarantine_from=lowest,
        signing=_chosen(settings.signing.enabled, kind is not DEVELOPMENT),
        admission=settings.admission.mode or ADMISSION[kind],
        require_digest=_chosen(settings.admission.require_digest, kind is PRODUCTION),
        key_deletion_days=KEY_DELETION_DAYS[kind],
        log_days=LOG_DAYS[kind],
    )


def kept(repository: Repository, kind: EnvironmentClass) -> int:
    """How many of its images stay."""
    return repository.keep_images or KEPT[kind]


def _chosen(given: object, default: bool) -> bool:
    return default if given is None else bool(given)
