"""Every reading command over one plan: documents match their schemas, gates hold or do not."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from click.testing import CliRunner

from cli.app import app
from cli.exits import GateNotHeld

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "programs" / "serverless-orders"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A graph file, written by the command itself."""
    file = tmp_path_factory.mktemp("graph") / "graph.json"
    call = [sys.executable, "-m", "cli", "plan", str(PROGRAM), "-o", str(file), "--format", "json"]
    subprocess.run(call, check=True, capture_output=True, timeout=120)
    return str(file)


def run(*arguments: str) -> str:
    """What a command prints; its exceptions are raised."""
    return CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False).output


def document(*arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--format", "json"], standalone_mode=False)
    return json.loads(result.stdout)


def schema(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("plan",), "cli/schemas/plan.json"),
        (("survive",), "cli/schemas/survive.json"),
        (("cost",), "finops/schemas/cost.json"),
        (("check",), "policies/schemas/check.json"),
    ],
)
def test_a_document_is_what_its_schema_says(graph: str, arguments: tuple[str, ...], path: str) -> None:
    found = document(*arguments, graph)
    wanted = schema(path)
    # The head of every document says what was planned; the schemas of the rooms know nothing of it.
    body = {key: value for key, value in found.items() if key in wanted["properties"]}
    jsonschema.validate(body, wanted)
    assert set(found) - set(body) <= {"target", "stacks", "origin"}


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("doctor",), "cli/schemas/doctor.json"),
        (("prices", "show", "AWSLambda"), "cli/schemas/prices.json"),
        (("prices", "check", "--older-than", "10000"), "cli/schemas/prices-check.json"),
    ],
)
def test_a_document_without_a_target_is_what_its_schema_says(arguments: tuple[str, ...], path: str) -> None:
    jsonschema.validate(document(*arguments), schema(path))


def test_the_parts_of_a_plan_are_the_documents_of_their_own_commands(graph: str) -> None:
    whole = document("plan", graph)
    for name in ("cost", "check", "survive"):
        alone = document(name, graph)
        assert whole[name] == {key: alone[key] for key in whole[name]}


def test_a_graph_file_gives_the_answers_of_its_program(graph: str) -> None:
    """But for how it was planned."""
    from_program, from_file = (document("plan", str(target)) for target in (PROGRAM, graph))
    for answers in (from_program, from_file):
        del answers["target"]
    assert from_program == from_file


def test_the_csv_of_a_cost_sums_to_its_total(graph: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run("cost", graph, "--format", "csv"))))
    total = document("cost", graph)["total"]
    for column in ("floor", "expected", "ceiling"):
        assert sum(Decimal(row[column] or 0) for row in rows) == Decimal(total[column])


@pytest.mark.parametrize("by", ["service", "region", "component", "tenant", "resource"])
def test_a_cost_is_shown_by_anything(graph: str, by: str) -> None:
    assert "total" in run("cost", graph, "--by", by)
    assert f"| {by} |" in run("cost", graph, "--by", by, "--format", "markdown")


def test_a_junit_report_counts_what_is_broken(graph: str) -> None:
    with pytest.raises(GateNotHeld):
        run("check", graph)
    result = CliRunner().invoke(app, ["check", graph, "--format", "junit"], standalone_mode=False)
    broken = document("check", graph)["summary"]["mandatory"]
    assert len(ElementTree.fromstring(result.stdout).findall(".//failure")) >= broken > 0


def test_a_page_names_what_it_is_about(graph: str) -> None:
    page = run("plan", graph)
    for part in ("WHAT", "COST a month", "RULES", "SURVIVES", "ASSUMED", "36 resources", "eu-north-1"):
        assert part in page


def test_a_page_without_colour_has_no_escape(graph: str) -> None:
    assert "\x1b" not in run("--no-color", "plan", graph)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (["--budget", "0"], "--budget"),
        (["--require-survival"], "losing"),
        (["--require-rules"], "mandatory"),
    ],
)
def test_a_gate_that_does_not_hold_ends_with_code_3(graph: str, gate: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "plan", graph, *gate, "--format", "json"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert said in done.stderr
    assert json.loads(done.stdout)["schema"] == "tradewind.plan/1"


def test_a_gate_that_holds_ends_with_code_0(graph: str) -> None:
    run("plan", graph, "--budget", "1,000,000", "--require-priced")


def test_the_picture_is_a_whole_svg(graph: str, tmp_path: Path) -> None:
    file = tmp_path / "page.svg"
    run("plan", graph, "--save-svg", str(file))
    assert ElementTree.parse(file).getroot().tag.endswith("svg")


def test_assumptions_can_be_listed(graph: str) -> None:
    assert run("plan", graph, "--assumptions").splitlines() != []


def test_a_graph_goes_through_export_unchanged(graph: str) -> None:
    assert run("export", graph, "--to", "graph") == Path(graph).read_text(encoding="utf-8")
    assert run("export", graph, "--to", "graphviz").startswith("digraph")
