"""The component package: its schema builds, and says what may be left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.base import validated
from components.model import EnvironmentClass
from components.network import NetworkArgs
from components.package import COMPONENTS, PackageProvider

CELL = {"environment": "dev", "region": "us-east-1", "regions": ["us-east-1"], "accountId": "123456789012"}


@pytest.fixture(scope="module")
def provider() -> PackageProvider:
    return PackageProvider()


@pytest.fixture(scope="module")
def schema(provider: PackageProvider) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(provider.schema or "")
    return found


def test_every_component_is_in_the_schema(schema: dict[str, Any]) -> None:
    assert set(schema["resources"]) == {f"tradewind:index:{component.__name__}" for component in COMPONENTS}


def test_only_what_has_no_default_is_required(schema: dict[str, Any]) -> None:
    assert schema["resources"]["tradewind:index:Network"]["requiredInputs"] == ["cell", "cidr"]
    assert schema["types"]["tradewind:index:Cell"]["required"] == [
        "accountId",
        "environment",
        "region",
        "regions",
    ]


def test_inherited_settings_are_described(schema: dict[str, Any]) -> None:
    inputs = schema["resources"]["tradewind:index:Network"]["inputProperties"]
    assert inputs["zones"]["description"] == "How many availability zones are used."
    assert "production" in inputs["nat"]["description"]


def test_arguments_from_another_language_become_the_model(provider: PackageProvider) -> None:
    """As the engine hands them over: camelCase names, floats for whole numbers, text for enums."""
    inputs = {"cell": {**CELL, "environmentClass": "staging"}, "cidr": "10.1.0.0/16", "zones": 2.0}
    mapped = provider.map_inputs(inputs, provider._component_defs["Network"])
    args = validated(NetworkArgs, mapped)
    assert (args.zones, args.cell.environment_class) == (2, EnvironmentClass.STAGING)
