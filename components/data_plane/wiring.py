"""Which component each section makes in the global cell, and which in each region.

A component that spans regions, or stands in several by name, is made in the global cell; what a region
loses when it is lost is made in that region's.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional

from components.base import Component
from components.cluster.cluster import Cluster
from components.container_registry import wiring as container_registry
from components.data_plane.settings import DataPlaneSettings
from components.data_plane.surroundings import Surroundings
from components.data_versioning import wiring as data_versioning
from components.experiment_tracking import wiring as experiment_tracking
from components.feature_store.region import FeatureStoreRegion
from components.model_registry import wiring as model_registry
from components.network.network import Network
from components.network.settings import NetworkSettings
from components.pipelines import wiring as pipelines

__all__ = ["REGIONAL", "SPANNING", "RegionParts", "make_regional", "make_spanning"]


@dataclass(frozen=True)
class RegionParts:
    """What a region has already when its part of the data plane is made."""

    network: Network
    network_settings: NetworkSettings
    cluster: Cluster
    """The cluster that tenants share."""
    silo_clusters: Dict[str, Cluster]
    """Silo tenants' own clusters by tenant."""
    feature_store: FeatureStoreRegion


Spanning = Callable[[Component, Surroundings, Any], Component]
"""(parent, surroundings, the section's settings)"""
Regional = Callable[[Component, Surroundings, Any, RegionParts], Optional[Component]]
"""(parent, surroundings, the section's settings, parts of the region); None where the region needs none."""

SPANNING: Dict[str, Spanning] = {
    "container_registry": container_registry.spanning,
    "model_registry": model_registry.spanning,
    "data_versioning": data_versioning.spanning,
    "experiment_tracking": experiment_tracking.spanning,
}
REGIONAL: Dict[str, Regional] = {
    "container_registry": container_registry.regional,
    "model_registry": model_registry.regional,
    "data_versioning": data_versioning.regional,
    "experiment_tracking": experiment_tracking.regional,
    "pipelines": pipelines.regional,
}


def make_spanning(
    parent: Component, around: Surroundings, settings: DataPlaneSettings
) -> Dict[str, Component]:
    """What the sections make in the global cell, by section."""
    return {
        section: make(parent, around, getattr(settings, section))
        for section, make in SPANNING.items()
        if getattr(settings, section) is not None
    }


def make_regional(
    parent: Component, around: Surroundings, settings: DataPlaneSettings, parts: RegionParts
) -> Dict[str, Component]:
    """What the sections make in one region, by section."""
    made = {
        section: make(parent, around, getattr(settings, section), parts)
        for section, make in REGIONAL.items()
        if getattr(settings, section) is not None
    }
    return {section: part for section, part in made.items() if part is not None}
