"""The component package: which classes other programs may use, in any language Pulumi speaks.

Pulumi's own host reads the classes' annotations, but knows neither that a pydantic field with a default
may be left out nor the description of an inherited field. `PackageProvider` adds both.
"""

import ast
import inspect
import json
import textwrap
from importlib.metadata import version
from typing import Any, Dict, List, get_type_hints

import pulumi
import pydantic
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.schema import generate_schema

from components.cells import GlobalCell, RegionalCell
from components.cluster import Cluster
from components.feature_store import FeatureStore
from components.feature_store_region import FeatureStoreRegion
from components.model import PACKAGE
from components.network import Network
from components.spending import Spending
from components.tenant_key import TenantKey

__all__ = ["COMPONENTS", "PackageProvider"]

COMPONENTS: List[type[pulumi.ComponentResource]] = [
    Cluster,
    FeatureStore,
    FeatureStoreRegion,
    GlobalCell,
    Network,
    RegionalCell,
    Spending,
    TenantKey,
]


class PackageProvider(ComponentProvider):
    """Serves `COMPONENTS` under the project's name and version."""

    def __init__(self) -> None:
        release = version(PACKAGE)
        super().__init__(COMPONENTS, PACKAGE, version=release)
        for component in COMPONENTS:
            definition = self._component_defs[component.__name__]
            args = get_type_hints(component.__init__)["args"]
            _complete(args, definition.inputs, definition.inputs_mapping)
        for kind in self._type_defs.values():
            _complete(kind.python_type, kind.properties, kind.properties_mapping)
        schema = generate_schema(
            PACKAGE, release, None, self._component_defs, self._type_defs, self._dependencies
        )
        self.schema = json.dumps(schema.to_json())


def _complete(model: Any, properties: Dict[str, Any], names: Dict[str, str]) -> None:
    """Marks what may be left out and adds missing descriptions; `names` maps a property to its field."""
    if not (isinstance(model, type) and issubclass(model, pydantic.BaseModel)):
        return
    described = descriptions(model)
    for property_name, definition in properties.items():
        field = model.model_fields[names[property_name]]
        definition.optional = definition.optional or not field.is_required()
        definition.description = definition.description or described.get(names[property_name])


def descriptions(model: type[pydantic.BaseModel]) -> Dict[str, str]:
    """The docstrings below a model's fields, its base classes' included."""
    found: Dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, pydantic.BaseModel) and kind is not pydantic.BaseModel:
            body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
            assert isinstance(body, ast.ClassDef)
            for statement, following in zip(body.body, body.body[1:], strict=False):
                if (
                    isinstance(statement, ast.AnnAssign)
                    and isinstance(statement.target, ast.Name)
                    and isinstance(following, ast.Expr)
                    and isinstance(following.value, ast.Constant)
                ):
                    found[statement.target.id] = inspect.cleandoc(str(following.value.value))
    return found
