"""What is kept of an engine's events, and what a run comes to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from deploy.changes import changes_of, operations, planned
from deploy.events import Outcome, Progress, Record, Step, Violation

URN = "urn:pulumi:dev::p::aws:s3/bucket:Bucket::lake"
PARTS = (
    "resource_pre_event",
    "res_outputs_event",
    "diagnostic_event",
    "policy_event",
    "summary_event",
)


def event(**given: Any) -> Any:
    return SimpleNamespace(**{**dict.fromkeys(PARTS), **given})


def step(op: str, urn: str = URN, keys: tuple[str, ...] = (), diff: tuple[str, ...] = ()) -> Any:
    metadata = SimpleNamespace(
        op=op, urn=urn, type=urn.split("::")[2], keys=keys, diffs=diff, detailed_diff={}
    )
    return SimpleNamespace(metadata=metadata)


def said(severity: str, message: str, *, ephemeral: bool = False) -> Any:
    return event(
        diagnostic_event=SimpleNamespace(severity=severity, message=message, urn=URN, ephemeral=ephemeral)
    )


def heard(*events: Any) -> Record:
    record = Record("dev")
    for one in events:
        record.hear(one)
    return record


def test_what_was_begun_and_failed_is_not_counted() -> None:
    other = URN.replace("lake", "other")
    record = heard(
        event(resource_pre_event=step("create")),
        event(resource_pre_event=step("create", other)),
        event(res_outputs_event=step("create")),
    )
    assert record.counts == {"create": 1}
    assert [it.urn for it in record.steps] == [URN]


def test_a_component_that_ends_twice_counts_once() -> None:
    record = heard(*[event(res_outputs_event=step("create"))] * 2)
    assert record.counts == {"create": 1}


def test_the_engine_s_own_count_goes_before_ours() -> None:
    summary = SimpleNamespace(resource_changes={"same": 3})
    record = heard(event(res_outputs_event=step("create")), event(summary_event=summary))
    assert record.counts == {"same": 3}


def test_progress_says_how_many_are_done() -> None:
    told: list[Progress] = []
    record = Record("dev", told.append)
    record.hear(event(resource_pre_event=step("create")))
    record.hear(event(res_outputs_event=step("create")))
    assert [(it.begun, it.done, it.op) for it in told] == [(1, 0, "create"), (1, 1, "create")]


def test_messages_are_kept_once_without_markup_and_without_what_is_for_the_doctor() -> None:
    record = heard(
        *[said("error", "<{%fg 1%}>error: no<{%reset%}>\n")] * 2,
        said("warning", "warning: using pulumi-resource-aws from $PATH at /usr/bin/x\n"),
        said("warning", "warning: deprecated\n"),
        said("warning", "creating...", ephemeral=True),
        said("info", "hello"),
    )
    assert [it.message for it in record.failures] == ["no"]
    assert [it.message for it in record.warnings] == ["deprecated"]


@pytest.mark.parametrize(
    ("level", "message", "broken", "undetermined"),
    [
        ("mandatory", "why\nBucket lake is public", True, False),
        ("advisory", "why\nBucket lake is public", False, False),
        ("advisory", "can't run policy 'x' from policy pack 'y' during preview: unknown", False, True),
    ],
)
def test_a_rule_that_could_not_be_judged_is_neither_broken_nor_passed(
    level: str, message: str, broken: bool, undetermined: bool
) -> None:
    found = Violation("x", level, message)
    assert (found.is_broken, found.undetermined) == (broken, undetermined)
    assert found.said == message.splitlines()[-1]


def test_a_rule_s_message_is_told_without_its_description_and_the_fix_apart() -> None:
    found = Violation("x", "mandatory", "Why it matters.\nVolume bare is not encrypted\nFix: encrypt it")
    assert (found.said, found.fix) == ("Volume bare is not encrypted", "encrypt it")


def test_a_replacement_is_one_change_and_counts_once() -> None:
    steps = tuple(
        Step(op, URN, "aws:s3/bucket:Bucket", ("bucket", "tags"), ("bucket",))
        for op in ("create-replacement", "replace", "delete-replaced")
    )
    (change,) = changes_of(Outcome("dev", "all", "succeeded", steps=steps))
    assert (change.operation, change.forced_by, change.loses_data) == ("replace", ("bucket",), True)
    counts = operations({"create-replacement": 1, "replace": 1, "delete-replaced": 1, "same": 4})
    assert counts == {"create": 0, "update": 0, "replace": 1, "delete": 0, "same": 4}


def test_lost_data_comes_first_then_what_disturbs_most() -> None:
    kinds = [
        ("create", "aws:s3/bucket:Bucket", "a"),
        ("update", "aws:s3/bucket:Bucket", "b"),
        ("replace", "aws:ec2/vpc:Vpc", "c"),
        ("delete", "aws:dynamodb/table:Table", "d"),
        ("same", "aws:s3/bucket:Bucket", "e"),
    ]
    steps = tuple(Step(op, f"urn:pulumi:dev::p::{kind}::{name}", kind) for op, kind, name in kinds)
    found = changes_of(Outcome("dev", "all", "succeeded", steps=steps))
    assert [(it.operation, it.loses_data) for it in found] == [
        ("delete", True),
        ("replace", False),
        ("update", False),
        ("create", False),
    ]


def test_a_saved_plan_is_counted_by_resource() -> None:
    plan = {
        "resourcePlans": {
            "a": {"steps": ["create"]},
            "b": {"steps": ["create-replacement", "replace", "delete-replaced"]},
            "c": {"steps": ["same"]},
            "d": {"steps": ["delete"]},
            "e": {"steps": []},
        }
    }
    assert planned(plan) == {"create": 1, "update": 0, "replace": 1, "delete": 1, "same": 2}
