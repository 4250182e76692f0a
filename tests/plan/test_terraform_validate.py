"""`check --provider` without Terraform: diagnostics joined to the program, and what is missing said with exit 4.

The diagnostics have the form that Terraform 1.11 prints; the true program is run in `tests/clients`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.provider import report_of
from plan.export.terraform import export, files
from plan.export.terraform.files import spans
from plan.export.terraform.validate import joined, mirror, validate
from problems import Missing
from tests.plan.build import graph, made

ROOT = Path(__file__).parents[2]
QUEUE = made("aws:sqs/queue:Queue", "q", source="shop.py:7", visibilityTimeoutSeconds=99999)
OTHER = made("aws:eks/cluster:Cluster", "c", source="shop.py:9", inputs={"deletionProtection": True})


def diagnostic(summary: str, detail: str = "", **rest: Any) -> dict[str, Any]:
    return {"severity": "error", "summary": summary, "detail": detail, **rest}


def test_a_diagnostic_is_joined_by_address_or_by_line() -> None:
    found = export(graph(QUEUE, OTHER))
    (place,) = [span for span in spans(found) if span.block.urn == QUEUE.urn]
    here = {"filename": place.file, "start": {"line": place.first + 3}}
    first, second = joined(
        found,
        [diagnostic("bad", address="aws_eks_cluster.c"), diagnostic("too long", range=here)],
    )
    assert (first.urn, first.source, first.message) == (QUEUE.urn, "shop.py:7", "too long")
    assert (second.urn, second.address) == (OTHER.urn, "aws_eks_cluster.c")


def test_a_mistake_of_the_export_is_not_blamed_on_the_program() -> None:
    found = export(graph(QUEUE, OTHER))
    required = 'The argument "role_arn" is required, but no definition was found.'
    answers = joined(
        found,
        [
            diagnostic("Unsupported argument", address="aws_sqs_queue.q"),
            diagnostic("Missing required argument", required, address="aws_sqs_queue.q"),
            diagnostic("Missing required argument", required, address="aws_eks_cluster.c"),
            diagnostic("odd"),
        ],
    )
    assert [it.by for it in answers] == ["provider", "export", "export", "provider"]
    report = report_of(found, answers)
    assert [one.source for one in report.mandatory] == ["shop.py:7", ""]
    assert len(report.undetermined) == 2
    assert any("deletionProtection" in one.why for one in report.skipped)


def test_several_arguments_that_exclude_each_other_are_said_once() -> None:
    text = '"{}": only one of `a,b` can be specified'
    found = export(graph(QUEUE))
    rows = [diagnostic("Invalid combination", text.format(name), address="aws_sqs_queue.q") for name in "ab"]
    assert len(joined(found, rows)) == 1


def test_a_warning_is_advisory() -> None:
    found = export(graph(QUEUE))
    row = {**diagnostic("Argument is deprecated", address="aws_sqs_queue.q"), "severity": "warning"}
    report = report_of(found, joined(found, [row]))
    assert report.holds and len(report.advisory) == 1


def test_without_terraform_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    file.write_text(graph(QUEUE).to_json())
    call = [sys.executable, "-m", "cli", "check", str(file), "--provider"]
    done = subprocess.run(
        call, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 4
    assert "install Terraform or OpenTofu" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("script", "said", "timeout"),
    [
        ("echo 'Error: Failed to query available provider packages' >&2; exit 1", "Failed to query", 30.0),
        ('[ "$1" = init ] && exit 0; echo no json', "no json", 30.0),
        ("exec sleep 60", "did not end", 1.0),
    ],
    ids=["no provider", "no answer", "hangs"],
)
def test_a_terraform_that_fails_is_said_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str, timeout: float
) -> None:
    """A stand-in for Terraform: only its failures cannot be had from the true one."""
    tool = tmp_path / "terraform"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Missing, match=said):
        validate(export(graph(QUEUE)), timeout=timeout)


def test_the_caller_s_credentials_do_not_reach_terraform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "terraform"
    seen = tmp_path / "seen"
    tool.write_text(f"#!/bin/sh\nenv >> {seen}\necho '{{\"diagnostics\": []}}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-value")
    monkeypatch.setenv("TF_VAR_password", "canary-value")
    assert validate(export(graph(QUEUE))) == []
    assert "canary-value" not in seen.read_text() and "PATH=" in seen.read_text()


def test_a_mirror_is_a_folder_with_the_provider(tmp_path: Path) -> None:
    named = {"TRADEWIND_TERRAFORM_MIRROR": str(tmp_path)}
    before = mirror(named)
    (tmp_path / "registry.terraform.io/hashicorp/aws/5.100.0").mkdir(parents=True)
    assert before != tmp_path and mirror(named) == tmp_path


def test_files_of_an_export_hold_only_what_terraform_reads() -> None:
    assert set(files(export(graph(QUEUE)))) == {
        "providers.tf.json",
        "main.resources.tf.json",
        "tradewind-export.json",
    }
