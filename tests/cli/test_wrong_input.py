"""What goes along with a target, and the command line itself: exit code 1, one message with the place and the way out, nothing done.

There is no traceback, no half-written file, no answer on stdout, and no process left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from problems import InputError
from tests.cli import wrong
from tests.cli.wrong import (
    BOMB,
    Tradewind,
    assert_refused,
    graph_text,
    queue,
)

here = wrong.here
tradewind = wrong.tradewind

# What goes along with a target


@pytest.fixture
def graph(here: Path) -> str:
    inputs = {"name": "jobs"}
    (here / "right.json").write_text(graph_text(resources=[queue("jobs", inputs=inputs, region="us-east-1")]))
    return "right.json"


USAGE = {
    "misspelt section": ("default:\n  sqs.Queue: {requests: 1}\n", ("default", "defaults"), 1),
    "misspelt type": ("defaults:\n  sqs.Queues: {requests: 1}\n", ("sqs.Queues", "sqs.Queue"), 2),
    "unknown type": ("defaults:\n  nonsense.Thing: {requests: 1}\n", ("nonsense.Thing",), 2),
    "unknown key": ("defaults:\n  s3.Bucket: {standard_gigs: 1}\n", ("standard_gigs",), 2),
    "below zero": ("defaults:\n  s3.Bucket: {standard_gb: -1}\n", ("-1",), 2),
    "words": ("defaults:\n  s3.Bucket: {standard_gb: many}\n", ("many",), 2),
    "not a number": ("defaults:\n  s3.Bucket: {standard_gb: .nan}\n", (), 2),
    "infinite": ("defaults:\n  s3.Bucket: {standard_gb: .inf}\n", (), 2),
    "floor above expected": ("defaults:\n  s3.Bucket: {standard_gb: {floor: 9, expected: 5}}\n", (), 2),
    "ceiling below expected": ("defaults:\n  s3.Bucket: {standard_gb: {expected: 5, ceiling: 1}}\n", (), 2),
    "a region that does not exist": (
        "defaults:\n  s3.Bucket@eu-west-11: {standard_gb: 5}\n",
        ("eu-west-11",),
        2,
    ),
    "a resource that is not there": (
        "resources:\n  nothing-like-it: {requests: 1}\n",
        ("nothing-like-it",),
        2,
    ),
    "a key twice": (
        "defaults:\n  s3.Bucket: {standard_gb: 1}\n  s3.Bucket: {standard_gb: 2}\n",
        ("s3.Bucket",),
        3,
    ),
    "a tab": ("defaults:\n\ts3.Bucket: {}\n", (), 2),
    "a list": ("- a\n", (), 1),
    "a word": ("usage\n", (), 1),
    "cut off": ("defaults:\n  s3.Bucket: {standard_gb: 1\n", (), 0),
}


@pytest.mark.parametrize(("text", "words", "line"), USAGE.values(), ids=USAGE.keys())
def test_a_wrong_usage_file(
    text: str, words: tuple[str, ...], line: int, here: Path, graph: str, tradewind: Tradewind
) -> None:
    (here / "usage.yaml").write_text(text)
    place = f"usage.yaml:{line}" if line else "usage.yaml"
    assert_refused(tradewind("cost", graph, "--usage", "usage.yaml"), place, *words)


RULES = {
    "misspelt section": ("exemption: []\n", ("exemption", "exemptions"), 1),
    "unknown level": ("levels: {log-retention: strict}\n", ("strict", "mandatory"), 1),
    "unknown rule": ("levels: {log-retentions: mandatory}\n", ("log-retentions",), 1),
    "unknown class": ("environment_class: prod\n", ("prod", "production"), 1),
    "exemption without reason": ("exemptions:\n  - rule: log-retention\n    name: x\n", ("reason",), 2),
    "exemption of an unknown rule": (
        "exemptions:\n  - {rule: nonsense, name: x, reason: y}\n",
        ("nonsense",),
        2,
    ),
    "exemption with a date that is none": (
        "exemptions:\n  - {rule: log-retention, name: x, reason: y, until: soon}\n",
        ("soon",),
        2,
    ),
    "pattern that is none": ("tags: {required: {owner: {pattern: '['}}}\n", (), 1),
    "a list": ("- a\n", (), 1),
    "a tab": ("levels:\n\tlog-retention: mandatory\n", (), 2),
    "a key twice": ("levels: {log-retention: advisory}\nlevels: {}\n", ("levels",), 2),
}


@pytest.mark.parametrize(("text", "words", "line"), RULES.values(), ids=RULES.keys())
def test_a_wrong_configuration_of_rules(
    text: str, words: tuple[str, ...], line: int, here: Path, graph: str, tradewind: Tradewind
) -> None:
    (here / "policies.yaml").write_text(text)
    assert_refused(tradewind("check", graph, "--config", "policies.yaml"), f"policies.yaml:{line}", *words)


ODD = {
    "not there": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 4),
    "not UTF-8": lambda path: path.write_bytes(b"defaults: {caf\xe9: {}}\n"),
    "NUL bytes": lambda path: path.write_bytes(b"defaults: {}\0\n"),
    "aliases that multiply": lambda path: path.write_text(BOMB),
    "nested too deeply": lambda path: path.write_text("defaults: " + "[" * 20_000),
    "200 megabytes": lambda path: path.open("wb").truncate(200_000_000),
}


@pytest.mark.parametrize("option", ["--usage", "--config", "--fixtures"])
@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
def test_a_file_beside_the_target_that_cannot_be_read(
    make: Callable[[Path], object], option: str, here: Path, graph: str, tradewind: Tradewind
) -> None:
    make(here / "beside.yaml")
    if option == "--fixtures":
        (here / "program").mkdir()
        (here / "program" / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
        (here / "program" / "__main__.py").write_text("import time\ntime.sleep(20)\n")
        arguments = ["survive", "program", "--timeout", "8", option, "beside.yaml"]
    else:
        arguments = ["cost" if option == "--usage" else "check", graph, option, "beside.yaml"]
    before = (here / "beside.yaml").exists()
    started = time.monotonic()
    said = tradewind(*arguments)
    assert_refused(said, "beside.yaml")
    assert "\0" not in said.err
    assert time.monotonic() - started < 5
    assert (here / "beside.yaml").exists() is before


OUTPUTS = {
    "in a folder that is not there": "no/such/folder/out.json",
    "in a file": "right.json/out.json",
    "on a folder": "folder",
    "in a place that takes nothing": "/proc/out.json",
    "on the root": "/",
    "with a name too long": "x" * 300,
    "nowhere": "",
}


@pytest.mark.parametrize("where", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_an_output_that_cannot_be_written(where: str, here: Path, graph: str, tradewind: Tradewind) -> None:
    (here / "folder").mkdir()
    said = tradewind("plan", graph, "-o", where)
    assert said.code in (1, 2)
    assert_refused(said, code=said.code)


def test_a_pack_that_is_none(here: Path, graph: str, tradewind: Tradewind) -> None:
    (here / "pack").mkdir()
    assert_refused(tradewind("check", graph, "--pack", "pack"), "pack", "PulumiPolicy.yaml")
    assert_refused(tradewind("check", graph, "--pack", "nowhere"), "nowhere")


def test_a_stack_or_region_that_a_file_cannot_have(graph: str, tradewind: Tradewind) -> None:
    assert_refused(tradewind("plan", graph, "--stack", "dev"), "--stack")
    assert_refused(tradewind("survive", graph, "--lose", "mars-north-1"), "mars-north-1", "us-east-1")


# The command line itself


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("paln", "x"), ("paln", "plan")),
        (("nonsense",), ("nonsense",)),
        (("plan",), ("TARGET",)),
        (("plan", "a", "b"), ("b",)),
        (("plan", "right.json", "--formt", "json"), ("--formt", "--format")),
        (("plan", "right.json", "--format", "yaml"), ("yaml", "json")),
        (("plan", "right.json", "--timeout", "soon"), ("soon",)),
        (("plan", "right.json", "--timeout", "0"), ("0",)),
        (("plan", "right.json", "--timeout", "nan"), ("nan",)),
        (("plan", "right.json", "--memory", "1"), ("1",)),
        (("plan", "right.json", "--budget", "lots"), ("lots",)),
        (("plan", "right.json", "--budget", "-5"), ("-5",)),
        (("cost", "right.json", "--by", "colour"), ("colour", "service")),
        (("export", "right.json"), ("--to",)),
        (("export", "right.json", "--to", "nonsense", "-o", "x"), ("nonsense",)),
        (("-x",), ("-x",)),
        (("completion", "tcsh"), ("tcsh",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_command_line(
    arguments: tuple[str, ...], words: tuple[str, ...], graph: str, tradewind: Tradewind
) -> None:
    assert_refused(tradewind(*arguments), *words, code=2)


# As other processes see it


def test_a_reader_that_goes_away_early_is_no_defect(here: Path, graph: str) -> None:
    """`tradewind plan ... | head -1`"""
    resources = [queue(f"queue-{number}", region="us-east-1") for number in range(2000)]
    (here / "large.json").write_text(graph_text(resources=resources))
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "cost", "large.json", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=here,
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.read(1)
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait(60) in (0, 141, -13)
    assert "Traceback" not in err
    assert "defect" not in err


def test_an_interruption_ends_the_program_too(here: Path) -> None:
    """Ctrl-C during a plan: code 130, and the program's process is gone."""
    (here / "Pulumi.yaml").write_text("name: slow\nruntime: python\n")
    (here / "__main__.py").write_text(
        "import time\nopen('/proc/self/comm', 'w').write('tw-slow')\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "plan", "."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=here,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 30
        while not _in_folder(here, but=process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert out == b""
    deadline = time.monotonic() + 30
    while _in_folder(here, but=process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _in_folder(here, but=process.pid) == []


def _in_folder(folder: Path, *, but: int) -> list[str]:
    """Command lines of the processes that stand in `folder`, without this one and `but`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) not in (os.getpid(), but) and (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def test_input_errors_say_what_did_not_happen() -> None:
    """The last line is part of every message."""
    assert str(InputError([])).endswith("nothing was planned")
