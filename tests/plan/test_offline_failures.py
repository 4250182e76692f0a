"""Programs that fail, hang, misbehave or pry: one message each, nothing left behind."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from plan.offline import run, run_all
from plan.offline.process import Limits, Outcome, run_child
from plan.project import Program, find
from problems import InputError, Missing, Problem

Write = Callable[..., Program]

PRELUDE = """
import os, sys, json, pulumi
from pulumi import Output, ResourceOptions
class Thing(pulumi.CustomResource):
    def __init__(self, name, props=None, opts=None): super().__init__("test:index:Thing", name, props or {}, opts)
"""
FIRST = PRELUDE.count("\n") + 1
"""The line on which a test's own code begins."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(code: str, config: str = "", name: str = "shop") -> Program:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text(
            "config:\n" + "".join(f"  {line}\n" for line in config.splitlines()) if config else "{}"
        )
        (folder / "__main__.py").write_text(PRELUDE + dedent(code).lstrip("\n"))
        return find(folder).program("dev")

    return make


def problem_of(program: Program, timeout: float = 30) -> Problem:
    with pytest.raises(InputError) as caught:
        run(program, answers="unknown", timeout=timeout)
    (problem,) = caught.value.problems
    assert "Traceback" not in str(caught.value)
    return problem


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("raise ValueError('no such size')", 0, ["ValueError: no such size"]),
        ("Output.from_input(1).apply(lambda n: n / 0)", 0, ["ZeroDivisionError"]),
        ("pulumi.Config().require('size')", 0, ["shop:size", "pulumi config set shop:size VALUE --stack dev"]),
        ("pulumi.Config('aws').require_secret('key')", 0, ["aws:key", "--secret"]),
        ("pulumi.Config().require_int('word')", 0, ["shop:word", "type"]),
        ("import pulumi_gcp.storage", 0, ["no module named pulumi_gcp", "pip install pulumi-gcp"]),
        ("def f(:\n  pass", 0, ["SyntaxError"]),
        ("Thing('a')\nThing('a')", 1, ["a duplicate", f"__main__.py:{FIRST}"]),
        ("import pulumi_aws as aws\naws.ec2.Subnet('s')", 1, ["vpc_id"]),
        ("import pulumi_aws as aws\naws.sqs.Queue('q', nme='x')", 1, ["nme", "no such argument"]),
        ("import pulumi_aws as aws\naws.sqs.get_queue(name='q')", 1, ["aws:sqs/getQueue:getQueue", '"name": "q"', "tradewind.fixtures.yaml"]),
        ("Thing('a', {'x': object()})", 0, ["ValueError"]),
        ("sys.exit(3)", 0, ["sys.exit with code 3"]),
        ("sys.exit('give me a name')", 0, ["give me a name"]),
        ("os._exit(7)", None, ["exit code 7"]),
        ("print('last words', flush=True); os.abort()", None, ["SIGABRT"]),
        ("def f(): return f()\nf()", 0, ["RecursionError"]),
        ("os.write(1, bytes(range(256)) * 10000); raise KeyError('x')", 0, ["KeyError"]),
        ("import socket\nsocket.create_connection(('192.0.2.1', 443), timeout=5)", 1, ["192.0.2.1:443", "no network"]),
        ("import urllib.request\nurllib.request.urlopen('https://example.com')", 1, []),
        ("class Odd(Exception):\n  def __str__(self): raise RuntimeError\nraise Odd", 2, ["Odd"]),
        ("raise SystemExit(os.environ.get('AWS_SECRET_ACCESS_KEY', 'not seen'))", 0, ["not seen"]),
    ],
)  # fmt: skip
def test_a_failure_says_where_what_and_the_way_out(
    write: Write, monkeypatch: pytest.MonkeyPatch, code: str, line: int | None, said: list[str]
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-the-users-shell")
    problem = problem_of(write(code, "shop:word: many"))
    assert problem.place == ("__main__.py" if line is None else f"__main__.py:{FIRST + line}")
    assert problem.but
    assert problem.fix
    for part in said:
        assert part in str(problem)


def test_a_program_that_hangs_is_ended(write: Write) -> None:
    program = write(
        "import time, subprocess\nsubprocess.Popen(['sleep', '345.678'], start_new_session=True)\nwhile True: time.sleep(0.05)"
    )
    start = time.monotonic()
    problem = problem_of(program, timeout=5)
    assert time.monotonic() - start < 60
    assert problem.got == "no end after 5 s"
    assert problem.place == f"__main__.py:{FIRST + 2}"
    assert not running("345.678"), "what it started is ended too"


def test_an_output_that_never_comes_is_a_hang(write: Write) -> None:
    problem = problem_of(
        write("import asyncio\npulumi.export('x', Output.from_input(asyncio.Future()))"), timeout=2
    )
    assert "no end after 2 s" in problem.got


def test_too_much_memory_is_one_message(write: Write) -> None:
    program = write("kept = [bytearray(50 << 20) for _ in range(1000)]")
    with pytest.raises(InputError, match="more than 600 MiB"):
        run(program, memory_mib=600, timeout=30)


def test_what_a_program_leaves_behind_is_ended(write: Write) -> None:
    program = write(
        """
        import subprocess
        subprocess.Popen(["sleep", "456.789"], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["sleep", "456.789"])
        Thing("a")
        """
    )
    start = time.monotonic()
    assert "a" in {resource.name for resource in run(program)}
    assert time.monotonic() - start < 20
    assert not running("456.789")


def test_what_a_program_prints_is_no_result(write: Write) -> None:
    """Not on its outputs, and not on any descriptor that it finds open."""
    program = write(
        """
        fake = json.dumps({"error": None, "resources": [], "outputs": {"dev": {"x": "faked"}}, "findings": [], "assumptions": []})
        print(fake, flush=True)
        frame = bytes(16) + len(fake).to_bytes(8, "big") + fake.encode()
        for number in range(1, 300):
            try: os.write(number, b"")
            except OSError: continue
            if number < 200: os.write(number, frame)
        Thing("real")
        """
    )
    graph = run(program)
    assert graph.outputs == {"dev": {}}
    assert "real" in {resource.name for resource in graph}


def test_the_environment_of_the_user_is_not_seen(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_PROFILE",
        "AWS_REGION",
        "PULUMI_ACCESS_TOKEN",
        "KUBECONFIG",
        "GITHUB_TOKEN",
        "MY_SECRET",
        "PYTHONPATH",
    ):
        monkeypatch.setenv(name, "leaked")
    program = write(
        """
        pulumi.export("names", sorted(os.environ))
        pulumi.export("values", [v for v in os.environ.values() if "leaked" in v])
        pulumi.export("home", [os.listdir(os.path.expanduser("~"))])
        pulumi.export("stdin", sys.stdin.read())
        """
    )
    outputs = run(program).outputs["dev"]
    assert outputs["values"] == []
    assert "AWS_PROFILE" not in outputs["names"]
    assert outputs["stdin"] == ""
    assert all(name not in outputs["home"][0] for name in (".aws", ".kube", ".ssh"))
    given = Program(
        **{**{name: getattr(program, name) for name in Program.__slots__}, "environment": {"TEAM": "core"}}
    )
    assert "TEAM" in run(given).outputs["dev"]["names"]


def test_the_network_is_refused_but_for_the_loopback(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = write(
            f"""
            import socket
            socket.create_connection(("127.0.0.1", {port})).close()
            said = []
            for target in (("192.0.2.1", 80), ("example.com", 443), ("2001:db8::1", 80)):
                try: socket.create_connection(target, timeout=1)
                except OSError as error: said.append(str(error))
            try: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock")
            except OSError as error: said.append(str(error))
            pulumi.export("said", said)
            """
        )
        said = run(program).outputs["dev"]["said"]
    assert len(said) == 4
    assert all("no network" in text for text in said)


def test_what_a_program_says_of_itself_keeps_its_lines(write: Write) -> None:
    problem = problem_of(write("raise pulumi.RunError('2 mistakes:\\n  no owner\\n  no zone')"))
    assert [line.strip() for line in problem.got.splitlines()] == ["2 mistakes:", "no owner", "no zone"]


@pytest.mark.parametrize(
    ("code", "runs"),
    [
        ("raise pulumi.RunError('no')", 1),
        ("raise ValueError('no')", 1),
        ("sys.exit(3)", 1),
        ("Output.from_input(1).apply(lambda n: n / 0)", 1),
        ("pulumi.runtime.register_resource_transform(lambda args: 1 / 0)\nThing('a')", 2),
    ],
)
def test_a_failure_that_symbolic_answers_cannot_have_caused_is_not_tried_again(
    write: Write, monkeypatch: pytest.MonkeyPatch, code: str, runs: int
) -> None:
    answers: list[str] = []

    def counted(program: Program, request: dict[str, Any], limits: Limits) -> Outcome:
        answers.append(request["answers"])
        return run_child(program, request, limits)

    monkeypatch.setattr("plan.offline.run_child", counted)
    with pytest.raises(InputError):
        run(write(code), timeout=30)
    assert answers == ["symbolic", "unknown"][:runs]


def test_the_account_of_a_provider_is_the_one_its_role_is_in(write: Write) -> None:
    program = write(
        """
        import pulumi_aws as aws
        def account(name, **settings):
            provider = aws.Provider(name, region="eu-west-1", **settings)
            options = pulumi.InvokeOptions(provider=provider)
            pulumi.export(name, [aws.get_caller_identity(opts=options).account_id, aws.get_caller_identity_output(opts=options).account_id])
        roles = [{"role_arn": f"arn:aws:iam::{number * 12}:role/deploy"} for number in "12"]
        account("role", assume_roles=roles[:1], allowed_account_ids=["333333333333"])
        account("chain", assume_roles=roles)
        account("allowed", allowed_account_ids=["333333333333"])
        account("either", allowed_account_ids=["333333333333", "444444444444"])
        """
    )
    assert run(program).outputs["dev"] == {
        "role": ["111111111111"] * 2,
        "chain": ["222222222222"] * 2,
        "allowed": ["333333333333"] * 2,
        "either": ["123456789012"] * 2,
    }


def test_large_files_are_refused(write: Write) -> None:
    program = write(
        "with open(os.path.join(os.environ['TMPDIR'], 'big'), 'wb') as f:\n    for _ in range(400): f.write(bytes(1 << 20))"
    )
    assert "File too large" in problem_of(program).got


def test_sys_exit_0_is_a_good_end(write: Write) -> None:
    assert "a" in {resource.name for resource in run(write("Thing('a')\nsys.exit(0)"))}


def test_the_problems_of_several_programs_come_together(write: Write) -> None:
    programs = [
        write("raise KeyError('one')", name="one"),
        write("Thing('fine')", name="two"),
        write("raise KeyError('three')", name="three"),
    ]
    with pytest.raises(InputError) as caught:
        run_all(programs, answers="unknown")
    assert [problem.got for problem in caught.value.problems] == ["KeyError: 'one'", "KeyError: 'three'"]


def test_an_interpreter_without_the_sdk_is_said(write: Write, tmp_path: Path) -> None:
    import venv

    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    program = find(write("").folder).program("dev", python=tmp_path / "bare")
    with pytest.raises(Missing, match="lacks the Pulumi SDK"):
        run(program)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data_source: {}", "an unknown section"),
        ("data_sources: [", "not well-formed YAML"),
        ("[]", "sections with keys"),
    ],
)
def test_fixtures_with_mistakes_are_told(write: Write, text: str, said: str) -> None:
    program = write("")
    (program.folder / "tradewind.fixtures.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        run(program)


def test_the_projects_fixtures_answer_first(write: Write) -> None:
    program = write(
        """
        import pulumi_aws as aws
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("queue", aws.sqs.get_queue(name="q").url)
        pulumi.export("zones", aws.get_availability_zones().names)
        """,
        "aws:region: eu-west-1",
    )
    (program.folder / "tradewind.fixtures.yaml").write_text(
        'values: {account: "999999999999", zones: {eu-west-1: bc}}\n'
        "data_sources:\n"
        '  "aws:sqs/getQueue:getQueue":\n'
        "    - {when: {name: other}, answer: {url: wrong}}\n"
        '    - answer: {url: "https://sqs.{region}/{account}/{arg.name}"}\n'
    )
    assert run(program).outputs["dev"] == {
        "account": "999999999999",
        "queue": "https://sqs.eu-west-1/999999999999/q",
        "zones": ["eu-west-1b", "eu-west-1c"],
    }


def running(text: str) -> bool:
    """Whether a process with `text` among its arguments is alive, shortly after."""
    for _ in range(20):
        found = False
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found |= text.encode() in entry.read_bytes() and int(entry.parent.name) != os.getpid()
            except OSError:
                continue
        if not found:
            return False
        time.sleep(0.1)
    return True
