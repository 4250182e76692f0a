"""The component package: its schema builds, and says what may be left out."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pydantic
import pytest

from components.cluster.cluster import ClusterArgs
from components.model import Args, EnvironmentClass
from components.network.network import NetworkArgs
from components.package import COMPONENTS, PackageProvider, args_of
from components.package_arguments import arguments, refusal
from components.reference import default_of, fields

CELL = {"environment": "dev", "region": "us-east-1", "regions": ["us-east-1"], "accountId": "123456789012"}
SNAKE_CELL = {
    "environment": "dev",
    "region": "us-east-1",
    "regions": ["us-east-1"],
    "account_id": "123456789012",
}


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
    assert inputs["zones"]["description"] == "How many availability zones are used.\n\nLimits: 2 to 4."
    assert "production" in inputs["nat"]["description"]
    pattern = schema["types"]["tradewind:index:Budget"]["properties"]["nodes"]["description"]
    assert "matches `^" in pattern


def test_simple_defaults_are_in_the_schema(schema: dict[str, Any]) -> None:
    """So that SDKs know them; of models and lists the package itself fills them in."""
    inputs = schema["resources"]["tradewind:index:Network"]["inputProperties"]
    assert {key: one["default"] for key, one in inputs.items() if "default" in one} == {
        "podCidr": "100.64.0.0/16",
        "zones": 3,
    }
    pool = schema["types"]["tradewind:index:NodePool"]["properties"]
    assert (pool["accelerator"]["default"], pool["localStorage"]["default"]) == ("none", False)


def test_every_default_is_one_that_the_model_takes(schema: dict[str, Any]) -> None:
    """An SDK sends them: they must not differ from what leaving them out means."""
    for component in COMPONENTS:
        resource = schema["resources"][f"tradewind:index:{component.__name__}"]
        by_property = {field.property: field for field in fields(args_of(component))}
        for key, one in resource["inputProperties"].items():
            if "default" in one:
                info = args_of(component).model_fields[by_property[key].name]
                assert one["default"] == default_of(info)


def test_values_of_an_enum_are_described(schema: dict[str, Any]) -> None:
    values = schema["types"]["tradewind:index:Accelerator"]["enum"]
    assert [one["value"] for one in values] == ["none", "nvidia", "neuron"]
    assert values[2]["description"] == "AWS Trainium and Inferentia."


def test_a_list_of_outputs_may_be_written_one_by_one(schema: dict[str, Any]) -> None:
    subnets = schema["resources"]["tradewind:index:Cluster"]["inputProperties"]["privateSubnetIds"]
    assert "plain" not in subnets
    assert "plain" not in subnets["items"]


def test_arguments_from_another_language_become_the_model() -> None:
    """As the engine hands them over: camelCase names, floats for whole numbers, text for enums."""
    inputs = {
        "cell": {**CELL, "environmentClass": "staging", "tags": {"costCenter": "cc-1"}},
        "cidr": "10.1.0.0/16",
        "zones": 2.0,
        "flowLogs": {"retentionDays": 14.0},
    }
    args = arguments(NetworkArgs, inputs)
    assert isinstance(args, NetworkArgs)
    assert (args.zones, args.cell.environment_class) == (2, EnvironmentClass.STAGING)
    assert args.flow_logs.retention_days == 14
    assert args.cell.tags == {"costCenter": "cc-1"}, "people's own keys stay as they are"


def test_whole_numbers_stay_whole_inside_free_form_values() -> None:
    inputs = {
        "cell": CELL,
        "access": {"administrators": ["role/a"]},
        "addons": {"configuration": {"coredns": {"replicaCount": 2.0, "share": 0.5, "items": [1.0]}}},
        "vpcId": "vpc-1",
        "privateSubnetIds": ["subnet-1"],
        "podNetworking": "node-subnets",
    }
    args = arguments(ClusterArgs, inputs)
    assert isinstance(args, ClusterArgs)
    made = args.addons.configuration["coredns"]
    assert json.dumps(made) == '{"replicaCount": 2, "share": 0.5, "items": [1]}'


def refused(model: type[Args], inputs: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The headline, and reasons by property."""
    with pytest.raises(pulumi.InputPropertiesError) as error:
        arguments(model, inputs)
    errors = error.value.errors or []
    return error.value.message, {one["property_path"]: one["reason"] for one in errors}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    headline, reasons = refused(
        NetworkArgs, {"cell": {**CELL, "region": 4.0}, "cidr": "10.0.0.0/8", "zones": 9.0, "podsCidr": "x"}
    )
    assert headline == ""
    assert list(reasons) == ["cidr", "zones", "cell.region", "podsCidr"]
    assert reasons["zones"] == "it should be less than or equal to 4; a whole number from 2 to 4, such as 3"
    assert reasons["podsCidr"].startswith("there is no such key here; did you mean podCidr?")


def test_what_concerns_all_arguments_is_the_headline() -> None:
    """At the empty path the engine would print all of them."""
    headline, reasons = refused(ClusterArgs, {"cell": CELL, "access": {"administrators": ["role/a"]}})
    assert headline.startswith("it is in no network: vpcId, privateSubnetIds, podSubnetIds, zones missing")
    assert reasons == {}


def test_an_output_is_refused_where_it_would_decide_what_is_created() -> None:
    """And not at its property: there the engine prints the value, a secret's too."""
    late = pulumi.Output.__new__(pulumi.Output)
    headline, reasons = refused(
        NetworkArgs, {"cell": {**CELL, "region": late, "tags": {"a": late}}, "cidr": "x"}
    )
    assert "cell.region: it is an output or a secret" in headline
    assert "cell.tags.a: it is an output or a secret" in headline
    assert list(reasons) == ["cidr"]


def test_outputs_are_taken_where_the_model_takes_them() -> None:
    late = pulumi.Output.__new__(pulumi.Output)
    inputs = {
        "cell": CELL,
        "access": {"administrators": ["role/a"]},
        "vpcId": late,
        "privateSubnetIds": [late, "subnet-1"],
        "podNetworking": "node-subnets",
    }
    args = arguments(ClusterArgs, inputs)
    assert isinstance(args, ClusterArgs)
    assert args.vpc_id is late


def test_what_a_part_finds_wrong_is_told_without_a_traceback() -> None:
    with pytest.raises(pydantic.ValidationError) as error:
        NetworkArgs.model_validate({"cell": {**SNAKE_CELL}, "cidr": "10.0.0.0/8"})
    found = refusal(error.value, {"NetworkArgs": NetworkArgs})
    assert "/16" in found.message
    assert "pydantic" not in found.message
    assert refusal(ValueError("no such zone"), {}).message == "no such zone"
