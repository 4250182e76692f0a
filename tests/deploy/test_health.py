"""A person's own command as a gate."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from deploy.health import health, parsed
from deploy.stack import CellStack
from problems import InputError

STACKS = [
    CellStack(Path("/p"), "prod-global", "global", 0),
    CellStack(Path("/p"), "prod-eu-west-1", "eu-west-1", 0),
]


def asked(code: str, folder: Path, limit: float = 20) -> str:
    return health([sys.executable, "-c", code], "prod", 2, STACKS, folder, limit)


def test_a_command_that_ends_well_says_nothing(tmp_path: Path) -> None:
    assert asked("print('fine')", tmp_path) == ""


def test_it_knows_where_it_stands(tmp_path: Path) -> None:
    code = (
        "import os; names = ('ENVIRONMENT', 'WAVE', 'CELLS', 'REGIONS');"
        "print([os.environ['TRADEWIND_' + it] for it in names], os.getcwd()); raise SystemExit(1)"
    )
    said = asked(code, tmp_path)
    assert "['prod', '2', 'global eu-west-1', 'eu-west-1']" in said
    assert str(tmp_path) in said


def test_the_end_of_what_a_failing_command_said_is_shown(tmp_path: Path) -> None:
    said = asked("for n in range(50): print('line', n)\nraise SystemExit(3)", tmp_path)
    assert "exit code 3" in said.splitlines()[0]
    assert said.splitlines()[-1].strip() == "line 49"
    assert len(said.splitlines()) == 11


def test_it_has_a_time_limit_that_ends_all_it_started(tmp_path: Path) -> None:
    started = time.monotonic()
    said = health(["sh", "-c", "echo begun; sleep 30 & sleep 30"], "prod", 1, STACKS, tmp_path, 0.5)
    assert time.monotonic() - started < 10
    assert "no end after 0.5 s" in said
    assert "begun" in said


def test_a_command_that_is_not_there_is_a_gate_that_does_not_hold(tmp_path: Path) -> None:
    assert "No such file" in health(["./not-there"], "prod", 1, STACKS, tmp_path, 5)


def test_no_shell_reads_the_command() -> None:
    assert parsed("curl -f 'https://example.com/a b' | cat") == [
        "curl",
        "-f",
        "https://example.com/a b",
        "|",
        "cat",
    ]


@pytest.mark.parametrize("text", ["", "  ", "sh -c 'open"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--health"):
        parsed(text)
