"""Model registries: a region's packages outlive it where events tell another region to register them."""

from __future__ import annotations

from plan.graph import Resource
from plan.survive import survive
from tests.plan.build import graph, made

GROUP = "aws:sagemaker/modelPackageGroup:ModelPackageGroup"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


def group(region: str, name: str = "ranker") -> Resource:
    return made(GROUP, f"{name}-{region}", region, modelPackageGroupName=name)


def route(here: str, there: str) -> Resource:
    return made(TARGET, f"to-{there}", here, arn=f"arn:aws:events:{there}:123456789012:event-bus/models")


def verdict(*resources: Resource, losing: str = "us-east-1") -> tuple[str, str]:
    """(verdict, access) of the group that lay in the lost region."""
    loss = survive(graph(*resources)).losing(losing)
    assert loss is not None
    (found,) = [one for one in loss.stores if one.name.endswith(losing)]
    return found.verdict, found.access


def test_promoted_releases_are_registered_where_events_go() -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    assert verdict(*both, route("us-east-1", "eu-west-1")) == ("degraded", "now")


def test_a_group_of_the_same_name_alone_is_no_copy() -> None:
    both = (group("us-east-1"), group("eu-west-1"))
    assert verdict(*both)[0] == "no"
    assert verdict(*both, route("eu-west-1", "us-east-1"))[0] == "no"
    assert verdict(*both, route("us-east-1", "eu-central-1"))[0] == "no"


def test_a_group_of_another_name_is_no_copy() -> None:
    others = (group("us-east-1"), group("eu-west-1", "encoder"))
    assert verdict(*others, route("us-east-1", "eu-west-1"))[0] == "no"
