"""Import ids against the examples in the reference of the provider's own SDK."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.import_ids import FROM_INPUTS, FROM_TAGS, Facts, Tagged, derived
from deploy.lookup import DESCRIBED
from plan.offline import run_all
from plan.project import find

ROOT = Path(__file__).parents[2]
FACTS = Facts("123456789012", "us-east-1")
SEPARATORS = re.compile(r"[:/#|,]")
# Types whose reference shows an ARN or URL whole, or more words than one between separators.
ARNS = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:iam/policy:Policy",
    "aws:sfn/stateMachine:StateMachine",
    "aws:sns/topic:Topic",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
}
# Names whose form AWS sets.
NAMES = {"aws:kms/alias:Alias": {"name": "alias/x"}, "aws:ssm/parameter:Parameter": {"name": "/a/b"}}


@cache
def examples() -> dict[str, list[str]]:
    """Ids in the import sections of the SDK's reference, by type."""
    found = importlib.util.find_spec("pulumi_aws")
    assert found and found.origin
    text = subprocess.run(
        ["grep", "-rhoE", r"\$ pulumi import aws:[^ ]+ [^ ]+ .*", str(Path(found.origin).parent), "--include=*.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout  # fmt: skip
    table: dict[str, list[str]] = {}
    for line in text.splitlines():
        _, _, _, type, _, id = line.split(" ", 5)
        table.setdefault(type, []).append(id.strip("'\""))
    return table


def shape(id: str) -> str:
    """An id's separators in their order, its words left out."""
    return "".join(SEPARATORS.findall(re.sub(r"arn:[^#]*|\d+\.\d+\.\d+\.\d+/\d+", "x", id)))


def inputs_of(form: str) -> dict[str, Any]:
    """An input for every field of `form`: the first of its alternatives."""
    names = [field.split("|")[0] for field in re.findall(r"\{([^{}]+)\}", form)]
    made = {name: f"{name}-1" for name in names if name not in ("account", "region", "partition")}
    nested = {
        name.partition(".")[0]: {name.partition(".")[2]: text} for name, text in made.items() if "." in name
    }
    arns = {name: "arn:aws:iam::123456789012:role/x" for name in made if name.lower().endswith("arn")}
    return {
        **made,
        **arns,
        **nested,
        **({"destinationCidrBlock": "10.0.0.0/16"} if "destinationCidrBlock" in made else {}),
    }


@pytest.mark.parametrize("type", sorted(set(FROM_INPUTS) - ARNS - {"kubernetes:helm.sh/v3:Release"}))
def test_an_id_has_the_form_that_the_reference_shows(type: str) -> None:
    form = FROM_INPUTS[type]
    given = {**inputs_of(form), **NAMES.get(type, {})}
    left_out = set(re.findall(r"\[[^\]]*?\{(\w+)\}", form))
    without = {name: value for name, value in given.items() if name not in left_out}
    ids = [derived(type, inputs, FACTS) for inputs in (given, without)]
    assert all(ids)
    shapes = {shape(one) for one in examples()[type]}
    assert any(shape(id) in shapes for id in ids), (ids, examples()[type])


@pytest.mark.parametrize("type", sorted(set(FROM_TAGS) & set(examples())))
def test_an_id_is_cut_out_of_an_arn(type: str) -> None:
    kind = FROM_TAGS[type]
    given = [one for one in examples()[type] if not one.startswith("arn:")]
    for id in given:
        parts = id.replace(",", "/")
        arn = f"arn:aws:{kind.kind.partition(':')[0]}:us-east-1:123456789012:{kind.kind.partition(':')[2]}/{parts}"
        assert kind.id_of(arn) == id
    for arn in set(examples()[type]) - set(given):
        assert kind.id_of(arn) == arn


def test_an_id_of_another_form_is_none() -> None:
    assert Tagged("ec2:vpc").id_of("arn:aws:ec2:us-east-1:1:vpc") == ""


def test_every_type_that_the_environments_use_can_be_found() -> None:
    project = find(ROOT)
    stacks = [stack for stack in project.stacks if stack.startswith(("dev", "prod"))]
    graphs = run_all([project.program(stack) for stack in stacks])
    used = {one.type for graph in graphs for one in graph if one.type.startswith("aws:") and one.is_managed}
    assert used - set(FROM_INPUTS) - set(FROM_TAGS) - set(DESCRIBED) == set()


@pytest.mark.parametrize(
    ("type", "inputs", "id"),
    [
        ("aws:eks/addon:Addon", {"clusterName": "c", "addonName": "vpc-cni"}, "c:vpc-cni"),
        ("aws:eks/addon:Addon", {"clusterName": "c"}, ""),
        ("aws:s3/bucket:Bucket", {"bucket": {"4dabf18193072939515e22adb298388d": "x"}}, ""),
        ("aws:cloudwatch/eventRule:EventRule", {"name": "r"}, "r"),
        ("aws:cloudwatch/eventRule:EventRule", {"name": "r", "eventBusName": "b"}, "b/r"),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1", "destinationIpv6CidrBlock": "::/0"}, "rtb-1_::/0"),
        ("aws:glue/catalogDatabase:CatalogDatabase", {"name": "d"}, "123456789012:d"),
        ("kubernetes:core/v1:Namespace", {"metadata": {"name": "n"}}, "n"),
        ("kubernetes:apps/v1:Deployment", {"metadata": {"name": "n", "namespace": "s"}}, "s/n"),
        ("kubernetes:apps/v1:Deployment", {"metadata": {}}, ""),
        ("aws:made/up:Type", {"name": "n"}, ""),
    ],
)
def test_ids_from_inputs(type: str, inputs: dict[str, object], id: str) -> None:
    assert derived(type, inputs, FACTS) == id
