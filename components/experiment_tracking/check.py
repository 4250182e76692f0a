"""What is wrong with experiment tracking in an environment: mistakes that no field can see by itself."""

from typing import List, Sequence

from components.data_plane.surroundings import Surroundings
from components.experiment_tracking.instances import copies_of, instances
from components.experiment_tracking.names import database_identifier
from components.experiment_tracking.settings import ExperimentTrackingSettings, TrackingBackend
from components.model import EnvironmentClass
from problems import Problem

__all__ = ["problems_of"]


def problems_of(settings: ExperimentTrackingSettings, around: Surroundings) -> Sequence[Problem]:
    """Every mistake, with its path below the section; `place` is left to the caller."""
    return [
        *_copies(settings, around),
        *_pause(settings, around),
        *_latest(settings),
        *_backup_somewhere_else(settings, around),
        *_labels(settings, around),
    ]


def _copies(settings: ExperimentTrackingSettings, around: Surroundings) -> List[Problem]:
    """More copies than the environment has regions: somebody counts on one that would not be there."""
    there = len(around.cell.regions)
    wanted = copies_of(settings, around.cell.environment_class)
    if settings.artifacts.copies is None or wanted <= there:
        return []
    but = f"the environment has {there} region{'s' if there > 1 else ''}, and each holds one copy"
    return [Problem("", "artifacts.copies", str(wanted), but, f"copies: {there}, or add regions")]


def _pause(settings: ExperimentTrackingSettings, around: Surroundings) -> List[Problem]:
    production = around.cell.environment_class is EnvironmentClass.PRODUCTION
    if settings.database.min_acu != 0 or not production:
        return []
    but = "a paused database takes up to half a minute to wake, and a training that logs meanwhile fails"
    return [Problem("", "database.min_acu", "0", but, "min_acu: 0.5 in production")]


def _latest(settings: ExperimentTrackingSettings) -> List[Problem]:
    image = settings.server.image
    if settings.backend is not TrackingBackend.SELF_HOSTED or not image.endswith(":latest"):
        return []
    but = "a new version migrates the database on its first start, so somebody has to have chosen it"
    return [Problem("", "server.image", image, but, "a version, such as :v3.17.2-full, or a digest")]


def _backup_somewhere_else(settings: ExperimentTrackingSettings, around: Surroundings) -> List[Problem]:
    """Asked for by name, backups go to a second region: one copy of the artifacts means no second region."""
    if not settings.backup.enabled or len(around.cell.regions) < 2 or settings.artifacts.copies != 1:
        return []
    but = "backups are copied to the region of the second copy of the artifacts, and there is none"
    return [Problem("", "artifacts.copies", "1", but, "copies: 2, or leave backup.enabled out")]


def _labels(settings: ExperimentTrackingSettings, around: Surroundings) -> List[Problem]:
    """Zone `eu` with tenant `a` and tenant `eu-a` would have one name."""
    taken: dict[str, str] = {}
    found = []
    for instance in instances(settings, around.cell, around.residency, around.tenants):
        label = database_identifier(around.cell, instance)
        what = ", ".join(instance.tenants) or "nobody"
        if label in taken:
            but = f"its instance would have the names of that of {taken[label]}: {label}"
            found.append(Problem("", "", what, but, "rename the tenant or the zone"))
        taken.setdefault(label, what)
    return found
