"""What is wrong with data versions in an environment: mistakes that no field can see by itself."""

from typing import List, Sequence

from components.catalogue import nearest
from components.data_plane.surroundings import Surroundings
from components.data_versioning.placement import copies_of, groups, residency_of
from components.data_versioning.settings import DataProject, DataVersioningSettings
from components.environment_settings import ANY, regions_of
from components.naming import name
from problems import Problem

__all__ = ["problems_of"]


def problems_of(settings: DataVersioningSettings, around: Surroundings) -> Sequence[Problem]:
    """Every mistake, with its path below the section; `place` is left to the caller."""
    found: List[Problem] = []
    for number, project in enumerate(settings.projects):
        found.extend(_project(project, f"projects[{number}]", around))
    found.extend(_lakefs(settings))
    if not found:
        found.extend(_copies(settings, around))
        found.extend(_labels(settings, around))
    return found


def _project(project: DataProject, path: str, around: Surroundings) -> List[Problem]:
    owner = next((tenant for tenant in around.tenants if tenant.name == project.tenant), None)
    if project.tenant and owner is None:
        known = [tenant.name for tenant in around.tenants]
        meant = nearest(project.tenant, known)
        fix = " or ".join(meant) or "add it to tenants, or leave tenant out"
        return [Problem("", f"{path}.tenant", project.tenant, "tenants lists no such tenant", fix)]
    residency = residency_of(project, around.tenants)
    if residency != ANY and residency not in around.residency:
        known = [ANY, *sorted(around.residency)]
        but = f"project {project.name!r} names no zone of residency.zones"
        return [Problem("", f"{path}.residency", residency, but, f"one of {', '.join(known)}")]
    if owner is not None and owner.residency != ANY and residency != owner.residency:
        but = f"tenant {owner.name!r} has residency {owner.residency!r}, and its data must not leave it"
        return [Problem("", f"{path}.residency", residency, but, f"{owner.residency}, or leave it out")]
    if not regions_of(residency, around.cell.regions, around.residency):
        listed = ", ".join(around.residency[residency])
        but = f"the environment has no region of that zone ({listed}), only {', '.join(around.cell.regions)}"
        fix = "add one of them to regions, or change the project's residency"
        return [Problem("", f"{path}.residency", residency, but, fix)]
    return []


def _lakefs(settings: DataVersioningSettings) -> List[Problem]:
    names = [project.name for project in settings.projects]
    if settings.lakefs is None or settings.lakefs.project in names:
        return []
    fix = f"one of {', '.join(nearest(settings.lakefs.project, names) or names)}"
    return [Problem("", "lakefs.project", settings.lakefs.project, "it is none of the projects", fix)]


def _copies(settings: DataVersioningSettings, around: Surroundings) -> List[Problem]:
    """More copies than the environment has regions: somebody counts on one that would not be there."""
    wanted, there = copies_of(settings, around.cell.environment_class), len(around.cell.regions)
    if settings.copies is None or wanted <= there:
        return []
    but = f"the environment has {there} region{'s' if there > 1 else ''}, and each holds one copy"
    return [Problem("", "copies", str(wanted), but, f"copies: {there}, or add regions")]


def _labels(settings: DataVersioningSettings, around: Surroundings) -> List[Problem]:
    """Zone `eu` with tenant `a-b` and zone `eu-a` with tenant `b` would have one name."""
    taken: dict[str, str] = {}
    found = []
    for owned in groups(settings, around.cell, around.residency, around.tenants):
        label = name(around.cell, *owned.group.label_parts, limit=200)
        tenant = owned.group.tenant.name if owned.group.tenant else None
        what = f"residency {owned.group.residency!r} with tenant {tenant!r}"
        if label in taken:
            but = f"has the same names as {taken[label]}"
            found.append(Problem("", "projects", what, but, "rename the tenant or the zone"))
        taken.setdefault(label, what)
    return found
