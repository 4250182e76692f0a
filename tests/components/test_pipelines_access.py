"""Every role of pipelines both ways: what its client asks for is allowed, and its neighbours' things are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plan.graph import Graph
from policies.iam import Access
from tests.components.pipelines_plan import ACCOUNT, planned
from tests.components.pipelines_questions import (
    BUCKET,
    KEY_ALIAS,
    LAKE,
    REGION,
    TABLES,
    Ask,
    arn,
    check,
    datasets,
    neighbours,
)


@pytest.fixture(scope="module", params=["step-functions", "argo", "mwaa"])
def access(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Access]]:
    folder = tmp_path_factory.mktemp(request.param)
    graph: Graph = planned(
        folder, request.param, regions=[REGION], pipelines=neighbours(), datasets=datasets()
    )
    yield request.param, Access(graph, account=ACCOUNT)


QUEUE = arn("sqs", "tradewind-prod-pipeline-dead-letters")
RULESET = arn("glue", "dataQualityRuleset/tradewind-prod-dataset-activity")
GATE = f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-use1-pipelines-gate"
TABLE = arn("glue", "table/tradewind_prod/user_activity")
JOB = arn("batch", "job-definition/tradewind-prod-recommendations-train")
JOB_QUEUE = arn("batch", "job-queue/tradewind-prod-pipelines-gpu")
OTHER_TABLE = arn("glue", "table/tradewind_prod/clicks")

JUDGING = [
    Ask("glue:GetTable", TABLE),
    Ask("glue:GetTable", arn("glue", "catalog")),
    Ask("glue:GetTable", arn("glue", "database/tradewind_prod")),
    Ask("glue:StartDataQualityRulesetEvaluationRun", RULESET),
    Ask("glue:GetDataQualityRulesetEvaluationRun", RULESET),
    Ask("glue:GetDataQualityResult", RULESET),
    Ask("iam:PassRole", GATE, {"iam:PassedToService": "glue.amazonaws.com"}),
    Ask("sqs:SendMessage", QUEUE),
]
SUBMITTING = [
    Ask("batch:SubmitJob", JOB),
    Ask("batch:SubmitJob", JOB_QUEUE),
    Ask("batch:TagResource", arn("batch", "job/1"), {"aws:RequestTag/pipeline": "recommendations"}),
    Ask("batch:DescribeJobs", "*"),
    Ask("batch:TerminateJob", arn("batch", "job/1"), {"aws:ResourceTag/pipeline": "recommendations"}),
    Ask("s3:ListBucket", BUCKET, {"s3:prefix": "runs/recommendations/k/train/_done"}),
    Ask("s3:PutObject", f"{BUCKET}/runs/recommendations/k/train/_done"),
]
STATES = [
    Ask("events:PutRule", arn("events", "rule/StepFunctionsGetEventsForBatchJobsRule")),
    Ask("logs:CreateLogDelivery", "*"),
]
NOT_FOR_CONTROL = [
    Ask("glue:GetTable", arn("glue", "table/tradewind_dev/user_activity")),
    Ask("glue:UpdateTable", TABLE),
    Ask("glue:DeleteDataQualityRuleset", RULESET),
    Ask("iam:PassRole", GATE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    Ask("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {"iam:PassedToService": "glue.amazonaws.com"}),
    Ask("sqs:ReceiveMessage", QUEUE),
    Ask("sqs:SendMessage", arn("sqs", "tradewind-staging-pipeline-dead-letters")),
    Ask("batch:SubmitJob", arn("batch", "job-definition/tradewind-staging-recommendations-train")),
    Ask("batch:RegisterJobDefinition", JOB),
    Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
    Ask("s3:PutObject", f"{BUCKET}/runs/recommendations/k/train/model"),
    Ask("s3:GetObject", f"{TABLES}/user_activity/data/1.parquet"),
    Ask("states:StartExecution", arn("states", "stateMachine:tradewind-prod-pipeline-ranking")),
    Ask("kms:Decrypt", arn("kms", "key/1"), {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:ResourceAliases": ["alias/other"]}),
]  # fmt: skip
ONLY_FOR_THE_OTHER = [
    Ask("glue:GetTable", OTHER_TABLE),
    Ask("glue:StartDataQualityRulesetEvaluationRun", RULESET.replace("activity", "clicks")),
    Ask("batch:SubmitJob", JOB.replace("recommendations", "ranking")),
    Ask("batch:TerminateJob", arn("batch", "job/1"), {"aws:ResourceTag/pipeline": "ranking"}),
    Ask("s3:ListBucket", BUCKET, {"s3:prefix": "runs/ranking/k/train/_done"}),
    Ask("s3:PutObject", f"{BUCKET}/runs/ranking/k/train/_done"),
]


def control_of(engine: str) -> str:
    """Airflow does for all of its pipelines what each has a role for on the other engines."""
    part = "pipelines-airflow" if engine == "mwaa" else "pipeline-recommendations-control"
    return f"tradewind-prod-use1-{part}"


def test_control_can_do_its_work(access: tuple[str, Access]) -> None:
    engine, found = access
    asks = JUDGING + ([] if engine == "argo" else SUBMITTING) + (STATES if engine == "step-functions" else [])
    check(found, control_of(engine), asks, allowed=True)


def test_control_can_do_nothing_else(access: tuple[str, Access]) -> None:
    engine, found = access
    asks = NOT_FOR_CONTROL + ([] if engine == "mwaa" else ONLY_FOR_THE_OTHER)
    check(found, control_of(engine), asks, allowed=False)


WORK = [
    Ask("glue:GetTable", TABLE),
    Ask("s3:GetObject", f"{TABLES}/user_activity/data/1.parquet"),
    Ask("s3:ListBucket", LAKE, {"s3:prefix": "tables/us-east-1/user_activity/data/"}),
    Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
    Ask("s3:PutObject", f"{BUCKET}/runs/recommendations/k/train/model"),
    Ask("s3:ListBucket", BUCKET, {"s3:prefix": "runs/recommendations/k/"}),
    Ask(
        "kms:Decrypt",
        arn("kms", "key/1"),
        {
            "kms:ViaService": f"s3.{REGION}.amazonaws.com",
            "kms:ResourceAliases": ["alias/tradewind-prod-features"],
        },
    ),
]
NOT_FOR_STEPS = [
    Ask("glue:GetTable", OTHER_TABLE),
    Ask("glue:UpdateTable", TABLE),
    Ask("s3:GetObject", f"{TABLES}/clicks/data/1.parquet"),
    Ask("s3:GetObject", f"{TABLES}/user_activity_of_others/data/1.parquet"),
    Ask("s3:PutObject", f"{TABLES}/user_activity/data/1.parquet"),
    Ask("s3:ListBucket", LAKE, {"s3:prefix": ""}),
    Ask("s3:ListBucket", LAKE),
    Ask("s3:GetObject", f"{BUCKET}/runs/ranking/k/train/model"),
    Ask("s3:PutObject", f"{BUCKET}/runs/ranking/k/train/model"),
    Ask("s3:DeleteObject", f"{BUCKET}/runs/recommendations/k/train/model"),
    Ask("s3:ListBucket", BUCKET, {"s3:prefix": "runs/ranking/k/"}),
    Ask("batch:SubmitJob", JOB),
    Ask("sqs:SendMessage", QUEUE),
    Ask("iam:PassRole", GATE, {"iam:PassedToService": "glue.amazonaws.com"}),
    Ask(
        "kms:Decrypt",
        arn("kms", "key/1"),
        {
            "kms:ViaService": f"dynamodb.{REGION}.amazonaws.com",
            "kms:ResourceAliases": ["alias/tradewind-prod-features"],
        },
    ),
    Ask(
        "kms:Decrypt",
        arn("kms", "key/1"),
        {
            "kms:ViaService": f"s3.{REGION}.amazonaws.com",
            "kms:ResourceAliases": ["alias/tradewind-prod-features-eu"],
        },
    ),
]


def test_steps_can_do_their_work(access: tuple[str, Access]) -> None:
    check(access[1], "tradewind-prod-use1-pipeline-recommendations-steps", WORK, allowed=True)


def test_steps_can_do_nothing_else(access: tuple[str, Access]) -> None:
    check(access[1], "tradewind-prod-use1-pipeline-recommendations-steps", NOT_FOR_STEPS, allowed=False)


def test_the_gate_reads_and_tells_and_changes_nothing(access: tuple[str, Access]) -> None:
    role, found = "tradewind-prod-use1-pipelines-gate", access[1]
    namespace = {"cloudwatch:namespace": "Glue Data Quality"}
    asks = [
        Ask("glue:GetTable", TABLE),
        Ask("glue:GetDataQualityRuleset", RULESET),
        Ask("glue:PublishDataQuality", RULESET),
        Ask("s3:GetObject", f"{TABLES}/user_activity/data/1.parquet"),
        Ask("s3:GetObject", f"{TABLES}/clicks/data/1.parquet"),
        Ask("logs:PutLogEvents", arn("logs", "log-group:/aws-glue/data-quality/output:log-stream:1")),
        Ask("cloudwatch:PutMetricData", "*", namespace),
    ]
    check(found, role, asks, allowed=True)
    check(
        found,
        role,
        [
            Ask("glue:UpdateTable", TABLE),
            Ask("glue:DeleteTable", TABLE),
            Ask("glue:UpdateDataQualityRuleset", RULESET),
            Ask("glue:GetTable", arn("glue", "table/tradewind_prod/salaries")),
            Ask("s3:PutObject", f"{TABLES}/user_activity/data/1.parquet"),
            Ask("s3:DeleteObject", f"{TABLES}/user_activity/data/1.parquet"),
            Ask("s3:GetObject", f"{TABLES}/salaries/data/1.parquet"),
            Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
            Ask("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/SQS"}),
            Ask("sqs:SendMessage", QUEUE),
            Ask("batch:SubmitJob", JOB),
        ],
        allowed=False,
    )


def test_triggers_start_machines_of_this_region_alone(access: tuple[str, Access]) -> None:
    engine, found = access
    if engine == "argo":
        pytest.skip("EventBridge fills a queue there, by the queue's own policy")
    role = f"tradewind-prod-use1-pipelines-{'airflow-triggers' if engine == 'mwaa' else 'triggers'}"
    name = "start-in-airflow" if engine == "mwaa" else "recommendations"
    machine = arn("states", f"stateMachine:tradewind-prod-pipeline-{name}")
    check(found, role, [Ask("states:StartExecution", machine), Ask("sqs:SendMessage", QUEUE)], allowed=True)
    here = {"aws:SourceAccount": ACCOUNT}
    for service in ("events.amazonaws.com", "scheduler.amazonaws.com"):
        assert found.may_assume(service, role, context=here).allowed
    assert not found.may_assume(
        "events.amazonaws.com", role, context={"aws:SourceAccount": "210987654321"}
    ).allowed
    assert not found.may_assume("lambda.amazonaws.com", role, context=here).allowed
    check(
        found,
        role,
        [
            Ask("states:StopExecution", machine),
            Ask("states:UpdateStateMachine", machine),
            Ask("states:StartExecution", machine.replace(REGION, "eu-west-1")),
            Ask("states:StartExecution", machine.replace("prod", "staging")),
            Ask("sqs:ReceiveMessage", QUEUE),
            Ask("sqs:PurgeQueue", QUEUE),
            Ask("glue:GetTable", TABLE),
            Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
            Ask("batch:SubmitJob", JOB),
            Ask("iam:PassRole", GATE, {"iam:PassedToService": "glue.amazonaws.com"}),
        ],
        allowed=False,
    )


def test_what_pulls_images_pulls_those_of_steps(access: tuple[str, Access]) -> None:
    engine, found = access
    if engine == "argo":
        pytest.skip("nodes pull there")
    role, repository = "tradewind-prod-use1-pipelines-pull", arn("ecr", "repository/recommendations/train")
    streams = arn("logs", "log-group:/aws/vendedlogs/tradewind/prod/pipelines/steps:log-stream:1")
    asks = [
        Ask("ecr:GetAuthorizationToken", "*"),
        Ask("ecr:BatchGetImage", repository),
        Ask("logs:PutLogEvents", streams),
    ]
    check(found, role, asks, allowed=True)
    check(
        found,
        role,
        [
            Ask("ecr:BatchGetImage", arn("ecr", "repository/scoring")),
            Ask("ecr:BatchGetImage", arn("ecr", "repository/recommendations/train-secret")),
            Ask("ecr:PutImage", repository),
            Ask("ecr:BatchDeleteImage", repository),
            Ask("ecr:DeleteRepository", repository),
            Ask("logs:PutLogEvents", arn("logs", "log-group:/aws/eks/x:log-stream:1")),
            Ask("logs:DeleteLogStream", streams),
            Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
            Ask("glue:GetTable", TABLE),
            Ask("sqs:SendMessage", QUEUE),
        ],
        allowed=False,
    )


def test_the_key_opens_through_its_services_only(access: tuple[str, Access]) -> None:
    engine, found = access
    role, key = control_of(engine), arn("kms", "key/1")
    through = {"kms:ResourceAliases": [KEY_ALIAS], "kms:ViaService": f"sqs.{REGION}.amazonaws.com"}
    assert found.may(role, "kms:GenerateDataKey", key, context=through).allowed
    directly = {"kms:ResourceAliases": [KEY_ALIAS]}
    assert not found.may(role, "kms:Decrypt", key, context=directly).allowed
    elsewhere = {**through, "kms:ViaService": "sqs.eu-west-1.amazonaws.com"}
    assert not found.may(role, "kms:Decrypt", key, context=elsewhere).allowed


def test_pods_take_the_role_of_their_own_account_only(access: tuple[str, Access]) -> None:
    engine, found = access
    if engine != "argo":
        pytest.skip("no pods there")
    told = {
        "aws:SourceAccount": ACCOUNT,
        "aws:RequestTag/eks-cluster-arn": arn("eks", "cluster/tradewind-prod-use1-cluster"),
        "aws:RequestTag/kubernetes-namespace": "pipelines",
        "aws:RequestTag/kubernetes-service-account": "recommendations-steps",
    }
    role = "tradewind-prod-use1-pipeline-recommendations-steps"
    assert found.may_assume("pods.eks.amazonaws.com", role, context=told).allowed
    for key, other in (
        ("aws:RequestTag/kubernetes-service-account", "ranking-steps"),
        ("aws:RequestTag/kubernetes-namespace", "default"),
        ("aws:RequestTag/eks-cluster-arn", arn("eks", "cluster/tradewind-dev-use1-cluster")),
        ("aws:SourceAccount", "210987654321"),
    ):
        assert not found.may_assume("pods.eks.amazonaws.com", role, context={**told, key: other}).allowed
