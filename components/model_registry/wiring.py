"""How an environment's cells make the model registry."""

from typing import TYPE_CHECKING

from components.base import Component
from components.data_plane.surroundings import Surroundings
from components.model_registry.model_registry import ModelRegistry, ModelRegistryArgs
from components.model_registry.region import ModelRegistryRegion, ModelRegistryRegionArgs
from components.model_registry.settings import ModelRegistrySettings

if TYPE_CHECKING:
    from components.data_plane.wiring import RegionParts

__all__ = ["regional", "spanning"]


def spanning(parent: Component, around: Surroundings, settings: ModelRegistrySettings) -> Component:
    args = ModelRegistryArgs(**dict(around), registry=settings)
    return ModelRegistry("model-registry", args, parent.child())


def regional(
    parent: Component, around: Surroundings, settings: ModelRegistrySettings, _: "RegionParts"
) -> Component:
    args = ModelRegistryRegionArgs(**dict(around), registry=settings)
    return ModelRegistryRegion(f"model-registry-{around.cell.region}", args, parent.child())
