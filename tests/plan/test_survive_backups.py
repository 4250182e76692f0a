"""What backups in another region leave behind: the seconds come from the plan's own schedule."""

from __future__ import annotations

import pytest

from plan.graph import Resource
from plan.survive import StoreLoss, survive
from tests.plan.build import graph, made, ref

CLUSTER = "aws:rds/cluster:Cluster"
US, EU = "us-east-1", "eu-west-1"
ARN = "arn:aws:rds:us-east-1:123456789012:cluster:runs"
THERE = {"copyActions": [{"destinationVaultArn": f"arn:aws:backup:{EU}:123456789012:backup-vault:far"}]}


def loss_of(**rule: object) -> StoreLoss:
    plan = made("aws:backup/plan:Plan", "nightly", US, rules=[rule])
    cluster = made(CLUSTER, "runs", US, clusterIdentifier="runs", masterUsername="owner")
    selection = made("aws:backup/selection:Selection", "nightly", US, planId=ref(plan), resources=[ARN])
    elsewhere: Resource = made("aws:sqs/queue:Queue", "q", EU)
    lost = survive(graph(cluster, plan, selection, elsewhere)).losing(US)
    assert lost is not None
    return next(store for store in lost.stores if store.name == "runs")


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("cron(0 3 * * ? *)", 86400),
        ("cron(30 2 ? * * *)", 86400),
        ("cron(15 * * * ? *)", 3600),
        ("cron(0 3 ? * MON *)", None),
        ("cron(0 3 1 * ? *)", None),
        ("rate(1 day)", None),
        (None, None),
    ],
)
def test_what_is_lost_is_the_time_between_two_backups(schedule: str | None, seconds: float | None) -> None:
    loss = loss_of(ruleName="daily", schedule=schedule, **THERE)
    assert (loss.verdict, loss.data_loss_seconds, loss.access) == ("degraded", seconds, "after restore")


def test_a_backup_in_the_lost_region_is_lost_with_it() -> None:
    assert loss_of(ruleName="daily", schedule="cron(0 3 * * ? *)").verdict == "no"


@pytest.mark.parametrize("kind", ["mlflowTrackingServer:MlflowTrackingServer", "mlflowApp:MlflowApp"])
def test_the_runs_of_a_managed_mlflow_are_nowhere_else(kind: str) -> None:
    server = made(f"aws:sagemaker/{kind}", "tracking", US)
    lost = survive(graph(server, made("aws:sqs/queue:Queue", "q", EU))).losing(US)
    assert lost is not None
    (loss,) = [store for store in lost.stores if store.name == "tracking"]
    assert (loss.verdict, loss.access) == ("no", "none")
    assert "no backup or copy" in " ".join(reason.text for reason in loss.chain)
