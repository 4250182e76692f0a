"""The sections of a specification that may be left out: a component with no section is not made."""

from typing import Optional

from components.container_registry.settings import ContainerRegistrySettings
from components.data_versioning.settings import DataVersioningSettings
from components.experiment_tracking.settings import ExperimentTrackingSettings
from components.model import Args
from components.model_registry.settings import ModelRegistrySettings
from components.pipelines.settings import PipelinesSettings

__all__ = ["DataPlaneSettings"]


class DataPlaneSettings(Args):
    """Settings of the data plane's components, by the name of their section."""

    container_registry: Optional[ContainerRegistrySettings] = None
    data_versioning: Optional[DataVersioningSettings] = None
    experiment_tracking: Optional[ExperimentTrackingSettings] = None
    model_registry: Optional[ModelRegistrySettings] = None
    pipelines: Optional[PipelinesSettings] = None
