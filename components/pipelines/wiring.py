"""How an environment's regional cells make their pipelines."""

from typing import TYPE_CHECKING

import pulumi

from components.base import Component
from components.data_plane.surroundings import Surroundings
from components.pipelines.defaults import of_engine
from components.pipelines.region import PipelinesRegion, PipelinesRegionArgs
from components.pipelines.settings import Engine, PipelinesSettings

if TYPE_CHECKING:
    from components.data_plane.wiring import RegionParts

__all__ = ["regional"]


def regional(
    parent: Component, around: Surroundings, settings: PipelinesSettings, parts: "RegionParts"
) -> Component:
    """The region's pipelines; they wait for its cluster only where one of them runs on it."""
    args = PipelinesRegionArgs(
        **dict(around),
        pipelines=settings,
        vpc_id=parts.network.vpc_id,
        private_subnet_ids=parts.network.private_subnet_ids,
        cidr=parts.network_settings.cidr,
        cluster_name=parts.cluster.cluster_name,
    )
    options: pulumi.ResourceOptions = parent.child()
    if of_engine(args.placed(), Engine.ARGO):
        options = parent.child(providers=[parts.cluster.provider], depends_on=[parts.cluster])
    return PipelinesRegion(f"pipelines-{around.cell.region}", args, options)
