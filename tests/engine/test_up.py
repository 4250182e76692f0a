"""`tradewind preview` and `tradewind up` on the real engine: one stack, and cells in waves.

The tests of a class tell one story in order: each run of the engine takes seconds, so what one leaves
behind is what the next begins with.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from plan import offline
from plan.project import find
from tests.engine.aws.world import Fault, World
from tests.engine.deploying import deployable
from tests.engine.sandbox import ROOT, STATE_AT_THE_END, Sandbox

pytestmark = pytest.mark.engine

TRADEWIND = str(Path(sys.executable).with_name("tradewind"))
HOME, OTHER = "us-east-1", "eu-west-1"


class Deployed:
    """A project in a sandbox, and the command in it."""

    def __init__(self, box: Sandbox, project: Path) -> None:
        self.box, self.project = box, project
        self.world = World(box.world)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        box = Sandbox(self.box.folder, variables) if variables else self.box
        return box.run(TRADEWIND, *arguments, cwd=self.project, check=False)

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and document; the document is what its schema says."""
        done = self.run(*arguments, "--format", "json")
        assert done.stdout, done.stderr
        document = json.loads(done.stdout)
        schema = json.loads((ROOT / "cli" / "schemas" / f"{arguments[0]}.json").read_text(encoding="utf-8"))
        jsonschema.validate(document, schema)
        return done.returncode, document

    def state(self, stack: str) -> Any:
        """The stack's state, empty for one that was never deployed."""
        done = self.box.pulumi("stack", "export", "-s", stack, cwd=self.project, check=False)
        return json.loads(done.stdout or '{"deployment": {}}')


def cells(document: Any) -> dict[str, Any]:
    return {cell["cell"]: cell for cell in document["cells"]}


def results(document: Any) -> dict[str, str]:
    return {name: cell["result"] for name, cell in cells(document).items()}


def resources(state: Any) -> set[str]:
    return {row["urn"] for row in state["deployment"].get("resources", ())}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    box = Sandbox(tmp_path_factory.mktemp("dev"))
    made = Deployed(box, box.project(ROOT, "tradewind"))
    yield made
    made.world.close()


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(scope="module")
def whole(dev: Deployed) -> int:
    """Resources that dev has once it is there, by its offline plan."""
    return len(list(offline.run(find(dev.project).program("dev"))))


class TestOneStack:
    """dev: everything in one stack."""

    def test_a_preview_says_what_the_engine_s_own_says(self, dev: Deployed, plans: Path) -> None:
        code, document = dev.json("preview", "dev", "--save-plan", str(plans / "first"))
        assert code == 0, document
        changes = {(change["operation"], change["urn"]) for change in cells(document)["all"]["changes"]}
        plain = dev.box.pulumi("preview", "--json", "-s", "dev", cwd=dev.project).stdout
        steps = json.loads(plain[plain.index("{") :])["steps"]
        assert changes == {(step["op"], step["urn"]) for step in steps}
        assert cells(document)["all"]["operations"]["create"] == len(changes) > 100
        # A plan of what is in a cluster that is still to be made is none, and says so.
        warned = [warning["urn"] for warning in cells(document)["all"]["warnings"]]
        assert any("pulumi:providers:kubernetes" in urn for urn in warned)
        assert not dev.world.things()

    def test_a_plan_that_is_missing_is_told_before_anything_runs(self, dev: Deployed, plans: Path) -> None:
        done = dev.run("up", "dev", "--yes", "--plan", str(plans / "nowhere"))
        assert done.returncode == 1
        assert "dev has no saved plan there" in done.stderr
        assert not dev.world.things()

    def test_an_interruption_ends_the_engine_in_order_and_is_reported(
        self, dev: Deployed, whole: int
    ) -> None:
        process = subprocess.Popen(
            [TRADEWIND, "up", "dev", "--yes", "--format", "json"],
            cwd=dev.project,
            env=dev.box.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + 240
        while len(dev.world.things()) < 20 and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=240)
        assert process.returncode == 130
        document = json.loads(said)
        assert results(document) == {"all": "interrupted"}
        assert document["resume"] == "tradewind up dev --yes"
        state = dev.state("dev")
        assert not state["deployment"].get("pending_operations")
        assert 20 <= len(resources(state)) < whole

    def test_a_plan_that_no_longer_fits_is_told(self, dev: Deployed, plans: Path) -> None:
        """That of before the interruption was made for an empty stack: none of it is done."""
        before = resources(dev.state("dev"))
        done = dev.run("up", "dev", "--yes", "--plan", str(plans / "first"))
        assert done.returncode == 1
        assert "is to be created and is there already" in done.stderr
        assert "nothing was deployed" in done.stderr
        assert resources(dev.state("dev")) == before

    def test_running_it_again_makes_only_what_is_missing(self, dev: Deployed, whole: int) -> None:
        before = resources(dev.state("dev"))
        code, document = dev.json("up", "dev", "--yes")
        assert code == 0, document
        done = cells(document)["all"]["operations"]
        assert done["create"] == len(resources(dev.state("dev")) - before) == whole - len(before)
        assert done["same"] == len(before)

    def test_the_engine_s_own_command_finds_nothing_left_to_do(self, dev: Deployed, whole: int) -> None:
        done = dev.box.pulumi(
            "up", "--yes", "--skip-preview", "--expect-no-changes", "-s", "dev", cwd=dev.project
        )
        assert f"{whole} unchanged" in done.stdout

    def test_a_saved_plan_is_what_is_done(self, dev: Deployed, plans: Path) -> None:
        specification = dev.project / "stacks" / "dev.yaml"
        text = specification.read_text(encoding="utf-8")
        specification.write_text(text.replace("monthly_usd: 800", "monthly_usd: 900"), encoding="utf-8")
        _, seen = dev.json("preview", "dev", "--save-plan", str(plans / "second"))
        (change,) = cells(seen)["all"]["changes"]
        assert (change["operation"], change["type"]) == ("update", "aws:budgets/budget:Budget")
        specification.write_text(text.replace("monthly_usd: 800", "monthly_usd: 950"), encoding="utf-8")
        other = dev.run("up", "dev", "--yes", "--plan", str(plans / "second"))
        assert other.returncode == 1
        assert "not what the saved plan says" in other.stdout
        assert "make the plan again" in other.stdout
        specification.write_text(text.replace("monthly_usd: 800", "monthly_usd: 900"), encoding="utf-8")
        code, document = dev.json("up", "dev", "--yes", "--plan", str(plans / "second"))
        assert code == 0, document
        assert [it["urn"] for it in cells(document)["all"]["changes"]] == [change["urn"]]
        (budget,) = dev.world.things(type=change["type"])
        assert float(budget.properties["limitAmount"]) == 900

    def test_an_unfinished_operation_is_refused_beforehand(self, dev: Deployed) -> None:
        """The engine leaves it in the state when it is killed; an import would clear it."""
        file = dev.box.folder / "state/.pulumi/stacks/tradewind/dev.json"
        text = file.read_text(encoding="utf-8")
        document = json.loads(text)
        latest = document["checkpoint"]["latest"]
        bucket = next(row for row in latest["resources"] if row["type"] == "aws:s3/bucket:Bucket")
        latest["pending_operations"] = [{"resource": bucket, "type": "creating"}]
        calls = sum(dev.world.calls().values())
        file.write_text(json.dumps(document), encoding="utf-8")
        try:
            done = dev.run("up", "dev", "--yes")
        finally:
            file.write_text(text, encoding="utf-8")
        assert done.returncode == 1
        assert f"creating {bucket['urn'].rpartition('::')[2]}" in done.stderr
        assert "tradewind state dev" in done.stderr
        assert sum(dev.world.calls().values()) == calls

    def test_a_locked_stack_is_refused_beforehand(self, dev: Deployed) -> None:
        folder = dev.box.folder / "state/.pulumi/locks/organization/tradewind/dev"
        folder.mkdir(parents=True, exist_ok=True)
        lock = folder / "other.json"
        row = {"pid": 4242, "username": "ada", "hostname": "laptop", "timestamp": "2026-11-23T13:00:00Z"}
        lock.write_text(json.dumps(row), encoding="utf-8")
        try:
            done = dev.run("up", "dev", "--yes")
        finally:
            lock.unlink()
        assert done.returncode == 1
        assert "ada@laptop" in done.stderr
        assert "tradewind state dev" in done.stderr

    def test_a_passphrase_that_is_wrong_or_missing_is_told_at_once(self, dev: Deployed) -> None:
        wrong = dev.run("preview", "dev", PULUMI_CONFIG_PASSPHRASE="wrong")
        assert wrong.returncode == 1
        assert "the passphrase is not the one" in wrong.stdout + wrong.stderr
        box = Sandbox(dev.box.folder)
        del box.environment["PULUMI_CONFIG_PASSPHRASE"]
        missing = box.run(TRADEWIND, "up", "dev", "--yes", cwd=dev.project, check=False)
        assert missing.returncode == 4
        assert "PULUMI_CONFIG_PASSPHRASE" in missing.stderr
        assert "Traceback" not in wrong.stderr + missing.stderr

    def test_an_error_of_the_program_that_only_a_deployment_meets_is_one_line_and_a_place(
        self, dev: Deployed
    ) -> None:
        program = dev.project / "stacks" / "__main__.py"
        text = program.read_text(encoding="utf-8")
        line = "    if not pulumi.runtime.is_dry_run():\n        raise KeyError('lost')\n"
        changed = text.replace("    build(environment, cell)\n", f"    build(environment, cell)\n{line}")
        program.write_text(changed, encoding="utf-8")
        number = changed.splitlines().index("        raise KeyError('lost')") + 1
        try:
            done = dev.run("up", "dev", "--yes")
        finally:
            program.write_text(text, encoding="utf-8")
        assert done.returncode == 1
        assert "KeyError: 'lost'" in done.stdout
        assert f"stacks/__main__.py:{number}" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
        assert "unhandled" not in done.stdout

    def test_a_broken_rule_is_found_by_the_engine_and_stops_a_deployment_beforehand(
        self, dev: Deployed
    ) -> None:
        program = dev.project / "stacks" / "__main__.py"
        text = program.read_text(encoding="utf-8")
        line = (
            "    aws.ebs.Volume('bare', availability_zone='us-east-1a', size=1,"
            " opts=pulumi.ResourceOptions(provider=aws.Provider('bare', region='us-east-1')))\n"
        )
        changed = text.replace("    build(environment, cell)\n", f"    build(environment, cell)\n{line}")
        program.write_text(changed, encoding="utf-8")
        try:
            code, document = dev.json("preview", "dev")
            stopped, refused = dev.json("up", "dev", "--yes")
        finally:
            program.write_text(text, encoding="utf-8")
        broken = {found["rule"] for found in cells(document)["all"]["violations"]}
        assert (code, stopped) == (3, 3)
        assert "required-tags" in broken
        assert cells(document)["all"]["failures"] == []
        assert results(refused) == {"all": "not run"}
        assert any("required-tags" in gate for gate in refused["gates"])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """An environment of a global cell and two regions, each a stack: development's sizes."""
    box = Sandbox(tmp_path_factory.mktemp("small"))
    project = box.project(ROOT, "tradewind")
    folder = project / "stacks"
    specification = yaml.safe_load((folder / "dev.yaml").read_text(encoding="utf-8"))
    regions = [{"region": HOME, "network": {"cidr": "10.16.0.0/16"}}, {"region": OTHER, "network": {"cidr": "10.17.0.0/16"}}]  # fmt: skip
    specification |= {"environment": "small", "cells": "stack-per-cell", "regions": regions}
    (folder / "small.yaml").write_text(yaml.safe_dump(specification, sort_keys=False), encoding="utf-8")
    template = (folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    for cell in ("global", HOME, OTHER):
        text = template.replace("environment: dev", "environment: small").replace(
            "cell: all", f"cell: {cell}"
        )
        (folder / f"Pulumi.small-{cell}.yaml").write_text(text, encoding="utf-8")
    made = Deployed(box, project)
    yield made
    made.world.close()


class TestWaves:
    """A global cell and two regions."""

    def test_a_budget_that_the_plan_exceeds_stops_everything(self, small: Deployed) -> None:
        code, document = small.json("up", "small", "--yes", "--budget", "100")
        assert code == 3
        assert set(results(document).values()) == {"not run"}
        assert any("--budget" in gate for gate in document["gates"])
        assert not small.world.things()

    def test_an_unhealthy_wave_stops_those_after_it(self, small: Deployed) -> None:
        command = "sh -c 'echo wave $TRADEWIND_WAVE of $TRADEWIND_CELLS is ill; exit 9'"
        code, document = small.json("up", "small", "--yes", "--health", command)
        assert code == 3
        assert results(document) == {"global": "succeeded", HOME: "not run", OTHER: "not run"}
        assert "wave 1 of global is ill" in document["gates"][0]
        assert {row["wave"] for row in document["cells"]} == {1, 2, 3}

    def test_one_cell_can_be_looked_at_alone(self, small: Deployed) -> None:
        code, document = small.json("preview", "small", "--cell", "global", "--no-policy")
        assert code == 0, document
        assert list(cells(document)) == ["global"]
        assert cells(document)["global"]["changes"] == []


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    box = Sandbox(tmp_path_factory.mktemp("prod"), STATE_AT_THE_END)
    made = Deployed(box, deployable(box))
    yield made
    made.world.close()


@pytest.mark.long
class TestProduction:
    """The shipped prod: four cells, three of them regions."""

    LOST = "eu-west-1"

    def test_a_region_that_refuses_everything_is_named_and_the_others_finish(self, prod: Deployed) -> None:
        """What spans the regions stands before: it has buckets in each of them."""
        assert prod.json("up", "prod", "--yes", "--cell", "global")[0] == 0
        prod.world.faults = [Fault("refuse", region=self.LOST)]
        code, document = prod.json("up", "prod", "--yes", "--parallel")
        assert code == 1
        found = results(document)
        assert found.pop(self.LOST) == "failed"
        assert set(found.values()) == {"succeeded"}
        failure = cells(document)[self.LOST]["failures"][0]
        assert "AccessDenied" in failure["message"]
        assert failure["urn"]
        assert document["resume"] == "tradewind up prod --parallel --yes"

    def test_the_next_run_completes_only_what_is_missing(self, prod: Deployed) -> None:
        prod.world.faults = []
        before = len(resources(prod.state(f"prod-{self.LOST}")))
        code, document = prod.json("up", "prod", "--yes", "--parallel", "--budget", "1,000,000")
        assert code == 0, document
        assert document["resume"] == ""
        for name, cell in cells(document).items():
            counts = cell["operations"]
            assert counts["update"] == counts["replace"] == counts["delete"] == 0
            made = len(resources(prod.state(f"prod-{name}"))) - before if name == self.LOST else 0
            assert counts["create"] == made
