"""`tradewind destroy` before any engine runs, and its page and document; on the engine: tests/engine."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from rich.console import Console

from cli.answers import LIFTED, policy_config
from cli.commands.destroy import command
from cli.pages.destroy import Teardown, document, draw
from cli.target import Plan
from deploy.events import Failure, Outcome
from deploy.teardown import Standing
from deploy.teardown_aws import Unseen
from deploy.teardown_remains import Remain
from deploy.waves import Report
from plan.graph import Graph
from problems import InputError, Missing, Problem
from stacks.specification import load

ROOT = Path(__file__).parents[2]
URN = "urn:pulumi:prod-us-east-1::tradewind::tradewind:index:Network$aws:ec2/vpc:Vpc::network-us-east-1-vpc"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> BaseException | None:
    monkeypatch.chdir(ROOT)
    return CliRunner().invoke(command, list(arguments)).exception


def test_an_environment_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    error = run(monkeypatch, "prood")
    assert isinstance(error, InputError)
    assert "did you mean prod?" in str(error)
    assert str(error).endswith("nothing was destroyed")


def test_without_an_engine_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = run(monkeypatch, "dev")
    assert isinstance(error, Missing)
    assert "pulumi" in str(error)


def failed() -> Teardown:
    """One cell of two failed, a key waits, and one question had no answer."""
    outcomes = (
        Outcome(
            "prod-us-east-1",
            "us-east-1",
            "failed",
            {"delete": 90},
            failures=(Failure("DependencyViolation", URN),),
        ),
        Outcome("prod-global", "global", "not run"),
    )
    why = "KMS waits before it deletes a key"
    remain = Remain(
        "prod-us-east-1", "KMS key", "a", "id", "us-east-1", why, dt.date(2026, 12, 23), "nothing"
    )
    unseen = Unseen("whether buckets are empty: lake", "us-east-1", "no credentials", "aws s3api ...")
    standing = Standing(unseen=[unseen])
    return Teardown("prod", {}, standing, "failed", Report(outcomes), 61.0, [remain, remain])


def shown(page: Teardown) -> str:
    text = io.StringIO()
    draw(Console(file=text, width=140), page)
    return text.getvalue()


def test_the_page_says_what_failed_what_stays_and_what_was_not_looked_up() -> None:
    text = shown(failed())
    for part in (
        "ec2.Vpc network-us-east-1-vpc",
        "DependencyViolation",
        "not run",
        "2 KMS keys",
        "2026-12-23",
        "NOT LOOKED UP",
        "no credentials",
        "tradewind destroy prod",
    ):
        assert part in text


def test_a_destroy_that_went_through_names_no_next_step() -> None:
    page = Teardown(
        "dev", {}, Standing(), "destroyed", Report((Outcome("dev", "all", "succeeded", {"delete": 142}),))
    )
    text = shown(page)
    assert "142" in text
    assert "NEXT" not in text and "NOT LOOKED UP" not in text


@pytest.mark.parametrize(
    "page",
    [
        failed(),
        Teardown("dev", {}, Standing([Problem("dev", "protect", "1 protected: Key a", "b", "c")]), "refused"),
        Teardown("dev", {}, Standing(), "nothing to destroy"),
    ],
    ids=lambda page: page.result,
)
def test_the_document_matches_its_schema(page: Teardown) -> None:
    schema = json.loads((ROOT / "cli/schemas/destroy.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(document(page))), schema)


def test_rules_about_protection_are_exempted_while_the_specification_lifts_it(tmp_path: Path) -> None:
    for line, expected in (("protection: off\n", set(LIFTED)), ("", set())):
        file = tmp_path / "stacks" / "prod.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(line + (ROOT / "stacks" / "prod.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        config = policy_config(Plan("prod", Graph.of(()), 0.0, (), load(file)))
        assert {one.rule for one in config.exemptions} == expected
        assert all("protection: off" in one.reason for one in config.exemptions)
