"""Which instances of MLflow there are, whom each serves and where it stands. Pure functions."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from components.environment_settings import ANY, Tenant, TenantTier
from components.experiment_tracking.settings import ExperimentTrackingSettings
from components.model import Cell, EnvironmentClass
from components.storage.group import Group, placed

__all__ = ["PART", "Instance", "copies_of", "instances", "standing_in"]

PART = "tracking"

Zones = Mapping[str, List[str]]


@dataclass(frozen=True)
class Instance:
    """One MLflow: the group its data belongs to, and the tenants that it serves."""

    group: Group
    tenants: Tuple[str, ...]
    """Their names, which are their namespaces; none: nobody but the platform's own."""

    @property
    def label(self) -> str:
        """`shared`, `eu`, `acme`, `eu-acme`."""
        return self.group.label

    @property
    def own_cluster(self) -> str:
        """The silo tenant whose own cluster it runs in; "" for the shared cluster."""
        tenant = self.group.tenant
        return tenant.name if tenant and tenant.tier is TenantTier.SILO else ""

    @property
    def own_nodes(self) -> Optional[str]:
        """The tenant whose nodes its pods run on; None: the cluster's general ones."""
        return self.group.tenant.name if self.group.tenant else None


def copies_of(settings: ExperimentTrackingSettings, environment_class: EnvironmentClass) -> int:
    default = 1 if environment_class is EnvironmentClass.DEVELOPMENT else 2
    return settings.artifacts.copies or default


def instances(
    settings: ExperimentTrackingSettings, cell: Cell, zones: Zones, tenants: Sequence[Tenant]
) -> Tuple[Instance, ...]:
    """One for the pool tenants of each residency, one for each other tenant; without tenants one for all."""
    copies = copies_of(settings, cell.environment_class)
    pools: Dict[str, List[str]] = {}
    own: List[Tenant] = []
    for tenant in tenants:
        if tenant.tier is TenantTier.POOL:
            pools.setdefault(tenant.residency, []).append(tenant.name)
        else:
            own.append(tenant)
    if not tenants:
        pools[ANY] = []
    found = []
    for residency, names in sorted(pools.items()):
        regions = placed(residency, cell.regions, zones, copies=copies)
        if regions:
            group = Group(PART, residency, None, regions, settings.data_class.value)
            found.append(Instance(group, tuple(sorted(names))))
    for tenant in sorted(own, key=lambda tenant: tenant.name):
        regions = placed(tenant.residency, cell.regions, zones, copies=copies)
        if regions:
            group = Group(PART, tenant.residency, tenant, regions, settings.data_class.value)
            found.append(Instance(group, (tenant.name,)))
    return tuple(found)


def standing_in(all_instances: Sequence[Instance], region: str) -> Tuple[Instance, ...]:
    """The instances whose server and database are in `region`."""
    return tuple(instance for instance in all_instances if instance.group.home == region)
