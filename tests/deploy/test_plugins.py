"""Where the engine would find its plugins."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from deploy.plugins import Plugin, find_plugins

AWS = version("pulumi-aws")


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def aws(tmp_path: Path, project: Path | None = None, engine: Path | None = None, **variables: str) -> Plugin:
    given = {"PATH": str(tmp_path / "bin"), "PULUMI_HOME": str(tmp_path / "home"), **variables}
    return next(it for it in find_plugins(project, engine, given) if it.name == "pulumi-resource-aws")


def test_a_plugin_that_is_nowhere_is_said_to_be_and_in_which_version_it_is_needed(tmp_path: Path) -> None:
    assert aws(tmp_path) == Plugin("pulumi-resource-aws", AWS, "", None, "")


def test_the_project_comes_before_the_path_and_the_path_before_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home" / "plugins" / f"resource-aws-v{AWS}"
    home.mkdir(parents=True)
    assert aws(tmp_path) == Plugin("pulumi-resource-aws", AWS, "PULUMI_HOME", home, AWS)
    on_path = executable(tmp_path / "bin" / "pulumi-resource-aws")
    assert aws(tmp_path) == Plugin("pulumi-resource-aws", AWS, "PATH", on_path, "")
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(
        "name: x\nplugins: {providers: [{name: aws, path: fakes/aws}]}\n", encoding="utf-8"
    )
    found = aws(tmp_path, project)
    assert (found.source, found.path) == ("Pulumi.yaml", project / "fakes" / "aws")


def test_plugins_on_the_path_can_be_switched_off(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "pulumi-resource-aws")
    assert aws(tmp_path, PULUMI_IGNORE_AMBIENT_PLUGINS="true").source == ""


def test_another_version_in_the_home_will_not_do(tmp_path: Path) -> None:
    for each in ("6.10.0", "6.9.0"):
        (tmp_path / "home" / "plugins" / f"resource-aws-v{each}").mkdir(parents=True)
    assert (aws(tmp_path).source, aws(tmp_path).other) == ("", ("6.9.0", "6.10.0"))


def test_a_download_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    home = tmp_path / "home" / "plugins" / f"resource-aws-v{AWS}"
    home.mkdir(parents=True)
    (home.parent / f"{home.name}.partial").touch()
    assert aws(tmp_path).source == ""


def test_the_language_host_lies_beside_the_engine(tmp_path: Path) -> None:
    engine = executable(tmp_path / "pulumi" / "pulumi")
    host = executable(engine.with_name("pulumi-language-python"))
    found = find_plugins(None, engine, {"PATH": "", "PULUMI_HOME": str(tmp_path)})[0]
    assert (found.name, found.source, found.path) == ("pulumi-language-python", "with the engine", host)


@pytest.mark.parametrize("text", ["plugins: [1]", "plugins: {providers: 3}", ": [", "[]"])
def test_a_strange_project_file_names_no_plugin(tmp_path: Path, text: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(text, encoding="utf-8")
    assert aws(tmp_path, tmp_path).source == ""
