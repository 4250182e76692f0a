"""The stand-in under the real engine: a small program, deployed, changed, refreshed, broken and mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.aws.world import Fault, Thing, World
from tests.engine.sandbox import Sandbox

pytestmark = pytest.mark.engine

QUEUE, ROLE, TABLE = "aws:sqs/queue:Queue", "aws:iam/role:Role", "aws:dynamodb/table:Table"
PROGRAM = """
import json
import pathlib
import pulumi

made = {}
for entry in json.loads(pathlib.Path("resources.json").read_text()):
    values = dict(entry.get("inputs") or {})
    for name, target in (entry.get("from") or {}).items():
        values[name] = getattr(made[target], "id")
    if "secret" in entry:
        values[entry["secret"]] = pulumi.Output.secret(values[entry["secret"]])
    options = pulumi.ResourceOptions(import_=entry.get("import"), ignore_changes=entry.get("ignore"))
    made[entry["name"]] = pulumi.CustomResource(entry["type"], entry["name"], values, options)
"""


class Deployment:
    """One stack of a program that is a list of resources."""

    def __init__(self, folder: Path) -> None:
        self.box = Sandbox(folder / "box")
        source = folder / "small"
        source.mkdir()
        (source / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
        (source / "__main__.py").write_text(PROGRAM, encoding="utf-8")
        tags = {"aws:region": "us-east-1", "aws:defaultTags": {"tags": {"owner": "us"}}}
        (source / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": tags}), encoding="utf-8")
        self.project = self.box.project(source)
        self.box.pulumi("stack", "init", "dev", cwd=self.project)
        self.world = World(self.box.world)

    def up(self, *resources: dict[str, Any], check: bool = True) -> str:
        (self.project / "resources.json").write_text(json.dumps(resources), encoding="utf-8")
        done = self.box.pulumi(
            "up", "--yes", "--skip-preview", "--color", "never", cwd=self.project, check=check
        )
        return done.stdout

    def preview(self, *resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Steps by name of the resource."""
        (self.project / "resources.json").write_text(json.dumps(resources), encoding="utf-8")
        text = self.box.pulumi("preview", "--json", cwd=self.project).stdout
        steps = json.loads(text[text.index("{") :])["steps"]
        return {step["urn"].rpartition("::")[2]: step for step in steps}

    def queues(self, name: str) -> list[Thing]:
        """What exists of the program's queue `name`."""
        return [thing for thing in self.world.things(QUEUE) if thing.urn.endswith(f"::{name}")]

    def state(self) -> dict[str, dict[str, Any]]:
        text = self.box.pulumi("stack", "export", cwd=self.project).stdout
        return {
            row["urn"].rpartition("::")[2]: row for row in json.loads(text)["deployment"].get("resources", [])
        }


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(tmp_path_factory.mktemp("engine"))


@pytest.fixture(autouse=True)
def no_faults(deployment: Deployment) -> None:
    """Each test begins with whatever the last one left; its first deployment takes that away."""
    deployment.world.faults = []


JOBS = {"type": QUEUE, "name": "jobs", "inputs": {"delaySeconds": 1}}


def test_names_tags_and_outputs_arrive_and_a_second_run_changes_nothing(deployment: Deployment) -> None:
    policy = {
        "type": "aws:sqs/queuePolicy:QueuePolicy",
        "name": "allow",
        "inputs": {"policy": "{}"},
        "from": {"queueUrl": "jobs"},
    }
    step = deployment.preview(JOBS, policy)["allow"]["newState"]["inputs"]
    assert step["queueUrl"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    deployment.up(JOBS, policy)
    state = deployment.state()
    assert state["jobs"]["inputs"]["tagsAll"] == {"owner": "us"}
    assert state["jobs"]["inputs"]["name"].startswith("jobs-")
    assert state["jobs"]["id"] == state["allow"]["inputs"]["queueUrl"] == state["jobs"]["outputs"]["url"]
    assert "3 unchanged" in deployment.up(JOBS, policy)


def test_changes_in_place_and_replacements(deployment: Deployment) -> None:
    role = {"type": ROLE, "name": "r", "inputs": {"assumeRolePolicy": "{}", "name": "fixed"}}
    deployment.up(JOBS, role)
    steps = deployment.preview(
        {**JOBS, "inputs": {"delaySeconds": 2}}, {**role, "inputs": {**role["inputs"], "path": "/a/"}}
    )
    assert (steps["jobs"]["op"], steps["jobs"]["detailedDiff"]) == (
        "update",
        {"delaySeconds": {"kind": "update", "inputDiff": True}},
    )
    assert (steps["r"]["op"], steps["r"]["replaceReasons"]) == ("replace", ["path"])
    # The new role has the same name: only after the old one is gone can it be made.
    deployment.up(JOBS, {**role, "inputs": {**role["inputs"], "path": "/a/"}})
    assert [thing.properties["path"] for thing in deployment.world.things(ROLE)] == ["/a/"]


def test_secrets_stay_secret_in_state(deployment: Deployment) -> None:
    parameter = {
        "type": "aws:ssm/parameter:Parameter",
        "name": "p",
        "inputs": {"type": "String", "value": "hidden-value"},
        "secret": "value",
    }
    deployment.up(parameter)
    assert deployment.world.things("aws:ssm/parameter:Parameter")[0].properties["value"] == "hidden-value"
    assert "hidden-value" not in json.dumps(deployment.state())


def test_drift_is_seen_and_mended(deployment: Deployment) -> None:
    deployment.up(JOBS)
    id = deployment.queues("jobs")[0].id
    deployment.world.drift(QUEUE, id, delaySeconds=9)
    done = deployment.box.pulumi(
        "refresh", "--preview-only", "--expect-no-changes", cwd=deployment.project, check=False
    )
    assert done.returncode != 0
    deployment.box.pulumi("refresh", "--yes", "--skip-preview", cwd=deployment.project)
    deployment.up(JOBS)
    assert deployment.queues("jobs")[0].properties["delaySeconds"] == 1


def test_what_is_half_made_is_in_state_and_completed(deployment: Deployment) -> None:
    late = {**JOBS, "name": "late"}
    deployment.world.faults = [Fault("half-create", type=QUEUE, times=1)]
    assert "unexpected state 'FAILED'" in deployment.up(late, check=False)
    half = deployment.state()["late"]
    assert half["id"] == deployment.queues("late")[0].id
    assert half["initErrors"]
    deployment.up(late)
    assert [thing.id for thing in deployment.queues("late")] == [half["id"]]
    assert "initErrors" not in deployment.state()["late"]


def test_what_is_lost_is_imported(deployment: Deployment) -> None:
    named = {"type": QUEUE, "name": "lost", "inputs": {"name": "lost"}}
    deployment.world.faults = [Fault("lost", times=1)]
    assert "connection reset" in deployment.up(named, check=False)
    id = deployment.queues("lost")[0].id
    assert "lost" not in deployment.state()
    deployment.up({**named, "import": id})
    assert deployment.state()["lost"]["id"] == id


def test_a_refusing_region_fails_alone(deployment: Deployment) -> None:
    deployment.world.faults = [Fault("refuse", region="eu-west-1")]
    away, here = (
        {"type": QUEUE, "name": region, "inputs": {"region": region}} for region in ("eu-west-1", "us-east-1")
    )
    assert "AccessDenied" in deployment.up(here, away, check=False)
    assert deployment.queues("us-east-1")
    assert not deployment.queues("eu-west-1")
    deployment.world.faults = []
    assert "1 created" in deployment.up(here, away)
    deployment.up()
    assert not deployment.world.things()
