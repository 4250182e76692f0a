"""Roles that one engine alone has, both ways: Argo's for events, Airflow's own, and what starts its runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.iam import Access
from tests.components.pipelines_plan import ACCOUNT, planned
from tests.components.pipelines_questions import (
    BUCKET,
    KEY_ALIAS,
    REGION,
    TABLES,
    Ask,
    arn,
    check,
    datasets,
    neighbours,
)


def of(engine: str, folder: Path) -> Access:
    graph = planned(folder, engine, regions=[REGION], pipelines=neighbours(), datasets=datasets())
    return Access(graph, account=ACCOUNT)


@pytest.fixture(scope="module")
def argo(tmp_path_factory: pytest.TempPathFactory) -> Access:
    return of("argo", tmp_path_factory.mktemp("argo"))


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Access:
    return of("mwaa", tmp_path_factory.mktemp("mwaa"))


KEY = arn("kms", "key/1")
QUEUE = arn("sqs", "tradewind-prod-pipeline-events")
LETTERS = arn("sqs", "tradewind-prod-pipeline-dead-letters")
HERE = {"aws:SourceAccount": ACCOUNT}
GLUE = {"iam:PassedToService": "glue.amazonaws.com"}


def through(service: str, region: str = REGION, alias: str = KEY_ALIAS) -> dict[str, object]:
    return {"kms:ResourceAliases": [alias], "kms:ViaService": f"{service}.{region}.amazonaws.com"}


EVENTS = "tradewind-prod-use1-pipelines-events"


def test_argo_takes_events_out_of_its_queue(argo: Access) -> None:
    actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl")
    asks = [Ask(f"sqs:{action}", QUEUE) for action in actions]
    check(argo, EVENTS, [*asks, Ask("kms:Decrypt", KEY, through("sqs"))], allowed=True)


def test_argos_events_are_all_it_takes(argo: Access) -> None:
    asks = [
        Ask("sqs:SendMessage", QUEUE),
        Ask("sqs:PurgeQueue", QUEUE),
        Ask("sqs:SetQueueAttributes", QUEUE),
        Ask("sqs:ReceiveMessage", LETTERS),
        Ask("sqs:ReceiveMessage", QUEUE.replace("prod", "staging")),
        Ask("sqs:ReceiveMessage", QUEUE.replace(REGION, "eu-west-1")),
        Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
        Ask("s3:GetObject", f"{TABLES}/user_activity/data/1.parquet"),
        Ask("glue:GetTable", arn("glue", "table/tradewind_prod/user_activity")),
        Ask("batch:SubmitJob", arn("batch", "job-definition/tradewind-prod-recommendations-train")),
        Ask("kms:Decrypt", KEY, through("s3")),
        Ask("kms:Decrypt", KEY, through("sqs", alias="alias/tradewind-prod-features")),
        Ask("kms:Decrypt", KEY, {"kms:ResourceAliases": [KEY_ALIAS]}),
    ]
    check(argo, EVENTS, asks, allowed=False)


def test_argos_event_source_alone_takes_the_role(argo: Access) -> None:
    told = {
        **HERE,
        "aws:RequestTag/eks-cluster-arn": arn("eks", "cluster/tradewind-prod-use1-cluster"),
        "aws:RequestTag/kubernetes-namespace": "pipelines",
        "aws:RequestTag/kubernetes-service-account": "pipeline-events",
    }
    assert argo.may_assume("pods.eks.amazonaws.com", EVENTS, context=told).allowed
    for key, other in (
        ("aws:RequestTag/kubernetes-service-account", "recommendations-steps"),
        ("aws:RequestTag/kubernetes-namespace", "default"),
        ("aws:RequestTag/eks-cluster-arn", arn("eks", "cluster/tradewind-dev-use1-cluster")),
        ("aws:SourceAccount", "210987654321"),
    ):
        assert not argo.may_assume("pods.eks.amazonaws.com", EVENTS, context={**told, key: other}).allowed


STARTER = "tradewind-prod-use1-pipeline-start-in-airflow-control"
USER = arn("airflow", "role/tradewind-prod-pipelines/User")
MACHINE = arn("states", "stateMachine:tradewind-prod-pipeline-start-in-airflow")
HISTORY = "kms:EncryptionContext:aws:states:stateMachineArn"


def test_the_starter_asks_airflow_as_its_user(airflow: Access) -> None:
    own = {"kms:ResourceAliases": [KEY_ALIAS], HISTORY: MACHINE}
    asks = [
        Ask("airflow:InvokeRestApi", USER),
        Ask("logs:CreateLogDelivery", "*"),
        Ask("kms:GenerateDataKey", KEY, own),
    ]
    check(airflow, STARTER, asks, allowed=True)


def test_the_starter_starts_and_no_more(airflow: Access) -> None:
    other = {"kms:ResourceAliases": [KEY_ALIAS], HISTORY: MACHINE.replace("start-in-airflow", "other")}
    asks = [
        Ask("airflow:InvokeRestApi", USER.replace("/User", "/Admin")),
        Ask("airflow:InvokeRestApi", USER.replace("prod", "staging")),
        Ask("airflow:CreateCliToken", arn("airflow", "environment/tradewind-prod-pipelines")),
        Ask("airflow:CreateWebLoginToken", USER.replace("/User", "/Admin")),
        Ask("airflow:UpdateEnvironment", arn("airflow", "environment/tradewind-prod-pipelines")),
        Ask("airflow:DeleteEnvironment", arn("airflow", "environment/tradewind-prod-pipelines")),
        Ask("states:StartExecution", MACHINE),
        Ask("kms:GenerateDataKey", KEY, other),
        Ask("sqs:ReceiveMessage", LETTERS),
        Ask("s3:GetObject", f"{BUCKET}/runs/recommendations/k/train/model"),
        Ask("glue:GetTable", arn("glue", "table/tradewind_prod/user_activity")),
        Ask("batch:SubmitJob", arn("batch", "job-definition/tradewind-prod-recommendations-train")),
        Ask("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-use1-pipelines-gate", GLUE),
    ]
    check(airflow, STARTER, asks, allowed=False)


def test_step_functions_alone_is_the_starter(airflow: Access) -> None:
    assert airflow.may_assume("states.amazonaws.com", STARTER, context=HERE).allowed
    assert not airflow.may_assume("airflow.amazonaws.com", STARTER, context=HERE).allowed
    another = {"aws:SourceAccount": "210987654321"}
    assert not airflow.may_assume("states.amazonaws.com", STARTER, context=another).allowed


AIRFLOW = "tradewind-prod-use1-pipelines-airflow"
FILES = "arn:aws:s3:::tradewind-prod-use1-pipelines-airflow-123456789012"


def test_airflow_reads_its_files_and_writes_its_logs(airflow: Access) -> None:
    asks = [
        Ask("airflow:PublishMetrics", arn("airflow", "environment/tradewind-prod-pipelines")),
        Ask("s3:GetObject", f"{FILES}/dags/recommendations.py"),
        Ask("s3:ListBucket", FILES),
        Ask("logs:PutLogEvents", arn("logs", "log-group:airflow-tradewind-prod-pipelines-Task:log-stream:1")),
        Ask("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AmazonMWAA"}),
        # The real one lies in an account of AWS, whose policy has to allow it too and is in no plan.
        Ask("sqs:SendMessage", arn("sqs", "airflow-celery-1")),
        Ask("kms:Decrypt", KEY, through("s3")),
    ]
    check(airflow, AIRFLOW, asks, allowed=True)


def test_airflow_has_no_right_beyond_its_own(airflow: Access) -> None:
    asks = [
        Ask("airflow:UpdateEnvironment", arn("airflow", "environment/tradewind-prod-pipelines")),
        Ask("airflow:PublishMetrics", arn("airflow", "environment/tradewind-staging-pipelines")),
        Ask("s3:PutObject", f"{FILES}/dags/recommendations.py"),
        Ask("s3:DeleteObject", f"{FILES}/dags/recommendations.py"),
        Ask("s3:GetObject", FILES.replace("prod", "staging") + "/dags/recommendations.py"),
        Ask("s3:GetObject", f"{TABLES}/user_activity/data/1.parquet"),
        Ask(
            "logs:PutLogEvents",
            arn("logs", "log-group:airflow-tradewind-staging-pipelines-Task:log-stream:1"),
        ),
        Ask("logs:DeleteLogGroup", arn("logs", "log-group:airflow-tradewind-prod-pipelines-Task")),
        Ask("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/SQS"}),
        Ask("sqs:ReceiveMessage", LETTERS),
        Ask("kms:Decrypt", KEY, through("s3", "eu-west-1")),
        Ask("kms:Decrypt", KEY, through("s3", alias="alias/tradewind-prod-features")),
    ]
    check(airflow, AIRFLOW, asks, allowed=False)
