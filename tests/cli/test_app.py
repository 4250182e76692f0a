"""The command line as a whole: help, exit codes, the last line of defence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.app import COMMANDS, run
from cli.exits import Exit, GateNotHeld
from problems import InputError, Missing, Problem


def tradewind(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], capture_output=True, text=True, cwd=cwd, timeout=120
    )


def test_help_lists_every_command() -> None:
    done = tradewind("--help")
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_help_loads_no_command() -> None:
    """`--help` stays instant: nothing heavy is imported for it."""
    code = "import sys; sys.argv = ['tradewind', '--help']\ntry:\n    import cli; cli.main()\nexcept SystemExit: pass\nprint([m for m in sys.modules if m.startswith(('cli.commands', 'rich', 'pydantic', 'yaml', 'plan'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = tradewind(name, "--help")
    assert done.returncode == 0
    assert f"tradewind {name}" in done.stdout


def test_a_misspelt_command_gets_the_right_one() -> None:
    done = tradewind("survve")
    assert done.returncode == Exit.USAGE
    assert "Did you mean 'survive'?" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError([Problem("a.yaml:1", "x", "1", "it is wrong", "2")]), Exit.INPUT),
        (Missing("install this"), Exit.MISSING),
        (GateNotHeld(["--budget: over"]), Exit.GATE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (ZeroDivisionError("secret-text"), Exit.DEFECT),
    ],
)
def test_each_end_has_its_code_and_no_traceback(
    error: BaseException, code: Exit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("cli.app.app.main", fail)
    with pytest.raises(SystemExit) as ended:
        run([])
    said = capsys.readouterr()
    assert ended.value.code == code
    assert said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_defect_leaves_a_report_without_the_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("secret-text")

    monkeypatch.setattr("cli.app.app.main", fail)
    with pytest.raises(SystemExit):
        run([])
    path = Path(next(word for word in capsys.readouterr().err.split() if word.endswith(".txt:")).rstrip(":"))
    text = path.read_text(encoding="utf-8")
    path.unlink()
    assert "ZeroDivisionError" in text
    assert "secret-text" not in text


def test_a_closed_pipe_is_no_error() -> None:
    """The command ends as done when whoever reads it stops reading."""
    script = (
        f"{sys.executable} -m cli prices show AmazonEC2 --format json | head -n 1; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(shell: str) -> None:
    done = tradewind("completion", shell)
    assert done.returncode == 0
    assert "_TRADEWIND_COMPLETE" in done.stdout


def test_doctor_says_what_is_missing_and_how_to_get_it() -> None:
    done = tradewind("doctor")
    assert done.returncode == 0
    assert "pulumi-aws (library)" in done.stdout


def test_doctor_says_how_to_get_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also the part in brackets, which the table's markup would swallow."""
    monkeypatch.setattr("cli.commands.doctor._library", lambda name: "")
    with pytest.raises(SystemExit):
        run(["doctor"])
    assert "tradewind[stacks]" in capsys.readouterr().out
