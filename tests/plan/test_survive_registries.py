"""Model registries: a region's packages outlive it where events tell another region to register them."""

from __future__ import annotations

import json

import pytest

from plan.graph import Resource
from plan.survive import survive
from plan.values import Unknown
from tests.plan.build import graph, made

GROUP = "aws:sagemaker/modelPackageGroup:ModelPackageGroup"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


def group(region: str, name: str = "ranker") -> Resource:
    return made(GROUP, f"{name}-{region}", region, modelPackageGroupName=name)


def route(here: str, there: str, rule: str = "all") -> Resource:
    bus = f"arn:aws:events:{there}:123456789012:event-bus/models"
    return made(TARGET, f"to-{there}", here, arn=bus, rule=f"{rule}-{here}")


def rule(here: str, pattern: object = None, name: str = "all", **inputs: object) -> Resource:
    told = json.dumps({"source": ["models"]} if pattern is None else pattern)
    return made(RULE, f"{name}-{here}", here, **{"name": f"{name}-{here}", "eventPattern": told, **inputs})


def verdict(*resources: Resource, losing: str = "us-east-1") -> tuple[str, str]:
    """(verdict, access) of the group that lay in the lost region."""
    loss = survive(graph(*resources)).losing(losing)
    assert loss is not None
    (found,) = [one for one in loss.stores if one.name.endswith(losing)]
    return found.verdict, found.access


def test_promoted_releases_are_registered_where_events_go() -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    assert verdict(*both, rule("us-east-1"), route("us-east-1", "eu-west-1")) == ("degraded", "now")


@pytest.mark.parametrize("named", ["ranker", "shop-ranker", "encoder"])
@pytest.mark.parametrize("by", ["model", "ModelPackageGroupName"])
def test_a_rule_is_for_the_models_it_names(by: str, named: str) -> None:
    both = (group("us-east-1", "shop-ranker"), group("eu-west-1", "shop-ranker"))
    told = rule("us-east-1", {"detail": {by: ["other", named]}})
    expected = "no" if named == "encoder" else "degraded"
    assert verdict(*both, told, route("us-east-1", "eu-west-1"))[0] == expected


def test_another_rule_may_be_for_them() -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    others = rule("us-east-1", {"detail": {"model": ["encoder"]}}, "others")
    way = (route("us-east-1", "eu-west-1", "others"), others)
    assert verdict(*both, *way)[0] == "no"
    again = made(TARGET, "again", "us-east-1", arn=way[0].inputs["arn"], rule="all-us-east-1")
    assert verdict(*both, *way, again, rule("us-east-1"))[0] == "degraded"


@pytest.mark.parametrize("off", [{"state": "DISABLED"}, {"isEnabled": False}])
def test_a_rule_that_is_off_tells_nothing(off: dict[str, object]) -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    assert verdict(*both, rule("us-east-1", **off), route("us-east-1", "eu-west-1"))[0] == "no"


@pytest.mark.parametrize(
    "unclear",
    [
        [],
        [rule("us-east-1", eventPattern=Unknown())],
        [rule("us-east-1", eventPattern="{")],
        [rule("us-east-1", [])],
        [rule("us-east-1", {"detail": {"model": [{"prefix": "ran"}]}})],
        [rule("us-east-1", {"detail": {"model": 7}})],
    ],
    ids=["no rule", "unknown", "no JSON", "a list", "a condition", "a number"],
)
def test_what_a_rule_is_for_may_not_be_known(unclear: list[Resource]) -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    assert verdict(*both, *unclear, route("us-east-1", "eu-west-1"))[0] == "unknown"


def test_a_group_of_the_same_name_alone_is_no_copy() -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    assert verdict(*both)[0] == "no"
    told = (rule("us-east-1"), rule("eu-west-1"))
    assert verdict(*both, *told, route("eu-west-1", "us-east-1"))[0] == "no"
    assert verdict(*both, *told, route("us-east-1", "eu-central-1"))[0] == "no"


def test_a_group_of_another_name_is_no_copy() -> None:
    others = (group("us-east-1"), group("eu-west-1", "encoder"))
    assert verdict(*others, rule("us-east-1"), route("us-east-1", "eu-west-1"))[0] == "no"
