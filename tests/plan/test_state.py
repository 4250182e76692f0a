"""Reading `pulumi stack export`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan import preview, state
from plan.graph import Graph
from plan.values import SECRET, UNKNOWN, Asset
from problems import InputError
from tests.plan.build import SECRET_MARK, SIGNATURE, UNKNOWN_MARK, export, row, stack_row, urn_of

QUEUE = "aws:sqs/queue:Queue"
PROVIDER = "pulumi:providers:aws"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
# Documents that look like the real ones, with anything in each place.
FIELDS = ["urn", "type", "custom", "inputs", "outputs", "parent", "provider", "dependencies", "external",
          "propertyDependencies", "id", "delete", "viewOf", "sourcePosition", "aliases", SIGNATURE]  # fmt: skip
VALUES = JSON | st.sampled_from(
    ["urn:pulumi:a::b::t::n", QUEUE, SECRET_MARK, UNKNOWN_MARK, "[secret]", "same"]
)
ROW = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
EXPORT = st.fixed_dictionaries(
    {
        "version": st.sampled_from([3, 4, True, None]),
        "deployment": st.fixed_dictionaries({"resources": st.lists(ROW | JSON, max_size=4)}) | JSON,
    }
)
STEP = st.fixed_dictionaries(
    {"op": VALUES | st.sampled_from(["create", "delete"])}, optional={"newState": ROW | JSON, "oldState": ROW}
)
DIGEST = st.fixed_dictionaries(
    {"steps": st.lists(STEP | JSON, max_size=4) | JSON},
    optional={"config": JSON, "changeSummary": JSON, "diagnostics": JSON},
)


@given(JSON | EXPORT | DIGEST)
def test_any_json_gives_a_graph_or_an_input_error(document: Any) -> None:
    text = json.dumps(document)
    for reader in (state.read, preview.read):
        try:
            assert isinstance(reader(text, "x.json"), Graph)
        except InputError as error:
            assert error.problems


@given(st.text())
def test_any_text_gives_a_graph_or_an_input_error(text: str) -> None:
    for reader in (state.read, preview.read):
        with pytest.raises(InputError):
            reader(text, "x.json")


def test_a_secret_leaves_no_trace() -> None:
    secret = {SIGNATURE: SECRET_MARK, "plaintext": '"hunter2"'}
    pod = row(
        "kubernetes:core/v1:Secret", "k", inputs={"data": {"key": "hunter2"}}, outputs={"__inputs": "hunter2"}
    )
    made = state.read(
        export(
            stack_row(password=secret),
            row(
                QUEUE,
                "q",
                inputs={"policy": secret, "tags": {"a": secret}},
                additionalSecretOutputs=["url"],
                outputs={"url": "hunter2"},
            ),
            row(PROVIDER, "p", inputs={"secretKey": "hunter2"}),
            pod,
        ),
        "x.json",
    )
    queue = made[urn_of(QUEUE, "q")]
    assert queue.inputs == {"policy": SECRET, "tags": {"a": SECRET}}
    assert queue.outputs == {"url": SECRET}
    assert made.outputs["prod"] == {"password": SECRET}
    assert made[pod["urn"]].inputs == {"data": {"key": SECRET}}
    assert "hunter2" not in made.to_json()


def test_an_error_does_not_show_what_stands_in_the_wrong_place() -> None:
    with pytest.raises(InputError) as caught:
        state.read(export(row(QUEUE, "q", inputs="hunter2", dependencies="hunter2")), "x.json")
    assert "hunter2" not in str(caught.value)
    assert [problem.path for problem in caught.value.problems] == [
        "deployment.resources[0].inputs",
        "deployment.resources[0].dependencies",
    ]


def test_what_waits_for_deletion_and_views_are_left_out_and_reads_are_external() -> None:
    made = state.read(
        export(
            row(QUEUE, "old", delete=True),
            row(QUEUE, "old"),
            row(QUEUE, "view", viewOf="urn:x"),
            row(QUEUE, "read", external=True),
        ),
        "x.json",
    )
    assert [(found.name, found.external) for found in made] == [("old", False), ("read", True)]


def test_markers_become_values_and_bookkeeping_goes() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "x.zip", "hash": "ab"}
    inputs = {"__defaults": [], "a": {"__defaults": [], "b": 1}, "code": asset, "arn": UNKNOWN_MARK}
    made = state.read(
        export(row(QUEUE, "q", inputs=inputs, sourcePosition="project:///stacks/x%20y.py#12,3")), "x"
    )
    queue = made[urn_of(QUEUE, "q")]
    assert queue.inputs == {"a": {"b": 1}, "code": Asset("file", "x.zip", "ab"), "arn": UNKNOWN}
    assert queue.source == "stacks/x y.py:12"


def test_the_region_is_the_resource_s_own_else_the_arn_s_else_the_provider_s() -> None:
    provider = row(PROVIDER, "p", id="1", inputs={"region": "eu-west-1"})
    at = f"{provider['urn']}::1"
    made = state.read(
        export(
            provider,
            row(QUEUE, "own", provider=at, inputs={"region": "us-east-1"}),
            row(QUEUE, "arn", provider=at, outputs={"arn": "arn:aws:sqs:us-west-2:1:q"}),
            row(QUEUE, "provider", provider=at),
            row("aws:iam/role:Role", "global", provider=at),
        ),
        "x.json",
    )
    assert [found.region for found in made] == ["", "us-east-1", "us-west-2", "eu-west-1", ""]


def test_kubernetes_resources_are_where_their_cluster_is() -> None:
    config = '{"clusters":[{"cluster":{"server":"https://A.gr7.eu-west-1.eks.amazonaws.com"}}]}'
    provider = row("pulumi:providers:kubernetes", "k", id="1", inputs={"kubeconfig": config})
    pod = row("kubernetes:core/v1:Pod", "p", provider=f"{provider['urn']}::1")
    assert state.read(export(provider, pod), "x.json")[pod["urn"]].region == "eu-west-1"


def test_a_wrong_version_is_refused() -> None:
    with pytest.raises(InputError, match="versions 3 and 4"):
        state.read(export(version=2), "x.json")


def test_the_same_urn_twice_is_refused() -> None:
    with pytest.raises(InputError, match="the same URN twice"):
        state.read(export(row(QUEUE, "q"), row(QUEUE, "q")), "x.json")
