"""What a lost region takes of pipelines: runs and what was not yet handled, never a definition."""

from __future__ import annotations

import pytest

from plan.graph import Graph
from plan.survive import StoreLoss, survive
from tests.components.pipelines_plan import REGIONS, of, planned
from tests.plan.build import graph, made

HOME = REGIONS[0]


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("pipelines"), "step-functions")


def losses(found: Graph, region: str = HOME) -> dict[str, StoreLoss]:
    lost = survive(found).losing(region)
    assert lost is not None
    return {store.name: store for store in lost.stores}


def test_no_region_takes_the_pipelines_along(prod: Graph) -> None:
    for region in REGIONS:
        lost = survive(prod).losing(region)
        assert lost is not None
        assert lost.verdict == "degraded"
        elsewhere = {machine.region for machine in of(prod, "StateMachine")} - {region}
        assert elsewhere == set(REGIONS) - {region}


def test_what_runs_left_behind_is_as_old_as_it_is_kept_at_most(prod: Graph) -> None:
    loss = losses(prod)[f"pipelines-{HOME}-runs-shared-{HOME}"]
    assert (loss.verdict, loss.data_loss_seconds) == ("degraded", 30 * 86_400)


def test_dead_letters_are_lost_with_their_queue(prod: Graph) -> None:
    loss = losses(prod)[f"pipelines-{HOME}-dead-letters"]
    assert loss.data_loss_seconds == 14 * 86_400


def test_rulesets_stand_in_the_other_regions_too(prod: Graph) -> None:
    loss = losses(prod)[f"pipelines-{HOME}-activity"]
    assert (loss.verdict, loss.access) == ("yes", "now")


def test_a_ruleset_in_one_region_loses_its_history() -> None:
    alone = made("aws:glue/dataQualityRuleset:DataQualityRuleset", "gate", HOME)
    loss = losses(graph(alone, made("aws:sqs/queue:Queue", "q", "eu-west-1")))["gate"]
    assert loss.verdict == "degraded"
    assert "history of results" in " ".join(reason.text for reason in loss.chain)


def test_what_was_set_by_hand_in_airflow_is_lost() -> None:
    here = made("aws:mwaa/environment:Environment", "workflows", HOME)
    loss = losses(graph(here, made("aws:sqs/queue:Queue", "q", "eu-west-1")))["workflows"]
    assert "set by hand" in " ".join(reason.text for reason in loss.chain)
