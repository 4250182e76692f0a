"""Stacks of one program: imported once, run in forks, and told apart as if each had run by itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from plan import offline
from plan.offline import run, run_all
from plan.offline.child.preload import named
from plan.offline.process import Limits, Outcome, run_siblings
from plan.project import Program, find
from problems import InputError, Missing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each stack is run by itself")

PROGRAM = """
import os, signal, sys, time
import pulumi
import pulumi_aws as aws
from pulumi_aws import sqs

kind = pulumi.Config().require("kind")
if kind == "fails":
    raise ValueError("no such size")
if kind == "leaves":
    os._exit(3)
if kind == "is killed":
    os.kill(os.getpid(), signal.SIGKILL)
if kind == "hangs":
    time.sleep(600)
if kind == "ends them all":
    os.kill(os.getppid(), signal.SIGKILL)
if kind == "talks":
    os.write(211, b"x" * 100)
sqs.Queue(kind, name=f"{kind}-{pulumi.get_stack()}")
"""


@pytest.fixture
def programs(tmp_path: Path) -> Callable[..., list[Program]]:
    """A stack of one program for each of `kinds`."""

    def write(*kinds: str) -> list[Program]:
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (tmp_path / "__main__.py").write_text(dedent(PROGRAM))
        for number, kind in enumerate(kinds):
            (tmp_path / f"Pulumi.s{number}.yaml").write_text(f"config:\n  shop:kind: {json.dumps(kind)}\n")
        project = find(tmp_path)
        return [project.program(f"s{number}") for number in range(len(kinds))]

    return write


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stacks that were run in a process of their own."""
    ran: list[str] = []
    original = offline.run_child

    def counted(program: Program, *arguments: object) -> Outcome:
        ran.append(program.stack)
        return original(program, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(offline, "run_child", counted)
    return ran


def test_they_are_what_each_is_by_itself(programs: Callable[..., list[Program]], alone: list[str]) -> None:
    several = programs("one", "two", "talks")
    together = [graph.to_json() for graph in run_all(several)]
    assert alone == []
    assert together == [run(program).to_json() for program in several]
    assert [f'"{kind}-s{number}"' in text for number, (kind, text) in enumerate(zip(("one", "two", "talks"), together, strict=True))] == [True] * 3  # fmt: skip


def test_many_of_them_are_all_heard(programs: Callable[..., list[Program]], alone: list[str]) -> None:
    """One may end between two looks at its pipe, while others are still to be started."""
    graphs = run_all(programs(*(f"queue-{number}" for number in range(40))))
    assert [f'"queue-{number}-s{number}"' in graph.to_json() for number, graph in enumerate(graphs)] == [True] * 40  # fmt: skip
    assert alone == []


def test_one_that_fails_does_so_alone(programs: Callable[..., list[Program]]) -> None:
    several = programs("one", "fails", "leaves", "is killed")
    with pytest.raises(InputError) as together:
        run_all(several)
    by_itself = []
    for program in several[1:]:
        with pytest.raises(InputError) as one:
            run(program)
        by_itself += one.value.problems
    assert list(together.value.problems) == by_itself
    assert len(by_itself) == 3


def test_one_that_hangs_ends_at_its_time_and_says_where(programs: Callable[..., list[Program]]) -> None:
    with pytest.raises(InputError) as caught:
        run_all(programs("hangs", "one"), timeout=5)
    (problem,) = caught.value.problems
    assert "__main__.py:15" in str(problem)


def test_nothing_is_heard_of_any_where_one_ends_them_all(
    programs: Callable[..., list[Program]], alone: list[str]
) -> None:
    several = programs("ends them all", "two", "three")
    requests = [offline._request(program, "symbolic", 1024, None) for program in several]
    assert run_siblings(several, requests, Limits(30, 1024), at_once=1) == [None, None, None]
    assert len(run_all(several[1:])) == 2
    assert alone == []


def test_without_the_sdk_all_is_said_as_of_one(
    programs: Callable[..., list[Program]], tmp_path: Path
) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    bare = tmp_path / "bare" / "bin" / "python"
    with pytest.raises(Missing, match="lacks the Pulumi SDK"):
        run_all([replace(program, python=bare) for program in programs("one", "two")])


def test_the_sdks_of_a_program_are_found_without_running_it(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    (tmp_path / "stacks" / "__main__.py").write_text(
        "import parts.one\nfrom parts import deep\nraise SystemExit\n"
    )
    (tmp_path / "parts" / "one.py").write_text(
        "import pulumi_aws as aws\n\ndef f():\n    from pulumi_aws import (\n        iam,\n        kms as keys,\n    )\n    aws.s3.Bucket('b')\n"
    )
    (tmp_path / "parts" / "deep" / "__init__.py").write_text("import os, pulumi_kubernetes\n")
    (tmp_path / "parts" / "unused.py").write_text("from pulumi_aws import ec2\n")
    found = named(tmp_path / "stacks", tmp_path)
    assert {"pulumi_aws", "pulumi_aws.iam", "pulumi_aws.kms", "pulumi_aws.s3", "pulumi_kubernetes"} <= found
    assert "pulumi_aws.ec2" not in found
