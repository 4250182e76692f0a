"""A graph does not depend on the order in which a program happened to register things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plan.offline.process import Limits, Outcome
from plan.offline.result import graph_of
from plan.project import Program

PROGRAM = Program(Path("shop"), "dev", "shop", Path("shop"))
URN = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::{}"
ROWS = [
    {
        "urn": URN.format(name),
        "type": "aws:sqs/queue:Queue",
        "name": name,
        "dependencies": [URN.format(it) for it in needs],
    }
    for name, needs in {"a": "", "b": "a", "c": "a", "d": "a", "e": "bd", "f": ""}.items()
]
FINDINGS = [
    {"kind": "warning", "message": str(line), "source": f"__main__.py:{line}"} for line in (2, 10, 30)
]


def document(rows: list[dict[str, Any]], findings: list[dict[str, str]]) -> Outcome:
    """What the child answers; the reader keeps what it is given, so each gets rows of its own."""
    whole = {"resources": [dict(row) for row in rows], "findings": findings, "assumptions": [], "outputs": {}}
    return Outcome(whole, 0, False)


@given(st.permutations(ROWS), st.permutations(FINDINGS))
def test_the_order_of_registration_does_not_show(
    rows: list[dict[str, Any]], findings: list[dict[str, str]]
) -> None:
    limits = Limits(1, 64)
    here = graph_of(PROGRAM, document(rows, findings), limits)
    there = graph_of(PROGRAM, document(ROWS, FINDINGS), limits)
    assert here.to_json() == there.to_json()
    assert [finding.message for finding in here.findings] == ["2", "10", "30"]
