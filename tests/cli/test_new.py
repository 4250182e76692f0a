"""`tradewind new` as people use it: what it writes is right at once, and a wrong argument is one clear message."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.app import run
from components.environment_settings import TenantTier
from components.model import EnvironmentClass
from plan.offline import run_all
from plan.project import find
from stacks.specification import FOLDER, load
from tests.cli import wrong
from tests.cli.wrong import Tradewind, assert_refused

here = wrong.here
tradewind = wrong.tradewind

ROOT = FOLDER.parent


@pytest.fixture
def project(here: Path) -> Path:
    """This project's specifications and programs, to stand in and write into."""
    shutil.copytree(FOLDER, here / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", here)
    for package in ("components", "problems"):
        (here / package).symlink_to(ROOT / package)
    return here


@pytest.fixture
def new(project: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs `tradewind new`, which must succeed; what it says."""

    def command(*arguments: str) -> str:
        with pytest.raises(SystemExit) as ended:
            run(["new", *arguments])
        said = capfd.readouterr()
        assert ended.value.code == 0, said.err
        assert said.err == ""
        return said.out

    return command


def test_a_new_environment_says_what_it_wrote_and_what_to_do_next(
    project: Path, new: Callable[..., str]
) -> None:
    said = new("environment", "research", "--region", "eu-west-1")
    assert said.splitlines() == [
        "wrote stacks/research.yaml",
        "wrote stacks/Pulumi.research.yaml",
        "now   tradewind plan research",
    ]
    environment = load(project / "stacks" / "research.yaml")
    assert environment.region_names == ["eu-west-1"]
    assert environment.environment_class is EnvironmentClass.DEVELOPMENT


def test_new_environments_plan_clean_at_once(project: Path, new: Callable[..., str]) -> None:
    """Also with a tenant of a cluster of its own, in one stack and in a stack for each cell."""
    new("environment", "research", "--region", "eu-west-1")
    regions = ("--region", "eu-west-1", "--region", "us-east-1")
    new("environment", "two", *regions, "--class", "production")
    paid = ("--owner", "maps-ml", "--cost-center", "cc-4000")
    new("tenant", "two", "maps", "--tier", "silo", "--residency", "eu", *paid)
    stacks = ["research", "two-global", "two-eu-west-1"]
    graphs = run_all([find(project).program(stack) for stack in stacks])
    assert [graph.findings for graph in graphs] == [()] * len(stacks)
    clusters = {one.name for one in graphs[2] if one.type == "aws:eks/cluster:Cluster"}
    assert len(clusters) == 2


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_a_new_tenant_is_in_the_specification(project: Path, new: Callable[..., str], tier: str) -> None:
    said = new("tenant", "dev", "maps", "--tier", tier, "--owner", "maps-ml", "--cost-center", "cc-4000")
    assert said.splitlines() == ["changed stacks/dev.yaml", "now   tradewind plan dev"]
    tenant = load(project / "stacks" / "dev.yaml").tenants[-1]
    assert (tenant.name, tenant.tier) == ("maps", TenantTier(tier))


def test_a_new_component_names_its_test(new: Callable[..., str], project: Path) -> None:
    (project / "components").unlink()
    said = new("component", "SpeechGateway")
    assert said.splitlines() == [
        "wrote components/speech_gateway/__init__.py",
        "wrote components/speech_gateway/settings.py",
        "wrote components/speech_gateway/speech_gateway.py",
        "wrote tests/components/test_speech_gateway.py",
        "now   pytest tests/components/test_speech_gateway.py",
    ]


def test_unused_networks_are_shown_and_nothing_is_written(project: Path, tradewind: Tradewind) -> None:
    said = tradewind("new", "environment", "--suggest-network", "--region", "eu-west-1")
    assert said.code == 0
    assert said.out.startswith("eu-west-1  10.")


OF_TENANT = ("--owner", "maps-ml", "--cost-center", "cc-4000")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("environment", "prod"), ("stacks/prod.yaml", "it exists already")),
        (("environment", "prod-global"), ("stacks/Pulumi.prod-global.yaml", "it exists already")),
        (("environment", "a/b"), ("a/b", "did you mean a-b?")),
        (("environment", "../x"), ("../x", "did you mean x?")),
        (("environment", "Research"), ("did you mean research?",)),
        (("environment", "x" * 17), ("up to 16",)),
        (("environment", "-"), ("such as research",)),
        (("environment", "x", "--region", "eu-wset-1"), ("eu-wset-1", "did you mean eu-west-1?")),
        (("environment", "x", "--region", "eu-west-1", "--region", "eu-west-1"), ("each once",)),
        (("environment", "x", "--account", "12"), ("twelve digits",)),
        (("tenant", "dve", "maps", *OF_TENANT), ("dve", "did you mean dev?")),
        (("tenant", "../dev", "maps", *OF_TENANT), ("../dev", "no such specification")),
        (("tenant", "dev", "a/b", *OF_TENANT), ("tenants[1].name", "did you mean a-b?")),
        (("tenant", "dev", "sandbox", *OF_TENANT), ("tenants[1].name", "has that name already")),
        (("tenant", "prod", "credit", *OF_TENANT), ("tenants[3].name", "has that name already")),
        (("tenant", "dev", "maps", "--owner", "", "--cost-center", "cc-1"), ("tenants[1].owner",)),
        (("tenant", "dev", "maps", *OF_TENANT, "--residency", "asia"), ("asia", "one of any")),
        (("tenant", "dev", "maps", "--owner", "x", "--cost-center", "12"), ("cc-[0-9]{4}", "like cc-1000")),
        (("component", "Network"), ("components/network/network.py", "it exists already")),
        (("component", "a/b"), ("a/b", "like ModelRegistry")),
        (("component", "class"), ("like ModelRegistry",)),
        (("component", ""), ("like ModelRegistry",)),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_wrong_argument_is_one_message_and_nothing_is_written(
    project: Path, tradewind: Tradewind, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    said = tradewind("new", *arguments)
    assert_refused(said, "1 problem, nothing was written", *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("environment",), "NAME"),
        (("environment", "x", "--class", "prod"), "production"),
        (("tenant", "dev", "maps", "--tier", "gold", *OF_TENANT), "silo"),
        (("tenant", "dev", "maps", "--owner", "x"), "--cost-center"),
        (("componet",), "component"),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_command_that_is_not_understood_says_what_it_takes(
    project: Path, tradewind: Tradewind, arguments: tuple[str, ...], words: str
) -> None:
    said = tradewind("new", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err and "Traceback" not in said.err


def test_outside_of_a_project_there_is_nothing_to_write_into(here: Path, tradewind: Tradewind) -> None:
    assert_refused(tradewind("new", "environment", "x"), "there is no project to write into")
