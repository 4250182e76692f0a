"""What starts the materialisation's tasks, both ways: ECS with the image and the log, and the schedules."""

from __future__ import annotations

import pytest

from policies.iam import Access
from tests.components.feature_store_plan import REGIONS
from tests.components.feature_store_roles.questions import (
    ACCOUNT,
    GROUPS,
    IMAGE,
    TASKS,
    Ask,
    all_are,
    nobodys,
    reads,
    schedules,
    starting,
)


def log_group(region: str, name: str = f"/tradewind-prod-{TASKS}") -> str:
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:log-stream:run"


@pytest.mark.parametrize("region", REGIONS)
def test_a_task_is_started_with_its_image_and_its_log(access: Access, region: str) -> None:
    image = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{IMAGE}"
    work: list[Ask] = [
        ("logs:CreateLogStream", log_group(region), {}),
        ("logs:PutLogEvents", log_group(region), {}),
        ("ecr:GetAuthorizationToken", "*", {}),
        ("ecr:BatchGetImage", image, {}),
        ("ecr:GetDownloadUrlForLayer", image, {}),
    ]
    all_are(access, starting(region), iter(work), allowed=True)


@pytest.mark.parametrize("region", REGIONS)
def test_what_starts_a_task_sees_no_features(access: Access, region: str) -> None:
    elsewhere = next(other for other in REGIONS if other != region)
    others: list[Ask] = [
        ("logs:PutLogEvents", log_group(elsewhere), {}),
        ("logs:PutLogEvents", log_group(region, "/aws/rds/cluster/x"), {}),
        ("logs:GetLogEvents", log_group(region), {}),
        ("logs:DeleteLogGroup", f"arn:aws:logs:{region}:{ACCOUNT}:log-group:/tradewind-prod-{TASKS}", {}),
        ("ecr:BatchGetImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/ml/other", {}),
        ("ecs:RunTask", f"arn:aws:ecs:{region}:{ACCOUNT}:task-definition/x:1", {}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{GROUPS['shared'].role('feature-materializer')}", {}),
        *(
            (action, what, context)
            for group in GROUPS.values()
            for asks in (reads, nobodys)
            for action, what, context in asks(access, group)
        ),
    ]
    all_are(access, starting(region), iter(others), allowed=False, least=30)


@pytest.mark.parametrize("region", REGIONS)
def test_a_schedule_starts_the_tasks_of_its_region(access: Access, region: str) -> None:
    role, cluster = schedules(region)
    here = [group for group in GROUPS.values() if region in group.regions]
    work: list[Ask] = [
        *(("ecs:RunTask", f"arn:aws:ecs:{region}:{ACCOUNT}:task-definition/tradewind-prod-materialize{group.suffix}:7",
           {"ecs:cluster": cluster}) for group in here),
        *(("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{name}", {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
          for name in (starting(region), *(group.role("feature-materializer") for group in here))),
        ("sqs:SendMessage", f"arn:aws:sqs:{region}:{ACCOUNT}:tradewind-prod-{TASKS}", {}),
    ]  # fmt: skip
    all_are(access, role, iter(work), allowed=True)


@pytest.mark.parametrize("region", REGIONS)
def test_a_schedule_starts_nothing_else(access: Access, region: str) -> None:
    role, cluster = schedules(region)
    elsewhere = next(other for other in REGIONS if other != region)
    task = f"arn:aws:ecs:{region}:{ACCOUNT}:task-definition/tradewind-prod-materialize-acme:7"
    to_tasks = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    others: list[Ask] = [
        ("ecs:RunTask", task, {"ecs:cluster": cluster.replace(TASKS, "other")}),
        ("ecs:RunTask", task, {}),
        ("ecs:RunTask", task.replace(region, elsewhere), {"ecs:cluster": cluster}),
        ("ecs:RunTask", task.replace("materialize-acme", "other"), {"ecs:cluster": cluster}),
        ("ecs:StopTask", f"arn:aws:ecs:{region}:{ACCOUNT}:task/x", {"ecs:cluster": cluster}),
        ("ecs:RegisterTaskDefinition", "*", {}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{GROUPS['tenant'].role('feature-materializer')}",
         {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{GROUPS['tenant'].role('feature-writer')}", to_tasks),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{starting(elsewhere)}", to_tasks),
        ("sqs:SendMessage", f"arn:aws:sqs:{region}:{ACCOUNT}:other", {}),
        ("sqs:ReceiveMessage", f"arn:aws:sqs:{region}:{ACCOUNT}:tradewind-prod-{TASKS}", {}),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/{GROUPS['tenant'].role('feature-materializer')}", {}),
        *((action, what, context) for group in GROUPS.values() for asks in (reads, nobodys)
          for action, what, context in asks(access, group)),
    ]  # fmt: skip
    all_are(access, role, iter(others), allowed=False, least=30)
