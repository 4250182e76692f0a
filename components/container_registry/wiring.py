"""How an environment's cells make the container registry."""

from typing import TYPE_CHECKING

from components.base import Component
from components.cluster.names import ClusterNames
from components.container_registry.admission import admit
from components.container_registry.choices import choices
from components.container_registry.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.container_registry.region import ContainerRegistryRegion, ContainerRegistryRegionArgs
from components.container_registry.settings import ContainerRegistrySettings
from components.data_plane.surroundings import Surroundings

if TYPE_CHECKING:
    from components.data_plane.wiring import RegionParts

__all__ = ["regional", "spanning"]

SYSTEM_NODES, KARPENTER_NODES = "system", "nodes"


def spanning(parent: Component, around: Surroundings, settings: ContainerRegistrySettings) -> Component:
    args = ContainerRegistryArgs(**dict(around), registry=settings)
    return ContainerRegistry("container-registry", args, parent.child())


def regional(
    parent: Component, around: Surroundings, settings: ContainerRegistrySettings, parts: "RegionParts"
) -> Component:
    """The registry, and in each of the region's clusters the policy about what runs there."""
    clusters = {"": parts.cluster, **parts.silo_clusters}
    roles = [
        ClusterNames(around.cell, suffix).role(part)
        for suffix in clusters
        for part in (SYSTEM_NODES, KARPENTER_NODES)
    ]
    args = ContainerRegistryRegionArgs(**dict(around), registry=settings, node_roles=roles)
    name = f"container-registry-{around.cell.region}"
    made = ContainerRegistryRegion(name, args, parent.child(depends_on=list(clusters.values())))
    chosen = choices(settings, around.cell)
    for suffix, cluster in clusters.items():
        admit(
            f"{name}-{suffix}" if suffix else name,
            around.cell,
            chosen.admission,
            settings.admission.exempt_namespaces,
            require_digest=chosen.require_digest,
            opts=made.child(provider=cluster.provider, depends_on=[cluster]),
        )
    return made
