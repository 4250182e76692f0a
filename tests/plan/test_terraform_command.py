"""`tradewind export --to terraform` and `--to terraform-plan`: what is written where, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli.app import app
from plan.values import UNKNOWN
from problems import InputError
from tests.plan.build import graph, made

QUEUE = made("aws:sqs/queue:Queue", "q", "eu-west-1", name="q", policy=UNKNOWN)
SPACE = made("kubernetes:core/v1:Namespace", "n")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "graph.json"
    path.write_text(graph(QUEUE, SPACE).to_json())
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments], standalone_mode=False)


def test_a_folder_is_written_and_everything_left_out_is_said(file: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    result = run(file, "--to", "terraform", "-o", str(folder))
    assert result.exception is None and not result.stdout
    assert "Namespace" in result.stderr and "decided during deployment" in result.stderr
    assert {path.name for path in folder.iterdir()} == {
        "main.resources.tf.json", "providers.tf.json", "variables.tf.json", "tradewind-export.json",
    }  # fmt: skip
    assert sorted(path.name for path in folder.parent.iterdir()) == ["out"]


def test_an_earlier_export_gives_way_and_what_terraform_made_stays(file: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run(file, "--to", "terraform", "-o", str(folder))
    (folder / "terraform.tfstate").write_text("state")
    (folder / "old.resources.tf.json").write_text("{}")
    Path(file).write_text(graph(made("aws:sqs/queue:Queue", "q", name="q")).to_json())
    assert run(file, "--to", "terraform", "-o", str(folder)).exception is None
    assert {path.name for path in folder.iterdir()} == {
        "main.resources.tf.json", "providers.tf.json", "terraform.tfstate", "tradewind-export.json",
    }  # fmt: skip


def test_a_folder_with_something_else_in_it_is_left_alone(file: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "main.tf").write_text("mine")
    result = run(file, "--to", "terraform", "-o", str(folder))
    assert isinstance(result.exception, InputError) and "no export wrote" in str(result.exception)
    assert [path.name for path in folder.iterdir()] == ["main.tf"]


def test_a_place_that_cannot_be_written_is_one_message(file: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/below"):
        result = run(file, "--to", "terraform", "-o", str(tmp_path / place))
        assert isinstance(result.exception, InputError)


def test_terraform_needs_a_folder(file: str) -> None:
    assert isinstance(run(file, "--to", "terraform").exception, click.UsageError)


def test_the_plan_goes_to_stdout_alone(file: str) -> None:
    result = run(file, "--to", "terraform-plan")
    document = json.loads(result.stdout)
    (row,) = document["planned_values"]["root_module"]["resources"]
    assert row["address"] == "aws_sqs_queue.q" and row["values"]["region"] == "eu-west-1"
    assert "policy" not in row["values"]
    assert "left out: 1" in result.stderr
