"""What `tradewind up` and `preview` refuse, and their gates, without an engine."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli import deploying
from cli.app import app
from cli.deploying import Wish, gates_before
from cli.environment import chosen
from cli.options import Gates
from cli.target import Plan
from deploy import ready
from deploy.events import Outcome
from deploy.stack import CellStack
from plan.graph import Graph, Resource
from problems import InputError, Missing

ROOT = Path(__file__).parents[2]
BUCKET = "aws:s3/bucket:Bucket"
NAT = "aws:ec2/natGateway:NatGateway"
WISH = Wish(
    name="prod",
    cells=("global",),
    plan_folder=None,
    parallel=True,
    refresh=False,
    yes=True,
    health=None,
    health_timeout=1.0,
    packs=(),
    config=None,
    no_policy=True,
    output="text",
    gates=Gates(),
)
STACKS = [
    CellStack(ROOT, "prod-global", "global", 0),
    CellStack(ROOT, "prod-us-east-1", "us-east-1", 1),
]


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def nat(stack: str, name: str) -> Resource:
    inputs = {"subnetId": "subnet-1", "allocationId": "eipalloc-1"}
    return Resource(f"urn:pulumi:{stack}::p::{NAT}::{name}", NAT, name, inputs, region="us-east-1")


def planned(*resources: Resource) -> Plan:
    return Plan("prod", Graph.of(resources), 0.0, ("prod-global", "prod-us-east-1"))


@pytest.mark.parametrize("command", ["up", "preview"])
def test_an_environment_that_is_not_there_is_refused(command: str) -> None:
    with pytest.raises(InputError, match="prod") as error:
        run(command, "prodd", *(["--yes"] if command == "up" else []))
    assert "did you mean prod?" in str(error.value)


def test_nobody_can_be_asked_in_a_pipe() -> None:
    with pytest.raises(click.UsageError, match="--yes"):
        run("up", "dev")


def test_a_cell_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="--cell") as error:
        chosen(STACKS, ["us-east-2"], "nothing was deployed")
    assert "us-east-1" in str(error.value)
    assert chosen(STACKS, ["global"], "") == STACKS[:1]
    assert chosen(STACKS, [], "") == STACKS


def test_a_health_command_that_is_none_is_a_wrong_input() -> None:
    with pytest.raises(InputError, match="--health"):
        run("up", "dev", "--yes", "--health", "sh -c 'open")


def test_without_an_engine_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match=r"pulumi\.com/docs/install"):
        run("up", "dev", "--yes")


def test_the_command_that_resumes_repeats_what_was_asked_but_not_the_plan() -> None:
    wish = dataclasses.replace(
        WISH, plan_folder=Path("plans"), gates=Gates(budget=Decimal("1500")), health="curl -f x"
    )
    assert (
        deploying._again(wish)
        == "tradewind up prod --cell global --parallel --no-policy --yes --budget 1500 --health 'curl -f x' --health-timeout 1"
    )


def test_the_budget_holds_for_the_plan_of_the_whole_environment() -> None:
    plan = planned(nat("prod-global", "a"), nat("prod-us-east-1", "b"))
    assert gates_before(dataclasses.replace(WISH, gates=Gates(budget=Decimal(1000))), plan) == []
    (said,) = gates_before(dataclasses.replace(WISH, gates=Gates(budget=Decimal(1))), plan)
    assert "over $1.00" in said


def test_mandatory_rules_hold_before_anything_begins_unless_told_otherwise() -> None:
    key = "aws:ebs/volume:Volume"
    plain = Resource(f"urn:pulumi:prod-global::p::{key}::bare", key, "bare", {"size": 8}, source="a.py:3")
    broken = gates_before(dataclasses.replace(WISH, no_policy=False), planned(plain))
    assert broken
    assert all(gate.startswith("rules: ") for gate in broken)
    assert gates_before(WISH, planned(plain)) == []
    assert gates_before(dataclasses.replace(WISH, gates=Gates(rules=True)), planned(plain)) == broken


def test_between_waves_the_budget_holds_for_what_stands_and_is_still_planned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first cell's state holds three gateways where its plan had one."""
    plan = planned(nat("prod-global", "a"), nat("prod-us-east-1", "b"))
    rows = [
        {"urn": it.urn, "type": it.type, "custom": True, "id": it.name, "inputs": {**it.inputs, "region": "us-east-1"}}
        for it in (nat("prod-global", name) for name in "abc")
    ]  # fmt: skip
    state = {"version": 3, "deployment": {"resources": rows}}
    monkeypatch.setattr("deploy.stack.export", lambda stack: state)
    outcomes = [Outcome("prod-global", "global", "succeeded")]

    def broken(budget: int) -> list[str]:
        wish = dataclasses.replace(WISH, gates=Gates(budget=Decimal(budget)))
        return deploying.between_waves(wish, STACKS, plan, outcomes, [], tmp_path)

    costs_of_four = 4 * 45
    assert broken(costs_of_four - 60) != []
    assert broken(costs_of_four + 60) == []
    assert (
        gates_before(dataclasses.replace(WISH, gates=Gates(budget=Decimal(costs_of_four - 60))), plan) == []
    )


def test_an_unhealthy_wave_is_a_gate_that_does_not_hold(tmp_path: Path) -> None:
    outcomes = [Outcome("prod-global", "global", "succeeded")]
    (said,) = deploying.between_waves(WISH, STACKS, planned(), outcomes, ["false"], tmp_path)
    assert said.startswith("--health: false: exit code 1")
    assert deploying.between_waves(WISH, STACKS, planned(), outcomes, ["true"], tmp_path) == []


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"resourcePlans": 3}'])
def test_a_saved_plan_that_is_missing_or_none_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        ready.plan_file(tmp_path, "prod-global").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"prod-global\.plan\.json"):
        ready.plans(tmp_path, STACKS[:1])


def test_a_plan_made_for_another_state_is_refused_before_any_of_it_is_done(tmp_path: Path) -> None:
    urn = f"urn:pulumi:prod-global::p::{BUCKET}::lake"

    def asked(step: str, *rows: dict[str, Any]) -> None:
        plan = {"resourcePlans": {urn: {"steps": [step]}}}
        state = {"prod-global": {"deployment": {"resources": list(rows)}}}
        ready.refuse_unfit(tmp_path, {"prod-global": plan}, state)

    asked("create")
    asked("same", {"urn": urn})
    asked("create", {"urn": urn, "delete": True})
    with pytest.raises(InputError, match="lake is to be created and is there already"):
        asked("create", {"urn": urn})
    with pytest.raises(InputError, match="lake is to be there and is not"):
        asked("update")


def test_a_plan_says_which_providers_it_cannot_see(tmp_path: Path) -> None:
    known, unknown = (
        f"urn:pulumi:prod-global::p::pulumi:providers:{name}::x" for name in ("aws", "kubernetes")
    )
    adds = {known: "us-east-1", unknown: "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}
    rows = {
        urn: {"steps": ["create"], "goal": {"inputDiff": {"adds": {"x": value}}}}
        for urn, value in adds.items()
    }
    file = ready.plan_file(tmp_path, "prod-global")
    file.write_text(json.dumps({"resourcePlans": rows}), encoding="utf-8")
    outcomes = [Outcome(f"prod-{cell}", cell, "succeeded") for cell in ("global", "us-east-1")]
    first, second = ready.with_blind_spots(tmp_path, outcomes)
    assert [warning.urn for warning in first.warnings] == [unknown]
    assert second.warnings == ()


def test_a_stack_without_a_configuration_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: .\n", encoding="utf-8")
    (tmp_path / "__main__.py").touch()
    stack = CellStack(tmp_path, "prod-new", "new", 0)
    with pytest.raises(InputError, match=r"Pulumi\.prod-new\.yaml"):
        ready.refuse_unready("prod", [stack], {"prod-new": {}})


def test_what_an_earlier_run_left_is_refused_with_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: .\n", encoding="utf-8")
    (tmp_path / "__main__.py").touch()
    (tmp_path / "Pulumi.prod-global.yaml").touch()
    stack = CellStack(tmp_path, "prod-global", "global", 0)
    resource = {"urn": f"urn:pulumi:prod-global::p::{BUCKET}::lake", "type": BUCKET}
    state = {"deployment": {"pending_operations": [{"resource": resource, "type": "creating"}]}}
    with pytest.raises(InputError, match="tradewind state prod") as error:
        ready.refuse_unready("prod", [stack], {"prod-global": state})
    assert "creating lake" in str(error.value)
    assert "nothing was deployed" in str(error.value)
    ready.refuse_unready("prod", [stack], {"prod-global": {}})
