"""Infracost when it is absent, of another version, crashing, hanging, or wrong although it ended with 0.

Stand-ins for its executable, because the true one cannot be made to do so; it runs in `tests/clients`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from finops.infracost import binary, compare
from finops.infracost.endpoint import serving
from finops.infracost.results import read
from finops.infracost.run import breakdown
from finops.prices import PriceBook
from finops.usage import Usage
from plan.graph import Graph
from problems import InputError, Missing

ROOT = Path(__file__).parents[2]
Stub = Callable[..., str]
GOOD = {
    "version": "0.2",
    "totalMonthlyCost": "0",
    "projects": [{"metadata": {}, "breakdown": {"resources": [], "freeResources": []}}],
}


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    """`stub(body, says="Infracost v0.10.45")`: an executable whose run is `body`, Python over `arguments`."""

    def made(body: str = "", says: str = "Infracost v0.10.45") -> str:
        path = tmp_path / "infracost"
        path.write_text(
            f"#!{sys.executable} -I\nimport json, os, sys, time\n"
            f"if sys.argv[1:] == ['--version']:\n    print({says!r}); sys.exit()\n"
            f"out = sys.argv[sys.argv.index('--out-file') + 1]\n{body}\n",
            encoding="utf-8",
        )
        path.chmod(0o755)
        return str(path)

    return made


def writes(document: Any) -> str:
    return f"open(out, 'w').write({json.dumps(document)!r})"


def run(command: str | None, **limits: Any) -> Any:
    return breakdown('{"secret-name": 1}', "{}", "http://127.0.0.1:9", command=command, **limits)


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("Infracost v2.0.3", "cannot read a plan: since version 2 it takes folders of Terraform only"),
        ("Infracost v0.9.24", r"Infracost 0\.9\.24 is not known here, only 0\.10 is"),
        ("Infracost v1.0.0", r"Infracost 1\.0\.0 is not known here"),
        ("hello", "no Infracost that is known here: asked for its version, it said 'hello'"),
        ("", "it said 'nothing'"),
    ],
)
def test_another_version_is_refused_with_the_reason(stub: Stub, says: str, words: str) -> None:
    with pytest.raises(Missing, match=words):
        run(stub("raise SystemExit('it was run')", says))


def test_an_answer_is_read(stub: Stub) -> None:
    done = run(stub(writes(GOOD)))
    assert (done.version, read(done.document)) == ("0.10.45", {})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("print('no such thing', file=sys.stderr); sys.exit(1)", "ended with code 1: no such thing"),
        ("os.kill(os.getpid(), 11)", "ended with signal 11 and said nothing"),
        ("", "ended with 0 and wrote no JSON"),
        ("open(out, 'w').write('{')", "ended with 0 and wrote no JSON"),
        (writes([]), "a document of version None, only 0.2"),
        (writes({**GOOD, "version": "0.3"}), "a document of version '0.3', only 0.2"),
        (writes({**GOOD, "projects": []}), "no project in the plan, although it ended with 0"),
        (
            writes(
                {
                    **GOOD,
                    "projects": [
                        {"breakdown": {}, "metadata": {"errors": [{"code": 1, "message": "no prices", "isError": False}]}}
                    ],
                }
            ),
            "reported an error, although it ended with 0: no prices",
        ),
    ],
)  # fmt: skip
def test_a_failure_is_one_message(stub: Stub, body: str, words: str) -> None:
    with pytest.raises(Missing, match=words) as caught:
        run(stub(body))
    assert "\n" not in str(caught.value)


def test_what_hangs_is_ended_with_all_it_started(stub: Stub, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    body = (
        "if os.fork() == 0:\n"
        f"    while True:\n        open({str(alive)!r}, 'a').write('.'); time.sleep(0.02)\n"
        "time.sleep(60)"
    )
    started = time.monotonic()
    with pytest.raises(Missing, match=r"did not answer within 3 seconds and was ended"):
        run(stub(body), seconds=3.0)
    assert time.monotonic() - started < 50
    size = alive.stat().st_size
    time.sleep(0.3)
    assert size > 0
    assert alive.stat().st_size == size


FORKS = """
if os.fork() == 0:
    while True:
        open({alive!r}, 'a').write('.'); time.sleep(0.02)
while True:
    time.sleep(1)
"""
CALLER = """
import sys, tempfile
sys.path.insert(0, {root!r})
tempfile.tempdir = {temp!r}
from finops.infracost.run import breakdown
breakdown('{{}}', '{{}}', 'http://127.0.0.1:9', command={command!r})
"""


def grown(path: Path, within: float = 0.3) -> bool:
    """Whether somebody writes into `path` in the next seconds."""
    before, until = path.stat().st_size, time.monotonic() + within
    while path.stat().st_size == before and time.monotonic() < until:
        time.sleep(0.02)
    return path.stat().st_size > before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("where", ["breakdown", "--version"])
def test_it_is_ended_with_us(stub: Stub, tmp_path: Path, number: int, where: str) -> None:
    """Asked to end, we end by that signal, and leave neither a process nor a folder behind."""
    alive, temp = tmp_path / "alive", tmp_path / "temp"
    temp.mkdir()
    body = FORKS.format(alive=str(alive))
    command = stub(body)
    if where == "--version":
        Path(command).write_text(f"#!{sys.executable} -I\nimport os, time\n{body}", encoding="utf-8")
    code = CALLER.format(root=str(ROOT), temp=str(temp), command=command)
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as caller:
        until = time.monotonic() + 30
        while not alive.exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert grown(alive, 30)
        caller.send_signal(number)
        assert caller.wait(60) == -number
    assert not grown(alive)
    assert list(temp.iterdir()) == []


def test_a_request_to_end_that_is_ignored_stays_ignored(stub: Stub) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run(stub(f"os.kill(os.getppid(), {int(signal.SIGHUP)}); time.sleep(0.2)\n{writes(GOOD)}"))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("where", ["out", "'/dev/stdout'"])
def test_what_writes_without_end_is_ended(stub: Stub, where: str) -> None:
    body = f"file = open({where}, 'w')\nwhile True:\n    file.write('x' * 100000)"
    with pytest.raises(Missing, match="wrote more than 1,000,000 bytes and was ended"):
        run(stub(body), largest=1_000_000)


def test_it_sees_nothing_of_the_callers_environment(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a `.env` beside the caller, nor the caller's home."""
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "INFRACOST_API_KEY",
        "API_KEY",
        "HTTPS_PROXY",
        "INFRACOST_TERRAFORM_CLOUD_TOKEN",
    ):
        monkeypatch.setenv(name, "canary")
    (tmp_path / ".env").write_text("INFRACOST_API_KEY=canary\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    seen = tmp_path / "seen.json"
    body = f"json.dump([dict(os.environ), os.getcwd(), os.listdir('.')], open({str(seen)!r}, 'w'))\n{writes(GOOD)}"
    run(stub(body))
    variables, folder, files = json.loads(seen.read_text(encoding="utf-8"))
    assert "canary" not in json.dumps(variables)
    assert folder != str(tmp_path)
    assert ".env" not in files
    assert not Path(folder).exists()
    # What it could call is where the caller said.
    addresses = {value for name, value in variables.items() if name.endswith("_ENDPOINT")}
    assert addresses == {"http://127.0.0.1:9"}


def test_absent_is_said_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binary, "BUILT", tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert binary.find() is None
    with pytest.raises(Missing, match=r"Infracost is not installed: .*make tools"):
        run(None)


def test_the_one_on_the_path_is_taken_before_the_built_one(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    built.write_text("", encoding="utf-8")
    monkeypatch.setattr(binary, "BUILT", built)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert binary.find() == str(built)
    path = stub()
    monkeypatch.setenv("PATH", str(Path(path).parent))
    assert binary.find() == path


def test_resources_sent_and_none_known_is_no_estimate(
    stub: Stub, make: Any, price: Any, book: PriceBook
) -> None:
    nat = make("aws:ec2/natGateway:NatGateway", "way", subnetId="subnet-1")
    with pytest.raises(
        Missing, match="was given 1 resources and knows none of them, although it ended with 0"
    ):
        compare(Graph.of([nat]), price(nat), Usage(), book, command=stub(writes(GOOD)))


def test_a_total_that_is_not_the_sum_of_its_parts_is_refused() -> None:
    part = {"name": "n", "unit": "h", "monthlyQuantity": "1", "price": "2", "monthlyCost": "2"}
    row = {"name": "aws_x.y", "costComponents": [part]}
    document = {"totalMonthlyCost": "2", "projects": [{"breakdown": {"resources": [row]}}]}
    (found,) = read(document).values()
    assert found.cost == Decimal(2)
    with pytest.raises(Missing, match=r"total is 3, its resources make 2"):
        read({**document, "totalMonthlyCost": "3"})
    with pytest.raises(Missing, match="another shape"):
        read({"projects": [{}]})


def test_a_port_that_is_taken_is_one_message(book: PriceBook) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"127\.0\.0\.1:{port}\n.*in use"), serving(book, port):
            pass


@pytest.mark.parametrize(
    ("body", "says", "words"),
    [
        ("", "Infracost v2.1.0", "cannot read a plan"),
        ("sys.exit(3)", "Infracost v0.10.45", "ended with code 3"),
        (writes({**GOOD, "projects": []}), "Infracost v0.10.45", "no project"),
    ],
)
def test_the_command_ends_with_4_and_one_message(
    stub: Stub, tmp_path: Path, make: Any, body: str, says: str, words: str
) -> None:
    graph = tmp_path / "graph.json"
    graph.write_text(Graph.of([make("aws:sqs/queue:Queue", "jobs")]).to_json(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "cost", str(graph), "--infracost"],
        env={**os.environ, "PATH": str(Path(stub(body, says)).parent)},
        capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.MISSING
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_its_time_limit_is_an_option(stub: Stub, tmp_path: Path, make: Any) -> None:
    graph = tmp_path / "graph.json"
    graph.write_text(Graph.of([make("aws:sqs/queue:Queue", "jobs")]).to_json(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "cost", str(graph), "--infracost", "--infracost-timeout", "0.5"],
        env={**os.environ, "PATH": str(Path(stub("time.sleep(60)")).parent)},
        capture_output=True, text=True, timeout=55, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.MISSING
    assert (
        "did not answer within 0.5 seconds and was ended: give it longer with --infracost-timeout"
        in done.stderr
    )
