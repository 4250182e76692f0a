"""Anybody's pack over a graph, in process in the child and over the engine's protocol."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plan.graph import Graph
from plan.values import SECRET, UNKNOWN
from policies.foreign import run_pack
from problems import InputError, Missing

Plan = dict[str, Any]
MakeGraph = Callable[[Plan], Graph]

PACK = '''
import asyncio, os
from pulumi_policy import EnforcementLevel, PolicyConfigSchema, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

print("a pack may print")

async def forced(args, report):
    await asyncio.sleep(0)
    if args.resource_type == "aws:s3/bucket:Bucket" and args.props.get("forceDestroy"):
        report("no force destroy")

def kept(args, report):
    if args.resource_type == "aws:cloudwatch/logGroup:LogGroup" and args.props["retentionInDays"] < args.get_config()["days"]:
        report(f"keep for {args.get_config()['days']:g} days")

def counted(args, report):
    buckets = [one for one in args.resources if one.resource_type == "aws:s3/bucket:Bucket"]
    blocked = {one.urn for r in args.resources for one in r.property_dependencies.get("bucket", [])}
    for bucket in buckets:
        if bucket.urn not in blocked:
            report("nothing belongs to it", bucket.urn)

PolicyPack("acme", [
    ResourceValidationPolicy("forced", "force destroy", forced, EnforcementLevel.ADVISORY),
    ResourceValidationPolicy("kept", "retention", kept, config_schema=PolicyConfigSchema({"days": {"type": "number"}})),
    StackValidationPolicy("counted", "companions", counted),
], enforcement_level=EnforcementLevel.MANDATORY)
'''  # fmt: skip
CONFIG = {"kept": {"days": 90}}


def pack(folder: Path, main: str, project: str = "runtime: python\n") -> Path:
    (folder / "__main__.py").write_text(main)
    (folder / "PulumiPolicy.yaml").write_text(project)
    return folder


@pytest.mark.parametrize("protocol", [False, True], ids=["in process", "over the protocol"])
def test_a_packs_findings_become_a_report(
    protocol: bool, tmp_path: Path, happy: Plan, graph: MakeGraph
) -> None:
    happy["lake"].inputs["forceDestroy"] = True
    report = run_pack(pack(tmp_path, PACK), graph(happy), config=CONFIG, protocol=protocol)
    found = [(one.rule, one.level, one.urn.rpartition("::")[2], one.message) for one in report.violations]
    assert found == [
        ("acme/counted", "mandatory", "lake", "lake: nothing belongs to it"),
        ("acme/kept", "mandatory", "logs", "logs: keep for 90 days"),
        ("acme/forced", "advisory", "lake", "lake: no force destroy"),
    ]
    assert [rule.id for rule in report.rules] == ["acme/forced", "acme/kept", "acme/counted"]
    assert {one.source for one in report.violations} <= {one.source for one in happy.values()}


@pytest.mark.parametrize("hidden", [UNKNOWN, SECRET], ids=["unknown", "secret"])
def test_what_a_pack_cannot_see_is_undetermined(
    hidden: object, tmp_path: Path, happy: Plan, graph: MakeGraph
) -> None:
    happy["logs"].inputs["retentionInDays"] = hidden
    report = run_pack(pack(tmp_path, PACK), graph(happy), config=CONFIG)
    assert [(one.rule, one.level, one.urn) for one in report.undetermined] == [
        ("acme/kept", "mandatory", happy["logs"].urn)
    ]
    assert "acme/kept" not in {one.rule for one in report.violations}


def test_a_policy_can_be_disabled_or_softened(tmp_path: Path, happy: Plan, graph: MakeGraph) -> None:
    settings = {"kept": "disabled", "counted": "advisory"}
    report = run_pack(pack(tmp_path, PACK), graph(happy), config=settings)
    assert [(one.rule, one.level) for one in report.violations] == [("acme/counted", "advisory")]


FAILING = {
    "raise ValueError('no such bucket')": "ValueError: no such bucket",
    "import nothing_of_that_name": "ModuleNotFoundError",
    "x = 1": "constructs no PolicyPack",
    "import sys; sys.exit(3)": "SystemExit: 3",
    "import os; os._exit(3)": "ended the process",
    "def f(": "SyntaxError",
}


@pytest.mark.parametrize("main", FAILING, ids=range(len(FAILING)))
def test_a_pack_that_fails_is_told_without_a_traceback(main: str, tmp_path: Path, graph: MakeGraph) -> None:
    with pytest.raises(InputError) as caught:
        run_pack(pack(tmp_path, main), graph({}))
    assert FAILING[main] in str(caught.value) and "Traceback" not in str(caught.value)


def test_a_pack_that_hangs_is_stopped(tmp_path: Path, graph: MakeGraph) -> None:
    with pytest.raises(InputError, match="no end after 2 s"):
        run_pack(pack(tmp_path, "while True: pass"), graph({}), timeout=2)


def test_a_pack_sees_no_credentials(
    tmp_path: Path, graph: MakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "x")
    main = "import os\nraise ValueError(sorted(k for k in os.environ if k.startswith(('AWS', 'PULUMI'))))"
    with pytest.raises(InputError, match=r"ValueError: \[\]"):
        run_pack(pack(tmp_path, main), graph({}))


def test_a_folder_that_is_no_pack_is_told(tmp_path: Path, graph: MakeGraph) -> None:
    with pytest.raises(InputError, match=r"no PulumiPolicy\.yaml"):
        run_pack(tmp_path, graph({}))
    with pytest.raises(InputError, match="runtime nodejs"):
        run_pack(pack(tmp_path, "", "runtime: nodejs\n"), graph({}))


def test_a_virtual_environment_that_is_not_there_is_missing(tmp_path: Path, graph: MakeGraph) -> None:
    project = "runtime: {name: python, options: {virtualenv: venv}}\n"
    with pytest.raises(Missing, match="virtual environment venv is not there"):
        run_pack(pack(tmp_path, PACK, project), graph({}))


def test_the_parent_imports_no_sdk() -> None:
    code = "import sys, policies, policies.foreign, policies.config_file; print([m for m in sys.modules if m.startswith(('pulumi', 'grpc', 'google'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
