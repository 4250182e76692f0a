"""Argo's resources against Argo's own definitions, and the scripts of its pods run by a real shell.

WorkflowTemplates and CronWorkflows are taken by a real API server that has their full definitions, with every
field checked. The definitions of Argo Events say nothing about what is in a resource, so these are checked
against its published schema, in which no field is allowed that it does not name. No controller of Argo runs
here: nothing is scheduled.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components.pipelines.argo_cluster import manifests
from components.pipelines.script import DEAD_LETTER, GATE, inputs_script
from components.pipelines.settings import Engine, PipelinesSettings
from components.pipelines.tasks import key_text
from tests.components.pipelines_plan import TAGS, placed, settings
from tests.engine.kubernetes.api import Api, Refused
from tests.engine.kubernetes.control_plane import Pool, has_control_plane
from tests.engine.sandbox import TOOLS

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not has_control_plane(), reason="no control plane: make tools"),
]

ARGO = PipelinesSettings.model_validate(settings("argo")).argo
KINDS = ["WorkflowTemplate", "CronWorkflow", "Sensor", "EventBus", "EventSource"]


def made() -> list[dict[str, Any]]:
    return manifests([placed(Engine.ARGO)], ARGO, TAGS)


def one(kind: str) -> dict[str, Any]:
    (found,) = [item for item in made() if item["kind"] == kind]
    return found


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with Pool(tmp_path_factory.mktemp("servers")) as pool:
        (cluster,) = pool.clusters(1)
        server = cluster.api()
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARGO.namespace}}
        server.apply(space, manager="tests")
        yield server


def test_every_kind_is_among_the_resources() -> None:
    assert sorted(item["kind"] for item in made()) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_server_takes_it(kind: str, api: Api) -> None:
    stored = api.apply(one(kind), manager="tests")
    assert stored["metadata"]["uid"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "templates", 1, "container", "imagee"), "x"),
        (("spec", "templates", 2, "retryStrategy", "limits"), 3),
        (("spec", "templates", 0, "dag", "tasks", 0, "depends_on"), ["x"]),
        (("spec", "synchronization", "mutexes"), [{"nam": "x"}]),
    ],
)
def test_the_api_server_refuses_what_argo_does_not_know(path: tuple[Any, ...], value: Any, api: Api) -> None:
    """So that taking ours means something."""
    wrong = copy.deepcopy(one("WorkflowTemplate"))
    place: Any = wrong
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(Refused):
        api.apply(wrong, manager="tests", preview=True)


@cache
def schema() -> dict[str, Any]:
    """Argo Events' schema, closed: what it does not name is not allowed."""
    found: dict[str, Any] = json.loads((TOOLS / "argo-schemas" / "events.json").read_text(encoding="utf-8"))
    for definition in found["definitions"].values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    return found


def check(item: dict[str, Any]) -> None:
    definition = f"#/definitions/io.argoproj.events.v1alpha1.{item['kind']}"
    jsonschema.validate(item, {"$ref": definition, "definitions": schema()["definitions"]})


@pytest.mark.parametrize("kind", ["Sensor", "EventBus", "EventSource"])
def test_the_schema_of_argo_events_takes_it(kind: str) -> None:
    check(one(kind))


def test_the_schema_of_argo_events_refuses_what_it_does_not_know() -> None:
    wrong = one("EventSource")
    wrong["spec"]["sqs"]["pipelines"]["queueName"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        check(wrong)


AWS = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$1 $2" in
  "glue get-table") printf '%s\\n' "$VERSION" ;;
  "glue start-data-quality-ruleset-evaluation-run") echo run-1 ;;
  "glue get-data-quality-ruleset-evaluation-run")
    case "$*" in *ResultIds*) echo result-1 ;; *) echo "$STATE" ;; esac ;;
  "glue get-data-quality-result") case "$*" in *Score*) echo "$HELD" ;; *) echo '[{"Result": "FAIL"}]' ;; esac ;;
esac
"""
"""Stands in for AWS' command line: answers as the real one does with `--query` and `--output text`."""


def shell(tmp_path: Path, script: str, **told: str) -> subprocess.CompletedProcess[str]:
    tool = tmp_path / "aws"
    tool.write_text(AWS)
    tool.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls"), **told}
    return subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=30
    )


VERSION = "s3://lake/metadata/00001.metadata.json"


def test_the_pod_makes_the_same_key_as_the_other_engines(tmp_path: Path) -> None:
    it = placed(Engine.ARGO)
    script = inputs_script(it).replace("/tmp/", f"{tmp_path}/")
    done = shell(tmp_path, script, VERSION=VERSION)
    assert done.returncode == 0, done.stderr
    text = key_text(it.digest, it.datasets).replace("{version:activity}", VERSION)
    assert (tmp_path / "key").read_text() == hashlib.sha256(text.encode()).hexdigest()
    assert (tmp_path / "version-activity").read_text() == VERSION


def test_a_table_without_versions_stops_the_run(tmp_path: Path) -> None:
    script = inputs_script(placed(Engine.ARGO)).replace("/tmp/", f"{tmp_path}/")
    assert shell(tmp_path, script, VERSION="None").returncode != 0
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize(
    ("state", "held", "code"),
    [("SUCCEEDED", "True", 0), ("SUCCEEDED", "False", 1), ("FAILED", "True", 1), ("TIMEOUT", "True", 1)],
)
def test_the_gate_lets_through_what_keeps_every_rule(
    state: str, held: str, code: int, tmp_path: Path
) -> None:
    done = shell(tmp_path, GATE, REQUEST="{}", POLL_SECONDS="0", STATE=state, HELD=held)
    assert done.returncode == code
    if held == "False":
        assert "FAIL" in done.stderr


@pytest.mark.parametrize(("status", "told"), [("Succeeded", False), ("Failed", True), ("Error", True)])
def test_only_a_run_that_failed_is_a_dead_letter(status: str, told: bool, tmp_path: Path) -> None:
    done = shell(tmp_path, DEAD_LETTER, STATUS=status, QUEUE="https://queue", BODY='{"pipeline": "x"}')
    assert done.returncode == 0
    calls = tmp_path / "calls"
    assert (calls.exists() and "sqs send-message" in calls.read_text()) is told


def test_a_dead_letter_is_json_whatever_argo_puts_into_it() -> None:
    """Argo substitutes a quoted string of JSON for `workflow.failures`."""
    (letter,) = [one for one in one("WorkflowTemplate")["spec"]["templates"] if one["name"] == "dead-letter"]
    (body,) = [item["value"] for item in letter["container"]["env"] if item["name"] == "BODY"]
    failures = json.dumps(json.dumps([{"displayName": "train", "message": 'it said "no"'}]))
    text = body.replace("{{workflow.failures}}", failures).replace("{{workflow.name}}", "run-1")
    assert json.loads(json.loads(text)["cause"])[0]["displayName"] == "train"
