"""What a program makes of an output it cannot know: the output itself, text around it, a part of it, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plan.offline import run
from plan.offline.child.tokens import Text, parts_of, told_apart, watched
from plan.offline.child.typecheck import _documented_values
from plan.project import find
from plan.values import UNKNOWN, Reference

TOKEN = "${urn:pulumi:dev::shop::a:b:C::c#url}"
PART = "${urn:pulumi:dev::shop::a:b:C::c#url_part}"


@pytest.mark.parametrize(
    "operation",
    [
        lambda text: text.split("//")[-1].split(".")[0],
        lambda text: text.replace("https://", ""),
        lambda text: text.strip(),
        lambda text: text[:5000],
        lambda text: text.partition("//")[0],
        lambda text: text.removeprefix("https://"),
        lambda text: ("a//" + text).split("//")[1],
        lambda text: watched([text])[0].rstrip("/").rstrip("/"),
    ],
)
def test_an_operation_that_leaves_a_token_whole_gives_a_part(operation: Callable[[str], str]) -> None:
    assert operation(watched(TOKEN)) == PART


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda text: text, TOKEN),
        (lambda text: str(text), TOKEN),
        (lambda text: f"{text}", TOKEN),
        (lambda text: f"a{text}b", f"a{TOKEN}b"),
        (lambda text: "a" + text + "b", f"a{TOKEN}b"),
        (lambda text: ",".join([text, text]), f"{TOKEN},{TOKEN}"),
        (lambda text: "".join([text]), PART),
    ],
)
def test_formatting_keeps_a_token(made: Callable[[str], str], text: str) -> None:
    assert told_apart(made(watched(TOKEN))) == text


def test_texts_without_tokens_are_left_alone() -> None:
    value = {"a": ["b", 1, None, ("c",)]}
    assert watched(value) == value
    assert type(watched(value)["a"][0]) is str
    assert parts_of("a b") == "a b"
    assert isinstance(watched({"a": TOKEN})["a"], Text)


def test_a_part_is_claimed_to_be_no_output(tmp_path: Path) -> None:
    """Alone it is unknown; in a document it says where it comes from."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        """
import re
import pulumi
import pulumi_aws as aws
cluster = aws.eks.Cluster("c", role_arn="arn:aws:iam::123456789012:role/r", vpc_config={"subnet_ids": ["subnet-1"]})
pulumi.export("same", cluster.endpoint.apply(lambda url: url))
pulumi.export("host", cluster.endpoint.apply(lambda url: url.split("//")[-1].split(".")[0]))
pulumi.export("pattern", cluster.endpoint.apply(lambda url: re.sub("^https://", "", url)))
pulumi.export("port", cluster.endpoint.apply(lambda url: url.replace("https://", "") + ":443"))
pulumi.export("group", cluster.vpc_config.cluster_security_group_id)
pulumi.export("subnets", cluster.vpc_config.subnet_ids)
"""
    )
    program = find(tmp_path).program("dev")
    outputs = run(program).outputs["dev"]
    urn = "urn:pulumi:dev::shop::aws:eks/cluster:Cluster::c"
    assert outputs == {
        "same": Reference(urn, "endpoint"),
        "host": UNKNOWN,
        "pattern": UNKNOWN,
        "port": f"${{{urn}#endpoint_part}}:443",
        "group": Reference(urn, "vpcConfig.clusterSecurityGroupId"),
        "subnets": ["subnet-1"],
    }
    unknown = run(program, answers="unknown").outputs["dev"]
    assert unknown["group"] is UNKNOWN
    assert unknown["subnets"] == ["subnet-1"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("The mode. Valid values are `a`, `b` and `c`. Defaults to `a`.", ("a", "b", "c")),
        ("Must be one of `a` or `b`", ("a", "b")),
        ("Valid values are: `sqs` and `sms`. Protocols `email` and `https` are also valid but partially supported.", ()),
        ("One of `url` or `bucket` must be set.", ()),
        ("Valid values include `a`, `b`.", ()),
        ("Valid values are `a`, `b`, or a number of days.", ()),
    ],
)  # fmt: skip
def test_documented_values_are_taken_where_they_are_all(text: str, values: tuple[str, ...]) -> None:
    assert _documented_values(text) == values
