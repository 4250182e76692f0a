"""What every component shares: the cell it stands in, its arguments as a model, its tags.

Two halves, so that reading a specification never imports the Pulumi SDK:

- `components/<name>/settings.py` holds `XSettings(Args)`, what people write. It imports
  `components.model` (`Args`, `EnvironmentClass`), never this module.
- `components/<name>/<name>.py` holds `XArgs` and the component. `XArgs` extends `XSettings` (or holds one in
  a field) and adds `cell: Cell` and fields that take outputs, annotated
  `Optional[pulumi.Output[str]]`. It imports this module, which offers the names of `components.model`
  too. `extended(XArgs, settings, cell=cell, vpc_id=...)` makes the one from the other.

The pydantic model is at once the specification's section, the component's `args`, the schema of the
component package and the source of its documentation. Pulumi's analyzer reads these classes as they
are written: no `from __future__ import annotations`, no `Literal`, no `Union` in this folder.
"""

from typing import Any, Dict, Mapping, Optional

import pulumi
from pydantic_core import core_schema

from components.model import PACKAGE, Args, Cell, EnvironmentClass, Model, validated

__all__ = ["Args", "Cell", "Component", "EnvironmentClass", "extended", "validated"]


def _output_schema(_source: object, _handler: object) -> core_schema.CoreSchema:
    return core_schema.any_schema()


# pydantic asks a type for its schema by this name: an output is passed on unseen.
pulumi.Output.__get_pydantic_core_schema__ = _output_schema  # type: ignore[attr-defined]


def extended(model: type[Model], settings: Args, **fields: Any) -> Model:
    """`settings` as the `model` that extends them, with what only the program knows.

    Raises `pydantic.ValidationError` naming every field that is wrong.
    """
    return model.model_validate({**dict(settings), **fields})


class Component(pulumi.ComponentResource):
    """Base of every component: its token, and tags and options for its children."""

    def __init__(self, name: str, cell: Cell, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        super().__init__(f"{PACKAGE}:index:{type(self).__name__}", name, {}, opts)
        self.cell = cell

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Resource options of a child of this component."""
        return pulumi.ResourceOptions(parent=self, **options)

    def tags(self, name: str, extra: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """Tags of a child: the cell's, which component it belongs to, its `Name`, and `extra`."""
        return {**self.cell.tags, "component": _kebab(type(self).__name__), "Name": name, **(extra or {})}


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
