"""Every role of the feature store both ways: what its work needs is allowed, what is another's is denied.

By the evaluator, on a planned store with S3 Tables, a registry and a cache. What Feast's own calls need is shown
by Feast, in `tests/clients/test_feast.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from plan.graph import Graph
from policies.iam import Access
from tests.components.feature_store_plan import REGIONS, STORE, of, planned

ACCOUNT = "123456789012"
STORE_OF_ALL: dict[str, Any] = {
    **STORE,
    "offline": {"catalog": "s3_tables"},
    "materialization": {"image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/shared/feast:0.67.0"},
}
READER, WRITER, JOB = (f"tradewind-prod-feature-{kind}-eu" for kind in ("reader", "writer", "materializer"))
FILES, COPIES = "tradewind-prod-feature-replication-eu", "tradewind-prod-feature-table-replication-eu"
START, SCHEDULE = "tradewind-prod-euw1-feature-task-start", "tradewind-prod-euw1-feature-task-schedule"
ROLES = (READER, WRITER, JOB, FILES, COPIES, START, SCHEDULE)

TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/tradewind_prod.europeans"
LAKE = f"arn:aws:s3:::tradewind-prod-euw1-features-eu-{ACCOUNT}"
LAKE_COPY = f"arn:aws:s3:::tradewind-prod-euc1-features-eu-{ACCOUNT}"
RESULTS = f"arn:aws:s3:::tradewind-prod-euw1-feature-results-{ACCOUNT}"
TABLES = f"arn:aws:s3tables:eu-west-1:{ACCOUNT}:bucket/tradewind-prod-features-eu"
ATHENA = f"arn:aws:athena:eu-west-1:{ACCOUNT}"
GLUE = f"arn:aws:glue:eu-west-1:{ACCOUNT}"
LOGS = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/tradewind-prod-feature-materialization"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:tradewind-prod-feature-materialization"
REGISTRY = f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-ABC/tradewind_prod"

READS = [
    ("dynamodb:BatchGetItem", TABLE),
    ("dynamodb:DescribeTable", TABLE),
    ("s3:GetObject", f"{LAKE}/tables/eu-west-1/europeans/data/0.parquet"),
    ("athena:StartQueryExecution", f"{ATHENA}:workgroup/tradewind-prod-features-eu"),
    ("athena:GetTableMetadata", f"{ATHENA}:datacatalog/AwsDataCatalog"),
    ("glue:CreateTable", f"{GLUE}:table/tradewind_prod_eu/_0f1e2d"),
    ("glue:GetTable", f"{GLUE}:table/s3tablescatalog/tradewind-prod-features-eu/tradewind_prod_eu/europeans"),
    ("s3:PutObject", f"{RESULTS}/tradewind-prod-features-eu/unload/x/0.parquet"),
    ("s3:DeleteObject", f"{RESULTS}/tradewind-prod-features-eu/unload/x/0.parquet"),
    ("s3tables:GetTableData", f"{TABLES}/table/0f0a"),
]
NEEDED: dict[str, list[tuple[str, str]]] = {
    READER: [*READS, ("rds-db:connect", f"{REGISTRY}_reader")],
    WRITER: [
        *READS,
        ("dynamodb:BatchWriteItem", TABLE),
        ("dynamodb:ListTagsOfResource", TABLE),
        ("s3:PutObject", f"{LAKE}/tables/eu-west-1/europeans/data/1.parquet"),
        ("s3tables:PutTableData", f"{TABLES}/table/0f0a"),
        ("s3tables:UpdateTableMetadataLocation", f"{TABLES}/table/0f0a"),
        ("rds-db:connect", f"{REGISTRY}_writer"),
    ],
    JOB: [
        *READS,
        ("dynamodb:BatchWriteItem", TABLE),
        ("rds-db:connect", f"{REGISTRY}_writer"),
        ("rds:DescribeDBClusters", f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:tradewind-prod-euw1-feature-registry"),
    ],
    FILES: [
        ("s3:GetReplicationConfiguration", LAKE),
        ("s3:GetObjectVersionForReplication", f"{LAKE}/tables/eu-west-1/x"),
        ("s3:ReplicateObject", f"{LAKE_COPY}/tables/eu-west-1/x"),
        ("s3:ReplicateDelete", f"{LAKE_COPY}/tables/eu-west-1/x"),
    ],
    COPIES: [
        ("s3tables:ListTables", TABLES),
        ("s3tables:GetTableData", f"{TABLES}/table/0f0a"),
        ("s3tables:CreateTable", TABLES.replace("eu-west-1", "eu-central-1")),
        ("s3tables:PutTableData", f"{TABLES.replace('eu-west-1', 'eu-central-1')}/table/0f0a"),
    ],
    START: [
        ("logs:CreateLogStream", f"{LOGS}:log-stream:eu/materialize/1"),
        ("logs:PutLogEvents", f"{LOGS}:log-stream:eu/materialize/1"),
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchGetImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/shared/feast"),
    ],
    SCHEDULE: [("sqs:SendMessage", QUEUE)],
}  # fmt: skip

OTHERS = [
    ("dynamodb:GetItem", TABLE.replace("europeans", "scores")),
    ("dynamodb:GetItem", TABLE.replace("tradewind_prod", "tradewind_staging")),
    ("dynamodb:BatchWriteItem", TABLE.replace("eu-west-1", "us-east-1")),
    ("dynamodb:DeleteTable", TABLE),
    ("dynamodb:TagResource", TABLE),
    ("dynamodb:UpdateTable", TABLE),
    ("dynamodb:Scan", TABLE),
    ("s3:GetObject", f"{LAKE.replace('features-eu', 'features-acme')}/tables/eu-west-1/scores/data/0.parquet"),
    ("s3:PutObject", f"{LAKE}/tables/eu-central-1/europeans/data/0.parquet"),
    ("s3:DeleteBucket", LAKE),
    ("s3:PutBucketPolicy", LAKE),
    ("s3:GetObject", f"{RESULTS}/tradewind-prod-features-acme/x"),
    ("s3tables:DeleteTable", f"{TABLES}/table/0f0a"),
    ("s3tables:GetTableData", f"{TABLES.replace('features-eu', 'features')}/table/0f0a"),
    ("athena:StartQueryExecution", f"{ATHENA}:workgroup/primary"),
    ("glue:DeleteTable", f"{GLUE}:table/tradewind_prod_eu/europeans"),
    ("rds-db:connect", f"{REGISTRY.replace('tradewind_prod', 'registry_owner')}"),
    ("rds:DeleteDBCluster", f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:tradewind-prod-euw1-feature-registry"),
    ("logs:DeleteLogGroup", f"{LOGS}:*"),
    ("sqs:ReceiveMessage", QUEUE),
    ("ecr:PutImage", f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/shared/feast"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{WRITER}"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:tradewind/prod/feature-registry-x"),
]  # fmt: skip


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("roles"), "production", REGIONS, STORE_OF_ALL)


@pytest.fixture(scope="module")
def access(graph: Graph) -> Access:
    return Access(graph, account=ACCOUNT)


def test_the_table_has_every_kind_of_role(graph: Graph) -> None:
    kinds = {it.inputs["name"].removesuffix("-eu").removesuffix("-acme") for it in of(graph, "Role")}
    regional = {kind for kind in kinds if "feature-task" in kind}
    assert kinds - regional == {role.removesuffix("-eu") for role in ROLES if role.endswith("-eu")}
    assert len(regional) == 2 * len(REGIONS)


@pytest.mark.parametrize(
    ("role", "action", "resource"), [(role, *it) for role, needs in NEEDED.items() for it in needs]
)
def test_a_role_can_do_its_work(access: Access, role: str, action: str, resource: str) -> None:
    answer = access.may(role, action, resource)
    assert answer.allowed, answer.explanation


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("action", "resource"), OTHERS)
def test_a_role_cannot_do_anothers(access: Access, role: str, action: str, resource: str) -> None:
    answer = access.may(role, action, resource)
    assert answer.denied, answer.explanation


def test_keys_are_used_through_the_services_that_hold_the_data(graph: Graph, access: Access) -> None:
    (key,) = [it for it in of(graph, "Key") if it.name == "features-eu"]
    (other,) = [it for it in of(graph, "Key") if it.name == "features-any-acme"]
    through = {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}
    for role in (READER, WRITER, JOB):
        assert access.may(role, "kms:Decrypt", key, context=through).allowed
        assert access.may(role, "kms:Decrypt", key).denied
        assert access.may(role, "kms:Decrypt", other, context=through).denied
        assert access.may(role, "kms:ScheduleKeyDeletion", key, context=through).denied
    assert access.may(READER, "kms:GenerateDataKey", key, context=through).denied
    assert access.may(JOB, "kms:GenerateDataKey", key, context=through).allowed


def test_each_role_is_for_its_own_service(access: Access) -> None:
    cluster = f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/tradewind-prod-euw1"
    pod = {"aws:RequestTag/eks-cluster-arn": cluster}
    assert access.may_assume("pods.eks.amazonaws.com", READER, context=pod).allowed
    foreign = {"aws:RequestTag/eks-cluster-arn": cluster.replace("tradewind-prod", "tradewind-dev")}
    assert access.may_assume("pods.eks.amazonaws.com", READER, context=foreign).denied
    task = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task/x"}
    assert access.may_assume("ecs-tasks.amazonaws.com", JOB, context=task).allowed
    assert access.may_assume("ecs-tasks.amazonaws.com", WRITER, context=task).denied
    stranger = {**task, "aws:SourceAccount": "999999999999"}
    assert access.may_assume("ecs-tasks.amazonaws.com", JOB, context=stranger).denied
    assert access.may_assume("lambda.amazonaws.com", JOB, context=task).denied
