"""Who may assume the feature store's roles, and that every one of them is among the tested."""

from __future__ import annotations

from typing import Any

import pytest

from policies.iam import Access
from tests.components.feature_store_plan import REGIONS
from tests.components.feature_store_roles.questions import (
    ACCOUNT,
    GROUPS,
    TASKS,
    Group,
    each_group,
    schedules,
    starting,
)

CLUSTER = f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/tradewind-prod-euw1"
TASK = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task/x"}
SCHEDULES = f"arn:aws:scheduler:{{region}}:{ACCOUNT}:schedule-group/tradewind-prod-{TASKS}"


@each_group
@pytest.mark.parametrize("kind", ["feature-reader", "feature-writer"])
def test_pods_of_the_environments_clusters_assume_readers_and_writers(
    access: Access, kind: str, group: Group
) -> None:
    role = group.role(kind)
    tagged = {"aws:RequestTag/eks-cluster-arn": CLUSTER}
    for action in ("sts:AssumeRole", "sts:TagSession"):
        assert access.may_assume("pods.eks.amazonaws.com", role, action, context=tagged).allowed
    for cluster in (CLUSTER.replace(ACCOUNT, "999999999999"), CLUSTER.replace("-prod-", "-staging-")):
        context = {"aws:RequestTag/eks-cluster-arn": cluster}
        assert access.may_assume("pods.eks.amazonaws.com", role, context=context).denied
    nobody_else(access, role, tagged)
    assert access.may_assume("ecs-tasks.amazonaws.com", role, context=TASK).denied


@each_group
def test_only_the_right_service_assumes_the_other_roles(access: Access, group: Group) -> None:
    replication, job = group.role("feature-replication"), group.role("feature-materializer")
    assert access.may_assume("s3.amazonaws.com", replication).allowed
    nobody_else(access, replication, {})
    assert access.may_assume("ecs-tasks.amazonaws.com", job, context=TASK).allowed
    assert access.may_assume(
        "ecs-tasks.amazonaws.com", job, context={**TASK, "aws:SourceAccount": "9"}
    ).denied
    nobody_else(access, job, TASK)


@pytest.mark.parametrize("region", REGIONS)
def test_only_the_regions_own_schedules_assume_their_role(access: Access, region: str) -> None:
    role, _ = schedules(region)
    context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": SCHEDULES.format(region=region)}
    assert access.may_assume("scheduler.amazonaws.com", role, context=context).allowed
    foreign = {**context, "aws:SourceArn": SCHEDULES.format(region="ap-south-1")}
    assert access.may_assume("scheduler.amazonaws.com", role, context=foreign).denied
    nobody_else(access, role, context)
    task = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:ecs:{region}:{ACCOUNT}:task/x"}
    assert access.may_assume("ecs-tasks.amazonaws.com", starting(region), context=task).allowed
    nobody_else(access, starting(region), task)


@each_group
def test_only_the_groups_own_bucket_has_its_copies_made(with_table_buckets: Access, group: Group) -> None:
    role, service = group.role("feature-table-replication"), "replication.s3tables.amazonaws.com"
    own = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{group.table_bucket(group.home)}/table/1"}
    assert with_table_buckets.may_assume(service, role, context=own).allowed
    for other in group.others:
        foreign = {**own, "aws:SourceArn": f"{other.table_bucket(other.home)}/table/1"}
        assert with_table_buckets.may_assume(service, role, context=foreign).denied
    nobody_else(with_table_buckets, role, own)


def nobody_else(access: Access, role: str, context: dict[str, Any]) -> None:
    strangers = [
        "lambda.amazonaws.com", "ec2.amazonaws.com", "sagemaker.amazonaws.com", "*", "accounts.google.com",
        "arn:aws:iam::999999999999:root", f"arn:aws:iam::{ACCOUNT}:user/somebody",
        *(name for name in access.roles if name != role),
    ]  # fmt: skip
    assert len(strangers) >= 10
    for stranger in strangers:
        answer = access.may_assume(stranger, role, context=context)
        assert answer.denied, answer.explanation


def test_every_role_is_among_the_tested(access: Access, with_table_buckets: Access) -> None:
    kinds = ("feature-reader", "feature-writer", "feature-replication")
    by_group = {group.role(kind) for group in GROUPS.values() for kind in kinds}
    jobs = {group.role("feature-materializer") for group in GROUPS.values()}
    by_region = {name for region in REGIONS for name in (starting(region), schedules(region)[0])}
    assert set(access.roles) == by_group | jobs | by_region
    tables = {group.role("feature-table-replication") for group in GROUPS.values()}
    assert set(with_table_buckets.roles) == by_group | jobs | by_region | tables
