"""The component package's schema: what Pulumi's analyzer reads, completed by what the models know."""

import json
from typing import Any, Dict, Mapping, Sequence, Type

import pydantic
from pulumi.provider.experimental.schema import generate_schema

from components.model import PACKAGE
from components.reference import Field, default_of, fields

__all__ = ["schema_text"]

ABOUT = {
    "displayName": "Tradewind",
    "description": "Parts of a machine-learning platform in several AWS regions: networks, EKS clusters, "
    "feature stores, tenants' keys and budgets.",
    "license": "Apache-2.0",
    "keywords": ["kind/component", "category/cloud"],
}


def schema_text(
    release: str,
    models: Mapping[str, Type[pydantic.BaseModel]],
    components: Mapping[str, Any],
    kinds: Mapping[str, Any],
    dependencies: Sequence[Any],
) -> str:
    """The schema as JSON text.

    `models` are the components' arguments by component; `components` and `kinds` are the analyzer's
    definitions, which are completed in place: they also decide which inputs the host asks for.
    """
    nested = {
        name: kind.python_type
        for name, kind in kinds.items()
        if isinstance(kind.python_type, type) and issubclass(kind.python_type, pydantic.BaseModel)
    }
    for name, model in models.items():
        _complete(model, components[name].inputs)
    for name, model in nested.items():
        _complete(model, kinds[name].properties)
    spec = generate_schema(
        PACKAGE, release, None, dict(components), dict(kinds), list(dependencies)
    ).to_json()
    for name, model in models.items():
        _annotate(model, spec["resources"][f"{PACKAGE}:index:{name}"]["inputProperties"])
    for name, model in nested.items():
        _annotate(model, spec["types"][f"{PACKAGE}:index:{name}"].get("properties", {}))
    return json.dumps({**spec, **ABOUT})


def _complete(model: Type[pydantic.BaseModel], properties: Mapping[str, Any]) -> None:
    """Says what may be left out and describes it."""
    for field in fields(model):
        definition = properties[field.property]
        definition.optional = definition.optional or not field.required
        definition.description = description(field) or None
        if field.takes_outputs and definition.items is not None:
            # So that a list may be written of single outputs, `[subnet.id, ...]`, in typed languages too.
            definition.items.plain = False


def description(field: Field) -> str:
    """What a field is for, then its limits: most languages' types cannot say them."""
    limits = f"Limits: {field.constraint}." if field.constraint else ""
    return "\n\n".join(part for part in (field.description, limits) if part)


def _annotate(model: Type[pydantic.BaseModel], properties: Dict[str, Any]) -> None:
    """Adds what the analyzer's own classes have no place for."""
    for field in fields(model):
        info, found = model.model_fields[field.name], properties[field.property]
        default = default_of(info)
        if isinstance(default, str | bool | int | float):
            found["default"] = default
        if field.deprecated:
            found["deprecationMessage"] = field.deprecated
        if field.secret:
            found["secret"] = True
