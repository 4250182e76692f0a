"""What is deployed, read from the state, is what was planned: the same resources, cost and verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from finops.estimate import Line, estimate
from finops.prices import PriceBook
from finops.usage import load
from plan.diff import diff
from plan.graph import Graph
from plan.survive import survive
from policies import check
from tests.engine.compare import differences
from tests.engine.deployed import Deployed, deployed
from tests.engine.sandbox import ROOT

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=["dev", "prod-us-east-1"])
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return deployed(tmp_path_factory.mktemp("up"), request.param)


def test_it_has_the_resources_that_were_planned(up: Deployed) -> None:
    managed = [{it.urn for it in graph if it.is_managed} for graph in (up.planned, up.state)]
    assert managed[0] == managed[1]
    assert len(managed[0]) > 100


def test_each_input_is_what_the_plan_said(up: Deployed) -> None:
    """Down to references: what they lead to has the value that the state has."""
    assert [str(it) for it in differences(up.planned, up.state)] == []


def test_it_costs_the_same(up: Deployed) -> None:
    usage = load(ROOT / "stacks" / f"{up.stack.partition('-')[0]}.usage.yaml")
    planned, running = (estimate(graph, usage, PriceBook.bundled()) for graph in (up.planned, up.state))
    assert _without_sources(planned.lines) == _without_sources(running.lines)
    assert planned.total == running.total
    assert {it.urn for it in planned.unpriced} == {it.urn for it in running.unpriced}
    assert planned.total.expected > 0


def _without_sources(lines: tuple[Line, ...]) -> list[Line]:
    return sorted((replace(line, source="") for line in lines), key=lambda it: (it.urn, it.item, str(it)))


def test_the_rules_judge_it_the_same(up: Deployed) -> None:
    def verdicts(graph: Graph) -> set[tuple[str, str, str]]:
        return {(it.rule, it.urn, it.message) for it in check(graph, None).violations}

    assert verdicts(up.planned) == verdicts(up.state)


def test_the_loss_of_a_region_means_the_same(up: Deployed) -> None:
    def losses(graph: Graph) -> Any:
        return {
            loss.region: (
                loss.verdict,
                sorted((it.urn, it.verdict, it.access, it.data_loss_seconds) for it in loss.stores),
            )
            for loss in survive(graph).regions
        }

    assert losses(up.planned) == losses(up.state)


def test_nothing_is_left_to_change(up: Deployed) -> None:
    assert {step.operation for step in diff(up.state, up.planned).steps} <= {"same", "read"}
