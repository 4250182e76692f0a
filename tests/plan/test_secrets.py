"""Secrets do not come out: of a graph, of an error, of a file, of the command, in any spelling.

The canaries are new random texts in every run, so a hit is a leak and nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import pytest

from plan import offline
from plan.project import find
from plan.values import SECRET
from tests.plan import canaries
from tests.plan.canaries import (
    DECLARED,
    PLANNED,
    assert_silent,
    graph_of,
    project,
)

surroundings = canaries.surroundings

PROGRAMS = Path(__file__).parents[1] / "programs"


# In the graph


@pytest.mark.parametrize("program", PLANNED.values(), ids=PLANNED.keys())
def test_no_secret_in_the_graph(program: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    graph = graph_of(tmp_path, program)
    assert graph.of_type("pulumi:pulumi:Stack")
    printed = capfd.readouterr()
    document = graph.to_json()
    assert_silent(document, json.dumps(json.loads(document)), repr(graph), printed.out, printed.err)


def test_no_secret_in_the_graph_of_unknown_answers(tmp_path: Path) -> None:
    """The other kind of answers takes other ways through the SDK."""
    graph = graph_of(
        tmp_path, "".join(PLANNED[key] for key in ("inputs", "exports", "assets")), answers="unknown"
    )
    assert_silent(graph.to_json())


def test_a_secret_is_seen_to_be_one(tmp_path: Path) -> None:
    """Dropped, not lost: consumers are told that a value is there."""
    graph = graph_of(tmp_path, PLANNED["inputs"] + PLANNED["exports"])
    (queue,) = graph.of_type("aws:sqs/queue:Queue")
    (database,) = graph.of_type("aws:rds/instance:Instance")
    assert queue.inputs["name"] is SECRET
    assert database.inputs["password"] is SECRET
    assert database.inputs["username"] == "u"
    assert graph.outputs["dev"]["hidden"] is SECRET


def test_hiding_a_secret_leaves_the_rest_readable(tmp_path: Path) -> None:
    """A text around a secret keeps its shape, ordinary words stay, and two secrets are not taken for one name."""
    graph = graph_of(
        tmp_path,
        'aws.sqs.Queue("orders", tags={"url": f"postgres://app:{plain}@db/orders", "team": "app", "on": "true"})',
    )
    (queue,) = graph.of_type("aws:sqs/queue:Queue")
    tags = queue.inputs["tags"]
    assert tags["team"] == "app"
    assert tags["on"] == "true"
    assert queue.urn == "urn:pulumi:dev::canaries::aws:sqs/queue:Queue::orders"


def test_odd_secrets_are_hidden_too(tmp_path: Path) -> None:
    """Quotes, newlines, other scripts, percent signs, text that looks like a reference or a pattern."""
    tail = secrets.token_hex(8)
    odd = tuple(
        f"{piece}{tail}{number}"
        for number, piece in enumerate(
            (
                "two words ",
                'quo"te',
                "apo'strophe",
                "back\\slash",
                "line\nbreak",
                "tab\t",
                "ключ-",
                "鍵-",
                "🔑",
                "100% ",
                "${urn:pulumi:x}",
                ".*+?[(",
                "<&>",
                "é",
                "a=b&c=d ",
                "{}",
            )
        )
    )
    folder = project(
        tmp_path,
        """
for index, text in enumerate(config.require_object("nested")["odd"]):
    aws.sqs.Queue(f"q{index}", name=text, tags={"json": json.dumps({"k": text}), "wire": base64.b64encode(text.encode()).decode(), "repr": repr(text)})
    print(text)
    pulumi.log.warn(text)
""",
    )
    config = {"aws:region": "eu-west-1", "canaries:declared": DECLARED, "canaries:nested": {"odd": list(odd)}}
    (folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
    graph = offline.run(find(folder).program("dev"))
    document = graph.to_json()
    assert_silent(document, json.dumps(json.loads(document)), canaries=odd)
    assert len(graph.of_type("aws:sqs/queue:Queue")) == len(odd)


def test_configuration_is_neither_on_the_command_line_nor_in_a_file_nor_in_the_environment(
    tmp_path: Path,
) -> None:
    """Other users of the machine can read the first two. The program itself looks."""
    scratch = os.environ["TMPDIR"]
    graph = graph_of(
        tmp_path,
        f"""
seen = [open("/proc/self/cmdline").read(), open("/proc/self/environ").read()]
for folder in ({scratch!r}, os.environ.get("TMPDIR", "/nonexistent")):
    for where, _, names in os.walk(folder):
        seen += [open(os.path.join(where, name), errors="replace").read() for name in names]
pulumi.export("leaks", sum(plain in text for text in seen))
""",
    )
    assert graph.outputs["dev"]["leaks"] == 0


def test_no_ciphertext_of_a_shipped_configuration_is_in_the_graph() -> None:
    program = find(PROGRAMS / "secrets-everywhere").program("dev")
    text = offline.run(program).to_json()
    assert "secure" not in text
    for line in (PROGRAMS / "secrets-everywhere" / "Pulumi.dev.yaml").read_text().splitlines():
        if "v1:" in line:
            assert line.rpartition(" ")[2] not in text
