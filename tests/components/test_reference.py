"""What is read from models: types, defaults, limits and words, for the package and the documentation."""

from __future__ import annotations

import enum

import pulumi
import pydantic

from components.base import Args
from components.cluster.cluster import Cluster, ClusterArgs
from components.karpenter.settings import Accelerator, NodePool
from components.network.network import NetworkArgs
from components.reference import Field, choices, fields, models_of, outputs


class Colour(enum.Enum):
    """Of a test."""

    RED = "red"
    """Stop."""
    GREEN = "green"


class Base(Args):
    size_gib: int = pydantic.Field(default=4, ge=1, le=8)
    """Size in GiB."""


class Inner(Args):
    weight: float = pydantic.Field(default=0.5, ge=0, multiple_of=0.5)


class Outer(Base):
    """A model with one field of each kind."""

    names: list[str] = pydantic.Field(min_length=1)
    """What it is called."""
    by_name: dict[str, Inner] = pydantic.Field(default_factory=dict)
    colour: Colour | None = Colour.GREEN
    label: str = pydantic.Field(default="", pattern="^[a-z]*$")
    on: bool = False
    vpc: pulumi.Output[str] | None = None
    old: str = pydantic.Field(default="x", deprecated="use names")
    token: str | None = pydantic.Field(default=None, json_schema_extra={"secret": True})


def found(name: str) -> Field:
    return next(field for field in fields(Outer) if field.name == name)


def test_what_must_be_given_comes_first() -> None:
    assert [field.name for field in fields(Outer)][:2] == ["names", "size_gib"]
    assert [field.name for field in fields(NetworkArgs) if field.required] == ["cidr", "cell"]


def test_types_in_words() -> None:
    kinds = {field.name: field.kind for field in fields(Outer)}
    assert kinds == {
        "names": "list of texts",
        "size_gib": "whole number",
        "by_name": "mapping of names to Inner",
        "colour": "Colour",
        "label": "text",
        "on": "true or false",
        "vpc": "text",
        "old": "text",
        "token": "text",
    }
    assert [field.name for field in fields(Outer) if field.takes_outputs] == ["vpc"]
    assert found("by_name").named == (Inner,)


def test_defaults_as_a_specification_writes_them() -> None:
    defaults = {field.name: field.default for field in fields(Outer) if field.default}
    assert defaults == {"size_gib": "4", "colour": "green", "on": "false", "old": "x"}


def test_limits_in_words() -> None:
    limits = {field.name: field.constraint for field in fields(Outer) if field.constraint}
    assert limits == {"size_gib": "1 to 8", "names": "at least 1 entry", "label": "matches `^[a-z]*$`"}
    assert fields(Inner)[0].constraint == "at least 0, in steps of 0.5"


def test_words_of_base_classes_and_of_values() -> None:
    assert found("size_gib").description == "Size in GiB."
    assert found("names").description == "What it is called."
    assert [(one.value, one.description) for one in choices(Colour)] == [("red", "Stop."), ("green", "")]
    trainium = next(one for one in choices(Accelerator) if one.value == "neuron")
    assert trainium.description == "AWS Trainium and Inferentia."


def test_deprecated_and_secret_fields_are_told() -> None:
    assert found("old").deprecated == "use names"
    assert found("token").secret and not found("old").secret


def test_models_are_met_once_and_those_inside_them_too() -> None:
    assert models_of(Outer) == [Inner, Colour]
    met = models_of(ClusterArgs)
    assert len(met) == len(set(met))
    assert {NodePool, Accelerator} <= set(met)


def test_outputs_are_those_that_the_class_declares() -> None:
    assert {field.name for field in outputs(Cluster)} == set(Cluster.__annotations__)
    kubeconfig = next(field for field in outputs(Cluster) if field.name == "kubeconfig")
    assert kubeconfig.description.startswith("JSON; holds no secret")
