"""Every shipped environment comes, stays as it is, goes without leaving anything, and comes again.

All three stand in one account, as they may in life, so they must not collide with each other either. The
engine, the policy pack and the Kubernetes API servers are real; AWS is the stand-in of `tests/engine/aws`,
which refuses names that are taken, and deletions of what is protected, not empty or in use.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.events import Outcome
from tests.engine.aws.cloud import GONE_WITH_CLUSTERS
from tests.engine.aws.world import World
from tests.engine.conftest import Clusters
from tests.engine.deploying import deploy, deployable, inside, lift_protection, specification
from tests.engine.sandbox import STATE_AT_THE_END, Sandbox

pytestmark = pytest.mark.engine

CLUSTERS = {"dev": 1, "staging": 2, "prod": 5}
"""Kubernetes clusters of each environment: one a region, and those of silo tenants."""
STAYS = {
    "dev": Counter(),
    "staging": Counter(),
    # The last ones of the feature registry and of the MLflow databases: shared, a bridge's and a silo's.
    "prod": Counter({"aws:rds/clusterSnapshot:ClusterSnapshot": 4}),
}
"""What is left in AWS by design, but for keys that wait for their deletion: see docs/teardown.md."""


@dataclass
class Cycle:
    """What one environment went through."""

    environment: str
    first: Sequence[Outcome] = ()
    objects: list[str] = field(default_factory=list)
    second: Sequence[Outcome] = ()
    protected: subprocess.CompletedProcess[str] | None = None
    lifted: Sequence[Outcome] = ()
    gone: subprocess.CompletedProcess[str] | None = None
    left: Counter[str] = field(default_factory=Counter)
    waiting: set[str] = field(default_factory=set)
    in_kubernetes: list[str] = field(default_factory=list)
    """What nobody deleted before its cluster went, and what was left on the servers even so."""
    again: Sequence[Outcome] = ()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    quick = {**STATE_AT_THE_END, "AWS_EC2_METADATA_DISABLED": "true"}
    made = Sandbox(tmp_path_factory.mktemp("cycle"), quick)
    with inside(made):
        yield made


@pytest.fixture(scope="module")
def project(box: Sandbox) -> Path:
    return deployable(box)


@pytest.fixture(scope="module")
def held() -> Iterator[ExitStack]:
    """Keeps every environment's API servers until the end: each environment is up again by then."""
    with ExitStack() as stack:
        yield stack


ONE_BY_ONE = [name if name == "dev" else pytest.param(name, marks=pytest.mark.long) for name in CLUSTERS]


@pytest.fixture(scope="module", params=ONE_BY_ONE)
def cycle(
    request: pytest.FixtureRequest, box: Sandbox, project: Path, clusters: Clusters, held: ExitStack
) -> Cycle:
    """Everything at once, as each step needs the one before."""
    name, world = request.param, World(box.world)
    done = Cycle(name)
    others = {thing.number for thing in world.things(pending=True)}
    destroy = ("tradewind", "destroy", name, "--yes")
    servers = held.enter_context(clusters(CLUSTERS[name], box.world))
    done.first = deploy(project, name)
    done.objects = [there for server in servers for there in server.left()]
    done.second = deploy(project, name, rules=False)
    if specification(project, name).is_protected:
        done.protected = box.run(*destroy, cwd=project, check=False)
        lift_protection(project, name)
        done.lifted = deploy(project, name)
    done.gone = box.run(*destroy, cwd=project, check=False)
    mine = [thing for thing in world.things(pending=True) if thing.number not in others]
    done.left = Counter(thing.type for thing in mine if thing.status == "live")
    done.waiting = {thing.type for thing in mine if thing.status != "live"}
    done.in_kubernetes = [left for server in servers for left in server.left()]
    if (with_clusters := box.world / GONE_WITH_CLUSTERS).exists():
        done.in_kubernetes += with_clusters.read_text(encoding="utf-8").splitlines()
    done.again = deploy(project, name, rules=False)
    return done


def _failed(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"{outcome.stack}: {outcome.result}, {failure.urn} {failure.message}"
        for outcome in outcomes
        if not outcome.succeeded
        for failure in outcome.failures
    ]


def test_it_comes(cycle: Cycle) -> None:
    assert _failed(cycle.first) == []
    assert all(set(outcome.counts) == {"create"} for outcome in cycle.first)


def test_its_pools_are_in_real_clusters(cycle: Cycle) -> None:
    pools = [there for there in cycle.objects if there.startswith("karpenter.sh/v1/NodePool ")]
    assert len(pools) >= CLUSTERS[cycle.environment]


def test_it_breaks_no_rule(cycle: Cycle) -> None:
    assert [found for outcome in cycle.first for found in outcome.violations if found.is_broken] == []


def test_it_stays_as_it_is(cycle: Cycle) -> None:
    counts = [dict(outcome.counts) for outcome in cycle.second]
    assert counts == [{"same": outcome.counts["create"]} for outcome in cycle.first]


def test_production_does_not_go_by_mistake(cycle: Cycle) -> None:
    if cycle.environment != "prod":
        assert cycle.protected is None
        return
    assert cycle.protected is not None and cycle.protected.returncode == 1
    assert "nothing was destroyed" in cycle.protected.stderr
    for store in ("s3.Bucket feature-store-any-us-east-1", "dynamodb.Table feature-store-user_activity"):
        assert store in cycle.protected.stderr
    assert "protection: off" in cycle.protected.stderr


def test_lifting_protection_replaces_and_deletes_nothing(cycle: Cycle) -> None:
    assert _failed(cycle.lifted) == []
    assert {op for outcome in cycle.lifted for op in outcome.counts} <= {"same", "update"}


def test_it_goes(cycle: Cycle) -> None:
    assert cycle.gone is not None
    assert cycle.gone.returncode == 0, cycle.gone.stdout + cycle.gone.stderr


def test_nothing_is_left_in_aws_but_what_is_documented(cycle: Cycle) -> None:
    assert cycle.left == STAYS[cycle.environment]
    assert cycle.waiting <= {"aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey"}


def test_what_stays_is_told(cycle: Cycle) -> None:
    assert cycle.gone is not None
    assert "KMS key" in cycle.gone.stdout
    assert ("database snapshot" in cycle.gone.stdout) is (cycle.environment == "prod")


def test_nothing_is_left_in_kubernetes(cycle: Cycle) -> None:
    assert cycle.in_kubernetes == []


def test_it_comes_again(cycle: Cycle) -> None:
    assert _failed(cycle.again) == []
    assert [dict(outcome.counts) for outcome in cycle.again] == [dict(one.counts) for one in cycle.first]
