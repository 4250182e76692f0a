"""What the environment's class decides where the settings leave a choice open, and what runs where."""

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from components.environment_settings import regions_of
from components.model import Cell, EnvironmentClass
from components.pipelines.settings import (
    ANY,
    Dataset,
    Engine,
    Pipeline,
    PipelinesSettings,
)
from components.pipelines.tasks import Placed, place, read_datasets

__all__ = ["Choices", "choices", "datasets_of", "fargate_size", "homes", "of_engine", "placed_in"]

DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

KEEP_DAYS = {DEVELOPMENT: 7, STAGING: 14, PRODUCTION: 30}
LOG_DAYS = {DEVELOPMENT: 7, STAGING: 30, PRODUCTION: 365}
KEY_DELETION_DAYS = {DEVELOPMENT: 7, STAGING: 14, PRODUCTION: 30}

# vCPUs of a task on Fargate, with the least and most memory in GiB and its steps.
# Source: AWS Batch user guide, "Fargate compute environments", as of November 2026.
FARGATE: Tuple[Tuple[float, Tuple[float, ...]], ...] = (
    (0.25, (0.5, 1, 2)),
    (0.5, (1, 2, 3, 4)),
    (1, tuple(range(2, 9))),
    (2, tuple(range(4, 17))),
    (4, tuple(range(8, 31))),
    (8, tuple(range(16, 61, 4))),
    (16, tuple(range(32, 121, 8))),
)


@dataclass(frozen=True)
class Choices:
    """The section's settings with nothing left open."""

    keep_days: int
    log_days: int
    key_deletion_days: int
    standby: bool
    traced: bool
    """Whether state machines are traced with X-Ray, which is paid by the trace."""


def choices(settings: PipelinesSettings, cell: Cell) -> Choices:
    kind = cell.environment_class
    return Choices(
        keep_days=settings.keep_days or KEEP_DAYS[kind],
        log_days=LOG_DAYS[kind],
        key_deletion_days=KEY_DELETION_DAYS[kind],
        standby=kind is PRODUCTION if settings.standby is None else settings.standby,
        traced=kind is PRODUCTION,
    )


def homes(
    settings: PipelinesSettings, pipeline: Pipeline, cell: Cell, zones: Dict[str, List[str]]
) -> List[str]:
    """The regions it may run in, the one where triggers start it first; none where nobody defined its zone."""
    if pipeline.residency != ANY and pipeline.residency not in zones:
        return []
    regions = regions_of(pipeline.residency, cell.regions, zones)
    return sorted(regions, key=lambda region: region != settings.active_region)


def placed_in(settings: PipelinesSettings, cell: Cell, zones: Dict[str, List[str]]) -> List[Placed]:
    """The pipelines that stand in the cell's region, in their order."""
    standby, found = choices(settings, cell).standby, []
    for pipeline in settings.pipelines:
        regions = homes(settings, pipeline, cell, zones)
        if cell.region in regions and (standby or cell.region == regions[0]):
            found.append(place(settings, pipeline, cell, active=cell.region == regions[0]))
    return found


def of_engine(placed: Sequence[Placed], *engines: Engine) -> List[Placed]:
    return [one for one in placed if one.engine in engines]


def datasets_of(settings: PipelinesSettings, placed: Sequence[Placed]) -> List[Dataset]:
    """Datasets that the placed pipelines read, in the settings' order."""
    read = {one.name for it in placed for one in read_datasets(it.pipeline, settings.datasets)}
    return [one for one in settings.datasets if one.name in read]


def fargate_size(cpu: float, memory_gib: float) -> Tuple[float, float]:
    """The smallest size of a task on Fargate that has so much: (vCPUs, GiB). Raises `ValueError`."""
    for vcpus, memories in FARGATE:
        fitting = [memory for memory in memories if memory >= memory_gib]
        if vcpus >= cpu and fitting:
            return vcpus, fitting[0]
    raise ValueError(f"Fargate has no size with {cpu:g} vCPUs and {memory_gib:g} GiB: it ends at 16 and 120")
