"""How the cells make experiment tracking."""

from typing import TYPE_CHECKING, Optional

from components.base import Component
from components.data_plane.surroundings import Surroundings
from components.experiment_tracking.experiment_tracking import ExperimentTracking, ExperimentTrackingArgs
from components.experiment_tracking.region import ExperimentTrackingRegion, ExperimentTrackingRegionArgs
from components.experiment_tracking.settings import ExperimentTrackingSettings

if TYPE_CHECKING:
    from components.data_plane.wiring import RegionParts

__all__ = ["regional", "spanning"]


def spanning(parent: Component, around: Surroundings, settings: ExperimentTrackingSettings) -> Component:
    args = ExperimentTrackingArgs(**dict(around), tracking=settings)
    return ExperimentTracking("experiment-tracking", args, parent.child())


def regional(
    parent: Component, around: Surroundings, settings: ExperimentTrackingSettings, parts: "RegionParts"
) -> Optional[Component]:
    """A part for the shared cluster and one for each silo tenant's, where an instance stands in it.

    Each comes after everything in its own cluster that lets pods start, and goes before it.
    """
    made = None
    for silo, cluster in {"": parts.cluster, **parts.silo_clusters}.items():
        args = ExperimentTrackingRegionArgs(
            **dict(around),
            tracking=settings,
            vpc_id=parts.network.vpc_id,
            data_subnet_ids=parts.network.data_subnet_ids,
            client_cidrs=[parts.network_settings.cidr, parts.network_settings.pod_cidr],
            kubeconfig=cluster.kubeconfig,
            silo=silo,
        )
        if args.here():
            name = "-".join(part for part in ("experiment-tracking", silo, around.cell.region) if part)
            made = ExperimentTrackingRegion(name, args, parent.child(depends_on=[cluster]))
    return made
