"""The component package: which classes other programs may use, in any language Pulumi speaks.

Pulumi's own host reads the classes' annotations. `PackageProvider` adds what only the models know: what
may be left out, defaults, limits and descriptions in the schema, and every problem of the arguments at
its own property, where the host alone would end in a traceback.
"""

from importlib.metadata import version
from typing import List, Optional, Type, get_type_hints

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from components.cells import GlobalCell, RegionalCell
from components.cluster.cluster import Cluster
from components.container_registry.container_registry import ContainerRegistry
from components.container_registry.region import ContainerRegistryRegion
from components.data_versioning.data_versioning import DataVersioning
from components.data_versioning.region import DataVersioningRegion
from components.experiment_tracking.experiment_tracking import ExperimentTracking
from components.experiment_tracking.region import ExperimentTrackingRegion
from components.feature_store.feature_store import FeatureStore
from components.feature_store.region import FeatureStoreRegion
from components.model import PACKAGE, Args
from components.model_registry.model_registry import ModelRegistry
from components.model_registry.region import ModelRegistryRegion
from components.network.network import Network
from components.package_arguments import arguments, refusal
from components.package_schema import schema_text
from components.pipelines.region import PipelinesRegion
from components.spending import Spending
from components.tenant_key import TenantKey

__all__ = ["COMPONENTS", "PackageProvider", "args_of"]

COMPONENTS: List[Type[pulumi.ComponentResource]] = [
    Cluster,
    ContainerRegistry,
    ContainerRegistryRegion,
    DataVersioning,
    DataVersioningRegion,
    ExperimentTracking,
    ExperimentTrackingRegion,
    FeatureStore,
    FeatureStoreRegion,
    GlobalCell,
    ModelRegistry,
    ModelRegistryRegion,
    Network,
    PipelinesRegion,
    RegionalCell,
    Spending,
    TenantKey,
]


def args_of(component: Type[pulumi.ComponentResource]) -> Type[Args]:
    """The model of a component's arguments."""
    model: Type[Args] = get_type_hints(component.__init__)["args"]
    return model


class PackageProvider(ComponentProvider):
    """Serves `COMPONENTS` under the project's name and version."""

    def __init__(self) -> None:
        release = version(PACKAGE)
        super().__init__(COMPONENTS, PACKAGE, version=release)
        models = {component.__name__: args_of(component) for component in COMPONENTS}
        self.schema = schema_text(release, models, self._component_defs, self._type_defs, self._dependencies)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: Optional[pulumi.ResourceOptions] = None,
    ) -> ConstructResult:
        """The component with its children.

        Raises `pulumi.InputPropertiesError` with everything that is wrong with `inputs`.
        """
        self.validate_resource_type(PACKAGE, resource_type)
        kind = resource_type.rpartition(":")[2]
        component = self._components[kind]
        args = arguments(args_of(component), inputs)
        try:
            instance = component(name, args, options)  # type: ignore[arg-type]
        except ValueError as error:
            models = {model.__name__: model for model in map(args_of, COMPONENTS)}
            raise refusal(error, models) from error
        except Exception as error:
            # The host then leaves its own frames out of what it reports.
            raise ComponentInitError(error) from error
        return ConstructResult(instance.urn, self.get_state(instance, self._component_defs[kind]))
