"""Replication of a registry is about the repositories whose names its rules begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plan.graph import Graph, Resource
from policies import Config, check

Plan = dict[str, Any]
MakeGraph = Callable[[Plan], Graph]
KIND = "aws:ecr/replicationConfiguration:ReplicationConfiguration"


def configuration(happy: Plan, prefix: str, region: str) -> Resource:
    rule = {
        "destinations": [{"region": region, "registryId": "123456789012"}],
        "repositoryFilters": [{"filter": prefix, "filterType": "PREFIX_MATCH"}],
    }
    return replace(
        happy["copies"],
        urn=happy["copies"].urn.rpartition("::")[0] + "::sent",
        type=KIND,
        name="sent",
        inputs={"replicationConfiguration": {"rules": [rule]}},
    )


@pytest.mark.parametrize(
    ("residency", "region", "broken"),
    [("eu", "us-east-1", True), ("any", "us-east-1", False), ("eu", "eu-central-1", False)],
)
def test_images_go_where_their_repository_may(
    happy: Plan, graph: MakeGraph, config: Config, residency: str, region: str, broken: bool
) -> None:
    happy["images"].inputs.update(name="shop/serving")
    happy["images"].inputs["tags"]["residency"] = residency
    happy["sent"] = configuration(happy, "shop/", region)
    found = [one.rule for one in check(graph(happy), config).violations]
    assert found == (["cross-residency-replication"] if broken else [])


def test_repositories_of_another_plan_cannot_be_told(happy: Plan, graph: MakeGraph, config: Config) -> None:
    happy["images"].inputs.update(name="shop/serving")
    happy["sent"] = configuration(happy, "office/", "us-east-1")
    report = check(graph(happy), config)
    assert report.violations == ()
    assert [one.rule for one in report.undetermined] == ["cross-residency-replication"]
