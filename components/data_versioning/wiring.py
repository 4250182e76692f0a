"""How the cells make versions of data."""

from typing import TYPE_CHECKING, Optional

from components.base import Component
from components.data_plane.surroundings import Surroundings
from components.data_versioning.data_versioning import DataVersioning, DataVersioningArgs
from components.data_versioning.region import DataVersioningRegion, DataVersioningRegionArgs, serves_here
from components.data_versioning.settings import DataVersioningSettings

if TYPE_CHECKING:
    from components.data_plane.wiring import RegionParts

__all__ = ["regional", "spanning"]


def spanning(parent: Component, around: Surroundings, settings: DataVersioningSettings) -> Component:
    args = DataVersioningArgs(**dict(around), versions=settings)
    return DataVersioning("data-versions", args, parent.child())


def regional(
    parent: Component, around: Surroundings, settings: DataVersioningSettings, parts: "RegionParts"
) -> Optional[Component]:
    """lakeFS where it serves; its objects come after everything in the cluster that lets pods start."""
    args = DataVersioningRegionArgs(**dict(around), versions=settings, kubeconfig=parts.cluster.kubeconfig)
    if serves_here(args) is None:
        return None
    name = f"data-versions-{around.cell.region}"
    return DataVersioningRegion(name, args, parent.child(depends_on=[parts.cluster]))
