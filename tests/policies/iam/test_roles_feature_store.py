"""Every role of the feature store, both ways: its work is allowed, its neighbours' things are denied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from plan.graph import Graph
from policies.iam import Access, Decision
from tests.components.feature_store_plan import REGIONS, STORE, planned

ACCOUNT = "123456789012"
CODES = {"us-east-1": "use1", "eu-west-1": "euw1", "eu-central-1": "euc1"}
JOB = {"image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/ml/feast:1.0", "every_minutes": 30}
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


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Access:
    store = {**STORE, "materialization": JOB}
    return asked_of(planned(tmp_path_factory.mktemp("jobs"), "production", REGIONS, store))


@pytest.fixture(scope="module")
def with_table_buckets(tmp_path_factory: pytest.TempPathFactory) -> Access:
    store = {**STORE, "offline": {"catalog": "s3_tables"}}
    return asked_of(planned(tmp_path_factory.mktemp("tables"), "production", REGIONS, store))


def asked_of(graph: Graph) -> Access:
    return Access(graph, account=ACCOUNT)


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
        for action in ("GetObject", "PutObject"):
            yield f"s3:{action}", group.results(region), {}
        yield "kms:Decrypt", group.key(access, region), via("dynamodb", region)
        yield "kms:Decrypt", group.key(access, region), via("s3", region)
        yield "kms:GenerateDataKey", results_key(access, region), via("s3", region)


def signs_in(access: Access, group: Group, user: str) -> Iterator[Ask]:
    cluster = access.output(access.find(f"features-{group.home}-registry", "Cluster"), "clusterResourceId")
    yield (
        "rds-db:connect",
        f"arn:aws:rds-db:{group.home}:{ACCOUNT}:dbuser:{cluster}/tradewind_prod_{user}",
        {},
    )


def writes_online(access: Access, group: Group) -> Iterator[Ask]:
    for region in group.regions:
        for action in ("PutItem", "UpdateItem", "BatchWriteItem"):
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


def nobodys(access: Access, group: Group) -> Iterator[Ask]:
    """What no role that works with the group's data may do, not even with the group's own."""
    home, table = group.home, group.table(group.home)
    for action in (
        "CreateTable",
        "DeleteTable",
        "UpdateTable",
        "DeleteItem",
        "TagResource",
        "UpdateTimeToLive",
    ):
        yield f"dynamodb:{action}", table, {}
    yield "dynamodb:GetItem", table.replace(home, "ap-south-1"), {}
    yield "kms:Decrypt", group.key(access, home), {}
    yield "kms:Decrypt", group.key(access, home), via("lambda", home)
    yield "kms:ScheduleKeyDeletion", group.key(access, home), {}
    for action in ("DeleteBucket", "PutBucketPolicy", "PutLifecycleConfiguration"):
        yield f"s3:{action}", group.bucket(home), {}
    yield "s3:DeleteObjectVersion", f"{group.bucket(home)}/tables/{home}/{group.view}/data/1.parquet", {}
    yield "s3:GetObject", f"{group.bucket(home)}/tables/{home}/x", {"aws:SecureTransport": False}
    yield "glue:DeleteTable", group.glue(home)[2], {}
    yield "glue:DeleteDatabase", group.glue(home)[1], {}
    yield "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{group.role('feature-writer')}", {}
    yield "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/{group.role('feature-replication')}", {}
    yield "secretsmanager:ListSecrets", "*", {}


def all_are(access: Access, role: str, asks: Iterator[Ask], *, allowed: bool, least: int = 1) -> None:
    """Every one of the questions is answered so, for certain."""
    answers = [access.may(role, action, resource, context=context) for action, resource, context in asks]
    wrong = [answer.explanation for answer in answers if not _is(answer, allowed)]
    assert not wrong, "\n".join(wrong)
    assert len(answers) >= least


def _is(answer: Decision, allowed: bool) -> bool:
    return answer.allowed if allowed else answer.denied


each_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)


@each_group
def test_a_reader_reads(access: Access, group: Group) -> None:
    role = group.role("feature-reader")
    all_are(access, role, reads(access, group), allowed=True)
    all_are(access, role, signs_in(access, group, "reader"), allowed=True)


@each_group
def test_a_reader_writes_nothing_and_reads_no_neighbour(access: Access, group: Group) -> None:
    role = group.role("feature-reader")
    all_are(access, role, neighbours(access, group), allowed=False, least=14)
    all_are(access, role, nobodys(access, group), allowed=False, least=10)
    all_are(access, role, writes_online(access, group), allowed=False)
    all_are(access, role, writes_offline(access, group), allowed=False)
    all_are(access, role, signs_in(access, group, "writer"), allowed=False)


@each_group
def test_a_writer_reads_and_writes(access: Access, group: Group) -> None:
    role = group.role("feature-writer")
    all_are(access, role, reads(access, group), allowed=True)
    all_are(access, role, writes_online(access, group), allowed=True)
    all_are(access, role, writes_offline(access, group), allowed=True)
    all_are(access, role, signs_in(access, group, "writer"), allowed=True)


@each_group
def test_a_writer_reaches_no_neighbour(access: Access, group: Group) -> None:
    role = group.role("feature-writer")
    all_are(access, role, neighbours(access, group), allowed=False, least=14)
    all_are(access, role, nobodys(access, group), allowed=False, least=10)
    foreign = (
        ("s3:PutObject", f"{group.bucket(region)}/tables/{other}/{group.view}/data/1.parquet", {})
        for region in group.regions
        for other in group.regions
        if other != region
    )
    all_are(access, role, foreign, allowed=False, least=2)  # copies of other regions' files are not its own
    written = (
        (action, what, context)
        for other in group.others
        for action, what, context in writes_online(access, other)
    )
    all_are(access, role, written, allowed=False, least=10)


@each_group
def test_the_materialisation_job_reads_offline_and_writes_online(access: Access, group: Group) -> None:
    role = group.role("feature-materializer")
    all_are(access, role, reads(access, group), allowed=True)
    all_are(access, role, writes_online(access, group), allowed=True)
    all_are(access, role, signs_in(access, group, "writer"), allowed=True)


@each_group
def test_the_materialisation_job_writes_nothing_offline_and_reaches_no_neighbour(
    access: Access, group: Group
) -> None:
    role = group.role("feature-materializer")
    all_are(access, role, neighbours(access, group), allowed=False, least=14)
    all_are(access, role, nobodys(access, group), allowed=False, least=10)
    offline = (
        (action, what, context)
        for action, what, context in writes_offline(access, group)
        if action[:3] != "kms"
    )
    all_are(access, role, offline, allowed=False)
    all_are(access, role, signs_in(access, group, "reader"), allowed=False)


def copies(access: Access, group: Group) -> Iterator[Ask]:
    for region in group.regions:
        yield "s3:GetReplicationConfiguration", group.bucket(region), {}
        yield "s3:ListBucket", group.bucket(region), {}
        for action in (
            "GetObjectVersionForReplication",
            "GetObjectVersionAcl",
            "ReplicateObject",
            "ReplicateDelete",
        ):
            yield f"s3:{action}", f"{group.bucket(region)}/tables/{region}/x", {}
        for action in ("Decrypt", "Encrypt"):
            yield f"kms:{action}", group.key(access, region), via("s3", region)


@each_group
def test_replication_copies(access: Access, group: Group) -> None:
    all_are(access, group.role("feature-replication"), copies(access, group), allowed=True)


@each_group
def test_replication_does_nothing_but_copy(access: Access, group: Group) -> None:
    role = group.role("feature-replication")
    all_are(access, role, neighbours(access, group), allowed=False, least=14)
    all_are(access, role, nobodys(access, group), allowed=False, least=10)
    foreign = (
        (action, what, context) for other in group.others for action, what, context in copies(access, other)
    )
    all_are(access, role, foreign, allowed=False, least=10)
    own = f"{group.bucket(group.home)}/tables/{group.home}/x"
    direct: list[Ask] = [
        ("s3:GetObject", own, {}),
        ("s3:PutObject", own, {}),
        ("kms:Decrypt", group.key(access, group.home), via("dynamodb", group.home)),
        ("dynamodb:GetItem", group.table(group.home), {}),
    ]
    all_are(access, role, iter(direct), allowed=False)


def log_group(region: str, name: str = f"/tradewind-prod-{TASKS}") -> str:
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:log-stream:run"


def starting(region: str, code: str = "") -> str:
    return f"tradewind-prod-{code or CODES[region]}-feature-task-start"


@pytest.mark.parametrize("region", REGIONS)
def test_a_task_is_started_with_its_image_and_its_log(access: Access, region: str) -> None:
    image = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/ml/feast"
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
        ("ecr:PutImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/ml/feast", {}),
        (
            "secretsmanager:GetSecretValue",
            access.arn("features-us-east-1-registry-master", type="Secret"),
            {},
        ),
        ("ecs:RunTask", f"arn:aws:ecs:{region}:{ACCOUNT}:task-definition/x:1", {}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{GROUPS['shared'].role('feature-materializer')}", {}),
        *(
            (action, what, context)
            for group in GROUPS.values()
            for action, what, context in reads(access, group)
        ),
    ]
    all_are(access, starting(region), iter(others), allowed=False, least=30)


def schedules(region: str) -> tuple[str, str]:
    """The role of the region's schedules, and the ARN of the cluster that they start tasks in."""
    cluster = f"arn:aws:ecs:{region}:{ACCOUNT}:cluster/tradewind-prod-{TASKS}"
    return f"tradewind-prod-{CODES[region]}-feature-task-schedule", cluster


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
        *((action, what, context) for group in GROUPS.values() for action, what, context in reads(access, group)),
    ]  # fmt: skip
    all_are(access, role, iter(others), allowed=False, least=30)


def reads_tables(group: Group) -> Iterator[Ask]:
    """At home and in the region that holds the copy."""
    for region in group.regions[:2]:
        yield "s3tables:GetTableBucket", group.table_bucket(region), {}
        yield "s3tables:GetTableData", f"{group.table_bucket(region)}/table/1234", {}
        catalog = f"s3tablescatalog/tradewind-prod-features{group.suffix}"
        yield (
            "glue:GetTable",
            f"arn:aws:glue:{region}:{ACCOUNT}:table/{catalog}/{group.database}/{group.view}",
            {},
        )


def writes_tables(group: Group) -> Iterator[Ask]:
    for action in ("PutTableData", "UpdateTableMetadataLocation"):
        yield f"s3tables:{action}", f"{group.table_bucket(group.home)}/table/1234", {}


def others_tables(group: Group) -> Iterator[Ask]:
    for other in group.others:
        yield from reads_tables(other)
        yield from writes_tables(other)
    for action in ("DeleteTableBucket", "PutTableBucketPolicy", "DeleteTableBucketPolicy"):
        yield f"s3tables:{action}", group.table_bucket(group.home), {}
    yield "s3tables:DeleteTable", f"{group.table_bucket(group.home)}/table/1234", {}


@each_group
def test_tables_of_table_buckets_are_read_by_both_and_written_by_writers(
    with_table_buckets: Access, group: Group
) -> None:
    reader, writer = group.role("feature-reader"), group.role("feature-writer")
    for role in (reader, writer):
        all_are(with_table_buckets, role, reads_tables(group), allowed=True)
        all_are(with_table_buckets, role, others_tables(group), allowed=False, least=10)
    all_are(with_table_buckets, writer, writes_tables(group), allowed=True)
    all_are(with_table_buckets, reader, writes_tables(group), allowed=False)


@each_group
def test_copies_of_table_buckets_are_made_away_from_home(with_table_buckets: Access, group: Group) -> None:
    role, home, away = group.role("feature-table-replication"), group.home, group.regions[1]
    work: list[Ask] = [
        ("s3tables:ListTables", group.table_bucket(home), {}),
        ("s3tables:GetTableData", f"{group.table_bucket(home)}/table/1234", {}),
        ("s3tables:CreateTable", group.table_bucket(away), {}),
        ("s3tables:PutTableData", f"{group.table_bucket(away)}/table/1234", {}),
        ("kms:Decrypt", group.key(with_table_buckets, home), {}),
        ("kms:GenerateDataKey", group.key(with_table_buckets, away), {}),
    ]
    all_are(with_table_buckets, role, iter(work), allowed=True)
    others: list[Ask] = [
        ("s3tables:PutTableData", f"{group.table_bucket(home)}/table/1234", {}),
        ("s3tables:CreateTable", group.table_bucket(home), {}),
        ("s3tables:DeleteTable", f"{group.table_bucket(away)}/table/1234", {}),
        *(
            (action, other.key(with_table_buckets, other.home), {})
            for other in group.others
            for action in ("kms:Decrypt",)
        ),
        *others_tables(group),
    ]
    all_are(with_table_buckets, role, iter(others), allowed=False, least=10)


CLUSTER = f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/tradewind-prod-euw1"
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


@each_group
def test_only_the_right_service_assumes_the_other_roles(access: Access, group: Group) -> None:
    replication, job = group.role("feature-replication"), group.role("feature-materializer")
    assert access.may_assume("s3.amazonaws.com", replication).allowed
    nobody_else(access, replication, {})
    task = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task/x"}
    assert access.may_assume("ecs-tasks.amazonaws.com", job, context=task).allowed
    assert access.may_assume(
        "ecs-tasks.amazonaws.com", job, context={**task, "aws:SourceAccount": "9"}
    ).denied
    nobody_else(access, job, task)


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
    assert set(with_table_buckets.roles) == by_group | tables
