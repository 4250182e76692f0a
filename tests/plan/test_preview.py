"""Reading `pulumi preview --json --show-sames`."""

from __future__ import annotations

import pytest

from plan import preview
from plan.values import SECRET, UNKNOWN
from problems import InputError
from tests.plan.build import UNKNOWN_MARK, digest, row, stack_row, step, urn_of

QUEUE = "aws:sqs/queue:Queue"


def test_the_graph_is_what_is_there_after_the_change() -> None:
    old, new = row(QUEUE, "q", inputs={"delaySeconds": 1}), row(QUEUE, "q", inputs={"delaySeconds": 2})
    made = preview.read(
        digest(
            step("same", stack_row()),
            step("create-replacement", new, old),
            step("replace", new, old),
            step("delete-replaced", None, old),
            step("delete", None, row(QUEUE, "gone")),
            step("read", row(QUEUE, "read", external=True)),
        ),
        "x.json",
    )
    assert {found.name for found in made} == {"shop-prod", "q", "read"}
    assert made[urn_of(QUEUE, "q")].inputs == {"delaySeconds": 2}
    assert made[urn_of(QUEUE, "read")].external


def test_lines_before_the_document_are_passed_over() -> None:
    text = "Previewing {stack}\n warning: {odd\n" + digest(step("create", row(QUEUE, "q")))
    assert len(preview.read(text, "x.json")) == 1


def test_unknowns_and_secrets_are_values_of_their_own() -> None:
    made = preview.read(
        digest(step("create", row(QUEUE, "q", inputs={"a": UNKNOWN_MARK, "b": ["[secret]"]}))), "x"
    )
    assert made[urn_of(QUEUE, "q")].inputs == {"a": UNKNOWN, "b": [SECRET]}


def test_default_providers_come_from_the_configuration() -> None:
    provider = urn_of("pulumi:providers:aws", "default_7_51_1")
    config = {"aws:region": "eu-west-1", "aws:defaultTags": '{"tags":{"a":"b"}}', "shop:x": "y"}
    made = preview.read(
        digest(step("create", row(QUEUE, "q", provider=f"{provider}::id")), config=config), "x"
    )
    assert made[provider].inputs == {"region": "eu-west-1", "defaultTags": '{"tags":{"a":"b"}}'}
    assert made[urn_of(QUEUE, "q")].region == "eu-west-1"


def test_a_preview_without_what_does_not_change_is_refused() -> None:
    text = digest(
        step("same", stack_row()), step("create", row(QUEUE, "q")), changeSummary={"same": 9, "create": 1}
    )
    with pytest.raises(InputError, match="--show-sames"):
        preview.read(text, "x.json")


def test_a_failed_preview_is_refused_with_its_message() -> None:
    failed = {"severity": "error", "message": "no such image", "urn": urn_of(QUEUE, "q")}
    with pytest.raises(InputError, match="no such image"):
        preview.read(digest(step("create", row(QUEUE, "q")), diagnostics=[failed]), "x.json")


def test_every_wrong_step_is_named() -> None:
    with pytest.raises(InputError) as caught:
        preview.read(digest({"op": "create", "newState": {"urn": "x"}}, {"op": 1}), "x.json")
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {"steps[0].newState.type", "steps[0].newState.urn", "steps[1].op"}
