"""`tradewind destroy` before any engine runs, and its page and document; on the engine: tests/engine."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import signal
from pathlib import Path

import jsonschema
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner
from rich.console import Console

from cli.answers import LIFTED, policy_config
from cli.commands.destroy import command
from cli.pages.destroy import Teardown, document, draw
from cli.target import Plan
from deploy.events import Failure, Outcome, Step
from deploy.teardown import Standing
from deploy.teardown_aws import Unseen
from deploy.teardown_remains import Remain
from deploy.waves import Report
from plan.graph import Graph, Resource
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


LOGS = "aws:cloudwatch/logGroup:LogGroup"


@pytest.mark.parametrize("when", ["as the last engine ends", "while it is looked up what came back"])
def test_an_interruption_at_the_end_does_not_lose_the_report(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """All is gone by then: the report says so, and what was not looked up any more."""
    groups = [
        Resource(
            f"urn:pulumi:dev::tradewind::{LOGS}::{region}",
            LOGS,
            region,
            region=region,
            inputs={"name": region},
        )
        for region in ("us-east-1", "eu-west-1")
    ]
    asked: list[str] = []

    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def take_down(going: object, graphs: object) -> Report:
        steps = tuple(Step("delete", one.urn, LOGS) for one in groups)
        if when == "as the last engine ends":
            interrupt()
        return Report((Outcome("dev", "all", "succeeded", {"delete": 2}, steps=steps),))

    def steps(service: str) -> object:
        asked.append(service)
        interrupt()
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("deploy.engine.find_engine", lambda: None)
    monkeypatch.setattr("cli.commands.destroy._preflight", lambda *_: ({"dev": Graph.of(groups)}, Standing()))
    monkeypatch.setattr("cli.commands.destroy._take_down", take_down)
    monkeypatch.setattr("boto3.Session.client", lambda self, service, config: steps(service))
    done = CliRunner().invoke(command, ["dev", "--yes", "--format", "json"])
    assert (done.exit_code, done.exception) == (0, None)
    page = json.loads(done.stdout)
    assert page["result"] == "destroyed"
    assert {one["why"] for one in page["not_looked_up"]} == {"interrupted"}
    assert len(page["not_looked_up"]) == 2
    assert asked == ([] if when == "as the last engine ends" else ["sts"])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_rules_about_protection_are_exempted_while_the_specification_lifts_it(tmp_path: Path) -> None:
    for line, expected in (("protection: off\n", set(LIFTED)), ("", set())):
        file = tmp_path / "stacks" / "prod.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(line + (ROOT / "stacks" / "prod.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        config = policy_config(Plan("prod", Graph.of(()), 0.0, (), load(file)))
        assert {one.rule for one in config.exemptions} == expected
        assert all("protection: off" in one.reason for one in config.exemptions)
