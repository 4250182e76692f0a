"""Every role of experiment tracking, both ways: what its client needs is allowed, its neighbours' things are not."""

from __future__ import annotations

from typing import Any

import pytest

from plan.graph import Graph
from policies.iam import Access
from tests.components import versions_plan
from tests.components.versions_plan import ACCOUNT, REGIONS, named, of, planned

tracking_in_production = versions_plan.tracking_in_production

OWN = f"arn:aws:s3:::tradewind-prod-use1-tracking-{ACCOUNT}"
OWN_COPY = f"arn:aws:s3:::tradewind-prod-euw1-tracking-{ACCOUNT}"
CREDIT = f"arn:aws:s3:::tradewind-prod-euw1-tracking-eu-credit-{ACCOUNT}"
ARTIFACT = "artifacts/1/0a1b/artifacts/model/MLmodel"
S3_HOME = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
PODS = "pods.eks.amazonaws.com"
SERVER = "tradewind-prod-tracking-server"
FIRST_USER = "tradewind-prod-tracking-first-user"
RDS = f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:cluster-1"

NEEDED = [
    ("s3:GetBucketLocation", OWN, {}),
    ("s3:ListBucket", OWN, {"s3:prefix": "artifacts/1/0a1b/"}),
    ("s3:GetObject", f"{OWN}/{ARTIFACT}", {}),
    ("s3:PutObject", f"{OWN}/{ARTIFACT}", {}),
    ("s3:AbortMultipartUpload", f"{OWN}/{ARTIFACT}", {}),
]
COLLECTED = [("s3:DeleteObject", f"{OWN}/{ARTIFACT}", {})]
NEIGHBOURS = [
    ("s3:ListBucket", OWN, {}),
    ("s3:ListBucket", OWN, {"s3:prefix": "backups/"}),
    ("s3:GetObject", f"{OWN}/elsewhere/x", {}),
    ("s3:GetObject", f"{OWN_COPY}/{ARTIFACT}", {}),
    ("s3:GetObject", f"{CREDIT}/{ARTIFACT}", {}),
    ("s3:PutObject", f"{CREDIT}/{ARTIFACT}", {}),
    ("s3:DeleteObjectVersion", f"{OWN}/{ARTIFACT}", {}),
    ("s3:PutBucketPolicy", OWN, {}),
    ("s3:PutLifecycleConfiguration", OWN, {}),
    ("s3:DeleteBucket", OWN, {}),
    ("rds-db:connect", f"{RDS}/owner", {}),
    ("rds-db:connect", f"{RDS}/prod_tracking_acme", {}),
    ("rds-db:connect", f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-2/prod_tracking_eu_credit", {}),
    ("rds:DeleteDBCluster", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:tradewind-prod-use1-tracking", {}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!cluster-1", {}),
    ("sagemaker:CreateModel", "*", {}),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{SERVER}", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/{FIRST_USER}", {}),
]


@pytest.fixture(scope="module")
def access(tracking_in_production: Graph) -> Access:
    return Access(tracking_in_production, account=ACCOUNT)


def may(access: Access, who: str, action: str, what: str, context: dict[str, Any] | None = None) -> bool:
    answer = access.may(who, action, what, context=context or {})
    assert not answer.undecided, answer.explanation
    return answer.allowed


def name_of(question: tuple[str, str, dict[str, str]]) -> str:
    return f"{question[0]} {question[1].rpartition(':')[2]} {question[2]}"


@pytest.mark.parametrize("question", [*NEEDED, *COLLECTED], ids=name_of)
def test_an_own_server_keeps_its_artifacts(access: Access, question: tuple[str, str, dict[str, str]]) -> None:
    assert may(access, SERVER, *question)


def test_an_own_server_signs_in_as_its_own_user_and_reads_with_its_own_key(access: Access) -> None:
    assert may(access, SERVER, "rds-db:connect", f"{RDS}/prod_tracking_shared")
    own, other = (access.arn(access.find(f"tracking-{it}", "Key")) for it in ("shared", "acme"))
    assert may(access, SERVER, "kms:Decrypt", own, S3_HOME)
    assert may(access, SERVER, "kms:GenerateDataKey", own, S3_HOME)
    assert not may(access, SERVER, "kms:Decrypt", own)
    assert not may(access, SERVER, "kms:Decrypt", other, S3_HOME)
    assert not may(access, SERVER, "kms:ScheduleKeyDeletion", own)


@pytest.mark.parametrize("question", NEIGHBOURS, ids=name_of)
def test_an_own_server_has_nothing_of_its_neighbours(
    access: Access, question: tuple[str, str, dict[str, str]]
) -> None:
    assert not may(access, SERVER, *question)


def pod(cluster: str, namespace: str, account: str) -> dict[str, Any]:
    region = {"use1": "us-east-1", "euw1": "eu-west-1"}[cluster.split("-")[2]]
    return {
        "aws:SourceAccount": ACCOUNT,
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:{region}:{ACCOUNT}:cluster/{cluster}",
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": account,
    }


SHARED_CLUSTER, CREDIT_CLUSTER = "tradewind-prod-use1-cluster", "tradewind-prod-euw1-cluster-credit"


@pytest.mark.parametrize(
    ("role", "context", "allowed"),
    [
        (SERVER, pod(SHARED_CLUSTER, "tracking-shared", "mlflow"), True),
        (f"{SERVER}-eu-credit", pod(CREDIT_CLUSTER, "tracking-eu-credit", "mlflow"), True),
        (FIRST_USER, pod(SHARED_CLUSTER, "tracking-shared", "first-user"), True),
        (SERVER, pod(SHARED_CLUSTER, "tracking-acme", "mlflow"), False),
        (SERVER, pod(SHARED_CLUSTER, "tracking-shared", "default"), False),
        (SERVER, pod(SHARED_CLUSTER, "search", "mlflow"), False),
        (SERVER, pod("tradewind-staging-use1-cluster", "tracking-shared", "mlflow"), False),
        (f"{SERVER}-eu-credit", pod("tradewind-prod-euw1-cluster", "tracking-eu-credit", "mlflow"), False),
        (FIRST_USER, pod(SHARED_CLUSTER, "tracking-shared", "mlflow"), False),
    ],
)
def test_who_may_take_a_servers_role(
    access: Access, role: str, context: dict[str, Any], allowed: bool
) -> None:
    answer = access.may_assume(PODS, role, context=context)
    assert answer.allowed is allowed, answer.explanation


def test_the_first_users_maker_reads_one_password_and_nothing_else(access: Access) -> None:
    """RDS calls secrets as it likes, and tags each with its cluster."""
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!cluster-0a1b"
    tag = "aws:ResourceTag/aws:rds:primaryDBClusterArn"
    cluster = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:tradewind-prod-use1-tracking"
    own, other = {tag: cluster}, {tag: f"{cluster}-acme"}
    read = "secretsmanager:GetSecretValue"
    assert may(access, FIRST_USER, read, secret, own)
    key = access.arn(access.find("tracking-us-east-1-shared", "Key"))
    through = {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}
    assert may(access, FIRST_USER, "kms:Decrypt", key, through)
    refused: list[tuple[str, str, dict[str, str]]] = [
        (read, secret, other),
        (read, secret.replace("rds!cluster-0a1b", "tradewind/prod/feature-registry"), own),
        ("secretsmanager:PutSecretValue", secret, own),
        ("secretsmanager:DeleteSecret", secret, own),
        *NEEDED,
        *COLLECTED,
        ("kms:Decrypt", key, {}),
        ("rds-db:connect", f"{RDS}/owner", {}),
        ("rds:ModifyDBCluster", cluster, {}),
    ]
    for action, what, context in refused:
        assert not may(access, FIRST_USER, action, what, context), (action, what)


def test_the_backup_role_takes_snapshots_of_its_own_database(
    access: Access, tracking_in_production: Graph
) -> None:
    who = "tradewind-prod-tracking-backup"
    cluster = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:tradewind-prod-use1-tracking"
    snapshot = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster-snapshot:awsbackup:job-1"
    vault = access.arn(named(tracking_in_production, "Vault", "tradewind-prod-euw1-tracking"))
    key = access.arn(access.find("tracking-us-east-1-shared", "Key"))
    assert may(access, who, "rds:CreateDBClusterSnapshot", cluster)
    assert may(access, who, "rds:CreateDBClusterSnapshot", snapshot)
    assert may(access, who, "rds:CopyDBClusterSnapshot", snapshot.replace("us-east-1", "eu-west-1"))
    assert may(access, who, "backup:CopyIntoBackupVault", vault)
    assert may(access, who, "kms:Decrypt", key)
    assert may(access, who, "kms:CreateGrant", key, {"kms:GrantIsForAWSResource": True})
    foreign_key = access.arn(access.find("tracking-us-east-1-acme", "Key"))
    for action, what in (
        ("rds:CreateDBClusterSnapshot", f"{cluster}-acme"),
        ("rds:DeleteDBCluster", cluster),
        ("rds:ModifyDBCluster", cluster),
        ("rds:RestoreDBClusterFromSnapshot", cluster),
        ("rds:DeleteDBClusterSnapshot", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster-snapshot:tradewind-final"),
        ("backup:CopyIntoBackupVault", f"{vault}-acme"),
        ("backup:DeleteBackupVault", vault),
        ("kms:CreateGrant", key),
        ("kms:Decrypt", foreign_key),
        ("s3:GetObject", f"{OWN}/{ARTIFACT}"),
        ("rds-db:connect", f"{RDS}/prod_tracking_shared"),
    ):
        assert not may(access, who, action, what), (action, what)


@pytest.mark.parametrize("backend", ["managed-server", "managed-app"])
def test_clients_of_a_managed_mlflow_log_to_their_own(
    backend: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    graph = planned(tmp_path_factory.mktemp(backend), "production", REGIONS, tracking={"backend": backend})
    access = Access(graph, account=ACCOUNT)
    client, server = "tradewind-prod-tracking-client", SERVER
    kind = "MlflowTrackingServer" if backend == "managed-server" else "MlflowApp"
    own, other = (access.arn(access.find(f"tracking-us-east-1-{it}", kind)) for it in ("shared", "acme"))
    for question in NEEDED:
        assert may(access, client, *question), question
        assert may(access, server, *question), question
    assert may(access, server, *COLLECTED[0])
    for action in ("LogBatch", "CreateRun", "SearchRuns", "SetRegisteredModelAlias", "GetModelVersion"):
        assert may(access, client, f"sagemaker-mlflow:{action}", own)
        assert not may(access, client, f"sagemaker-mlflow:{action}", other)
        assert not may(access, server, f"sagemaker-mlflow:{action}", own)
    for action in ("DeleteExperiment", "DeleteRun", "DeleteRegisteredModel"):
        assert not may(access, client, f"sagemaker-mlflow:{action}", own)
    assert not may(access, client, f"sagemaker:Delete{kind}", own)
    for question in (*NEIGHBOURS, *COLLECTED):
        assert not may(access, client, *question), question
    for question in NEIGHBOURS:
        assert not may(access, server, *question), question
    sagemaker = access.may_assume("sagemaker.amazonaws.com", server, context={"aws:SourceAccount": ACCOUNT})
    assert sagemaker.allowed
    context = pod("tradewind-prod-euw1-cluster", "search", "train")
    assert access.may_assume(PODS, client, context=context).allowed
    assert not access.may_assume(PODS, client, context=pod(SHARED_CLUSTER, "acme", "train")).allowed


def test_no_role_was_forgotten(tracking_in_production: Graph) -> None:
    names = {
        role.inputs["name"].removeprefix("tradewind-prod-tracking-")
        for role in of(tracking_in_production, "Role")
    }
    groups = ("", "-acme", "-eu", "-eu-credit")
    kinds = ("server", "first-user", "backup", "replication")
    assert names == {f"{kind}{group}" for kind in kinds for group in groups}
