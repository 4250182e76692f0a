"""The action and the workflows: who may do what, and that nobody's text becomes a command.

The steps' script is run as it is; what GitHub does around it can only be read here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.diff_document import parse
from cli.pages.diff_markdown import marker

ROOT = Path(__file__).parents[2]
ACTIONS = (ROOT / "action.yml", ROOT / "comment" / "action.yml")
WORKFLOWS = tuple(sorted((ROOT / ".github" / "workflows").glob("*.yml")))
FILES = (*ACTIONS, *WORKFLOWS)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    document = read(path)
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    for job in jobs:
        yield from job["steps"]


def workflow(name: str) -> Any:
    return read(ROOT / ".github" / "workflows" / name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_expression_stands_inside_a_script(path: Path) -> None:
    assert list(steps(path))
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        assert "script" not in step.get("with", {})


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_foreign_action_is_pinned_to_a_commit(path: Path) -> None:
    uses = [step["uses"] for step in steps(path) if "uses" in step]
    assert uses
    for used in uses:
        assert used.startswith("./") or re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", used)
    text = path.read_text(encoding="utf-8")
    assert all(
        re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)
        for line in text.splitlines()
        if "uses: actions/" in line
    )


def test_the_job_that_runs_a_strangers_program_has_nothing_to_lose() -> None:
    found = workflow("diff.yml")
    assert set(found[True]) == {"pull_request"}  # YAML reads `on` as true
    assert found["permissions"] == {}
    (job,) = found["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    assert "environment" not in job and "env" not in job
    for path in (ROOT / "action.yml", ROOT / ".github/workflows/diff.yml", ROOT / ".github/compare.sh"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"secrets\.|secrets\[|github\.token|GITHUB_TOKEN|toJSON", text)
    checkout = next(it for it in job["steps"] if it["uses"].startswith("actions/checkout"))
    assert checkout["with"]["persist-credentials"] is False


def test_the_job_that_writes_runs_nothing_of_the_pull_request() -> None:
    found = workflow("comment.yml")
    assert set(found[True]) == {"workflow_run"}
    assert found[True]["workflow_run"]["workflows"] == [workflow("diff.yml")["name"]]
    assert found["permissions"] == {}
    (job,) = found["jobs"].values()
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}
    checkout, comment = job["steps"]
    assert checkout["uses"].startswith("actions/checkout@")
    assert checkout["with"] == {"persist-credentials": False}, "no ref: the default branch"
    assert comment == {"uses": "./comment"}


def test_the_comment_is_bound_to_the_commit_that_was_looked_at() -> None:
    action = read(ROOT / "comment" / "action.yml")
    assert action["inputs"]["head-sha"]["default"] == "${{ github.event.workflow_run.head_sha }}"
    (script,) = [step for step in action["runs"]["steps"] if 'tradewind" comment' in step.get("run", "")]
    assert '--expect-head "$HEAD_SHA"' in script["run"]
    assert "--from" in script["run"]
    assert script["env"] == {"GITHUB_TOKEN": "${{ inputs.token }}", "HEAD_SHA": "${{ inputs.head-sha }}"}


def test_what_reaches_scripts_reaches_them_by_the_environment() -> None:
    action = read(ROOT / "action.yml")
    (compare,) = [step for step in action["runs"]["steps"] if step.get("name") == "Compare"]
    taken = {found for text in compare["env"].values() for found in re.findall(r"inputs\.([a-z-]+)", text)}
    assert taken == set(action["inputs"]) - {"setup"}


# The script of the step "Compare".


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """A machine as the step finds it: a repository with a merge commit, and the command installed."""
    binaries = tmp_path / "temp" / "tradewind" / "bin"
    binaries.mkdir(parents=True)
    script = binaries / "tradewind"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli "$@"\n')
    script.chmod(0o755)
    repository = tmp_path / "repository"
    repository.mkdir()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "--quiet", "-b", "main"], cwd=repository, check=True)
    (repository / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (repository / "Pulumi.live.yaml").write_text("config:\n  aws:region: us-east-1\n")
    for size in (100, 300):
        (repository / "__main__.py").write_text(
            f'import pulumi_aws as aws\naws.ebs.Volume("d", availability_zone="us-east-1a", size={size}, type="gp3")\n'
        )
        subprocess.run([*git, "add", "-A"], cwd=repository, check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "x"], cwd=repository, check=True)
    names = ("TARGET", "BASE", "STACK", "BUDGET", "MAX_INCREASE", "TENANT_CEILINGS", "REQUIRE", "MERGED_INTO")
    return {
        "PATH": os.environ["PATH"], **dict.fromkeys(names, ""), "TARGET": ".", "NUMBER": "7",
        "RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }  # fmt: skip


def compare(runner: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
    folder = Path(runner["RUNNER_TEMP"]).parent / "repository"
    return subprocess.run(
        ["bash", str(ROOT / ".github/compare.sh")], cwd=folder, env={**runner, **variables}, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip


def code(runner: dict[str, str]) -> str:
    return (Path(runner["RUNNER_TEMP"]) / "tradewind-code").read_text().strip()


def test_the_difference_to_the_merge_base_is_written(runner: dict[str, str]) -> None:
    done = compare(runner, MAX_INCREASE="5", REQUIRE="priced data")
    assert done.returncode == 0, done.stderr
    assert code(runner) == "3", "the gate is told by a later step, after the upload"
    out = Path(runner["RUNNER_TEMP"]) / "tradewind-diff"
    assert parse(out / "diff.json").environments[0].cost.difference == 16
    assert (out / "number").read_text() == "7\n"
    summary = Path(runner["GITHUB_STEP_SUMMARY"]).read_text()
    assert summary.startswith("**live: +$16 a month") and marker() in summary


@pytest.mark.parametrize(
    "name", ["TARGET", "BASE", "STACK", "BUDGET", "MAX_INCREASE", "TENANT_CEILINGS", "REQUIRE"]
)
@pytest.mark.parametrize(
    "text", ["$(touch pwned)", "x; touch pwned", "`touch pwned`", "--output=pwned", "-o pwned", "*"]
)
def test_an_input_is_never_a_command(runner: dict[str, str], name: str, text: str) -> None:
    compare(runner, **{name: text})
    folder = Path(runner["RUNNER_TEMP"]).parent
    assert not list(folder.rglob("pwned"))
    assert code(runner) in ("1", "2")


def test_a_program_that_fails_leaves_no_artifact(runner: dict[str, str]) -> None:
    folder = Path(runner["RUNNER_TEMP"]).parent / "repository"
    (folder / "__main__.py").write_text("raise SystemExit('no')\n")
    done = compare(runner)
    assert done.returncode == 0
    assert code(runner) == "1"
    assert not (Path(runner["RUNNER_TEMP"]) / "tradewind-diff" / "diff.json").exists()
