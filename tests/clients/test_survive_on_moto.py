"""Production without each of its regions: what `survive` says of each store, and what is found in moto.

All stores of the plan that moto carries are made in it from the plan's resources and written to; what was written
is copied by the plan's own rules (`region_loss`); then a region is taken away with all that is in it, and what is
left is read, written to and restored in the others. Access and lost writes must be what `survive` says of the
store. Ages of writes lie half a second on both sides of each figure, so a figure that is wrong by more is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws

from plan.graph import Graph
from plan.offline import run_all
from plan.project import find
from plan.survive import RegionLoss, StoreLoss, survive
from stacks.specification import FOLDER, load
from tests.clients import stores_on_moto, transient_on_moto
from tests.clients.region_loss import ACCOUNT, Aws, Found, Kind, take_away

pytestmark = pytest.mark.clients

KINDS: tuple[type[Kind], ...] = (*stores_on_moto.KINDS, *transient_on_moto.KINDS)
NOT_CARRIED = {
    "aws:glue/dataQualityRuleset:DataQualityRuleset": "moto has no such call",
    "aws:sns/topic:Topic": "it keeps nothing that could be read: what is lost is under way",
}
"""Types of survive's stores that are not made, and why."""
COPYING = (
    "aws:backup/plan:Plan",
    "aws:backup/selection:Selection",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:ecr/replicationConfiguration:ReplicationConfiguration",
    "aws:rds/globalCluster:GlobalCluster",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
)
"""What copies between regions, besides the replicas that tables and secrets name."""
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")


@pytest.fixture(scope="module")
def prod() -> Graph:
    environment = load(FOLDER / "prod.yaml")
    assert environment.account_id == ACCOUNT  # moto's, so that names are the plan's
    project = find(FOLDER.parent)
    first, *others = run_all([project.program(cell.stack) for cell in environment.cells()])
    return first.merged(*others)


@pytest.fixture(autouse=True)
def no_credentials_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def without(graph: Graph, lost: str) -> Mapping[str, tuple[Kind, Found]]:
    """What is found of each store of `graph` after the loss of a region, by URN."""
    with mock_aws():
        aws = Aws(graph)
        kinds = [kind(aws) for kind in KINDS]
        for kind in kinds:
            kind.make()
            kind.fill(lost)
        take_away(aws, lost)
        left = [region for region in REGIONS if region != lost]
        return {store.urn: (kind, found) for kind in kinds for store, found in kind.found(lost, left)}


def disagreements(found: Mapping[str, tuple[Kind, Found]], answer: RegionLoss) -> list[str]:
    """Both sides of each difference. A store that the answer leaves out loses nothing."""
    told = {loss.urn: loss for loss in answer.stores}
    return [
        f"{urn.rpartition('::')[2]} ({kind.types[0]}) without {answer.region}: {what}"
        for urn, (kind, one) in found.items()
        for what in _differences(kind, one, told.get(urn))
    ]


def _differences(kind: Kind, found: Found, said: StoreLoss | None) -> Iterator[str]:
    access = said.access if said else "now"
    seconds = said.data_loss_seconds if said else 0.0
    if access != found.access:
        yield f"survive says access {access}, found {found.access}"
    if said and (said.verdict == "yes") != (found.access == "now" and not found.lost):
        yield f"survive says {said.verdict}, found access {found.access} and {sorted(found.lost)} s lost"
    if not kind.keeps_writes:
        return
    if kind.copied_at_once and found.access == "after promotion":
        right = seconds is None and bool(found.kept)
    elif not found.lost:
        right = seconds == 0
    elif not found.kept:
        # All is lost. A figure is how far back that goes; without one it is as much as there was.
        right = seconds is None or max(found.lost) < seconds <= max(found.lost) + 1
    elif not found.figure:
        right = seconds is None
    else:
        right = seconds is not None and max(found.lost) < seconds < min(found.kept)
    if not right:
        yield f"survive says {seconds} s, found {sorted(found.lost)} s lost and {sorted(found.kept)} s kept"


@pytest.fixture(scope="module")
def findings(prod: Graph) -> Mapping[str, Mapping[str, tuple[Kind, Found]]]:
    return {region: without(prod, region) for region in REGIONS}


def test_every_store_that_survive_tells_of_is_made_or_has_a_reason(prod: Graph) -> None:
    survival = survive(prod)
    assert [loss.region for loss in survival.regions] == list(REGIONS)
    told = {prod[loss.urn].type for answer in survival.regions for loss in answer.stores}
    made = {type for kind in KINDS for type in kind.types}
    assert not made & NOT_CARRIED.keys()
    assert told == made | NOT_CARRIED.keys()


@pytest.mark.parametrize("region", REGIONS)
def test_survive_says_what_is_found_without_a_region(
    prod: Graph, findings: Mapping[str, Mapping[str, tuple[Kind, Found]]], region: str
) -> None:
    answer = survive(prod).losing(region)
    assert answer is not None
    found = findings[region]
    assert disagreements(found, answer) == []
    # Followers of a cluster are found as part of it; of all else each store that is told is looked for itself.
    carried = [loss for loss in answer.stores if prod[loss.urn].type not in NOT_CARRIED]
    followers = {loss.urn for loss in carried if "sourceRegion" in prod[loss.urn].inputs}
    assert {loss.urn for loss in carried} - followers <= found.keys()
    for loss in carried:
        if loss.urn in followers:
            assert (loss.verdict, loss.data_loss_seconds, loss.access) == ("yes", 0, "now"), loss
    # What is told is not all the same: some lose nothing, some their last writes, some everything.
    assert {one.access for _, one in found.values()} >= {"now", "none"}
    assert any(one.lost and one.kept for _, one in found.values())


def test_a_wrong_word_about_any_store_is_noticed(
    prod: Graph, findings: Mapping[str, Mapping[str, tuple[Kind, Found]]]
) -> None:
    """The comparison itself: another access, and a second more or less, is a difference for each store."""
    for region in REGIONS:
        answer = survive(prod).losing(region)
        assert answer is not None
        for loss in answer.stores:
            if loss.urn not in findings[region]:
                continue
            kind, found = findings[region][loss.urn]
            wrong = [replace(loss, access="now" if loss.access == "none" else "none")]
            if loss.data_loss_seconds is not None and kind.keeps_writes:
                seconds = loss.data_loss_seconds
                wrong += [
                    replace(loss, data_loss_seconds=other) for other in (seconds - 1, seconds + 1, None)
                ]
                # Where all is lost, no figure says as much.
                wrong = wrong if found.kept else wrong[:-1]
            for one in wrong:
                told = replace(answer, stores=(one,))
                assert disagreements({loss.urn: (kind, found)}, told), (one, found)


def bare(graph: Graph) -> Graph:
    """The same plan with nothing that copies."""
    return Graph.of(
        replace(one, inputs={key: value for key, value in one.inputs.items() if key != "replicas"})
        for one in graph
        if one.type not in COPYING and "sourceRegion" not in one.inputs
    )


def otherwise(graph: Graph) -> Graph:
    """The same plan with other promises: buckets without time control, one group of them without versions,
    tables that agree before they answer, backups every hour."""
    return Graph.of(
        replace(one, inputs=PROMISES[one.type](one.inputs) if one.type in PROMISES else one.inputs)
        for one in graph
        if not (
            one.type == "aws:s3/bucketVersioning:BucketVersioning" and "model-registry-search" in one.name
        )
    )


def _slower(inputs: Mapping[str, Any]) -> dict[str, Any]:
    rules = [
        {**rule, "destination": {**rule["destination"], "replicationTime": {"status": "Disabled"}}}
        for rule in inputs["rules"]
    ]
    return {**inputs, "rules": rules}


def _strong(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {**inputs, "replicas": [{**one, "consistencyMode": "STRONG"} for one in inputs["replicas"]]}


def _hourly(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {**inputs, "rules": [{**rule, "schedule": "cron(0 * * * ? *)"} for rule in inputs["rules"]]}


PROMISES: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "aws:backup/plan:Plan": _hourly,
    "aws:dynamodb/table:Table": _strong,
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": _slower,
}


def test_with_other_promises_survive_says_what_is_found_too(prod: Graph) -> None:
    region, plan = "us-east-1", otherwise(prod)
    answer, answer_of_prod = survive(plan).losing(region), survive(prod).losing(region)
    assert answer is not None and answer_of_prod is not None
    found = without(plan, region)
    assert disagreements(found, answer) == []
    assert disagreements(found, answer_of_prod)
    said = {loss.urn: loss.data_loss_seconds for loss in answer.stores}
    was = {loss.urn: loss.data_loss_seconds for loss in answer_of_prod.stores}
    assert {plan[urn].type for urn in said if said[urn] != was[urn]} == {
        "aws:dynamodb/table:Table", "aws:rds/cluster:Cluster", "aws:s3/bucket:Bucket",
    }  # fmt: skip


def test_without_what_copies_survive_says_what_is_found_too(
    prod: Graph, findings: Mapping[str, Mapping[str, tuple[Kind, Found]]]
) -> None:
    """Other answers than production's, and the two do not fit each other."""
    region, plan = "us-east-1", bare(prod)
    answer, answer_of_prod = survive(plan).losing(region), survive(prod).losing(region)
    assert answer is not None and answer_of_prod is not None
    found = without(plan, region)
    assert disagreements(found, answer) == []
    lost = [urn for urn, (kind, one) in found.items() if kind.keeps_writes and one.access == "none"]
    kept_in_prod = [urn for urn in lost if findings[region][urn][1].access != "none"]
    copied = {type for kind in stores_on_moto.KINDS for type in kind.types}
    assert {plan[urn].type for urn in kept_in_prod} == copied
    assert disagreements(found, answer_of_prod)
    assert disagreements(findings[region], answer)
