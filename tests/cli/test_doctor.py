"""`tradewind doctor`: what a command would use, and what is missing for what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.app import run


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        run(["doctor", *arguments])
    assert ended.value.code == 0
    return capsys.readouterr().out


def engine(folder: Path, version: str) -> Path:
    folder.mkdir()
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\necho v{version}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def part(document: str, name: str) -> dict[str, object]:
    found: dict[str, object] = next(it for it in json.loads(document)["parts"] if it["name"] == name)
    return found


def test_the_engine_on_the_path_is_the_one_that_up_would_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = engine(tmp_path / "bin", "3.259.0")
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    found = part(doctor(capsys, "--format", "json"), "pulumi (engine)")
    assert (found["version"], found["path"], found["found"]) == ("3.259.0", str(path), True)
    assert str(path) in doctor(capsys).replace("\n", "")


def test_an_engine_that_is_too_old_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", f"{engine(tmp_path / 'bin', '2.0.0').parent}:/usr/bin:/bin")
    found = part(doctor(capsys, "--format", "json"), "pulumi (engine)")
    assert (found["version"], found["found"]) == ("2.0.0", False)
    assert "2.0.0, >= 3." in doctor(capsys).partition("MISSING")[2]


def test_without_an_engine_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = part(doctor(capsys, "--format", "json"), "pulumi (engine)")
    assert (found["version"], found["path"], found["found"]) == ("", "", False)
    assert "not on PATH" in str(found["get"])


def test_it_names_the_plugins_of_the_project_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "name: x\nplugins: {providers: [{name: aws, path: fakes, version: 1.2.3}]}\n"
    (tmp_path / "Pulumi.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = part(doctor(capsys, "--format", "json"), "pulumi-resource-aws (plugin)")
    assert (found["version"], found["source"]) == ("1.2.3", "Pulumi.yaml")
