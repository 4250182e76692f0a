"""What components share: arguments that refuse what they do not know, tags, settings that become args."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pulumi
import pydantic
import pytest

from components.base import Cell, Component, extended, validated
from components.network.network import NetworkArgs
from components.network.settings import Nat, NetworkSettings


class Probe(Component):
    """A component with nothing in it."""


def test_numbers_from_the_engine_are_whole_again(cell: Cell) -> None:
    """The engine hands a component of the package floats and plain dicts."""
    args = validated(NetworkArgs, {"cell": cell.model_dump(), "cidr": "10.1.0.0/16", "zones": 2.0, "nat": "none",
                                   "interface_endpoints": ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]})  # fmt: skip
    assert (args.zones, type(args.zones), args.nat) == (2, int, Nat.NONE)


def test_arguments_that_are_a_model_already_stay(cell: Cell) -> None:
    args = NetworkArgs(cell=cell, cidr="10.1.0.0/16")
    assert validated(NetworkArgs, args) is args


def test_unknown_keys_are_refused(cell: Cell) -> None:
    with pytest.raises(pydantic.ValidationError, match="zoness"):
        validated(NetworkArgs, {"cell": cell, "cidr": "10.1.0.0/16", "zoness": 2})


def test_settings_become_arguments(cell: Cell) -> None:
    settings = NetworkSettings(cidr="10.1.0.0/16", zones=2, nat=Nat.SINGLE)
    args = extended(NetworkArgs, settings, cell=cell)
    assert (args.cidr, args.zones, args.nat, args.cell) == ("10.1.0.0/16", 2, Nat.SINGLE, cell)


def test_an_output_is_a_value_of_a_field_that_takes_one() -> None:
    class WithOutput(pydantic.BaseModel):
        vpc_id: pulumi.Output[str] | None = None

    output = pulumi.Output.from_input("vpc-1")
    assert WithOutput(vpc_id=output).vpc_id is output


def test_tags_are_the_cells_and_say_whose_child_it_is(
    cell: Cell, registered: Callable[[Callable[[], object]], list[pulumi.runtime.MockResourceArgs]]
) -> None:
    made: list[Probe] = []
    resources = registered(lambda: made.append(Probe("probe", cell)))
    assert made[0].tags("x", {"tenant": "t"}) == {
        **cell.tags,
        "component": "probe",
        "Name": "x",
        "tenant": "t",
    }
    assert [one.typ for one in resources] == ["tradewind:index:Probe"]


@pytest.mark.parametrize("module", ["naming", "network.settings", "environment_settings", "cluster.settings",
                                    "feature_store.settings", "feature_store.check"])  # fmt: skip
def test_settings_are_read_without_the_sdk(module: str) -> None:
    code = f"import sys, components.{module}; print('pulumi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
