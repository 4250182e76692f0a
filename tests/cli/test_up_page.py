"""What `tradewind preview` and `tradewind up` print, and the code they end with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from cli.deployment_documents import preview_document, up_document
from cli.engines import exit_code
from cli.exits import Exit
from cli.following import Board
from cli.pages.deployment import Deployment, draw, draw_saved
from cli.pages.words import duration, kind_named
from deploy.changes import lost, planned
from deploy.events import Failure, Outcome, Progress, Step, Violation
from deploy.stack import CellStack
from deploy.waves import Report
from plan.graph import Graph, Resource

ROOT = Path(__file__).parents[2]
PREFIX = "urn:pulumi:prod-eu::tradewind::tradewind:index:RegionalCell$"
TABLE = f"{PREFIX}aws:dynamodb/table:Table::views"
VPC = f"{PREFIX}aws:ec2/vpc:Vpc::network"
GRAPH = Graph.of(
    Resource(urn, urn.split("::")[2].rpartition("$")[2], urn.rpartition("::")[2], source=source)
    for urn, source in (
        (TABLE, "components/feature_store/tables.py:88"),
        (VPC, "components/network/network.py:41"),
    )
)
DONE = Outcome(
    "prod-us",
    "us-east-1",
    "succeeded",
    {"create": 2, "same": 140},
    tuple(Step("create", f"{PREFIX}aws:ec2/subnet:Subnet::{n}", "aws:ec2/subnet:Subnet") for n in "ab"),
    seconds=72,
)
LOSING = Outcome(
    "prod-eu",
    "eu-west-1",
    "succeeded",
    {"replace": 1, "update": 1, "same": 3},
    (
        Step("update", VPC, "aws:ec2/vpc:Vpc", ("tags.team",)),
        Step("replace", TABLE, "aws:dynamodb/table:Table", ("hashKey",), ("hashKey",)),
    ),
    (
        Violation("imdsv1", "mandatory", "why\nVpc network answers IMDSv1", VPC, "tradewind"),
        Violation("backups", "advisory", "can't run policy 'backups' from policy pack 'tradewind'", TABLE),
    ),
    warnings=(Failure("hashKey is deprecated", TABLE),),
)
FAILED = Outcome(
    "prod-eu",
    "eu-west-1",
    "failed",
    {"create": 8},
    failures=(Failure("AccessDenied: no", VPC, fix="ask for it"), Failure("KeyError: 'a'", place="stacks/__main__.py:9")),
)  # fmt: skip
NOT_RUN = Outcome("prod-ap", "ap-south-1", "not run")


def page(
    *outcomes: Outcome,
    did: str = "deployed",
    packs: tuple[str, ...] = ("policies",),
    gates: tuple[str, ...] = (),
    again: str = "",
) -> Deployment:
    waves = {outcome.stack: number for number, outcome in enumerate(outcomes, 1)}
    return Deployment("prod", did, outcomes, GRAPH, 65.0, waves, packs, gates, again)


def drawn(shown: Deployment) -> str:
    console = Console(file=io.StringIO(), width=120, no_color=True, highlight=False)
    draw(console, shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_first_line_says_what_it_comes_to() -> None:
    head = drawn(page(DONE, LOSING, did="previewed")).splitlines()[0]
    assert "2 to create, 1 to update, 1 to replace, 1 data store would be lost" in head
    assert head.rstrip().endswith("2 cells, previewed in 1 min 05 s")


def test_a_data_store_that_would_be_lost_stands_first_with_reason_and_place() -> None:
    text = drawn(page(DONE, LOSING, did="previewed"))
    changes = text.partition("CHANGES\n")[2].splitlines()
    assert changes[0].startswith("  REPLACES A DATA STORE")
    for part in ("eu-west-1", "dynamodb.Table views", "because of hashKey", "feature_store/tables.py:88"):
        assert part in text
    assert "2 ec2.Subnet" in text


def test_rules_are_counted_by_what_they_come_to() -> None:
    text = drawn(page(LOSING))
    assert "1 mandatory broken, 0 advisory, 1 cannot be told before deployment" in text
    assert "Vpc network answers IMDSv1" in text
    assert "hashKey is deprecated" in text


def test_that_no_rule_was_asked_is_not_that_none_is_broken() -> None:
    assert "no policy pack ran" in drawn(page(DONE, packs=()))
    assert "0 mandatory broken" in drawn(page(DONE))


def test_a_failure_has_region_resource_place_reason_and_way_out_in_one_place() -> None:
    text = drawn(page(DONE, FAILED, NOT_RUN, again="tradewind up prod --yes"))
    assert text.splitlines()[0].startswith("prod   failed in eu-west-1; 10 created")
    block = text.partition("FAILED")[2]
    for part in ("eu-west-1", "ec2.Vpc network", "components/network/network.py:41", "AccessDenied: no", "ask for it",
                 "stacks/__main__.py:9", "KeyError: 'a'"):  # fmt: skip
        assert part in block
    assert "not run" in text
    assert text.rstrip().endswith("tradewind up prod --yes")


def test_a_gate_is_shown_whole() -> None:
    text = drawn(page(DONE, gates=("--health: ./check: exit code 3\n  [db] is down",)))
    assert "a gate does not hold" in text
    assert "[db] is down" in text


def test_a_saved_plan_is_shown_by_cell_and_what_it_loses_loudly() -> None:
    console = Console(file=io.StringIO(), width=120, no_color=True)
    steps = {TABLE: ["create-replacement", "replace", "delete-replaced"], VPC: ["delete"]}
    plan = {"resourcePlans": {urn: {"steps": names} for urn, names in steps.items()}}
    draw_saved(console, "prod", [("eu-west-1", planned(plan), lost(plan))])
    assert isinstance(console.file, io.StringIO)
    *_, row, loud = console.file.getvalue().splitlines()
    assert row.split() == ["eu-west-1", "-", "-", "1", "1", "-"]
    assert loud == "REPLACES A DATA STORE   eu-west-1   dynamodb.Table views"


@pytest.mark.parametrize(
    "shown",
    [page(DONE, LOSING), page(DONE, FAILED, NOT_RUN, gates=("--budget: over",), again="tradewind up prod")],
)
def test_documents_are_what_their_schemas_say(shown: Deployment) -> None:
    documents: list[tuple[str, dict[str, Any]]] = [
        ("preview", preview_document(shown)),
        ("up", up_document(shown)),
    ]
    for name, document in documents:
        schema = json.loads((ROOT / "cli" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
        jsonschema.validate(json.loads(json.dumps(document)), schema)
        assert document["schema"] == f"tradewind.{name}/1"


def test_what_cannot_be_told_is_not_among_the_broken_in_a_document() -> None:
    (cell,) = preview_document(page(LOSING))["cells"]
    assert [it["rule"] for it in cell["violations"]] == ["imdsv1"]
    assert [it["rule"] for it in cell["undetermined"]] == ["backups"]
    assert cell["changes"][0]["loses_data"] is True


BROKEN = Outcome("a", "all", "failed", violations=LOSING.violations)
LACKING = Outcome("a", "all", "failed", failures=(Failure("no plugin", missing=True),))


@pytest.mark.parametrize(
    ("outcomes", "gates", "code"),
    [
        ((DONE,), (), Exit.DONE),
        ((DONE, FAILED), (), Exit.INPUT),
        ((DONE, BROKEN), (), Exit.GATE),
        ((BROKEN, FAILED), (), Exit.INPUT),
        ((LACKING,), (), Exit.MISSING),
        ((LACKING, FAILED), (), Exit.INPUT),
        ((DONE, NOT_RUN), ("--budget: over",), Exit.GATE),
    ],
)
def test_the_exit_code_says_which_kind_of_end_it_was(
    outcomes: tuple[Outcome, ...], gates: tuple[str, ...], code: Exit
) -> None:
    assert exit_code(Report(outcomes, gates)) is code


def test_an_interruption_goes_before_what_it_made_fail() -> None:
    stopped = Outcome("a", "all", "interrupted", failures=FAILED.failures)
    assert exit_code(Report((stopped,), interrupted=True)) is Exit.INTERRUPTED


def test_progress_has_a_line_for_each_cell() -> None:
    stacks = [CellStack(Path("/p"), name, name, 0) for name in ("us", "eu", "ap")]
    board = Board(stacks, {"us": 20, "eu": 20}, live=True)
    board.began(stacks[0])
    board.began(stacks[1])
    board.tell(Progress("us", 5, 6, "create", VPC, "aws:ec2/vpc:Vpc"))
    board.ended(Outcome("eu", "eu", "failed", seconds=3))
    console = Console(file=io.StringIO(), width=120)
    console.print(board)
    assert isinstance(console.file, io.StringIO)
    us, eu, ap = console.file.getvalue().splitlines()
    assert "5 of 20" in us and "create ec2.Vpc network" in us
    assert "failed" in eu
    assert "waiting" in ap


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (8.24, "8.2 s"), (41.4, "41 s"), (125, "2 min 05 s"), (3790, "1 h 03 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("aws:ec2/vpc:Vpc", "ec2.Vpc"),
        ("kubernetes:apps/v1:Deployment", "Deployment"),
        ("tradewind:index:Network", "Network"),
        ("pulumi:providers:aws", "provider aws"),
    ],
)
def test_kinds_of_resources(token: str, name: str) -> None:
    assert kind_named(token) == name
