"""What the feature store's roles are asked: (action, resource, context) by whose the thing is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from policies.iam import Access, Decision
from tests.components.feature_store_plan import REGIONS

ACCOUNT = "123456789012"
CODES = {"us-east-1": "use1", "eu-west-1": "euw1", "eu-central-1": "euc1"}
IMAGE = "ml/feast"
TASKS = "feature-materialization"


@dataclass(frozen=True)
class Group:
    """A group of views as the plan names its things."""

    suffix: str
    view: str
    regions: tuple[str, ...]

    @property
    def home(self) -> str:
        return self.regions[0]

    def bucket(self, region: str) -> str:
        return f"arn:aws:s3:::tradewind-prod-{CODES[region]}-features{self.suffix}-{ACCOUNT}"

    def table(self, region: str) -> str:
        return f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/tradewind_prod.{self.view}"

    def workgroup(self, region: str) -> str:
        return f"arn:aws:athena:{region}:{ACCOUNT}:workgroup/tradewind-prod-features{self.suffix}"

    @property
    def database(self) -> str:
        return "tradewind_prod" + self.suffix.replace("-", "_")

    def glue(self, region: str) -> list[str]:
        start = f"arn:aws:glue:{region}:{ACCOUNT}"
        return [
            f"{start}:catalog",
            f"{start}:database/{self.database}",
            f"{start}:table/{self.database}/{self.view}",
        ]

    def results(self, region: str) -> str:
        bucket = f"arn:aws:s3:::tradewind-prod-{CODES[region]}-feature-results-{ACCOUNT}"
        return f"{bucket}/tradewind-prod-features{self.suffix}/answer.csv"

    def table_bucket(self, region: str) -> str:
        return f"arn:aws:s3tables:{region}:{ACCOUNT}:bucket/tradewind-prod-features{self.suffix}"

    def key(self, access: Access, region: str) -> str:
        name = {"": "features-any", "-acme": "features-any-acme", "-eu": "features-eu"}[self.suffix]
        if region == self.home:
            return access.arn(name, type="Key")
        return access.arn(f"{name}-{region}", type="ReplicaKey")

    def registry(self, region: str) -> str:
        return f"arn:aws:rds:{region}:{ACCOUNT}:cluster:tradewind-prod-{CODES[region]}-feature-registry"

    @property
    def others(self) -> list[Group]:
        return [group for group in GROUPS.values() if group is not self]

    def role(self, kind: str) -> str:
        return f"tradewind-prod-{kind}{self.suffix}"


GROUPS = {
    "shared": Group("", "users", ("us-east-1", "eu-west-1", "eu-central-1")),
    "tenant": Group("-acme", "scores", ("us-east-1", "eu-west-1", "eu-central-1")),
    "zone": Group("-eu", "europeans", ("eu-west-1", "eu-central-1")),
}
Ask = tuple[str, str, dict[str, Any]]
"""Action, resource, context."""


def via(service: str, region: str) -> dict[str, Any]:
    return {"kms:ViaService": f"{service}.{region}.amazonaws.com"}


def results_key(access: Access, region: str) -> str:
    return access.arn(f"features-{region}", type="Key")


def reads(access: Access, group: Group) -> Iterator[Ask]:
    for region in group.regions:
        for action in ("GetItem", "BatchGetItem", "Query", "DescribeTable"):
            yield f"dynamodb:{action}", group.table(region), {}
        yield "s3:ListBucket", group.bucket(region), {"s3:prefix": f"tables/{region}/"}
        yield "s3:GetObject", f"{group.bucket(region)}/tables/{group.home}/{group.view}/data/1.parquet", {}
        for resource in group.glue(region):
            yield "glue:GetTable", resource, {}
        yield "athena:StartQueryExecution", group.workgroup(region), {}
        yield "athena:GetQueryResults", group.workgroup(region), {}
        yield "athena:GetTableMetadata", f"arn:aws:athena:{region}:{ACCOUNT}:datacatalog/AwsDataCatalog", {}
        # What Feast asks for lies in tables of its own while it is read.
        yield "glue:CreateTable", f"arn:aws:glue:{region}:{ACCOUNT}:table/{group.database}/_0f1e2d", {}
        for action in ("GetObject", "PutObject", "DeleteObject"):
            yield f"s3:{action}", group.results(region), {}
        yield "kms:Decrypt", group.key(access, region), via("dynamodb", region)
        yield "kms:Decrypt", group.key(access, region), via("s3", region)
        yield "kms:GenerateDataKey", results_key(access, region), via("s3", region)


def signs_in(access: Access, group: Group, user: str) -> Iterator[Ask]:
    cluster = access.output(access.find(f"features-{group.home}-registry", "Cluster"), "clusterResourceId")
    yield "rds-db:connect", f"arn:aws:rds-db:{group.home}:{ACCOUNT}:dbuser:{cluster}/{user}", {}


def writes_online(access: Access, group: Group) -> Iterator[Ask]:
    for region in group.regions:
        for action in ("PutItem", "UpdateItem", "BatchWriteItem", "ListTagsOfResource"):
            yield f"dynamodb:{action}", group.table(region), {}
        yield "kms:GenerateDataKey", group.key(access, region), via("dynamodb", region)


def writes_offline(access: Access, group: Group) -> Iterator[Ask]:
    for region in group.regions:
        own = f"{group.bucket(region)}/tables/{region}/{group.view}/data/2.parquet"
        for action in ("PutObject", "DeleteObject", "AbortMultipartUpload"):
            yield f"s3:{action}", own, {}
        yield "glue:UpdateTable", group.glue(region)[2], {}
        yield "kms:GenerateDataKey", group.key(access, region), via("s3", region)


def neighbours(access: Access, group: Group) -> Iterator[Ask]:
    """What belongs to other groups, in the regions that both have; 7 things of each of them."""
    for other in group.others:
        region = next(region for region in other.regions if region in group.regions)
        yield "dynamodb:GetItem", other.table(region), {}
        yield "s3:GetObject", f"{other.bucket(region)}/tables/{region}/{other.view}/data/1.parquet", {}
        yield "s3:ListBucket", other.bucket(region), {}
        yield "glue:GetTable", other.glue(region)[2], {}
        yield "athena:StartQueryExecution", other.workgroup(region), {}
        yield "s3:GetObject", other.results(region), {}
        yield "kms:Decrypt", other.key(access, region), via("dynamodb", region)


def keys_without_their_services(access: Access, group: Group) -> Iterator[Ask]:
    """The group's own key, but not through what holds the data."""
    yield "kms:Decrypt", group.key(access, group.home), {}
    yield "kms:Decrypt", group.key(access, group.home), via("lambda", group.home)


def nobodys(access: Access, group: Group) -> Iterator[Ask]:
    """What no role of the feature store may do, not even with the group's own."""
    yield from _nobodys_online(access, group)
    yield from _nobodys_files(group)
    yield from _nobodys_services(access, group)


def _nobodys_online(access: Access, group: Group) -> Iterator[Ask]:
    table = group.table(group.home)
    for action in (
        "CreateTable",
        "DeleteTable",
        "UpdateTable",
        "DeleteItem",
        "Scan",
        "TagResource",
        "UpdateTimeToLive",
    ):
        yield f"dynamodb:{action}", table, {}
    yield "dynamodb:GetItem", table.replace("tradewind_prod.", "tradewind_staging."), {}
    for region in sorted({*REGIONS, "ap-south-1"} - {*group.regions}):
        yield "dynamodb:GetItem", group.table(region), {}
        yield "dynamodb:BatchWriteItem", group.table(region), {}
    for context in ({}, via("dynamodb", group.home)):
        yield "kms:ScheduleKeyDeletion", group.key(access, group.home), context


def _nobodys_files(group: Group) -> Iterator[Ask]:
    home = group.home
    for region in group.regions:
        for other in group.regions:
            if other != region:  # a copy of another region's file
                yield "s3:PutObject", f"{group.bucket(region)}/tables/{other}/{group.view}/data/1.parquet", {}
    for action in ("DeleteBucket", "PutBucketPolicy", "PutLifecycleConfiguration"):
        yield f"s3:{action}", group.bucket(home), {}
    yield "s3:DeleteObjectVersion", f"{group.bucket(home)}/tables/{home}/{group.view}/data/1.parquet", {}
    yield "s3:GetObject", f"{group.bucket(home)}/tables/{home}/x", {"aws:SecureTransport": False}
    yield "glue:DeleteTable", group.glue(home)[2], {}
    yield "glue:DeleteDatabase", group.glue(home)[1], {}
    yield "athena:StartQueryExecution", f"arn:aws:athena:{home}:{ACCOUNT}:workgroup/primary", {}


def _nobodys_services(access: Access, group: Group) -> Iterator[Ask]:
    home = group.home
    yield from signs_in(access, group, "registry_owner")
    yield "rds:DeleteDBCluster", group.registry(home), {}
    yield "secretsmanager:ListSecrets", "*", {}
    yield "secretsmanager:GetSecretValue", access.arn("features-us-east-1-registry-master", type="Secret"), {}
    for streams in ("", ":*"):
        logs = f"arn:aws:logs:{home}:{ACCOUNT}:log-group:/tradewind-prod-{TASKS}{streams}"
        yield "logs:DeleteLogGroup", logs, {}
    yield "sqs:ReceiveMessage", f"arn:aws:sqs:{home}:{ACCOUNT}:tradewind-prod-{TASKS}", {}
    yield "ecr:PutImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{IMAGE}", {}
    yield "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{group.role('feature-writer')}", {}
    yield "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/{group.role('feature-replication')}", {}


def starting(region: str) -> str:
    """The role that ECS starts the region's tasks with."""
    return f"tradewind-prod-{CODES[region]}-feature-task-start"


def schedules(region: str) -> tuple[str, str]:
    """The role of the region's schedules, and the ARN of the cluster that they start tasks in."""
    cluster = f"arn:aws:ecs:{region}:{ACCOUNT}:cluster/tradewind-prod-{TASKS}"
    return f"tradewind-prod-{CODES[region]}-feature-task-schedule", cluster


def all_are(access: Access, role: str, asks: Iterator[Ask], *, allowed: bool, least: int = 1) -> None:
    """Every one of the questions is answered so, for certain."""
    answers = [access.may(role, action, resource, context=context) for action, resource, context in asks]
    wrong = [answer.explanation for answer in answers if not _is(answer, allowed)]
    assert not wrong, "\n".join(wrong)
    assert len(answers) >= least


def _is(answer: Decision, allowed: bool) -> bool:
    return answer.allowed if allowed else answer.denied


def keeps_to_its_group(access: Access, role: str, group: Group) -> None:
    """Nothing of the neighbours, and of its own group nothing that is nobody's."""
    all_are(access, role, neighbours(access, group), allowed=False, least=14)
    all_are(access, role, nobodys(access, group), allowed=False, least=10)


each_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
