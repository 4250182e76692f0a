"""Programs as people write them, planned as they are: what holds of every one of them.

The programs are in `tests/programs`; none of them knows of this project.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from plan import offline
from plan.graph import Graph
from plan.project import find
from plan.values import UNKNOWN, references
from tests.plan.planned import NAMES, PROGRAMS, all_dependencies, graph, planned, program

# Of all of them


@pytest.mark.parametrize("name", NAMES)
def test_every_program_plans_as_it_is(name: str) -> None:
    found = graph(name)
    assert found.origin == "offline"
    assert sum(resource.is_managed for resource in found) >= 5
    assert len(found.of_type("pulumi:pulumi:Stack")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_wrong_in_a_right_program(name: str) -> None:
    assert planned("unknown")[name].findings == ()
    assert [
        it for it in graph(name).findings if not it.message.startswith("not computed before deployment")
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_unknown_and_symbolic_answers_give_the_same_resources(name: str) -> None:
    """What an output will be decides about values, never about which resources there are."""
    symbolic, unknown = planned("symbolic")[name], planned("unknown")[name]
    assert set(symbolic.resources) == set(unknown.resources)
    for resource in symbolic:
        other = unknown[resource.urn]
        assert set(resource.inputs) == set(other.inputs)
        assert (resource.parent, resource.provider, resource.region, resource.source) == (
            other.parent,
            other.provider,
            other.region,
            other.source,
        )
        assert set(other.dependencies) <= set(resource.dependencies)
        # The SDK forgets what an unknown result of a data source depends on: a preview knows no more.
        assert name == "data-lookups" or set(other.dependencies) == set(resource.dependencies)


@pytest.mark.parametrize(
    "name", ["eks-apps", "governance", "output-parsing", "secrets-everywhere", "web-server"]
)
def test_a_program_planned_twice_gives_the_same_bytes(name: str) -> None:
    """Of those with manifests, transforms, failing computations, pickled code, and a plain one."""
    assert offline.run(program(name)).to_json() == graph(name).to_json()


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_is_the_same_after_writing_and_reading(name: str) -> None:
    text = graph(name).to_json()
    assert Graph.from_json(text).to_json() == text


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_knows_its_line(name: str) -> None:
    """A file of the program, by its path from the project folder, and a line that is there.

    What is made from a manifest has the line of the component that reads it.
    """
    found = graph(name)
    for resource in found:
        if resource.type == "pulumi:pulumi:Stack" or (
            resource.is_provider and resource.name.startswith("default")
        ):
            continue
        source = resource.source or next(it.source for it in found.ancestors(resource) if it.source)
        file, _, line = source.rpartition(":")
        lines = (PROGRAMS / name / file).read_text().splitlines()
        assert lines[int(line) - 1].strip()


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_to_a_resource_of_the_graph(name: str) -> None:
    found = graph(name)
    for resource in found:
        for reference in references(dict(resource.inputs)):
            assert reference.urn in found
            assert reference.urn in all_dependencies(found, resource)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"stack-references"}))
def test_symbolic_answers_leave_little_unknown(name: str) -> None:
    """They are there for policy and cost to look into: nearly every input is known or says whence it comes."""
    values = [value for resource in graph(name) if resource.is_managed for value in resource.inputs.values()]
    assert sum(value is UNKNOWN for value in values) <= 0.1 * len(values)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_this_machine_is_in_the_graph(name: str) -> None:
    text = graph(name).to_json()
    for path in (str(PROGRAMS), sys.prefix, str(Path.home()) + "/"):
        assert path not in text


def test_planning_writes_nothing_into_a_project() -> None:
    planned()
    files = {path.name for path in PROGRAMS.rglob("*") if path.is_file()}
    assert not [file for file in files if file.endswith((".pyc", ".json.tmp", ".log"))]
    assert not list(PROGRAMS.rglob(".pulumi"))


# Somebody else's environment


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a virtual environment of its own: the Pulumi SDKs, and nothing of this project.

    Made of links to the installed packages, so that no network is needed.
    """
    folder = tmp_path_factory.mktemp("foreign") / "model-serving"
    shutil.copytree(PROGRAMS / "model-serving", folder)
    settings = folder / "Pulumi.yaml"
    settings.write_text(
        settings.read_text().replace(
            "runtime: python", "runtime:\n  name: python\n  options:\n    virtualenv: venv"
        )
    )
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python3*/site-packages")
    ours = {
        "pydantic",
        "pydantic_core",
        "rich",
        "click",
        "tradewind",
        "cli",
        "plan",
        "problems",
        "hypothesis",
        "pytest",
        "_pytest",
    }
    for installed in map(Path, site.getsitepackages()):
        for entry in installed.iterdir():
            stem = entry.name.partition("-")[0].partition(".")[0].lower()
            if (
                stem not in ours
                and entry.suffix not in (".pth", ".egg-link")
                and not entry.name.startswith(("_", "."))
            ):
                (packages / entry.name).symlink_to(entry)
    return folder


def test_a_foreign_project_runs_in_its_own_environment(foreign: Path) -> None:
    """The program sees its packages and none of ours, and the plan is the same."""
    python = foreign / "venv" / "bin" / "python"
    for package in ("pydantic", "rich", "plan"):
        found = subprocess.run(
            [python, "-c", f"import {package}"], cwd=foreign, capture_output=True, check=False
        )
        assert found.returncode != 0
    main = foreign / "__main__.py"
    main.write_text(
        "import importlib.util, sys\n"
        "assert sys.prefix.endswith('venv'), sys.prefix\n"
        "assert not [name for name in ('pydantic', 'rich', 'plan', 'cli', 'tradewind') if importlib.util.find_spec(name)]\n"
        + main.read_text()
    )
    asked = find(foreign).program("dev")
    assert Path(asked.python) == python
    there = offline.run(asked)
    here = graph("model-serving")
    assert set(there.resources) == set(here.resources)
    assert [dict(it.inputs) for it in there] == [dict(it.inputs) for it in here]


def test_the_callers_python_settings_do_not_reach_the_program(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`PYTHONPATH` and `PYTHONSTARTUP` of whoever plans would make it another program."""
    (tmp_path / "pulumi.py").write_text("raise RuntimeError('the wrong pulumi')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "pulumi.py"))
    assert len(offline.run(find(foreign).program("dev"))) > 10
