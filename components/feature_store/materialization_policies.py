"""What the materialisation task's helpers may do: ECS, which starts it, and the schedule, which asks for it.

Policy documents, as plain dicts. What the task itself may do is `policies.materializer`.
"""

import re
from typing import List, Optional, Sequence

from components.feature_store import names
from components.feature_store.placement import ViewGroup
from components.feature_store.roles import MATERIALIZER
from components.model import Cell
from components.naming import arn
from components.statements import Document, allow, document

__all__ = ["execution", "repository_of", "schedule_trust", "scheduling"]

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[a-z0-9._/-]+)"
)


def repository_of(image: str) -> Optional[str]:
    """ARN of the ECR repository that an image is in; none for any other registry."""
    found = _ECR.match(image)
    if found is None:
        return None
    return f"arn:aws:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def execution(cell: Cell, image: str) -> Document:
    """Writes the region's log group, and pulls the image where it is in ECR."""
    group = arn(cell, "logs", f"log-group:/{names.materialization_name(cell)}:*", region=cell.region)
    statements = [allow("WriteLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), [group])]
    repository = repository_of(image)
    if repository:
        statements += [
            # Without a resource, as AWS has none for it.
            allow("SignInAtRegistries", ("ecr:GetAuthorizationToken",), ["*"]),
            allow("PullImage", PULL, [repository]),
        ]
    return document(statements)


def schedule_trust(cell: Cell) -> Document:
    """The region's own schedules only."""
    group = arn(cell, "scheduler", f"schedule-group/{names.materialization_name(cell)}", region=cell.region)
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": cell.account_id, "aws:SourceArn": group}},
            }
        ]
    )


def scheduling(cell: Cell, groups: Sequence[ViewGroup], execution_role: str) -> Document:
    """Starts the groups' tasks in the region's ECS cluster, as their roles; reports runs that never began."""
    cluster = arn(cell, "ecs", f"cluster/{names.materialization_name(cell)}", region=cell.region)
    tasks = [
        arn(cell, "ecs", f"task-definition/{names.schedule_name(cell, group)}:*", region=cell.region)
        for group in groups
    ]
    roles = [names.role_name(cell, group, MATERIALIZER) for group in groups]
    passed: List[str] = [arn(cell, "iam", f"role/{role}") for role in (*roles, execution_role)]
    queue = arn(cell, "sqs", names.materialization_name(cell), region=cell.region)
    return document(
        [
            {
                **allow("StartTasks", ("ecs:RunTask",), tasks),
                "Condition": {"ArnEquals": {"ecs:cluster": cluster}},
            },
            {
                **allow("PassRoles", ("iam:PassRole",), passed),
                "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            },
            allow("ReportMissedRuns", ("sqs:SendMessage",), [queue]),
        ]
    )
