"""Secrets do not come out of what is said when a program fails, nor of the command."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from plan import offline
from plan.project import find
from problems import InputError
from tests.plan import canaries
from tests.plan.canaries import (
    DECLARED,
    NESTED,
    PLANNED,
    assert_silent,
    graph_of,
    project,
)

surroundings = canaries.surroundings

CLI = [sys.executable, "-m", "cli"]


# In what is said when the program fails

FAILING = {
    "raised": "raise ValueError(f'cannot connect to postgres://u:{plain}@host')",
    "raised encoded": "raise ValueError(f'refused: Basic {encoded}')",
    "raised bytes": "raise ValueError(plain.encode(), bytes.fromhex(plain.encode().hex()))",
    "raised as a key": "{}[plain]",
    "raised as an attribute": "getattr(config, plain)",
    "raised from another": "try:\n    int(plain)\nexcept ValueError as error:\n    raise RuntimeError('bad number') from error",
    "raised by a conversion": "config.require_int('declared')",
    "raised in apply": "hidden.apply(lambda h: int(h))",
    "raised in apply of a made one": "made.apply(lambda m: {}[m])",
    "raised in apply of a nested one": "nested.apply(lambda n: 1 / 0 if n['token'] else 0).apply(str)\nnested.apply(lambda n: open(n['token']))",
    "raised with notes": "error = ValueError('bad')\nerror.add_note(plain)\nraise error",
    "raised in a group": "raise ExceptionGroup(plain, [ValueError(plain), KeyError(encoded)])",
    "raised by an assertion": "assert plain == 'x', f'{plain!r} is not x'",
    "raised as a class": "raise type(f'E{plain}', (Exception,), {})('named')",
    "raised with the environment": "raise RuntimeError(str(dict(os.environ)))",
    "exited": "sys.exit(f'token {plain} refused')",
    "exited from apply": "made.apply(lambda m: sys.exit(m))",
    "evaluated": "eval(compile(f'raise ValueError({plain!r})', plain, 'exec'))",
    "syntax": "exec(f'x = = {plain!r}')",
    "imported": "__import__(plain)",
    "opened": "open(f'/nowhere/{plain}')",
    "recursed": "def deeper(token):\n    return deeper(token + plain)\n\n\ndeeper(plain)",
    "asset": "aws.s3.BucketObjectv2('o', bucket='b', source=pulumi.FileAsset(f'/nowhere/{plain}'))",
    "ill-typed": "aws.sqs.Queue('a', tags=[plain], name=object())",
    "duplicate": "aws.sqs.Queue(plain)\naws.sqs.Queue(plain)",
    "data source": "aws.secretsmanager.get_secret_version(secret_id=plain, version_stage=encoded)",
    "printed, then killed": "print(plain, flush=True)\nprint(encoded, file=sys.stderr, flush=True)\nos._exit(7)",
    "written to the descriptor, then crashed": "os.write(2, plain.encode() + b'\\n' + encoded.encode())\nimport ctypes\nctypes.string_at(0)",
    "written in pieces": "for letter in plain:\n    os.write(2, letter.encode())\nos._exit(3)",
    "left in a thread": "import threading\nt = threading.Thread(target=lambda: int(plain))\nt.start()\nt.join()\nraise ValueError('after')",
    "network": "import urllib.request\nurllib.request.urlopen(f'https://api.example.com/?token={plain}')",
}


@pytest.mark.parametrize("program", FAILING.values(), ids=FAILING.keys())
def test_no_secret_in_an_error(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    document = ""
    with contextlib.suppress(InputError):
        try:
            document = graph_of(tmp_path, program, answers="unknown").to_json()
        except InputError as error:
            document = f"{error}\n{error!r}\n{error.args}\n{error.problems!r}"
            # What is chained is shown by whoever logs the exception.
            chained: BaseException | None = error.__cause__ or error.__context__
            while chained is not None:
                document += f"\n{chained!r} {chained} {getattr(chained, 'stdout', '')} {getattr(chained, 'stderr', '')} {getattr(chained, 'cmd', '')}"
                chained = chained.__cause__ or chained.__context__
            raise
    printed = capfd.readouterr()
    assert document
    assert_silent(document, printed.out, printed.err)


def test_no_secret_in_an_error_about_the_configuration_file(tmp_path: Path) -> None:
    """A parser likes to quote the line it stumbled over."""
    folder = project(tmp_path, "")
    for broken in (
        f"config:\n  canaries:declared: {DECLARED}\n  canaries:nested: {{user: app, token: {NESTED}\n",
        f"config:\n  canaries:declared: '{DECLARED}\n",
        f"config:\n  canaries:declared: {DECLARED}\n  canaries:declared: {NESTED}\n",
        f"config:\n\tcanaries:declared: {DECLARED}\n",
        f"config: {DECLARED}\n",
        f"config:\n  - {DECLARED}\n",
        f"{DECLARED}\n",
        f"config:\n  canaries:nested: *{DECLARED.strip('-_')}\n",
        f"config:\n  canaries:nested: !{DECLARED} x\n",
    ):
        (folder / "Pulumi.dev.yaml").write_text(broken)
        with pytest.raises(InputError) as caught:
            offline.run(find(folder).program("dev"))
        assert_silent(str(caught.value), repr(caught.value.problems), canaries=(DECLARED.strip("-_"), NESTED))


# Through the command


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def test_no_secret_in_what_the_command_prints_and_writes(tmp_path: Path) -> None:
    program = "".join(
        PLANNED[key]
        for key in ("inputs", "exports", "what is printed and logged", "the caller's environment")
    ).replace('"a"', '"first"', 1)
    folder = project(tmp_path, program)
    out = tmp_path / "out"
    out.mkdir()
    done = command("plan", str(folder), "--format", "json", "-o", "graph.json", cwd=out)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    assert_silent(done.stdout, done.stderr)
    graph = out / "graph.json"
    assert_silent(graph.read_text())
    for arguments in (
        ("plan", "graph.json"),
        ("check", "graph.json", "--format", "sarif"),
        ("cost", "graph.json", "--format", "csv"),
    ):
        done = command(*arguments, cwd=out)
        assert done.returncode in (0, 3), done.stderr
        assert_silent(done.stdout, done.stderr)
    assert [file.name for file in out.iterdir()] == ["graph.json"]


@pytest.mark.parametrize("key", ["raised", "raised in apply", "ill-typed", "printed, then killed"])
def test_no_secret_in_what_the_command_says_of_a_failure(key: str, tmp_path: Path) -> None:
    folder = project(tmp_path, FAILING[key])
    done = command("plan", str(folder), "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    assert not done.stdout
    assert "Traceback" not in done.stderr
    assert_silent(done.stdout, done.stderr)
