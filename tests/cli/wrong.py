"""What the tables of wrong input share: a place to stand in, the command in this process, its message.

A test module takes the fixtures it needs by assignment: `here = wrong.here`.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from cli.app import run
from plan.graph import SCHEMA

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n" for before, here in pairwise("abcdefghijklm")
)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Tradewind = Callable[..., Said]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with an empty temporary folder beside it."""
    folder, scratch = tmp_path / "here", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def tradewind(here: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Tradewind]:
    """Runs the command in this process, for a minute at most. Afterwards nothing new may lie anywhere."""

    def hangs(*_: object) -> None:
        pytest.fail("the command hangs", pytrace=False)

    previous = signal.signal(signal.SIGALRM, hangs)
    wrote: list[str] = []

    def command(*arguments: str) -> Said:
        before = _files(here.parent)
        capfd.readouterr()
        signal.alarm(60)
        try:
            with pytest.raises(SystemExit) as ended:
                run(list(arguments))
        finally:
            signal.alarm(0)
        printed = capfd.readouterr()
        wrote.extend(sorted(_files(here.parent) - before))
        code = ended.value.code
        assert isinstance(code, int)
        return Said(code, printed.out, printed.err)

    yield command
    signal.signal(signal.SIGALRM, previous)
    tempfile.tempdir = None
    assert wrote == []
    assert _children() == []


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts}


def _children() -> list[str]:
    """Command lines of the processes that this one has started and that still run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.append((process / "cmdline").read_text())
    return found


def assert_refused(said: Said, *words: str, code: int = 1) -> None:
    assert said.code == code, said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "defect" not in said.err
    assert len(said.err) < 6000
    for word in words:
        assert word in said.err
    if code == 1:
        assert "\n  fix" in said.err
        assert "\n  but" in said.err
        last = said.err.strip().splitlines()[-1]
        assert "problem" in last and "nothing was" in last


def graph_text(**more: object) -> str:
    return json.dumps(
        {
            "schema": SCHEMA,
            "origin": "offline",
            "assumptions": [],
            "findings": [],
            "outputs": {},
            "resources": [],
            **more,
        }
    )


def queue(name: str, **more: object) -> dict[str, object]:
    kind = "aws:sqs/queue:Queue"
    return {"urn": f"urn:pulumi:dev::p::{kind}::{name}", "type": kind, "name": name, **more}


def queue_urn(name: str) -> str:
    return f"urn:pulumi:dev::p::aws:sqs/queue:Queue::{name}"


@pytest.fixture
def environment(here: Path) -> Callable[[str | bytes], None]:
    """Makes `here` a project with the environment `trial`."""

    def write(text: str | bytes) -> None:
        (here / "stacks").mkdir()
        (here / "Pulumi.yaml").write_text(
            "name: tradewind\nmain: stacks\nstackConfigDir: stacks\nruntime: python\n"
        )
        data = text if isinstance(text, bytes) else text.encode()
        (here / "stacks" / "trial.yaml").write_bytes(data)
        (here / "stacks" / "__main__.py").write_text("open('ran', 'w').close()\n")

    return write
