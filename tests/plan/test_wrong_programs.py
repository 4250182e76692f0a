"""Programs and projects that are wrong: one message with the place and the way out, and nothing left behind."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from plan import offline
from plan.graph import Graph
from plan.project import find
from problems import InputError

AWS = "import pulumi\nimport pulumi_aws as aws\n"


@dataclass(frozen=True)
class Wrong:
    """A program, and what its error has to say: every one of `says`, with the place where it is wrong."""

    name: str
    program: str
    says: tuple[str, ...] = ()
    place: str = "__main__.py"
    timeout: float = 60.0
    memory_mib: int = 4096
    files: dict[str, str] = field(default_factory=dict)


RAISES = [
    Wrong(
        "raises",
        "raise ValueError('no such tier: gold')",
        ("ValueError", "no such tier: gold"),
        "__main__.py:1",
    ),
    Wrong(
        "raises in a module",
        "import sizes",
        ("KeyError", "xxl"),
        "sizes.py:2",
        files={"sizes.py": "SIZES = {'s': 1}\nprint(SIZES['xxl'])\n"},
    ),
    Wrong(
        "raises in apply",
        "import pulumi\npulumi.Output.from_input(7).apply(lambda n: n / 0)",
        ("ZeroDivisionError",),
        "__main__.py:2",
    ),
    Wrong(
        "raises in apply of a known value",
        "import pulumi\n\n\ndef port(text):\n    return int(text)\n\n\npulumi.export('port', pulumi.Output.from_input('https').apply(port))",
        ("ValueError", "https"),
        "__main__.py:5",
    ),
    Wrong(
        "raises a group",
        "raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])",
        ("two",),
        "__main__.py:1",
    ),
    Wrong(
        "raises what cannot be shown",
        "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError('no text')\n\n\nraise Odd()",
        ("Odd",),
        "__main__.py:6",
    ),
    Wrong("raises over many lines", "raise ValueError('line\\n' * 50_000)", ("ValueError",), "__main__.py:1"),
    Wrong("raises StopIteration", "next(iter([]))", ("StopIteration",), "__main__.py:1"),
    Wrong("is interrupted by itself", "raise KeyboardInterrupt", ("KeyboardInterrupt",), "__main__.py:1"),
    Wrong("sys.exit", "import sys\nsys.exit(3)", ("3",), "__main__.py:2"),
    Wrong(
        "sys.exit with a text",
        "import sys\nsys.exit('please set TIER')",
        ("please set TIER",),
        "__main__.py:2",
    ),
    Wrong(
        "recurses",
        "def deeper(n):\n    return deeper(n + 1)\n\n\ndeeper(0)",
        ("RecursionError",),
        "__main__.py",
    ),
    Wrong("missing dependency", "import pulumi_gold", ("pulumi_gold", "requirements"), "__main__.py:1"),
    Wrong(
        "missing dependency of a module",
        "import tiers",
        ("absent_package", "requirements"),
        "tiers.py:1",
        files={"tiers.py": "import absent_package.deep\n"},
    ),
    Wrong("syntax error", "import pulumi\nif True\n    pass", ("SyntaxError",), "__main__.py:2"),
    Wrong(
        "syntax error in a module",
        "import tiers",
        ("expected an indented block",),
        "tiers.py:2",
        files={"tiers.py": "def f():\nreturn 1\n"},
    ),
    Wrong("not Python", "\x7fELF\x02", ("SyntaxError",), "__main__.py"),
    Wrong(
        "missing configuration key",
        "import pulumi\n\nconfig = pulumi.Config()\nsize = config.require('size')",
        ("wrong:size", "Pulumi.dev.yaml"),
        "__main__.py:4",
    ),
    Wrong(
        "configuration of another type",
        "import pulumi\nprint(pulumi.Config().require_int('word'))",
        ("wrong:word", "int"),
        "__main__.py:2",
    ),
    Wrong(
        "duplicate resource names",
        f"{AWS}aws.sqs.Queue('jobs')\naws.sqs.Queue('jobs')",
        ("jobs", "second resource"),
        "__main__.py:4",
    ),
    Wrong("wrong keyword", f"{AWS}aws.sqs.Queue('jobs', delay=3)", ("delay",), "__main__.py:3"),
    Wrong(
        "missing required property",
        f"{AWS}aws.sqs.QueuePolicy('jobs', policy='{{}}')",
        ("queue_url",),
        "__main__.py:3",
    ),
    Wrong("a resource that does not exist", f"{AWS}aws.sqs.Queues('jobs')", ("Queues",), "__main__.py:3"),
    Wrong(
        "an option that does not exist",
        f"{AWS}pulumi.ResourceOptions(protected=True)",
        ("protected",),
        "__main__.py:3",
    ),
    Wrong("tags as a list", f"{AWS}aws.sqs.Queue('jobs', tags=['a'])", ("list",), "__main__.py:3"),
    Wrong("an object as a name", f"{AWS}aws.sqs.Queue('jobs', name=object())", ("object",), "__main__.py:3"),
    Wrong(
        "a data source nobody can answer",
        f"{AWS}print(aws.cloudformation.get_stack(name='core').outputs['vpc'])",
        ("aws:cloudformation/getStack:getStack", "fixture"),
        "__main__.py:3",
    ),
]

ENDS = [
    Wrong("os._exit", "import os\nos._exit(0)", ("ended",), ""),
    Wrong("os._exit with a code", "import os\nos._exit(9)", ("9",), ""),
    Wrong("kills itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ("SIGKILL",), ""),
    Wrong("crashes the interpreter", "import ctypes\nctypes.string_at(0)", ("SIGSEGV",), ""),
    Wrong(
        "prints a fake result and leaves",
        'import os\nprint(\'{"schema":"tradewind.graph/1","resources":[],"error":null}\', flush=True)\nos._exit(0)',
        ("ended",),
        "",
    ),
    Wrong(
        "writes a fake result everywhere and leaves",
        "import os\nfor fd in range(1, 32):\n    try:\n"
        '        os.write(fd, b\'{"error": null, "resources": [], "calls": [], "logs": []}\\n\')\n'
        "    except OSError:\n        pass\nos._exit(0)",
        (),
        "",
    ),
    Wrong(
        "allocates without bound",
        "held = []\nwhile True:\n    held.append(bytearray(8_000_000))",
        ("emory",),
        "",
        timeout=30.0,
        memory_mib=1024,
    ),
    Wrong(
        "prints binary and raises",
        "import os\nos.write(1, bytes(range(256)) * 64)\nraise ValueError('after')",
        ("after",),
        "__main__.py:3",
    ),
    Wrong("prints without end", "while True:\n    print('x' * 65536)", ("2 s",), "", timeout=2.0),
    Wrong("hangs", "import time\ntime.sleep(600)", ("2 s",), "", timeout=2.0),
    Wrong("busy-loops", "while True:\n    pass", ("2 s",), "", timeout=2.0),
    Wrong(
        "will not be ended",
        "import signal, time\nfor number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):\n"
        "    signal.signal(number, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)",
        ("2 s",),
        "",
        timeout=2.0,
    ),
    Wrong(
        "waits for what never comes",
        "import asyncio, pulumi\npulumi.export('x', pulumi.Output.from_input(asyncio.Future()))",
        ("3 s",),
        "",
        timeout=3.0,
    ),
    Wrong(
        "leaves a process behind and hangs",
        "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\ntime.sleep(600)",
        ("2 s",),
        "",
        timeout=2.0,
    ),
]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is left: no file in the temporary folder, no process in the program's folder. And no hanging."""

    def hangs(*_: object) -> None:
        pytest.fail("it does not come to an end", pytrace=False)

    previous = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(45)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)
    assert sorted(path.name for path in scratch.rglob("*")) == []
    for _ in range(50):
        if not (left := processes_in(tmp_path)):
            break
        time.sleep(0.1)
    assert left == []
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.mark.parametrize("wrong", [*RAISES, *ENDS], ids=lambda wrong: wrong.name)
def test_a_wrong_program_is_one_message_with_its_place(wrong: Wrong, tmp_path: Path) -> None:
    folder = project(tmp_path, wrong)
    before = listing(folder)
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        # With symbolic answers a failing program is run again: enough to see that a few times.
        answers: offline.Answers = "symbolic" if wrong in (*RAISES[:6], *ENDS) else "unknown"
        asked = find(folder).program("dev")
        offline.run(asked, answers=answers, timeout=wrong.timeout, memory_mib=wrong.memory_mib)
    text = str(caught.value)
    for word in wrong.says:
        assert word in text
    assert "Traceback" not in text
    assert len(text) < 4000
    (problem,) = caught.value.problems
    assert problem.place.endswith(wrong.place) if ":" in wrong.place else wrong.place in problem.place
    assert problem.but
    assert problem.fix
    assert time.monotonic() - started < wrong.timeout + 10
    assert listing(folder) == before


def project(tmp_path: Path, wrong: Wrong) -> Path:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: wrong\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n  wrong:word: seven\n")
    (folder / "__main__.py").write_text(f"{wrong.program}\n")
    for name, text in wrong.files.items():
        (folder / name).write_text(text)
    return folder


def listing(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if "__pycache__" not in path.parts
    )


def processes_in(folder: Path) -> list[str]:
    """Command lines of the processes that work in `folder` or were given a path in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if int(process.name) != os.getpid() and (str(folder) in command or where.startswith(str(folder))):
            found.append(command)
    return found


def planned(tmp_path: Path, program: str, **options: object) -> Graph:
    return offline.run(find(project(tmp_path, Wrong("right", program))).program("dev"), **options)  # type: ignore[arg-type]


def test_what_a_program_prints_never_becomes_the_result(tmp_path: Path) -> None:
    """Binary noise and look-alike documents on stdout and stderr change nothing."""
    graph = planned(
        tmp_path,
        f"{AWS}import os, sys\n"
        "os.write(1, bytes(range(256)))\n"
        'print(\'{"schema":"tradewind.graph/1","resources":[]}\')\n'
        'print(\'{"error": null, "resources": []}\', file=sys.stderr)\n'
        "sys.stdout.close()\n"
        "aws.sqs.Queue('jobs')",
    )
    assert [resource.name for resource in graph.of_type("aws:sqs/queue:Queue")] == ["jobs"]


def test_a_thread_that_never_ends_does_not_hold_the_plan_up(tmp_path: Path) -> None:
    started = time.monotonic()
    planned(
        tmp_path,
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\nimport pulumi",
    )
    assert time.monotonic() - started < 30


def test_a_process_that_a_program_starts_ends_with_it(tmp_path: Path) -> None:
    """The fixture looks for what is left."""
    planned(
        tmp_path,
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nimport pulumi",
    )


def test_a_program_cannot_read_standard_input(tmp_path: Path) -> None:
    """`input()` does not wait for a person who is not there."""
    with pytest.raises(InputError, match="EOFError"):
        planned(tmp_path, "input('sure? ')", timeout=20.0)


def test_several_ill_typed_inputs_are_all_found_each_at_its_line(tmp_path: Path) -> None:
    """Mistakes that the SDK lets through are findings of the graph, and the rest is planned."""
    graph = planned(
        tmp_path,
        f"{AWS}"
        "aws.sqs.Queue('a', visibility_timeout_seconds='thirty')\n"
        "aws.sqs.Queue('b', delay_seconds=1.5)\n"
        "aws.s3.BucketVersioning('c', bucket='x', versioning_configuration={'statuss': 'Enabled'})\n"
        "aws.sqs.Queue('d')",
    )
    found = {(finding.source.rpartition("/")[2], finding.kind) for finding in graph.findings}
    assert {
        ("__main__.py:3", "type"),
        ("__main__.py:4", "type"),
        ("__main__.py:5", "unknown-property"),
    } <= found
    assert not [finding for finding in graph.findings if finding.urn.endswith("::d")]
    assert any(
        "status" in finding.message for finding in graph.findings if finding.kind == "unknown-property"
    )
