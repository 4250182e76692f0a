"""Wrong files as a target: exit code 1, one message with the place and the way out, nothing done.

There is no traceback, no half-written file, no answer on stdout, and no process left.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from plan.graph import SCHEMA
from plan.values import SECRET
from tests.cli import wrong
from tests.cli.wrong import (
    Tradewind,
    assert_refused,
    graph_text,
    queue,
    queue_urn,
)

here = wrong.here
tradewind = wrong.tradewind
environment = wrong.environment

# Files


_ROW = {"urn": queue_urn("a"), "type": "aws:sqs/queue:Queue", "custom": True, "inputs": {}}
STATE = {"version": 3, "deployment": {"manifest": {}, "resources": [_ROW]}}
PREVIEW = {
    "steps": [{"op": "create", "urn": queue_urn("a"), "newState": _ROW}],
    "duration": 1,
    "changeSummary": {"create": 1},
}

FILES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b"", ("empty",)),
    "blanks": (b" \n\n", ("empty",)),
    "binary": (bytes(range(256)) * 16, ()),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(500), ()),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), ()),
    "not UTF-8": (b'{"schema": "caf\xe9"}', ("UTF-8",)),
    "UTF-16": ('{"schema": 1}'.encode("utf-16"), ()),
    "text": (b"hello\n", ()),
    "YAML": (b"resources:\n  - a\n", ()),
    "JSON of nothing known": (b'{"a": 1}', ()),
    "a JSON list": (b"[1, 2]", ()),
    "a JSON number": (b"7", ()),
    "JSON null": (b"null", ()),
    "a graph cut off": (graph_text(resources=[queue("a")]).encode()[:-20], ("graph.json:1",)),
    "a preview cut off": (json.dumps(PREVIEW, indent=1).encode()[:-40], ("graph.json:",)),
    "a state cut off": (json.dumps(STATE, indent=1).encode()[:-10], ("graph.json:",)),
    "two documents": (graph_text().encode() * 2, ()),
    "a graph of a later schema": (
        graph_text(schema="tradewind.graph/99").encode(),
        ("tradewind.graph/99", SCHEMA),
    ),
    "another document of ours": (graph_text(schema="tradewind.cost/1").encode(), ("tradewind.cost/1",)),
    "a schema that is a number": (graph_text(schema=7).encode(), ()),
    "resources that are none": (graph_text(resources={"a": 1}).encode(), ()),
    "a resource without URN": (graph_text(resources=[{"type": "t", "name": "n"}]).encode(), ("urn",)),
    "a resource with a key too many": (
        graph_text(resources=[queue("a", colour="red")]).encode(),
        ("colour",),
    ),
    "a resource whose inputs are a list": (
        graph_text(resources=[queue("a", inputs=[1])]).encode(),
        ("inputs",),
    ),
    "a URN that is a number": (graph_text(resources=[{**queue("a"), "urn": 7}]).encode(), ("urn",)),
    "a URN that is none": (graph_text(resources=[{**queue("a"), "urn": "a"}]).encode(), ()),
    "a value of an unknown kind": (
        graph_text(resources=[queue("a", inputs={"x": {"$": "later"}})]).encode(),
        ("later",),
    ),
    "the same URN twice": (
        graph_text(resources=[queue("a"), queue("a")]).encode(),
        (queue_urn("a"), "twice"),
    ),
    "a circle": (
        graph_text(
            resources=[queue("a", dependencies=[queue_urn("b")]), queue("b", dependencies=[queue_urn("a")])]
        ).encode(),
        ("circle", "a -> b -> a"),
    ),
    "a resource that depends on itself": (
        graph_text(resources=[queue("a", dependencies=[queue_urn("a")])]).encode(),
        ("circle",),
    ),
    "a resource that is its own parent": (
        graph_text(resources=[queue("a", parent=queue_urn("a"))]).encode(),
        ("circle",),
    ),
    "a state with a URN twice": (
        json.dumps({**STATE, "deployment": {"manifest": {}, "resources": [_ROW, _ROW]}}).encode(),
        (queue_urn("a"), "twice"),
    ),
    "a state of the future": (json.dumps({**STATE, "version": 99}).encode(), ("99",)),
    "a state without resources that is none": (b'{"version": 3, "deployment": []}', ()),
    "a state whose resources are text": (b'{"version": 3, "deployment": {"resources": "none"}}', ()),
    "a preview whose steps are text": (b'{"steps": "none"}', ()),
    "a preview with a step that is a number": (b'{"steps": [7], "changeSummary": {}}', ()),
    "nested too deeply": (b'{"steps": ' + b"[" * 100_000, ()),
    "nested too deeply and closed": (
        graph_text(outputs={"dev": 0}).replace("0", '{"a":' * 50_000 + "1" + "}" * 50_000).encode(),
        (),
    ),
    "a number of 10,000 digits": (
        graph_text(resources=[queue("a", inputs={"n": 0})]).replace(": 0", ": " + "9" * 10_000).encode(),
        (),
    ),
    "not a number": (graph_text(resources=[queue("a", inputs={"n": float("nan")})]).encode(), ()),
    "NUL bytes": (b'{"schema": "' + SCHEMA.encode() + b'\0"}', ()),
    "a byte order mark and nothing": (b"\xef\xbb\xbf", ("empty",)),
    "a plan of Terraform": (
        b'{"format_version": "1.2", "planned_values": {}, "resource_changes": []}',
        ("Terraform",),
    ),
    "a page of HTML": (b"<!DOCTYPE html><html>{}</html>", ()),
}


@pytest.mark.parametrize(("content", "words"), FILES.values(), ids=FILES.keys())
def test_a_wrong_file(content: bytes, words: tuple[str, ...], here: Path, tradewind: Tradewind) -> None:
    (here / "graph.json").write_bytes(content)
    started = time.monotonic()
    assert_refused(tradewind("survive", "graph.json"), "graph.json", *words)
    assert time.monotonic() - started < 5


def test_a_file_of_200_megabytes_is_refused_at_once(here: Path, tradewind: Tradewind) -> None:
    with (here / "graph.json").open("wb") as file:
        file.truncate(200_000_000)
    started = time.monotonic()
    assert_refused(tradewind("plan", "graph.json"), "graph.json", "MiB")
    assert time.monotonic() - started < 3


def test_what_is_no_file_is_refused_at_once(here: Path, tradewind: Tradewind) -> None:
    """A pipe or a device would be read for ever, a circle of links never."""
    os.mkfifo(here / "pipe.json")
    (here / "loop.json").symlink_to("loop.json")
    (here / "dangling.json").symlink_to("nowhere.json")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.json")
        for name in ("pipe.json", "socket.json", "loop.json", "dangling.json", "/dev/zero", "/dev/full"):
            started = time.monotonic()
            assert_refused(tradewind("survive", name), name)
            assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "target",
    [
        "nowhere",
        "nowhere.json",
        "no/such/folder",
        "",
        " ",
        "../..",
        "~",
        "x" * 5000,
        "a\nb",
        "--",
        "git:HEAD",
    ],
)
def test_a_target_that_is_not_there(target: str, tradewind: Tradewind) -> None:
    said = tradewind("survive", "--", target)
    assert said.code in (1, 2)
    assert_refused(said, code=said.code)


def test_a_folder_that_is_no_project(here: Path, tradewind: Tradewind) -> None:
    (here / "folder").mkdir()
    assert_refused(tradewind("plan", "folder"), "folder", "Pulumi.yaml")


def test_a_state_whose_secrets_nobody_can_read_is_read_without_them(here: Path) -> None:
    """What is encrypted is never decrypted, so its ciphertext may be anything."""
    from plan.files import read

    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    inputs = {
        "a": {**secret, "ciphertext": "\x00 no base64 at all"},
        "b": {**secret, "ciphertext": 7},
        "c": secret,
        "d": {**secret, "plaintext": '"x'},
    }
    resource = {"urn": queue_urn("a"), "type": "aws:sqs/queue:Queue", "custom": True, "inputs": inputs}
    state = {
        "version": 3,
        "deployment": {
            "manifest": {},
            "secrets_providers": {"type": "garbage", "state": 7},
            "resources": [resource],
        },
    }
    (here / "state.json").write_text(json.dumps(state))
    assert list(read(here / "state.json")[queue_urn("a")].inputs.values()) == [SECRET] * 4
