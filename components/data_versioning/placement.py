"""Which projects share a bucket, and in which regions it stands. Pure functions of the settings."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from components.data_versioning.settings import DataProject, DataVersioningSettings
from components.environment_settings import ANY, Tenant, TenantTier
from components.feature_store.settings import DataClass
from components.model import Cell, EnvironmentClass
from components.storage.group import Group, placed

__all__ = ["PART", "ProjectGroup", "copies_of", "groups", "residency_of"]

PART = "data"

Zones = Mapping[str, List[str]]


@dataclass(frozen=True)
class ProjectGroup:
    """Projects that share buckets and a key, in the order of their names."""

    group: Group
    projects: Tuple[DataProject, ...]


def residency_of(project: DataProject, tenants: Sequence[Tenant]) -> str:
    """The project's own, else its tenant's, else any."""
    if project.residency is not None:
        return project.residency
    owner = next((tenant for tenant in tenants if tenant.name == project.tenant), None)
    return owner.residency if owner else ANY


def copies_of(settings: DataVersioningSettings, environment_class: EnvironmentClass) -> int:
    default = 1 if environment_class is EnvironmentClass.DEVELOPMENT else 2
    return settings.copies or default


def groups(
    settings: DataVersioningSettings, cell: Cell, zones: Zones, tenants: Sequence[Tenant]
) -> Tuple[ProjectGroup, ...]:
    """Every group with its projects, by residency and tenant; a residency without regions has none."""
    owners = {tenant.name: tenant for tenant in tenants if tenant.tier is not TenantTier.POOL}
    members: Dict[Tuple[str, str], List[DataProject]] = {}
    for project in sorted(settings.projects, key=lambda project: project.name):
        owner = project.tenant if project.tenant in owners else ""
        members.setdefault((residency_of(project, tenants), owner or ""), []).append(project)
    copies = copies_of(settings, cell.environment_class)
    found = []
    for (residency, owner), projects in sorted(members.items()):
        regions = placed(residency, cell.regions, zones, copies=copies)
        if regions:
            tenant: Optional[Tenant] = owners.get(owner)
            group = Group(PART, residency, tenant, regions, _strictest(projects))
            found.append(ProjectGroup(group, tuple(projects)))
    return tuple(found)


def _strictest(projects: Sequence[DataProject]) -> str:
    order = list(DataClass)
    return max((project.data_class for project in projects), key=order.index).value
