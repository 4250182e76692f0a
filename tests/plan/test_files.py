"""A file is told by its content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plan import files
from problems import InputError
from tests.plan.build import digest, export, graph, made, row, step

QUEUE = "aws:sqs/queue:Queue"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (graph(made(QUEUE, "q", "eu-west-1")).to_json(), "offline"),
        (digest(step("create", row(QUEUE, "q"))), "preview"),
        ("Previewing update\n" + digest(step("create", row(QUEUE, "q"))), "preview"),
        (export(row(QUEUE, "q")), "state"),
        ("\ufeff" + export(row(QUEUE, "q")), "state"),
    ],
)
def test_each_kind_is_recognised(tmp_path: Path, text: str, origin: str) -> None:
    path = tmp_path / "x"
    path.write_text(text, encoding="utf-8")
    read = files.read(path)
    assert (read.origin, len(read)) == (origin, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'{\n "a": }', "x:2:7"),
        (b"[1]", "a list as JSON"),
        (b"{}", "an empty JSON object"),
        (b'{"planned_values": 1, "resource_changes": 2}', "a plan of Terraform"),
        (b'{"schema": "tradewind.cost/1"}', "another document of this project"),
        (b'{"schema": "tradewind.graph/9"}', "tradewind.graph/9"),
        (b"[" * 100_000, "nested too deep"),
        (b"NaN", "NaN"),
    ],
)
def test_what_is_no_graph_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        files.read(path)
    assert said in str(caught.value)


def test_a_folder_a_pipe_and_nothing_are_refused_without_reading(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("", "a folder"), ("pipe", "neither file nor folder"), ("none", "no such file")):
        with pytest.raises(InputError, match=said):
            files.read(tmp_path / name)


def test_a_large_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(files.LIMIT_MIB * 2**20 + 1)
    with pytest.raises(InputError, match="MiB"):
        files.read(path)
