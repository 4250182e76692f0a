"""What is particular about each AWS type: the table `plan/data/terraform_types.json`.

By Pulumi's token: `type` is Terraform's, `names` the arguments that the engine fills with a name when a
program leaves them out, `outputs` what answers are called otherwise (None: that provider does not answer
it), `timeouts` the operations that take a limit, `of` the number of the arguments' shape.

A shape tells, by Pulumi's name, what does not follow from the rule "snake_case of the same name": `to` is
the name there; `is` says that the value is an object or a list of objects, written as nested blocks
(`block`, `block_one`) or as values (`object`, `object_one`), where `_one` is not wrapped in a list; `of` is
the shape of those objects; `fill` are fields of which every one must be written; `wrap` is a single value
that is a list there; `not` is an argument that the provider does not take: `newer` than it, or `computed`.
A dictionary that no shape calls an object is a map whose keys belong to the user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from plan.export.terraform.naming import snake

__all__ = ["PROVIDER_TYPE", "PROVIDER_VERSION", "Mapped", "Shape", "mapped", "shape", "tokens"]

PROVIDER_VERSION = "5.100"
"""The provider's release whose arguments the table was made from."""

PROVIDER_TYPE = "pulumi:providers:aws"

Shape = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Mapped:
    """One AWS type and its counterpart."""

    type: str
    arguments: Shape
    outputs: Mapping[str, str | None] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    timeouts: tuple[str, ...] = ()

    def answer(self, output: str) -> str | None:
        """What the output (Pulumi's name) is called there; None where the provider does not answer it."""
        if output in self.outputs:
            return self.outputs[output]
        to: str = self.arguments.get(output, {}).get("to", snake(output))
        return to


@cache
def _table() -> dict[str, Any]:
    text = resources.files("plan").joinpath("data/terraform_types.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def mapped(token: str) -> Mapped | None:
    """The counterpart of a Pulumi type; None where the provider has none."""
    row = _table()["types"].get(token)
    if row is None:
        return None
    return Mapped(
        row["type"],
        shape(row["of"]),
        row.get("outputs", {}),
        tuple(row.get("names", ())),
        tuple(row.get("timeouts", ())),
    )


def shape(number: int | None) -> Shape:
    """The shape with that number; for None, one in which everything follows the rule."""
    found: Shape = {} if number is None else _table()["shapes"][number]
    return found


def tokens() -> tuple[str, ...]:
    """Every AWS resource type that has a counterpart."""
    return tuple(token for token in _table()["types"] if token != PROVIDER_TYPE)
