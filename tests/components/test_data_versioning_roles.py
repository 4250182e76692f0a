"""Every role of versions of data, both ways: what its client needs is allowed, its neighbours' things are not."""

from __future__ import annotations

from typing import Any

import pytest

from plan.graph import Graph
from policies.iam import Access
from tests.components import versions_plan
from tests.components.versions_plan import ACCOUNT, named, of

versions_in_production = versions_plan.versions_in_production

SHARED = f"arn:aws:s3:::tradewind-prod-use1-data-{ACCOUNT}"
SHARED_SECOND = f"arn:aws:s3:::tradewind-prod-euw1-data-{ACCOUNT}"
CREDIT = f"arn:aws:s3:::tradewind-prod-euw1-data-eu-credit-{ACCOUNT}"
FILE = "files/md5/ab/cdef"
S3_HOME = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
PODS = "pods.eks.amazonaws.com"


@pytest.fixture(scope="module")
def access(versions_in_production: Graph) -> Access:
    return Access(versions_in_production, account=ACCOUNT)


def role(kind: str, project: str) -> str:
    return f"tradewind-prod-data-{kind}-{project}"


def key(access: Access, name: str, kind: str = "Key") -> str:
    return access.arn(access.find(name, kind))


def may(access: Access, who: str, action: str, what: str, **context: Any) -> bool:
    answer = access.may(
        who, action, what, context={name.replace("__", ":"): it for name, it in context.items()}
    )
    assert not answer.undecided, answer.explanation
    return answer.allowed


READS = [
    ("s3:GetBucketLocation", SHARED, {}),
    ("s3:ListBucket", SHARED, {"s3__prefix": "ranking/"}),
    ("s3:ListBucket", SHARED, {"s3__prefix": "ranking/files/md5/"}),
    ("s3:ListBucket", SHARED_SECOND, {"s3__prefix": "ranking/"}),
    ("s3:GetObject", f"{SHARED}/ranking/{FILE}", {}),
    ("s3:GetObject", f"{SHARED_SECOND}/ranking/{FILE}", {}),
]
PUSHES = [
    ("s3:PutObject", f"{SHARED}/ranking/{FILE}", {}),
    ("s3:PutObject", f"{SHARED_SECOND}/ranking/{FILE}", {}),
    ("s3:AbortMultipartUpload", f"{SHARED}/ranking/{FILE}", {}),
    ("s3:ListMultipartUploadParts", f"{SHARED}/ranking/{FILE}", {}),
]
DELETES = [("s3:DeleteObject", f"{SHARED}/ranking/{FILE}", {})]
NEIGHBOURS = [
    ("s3:ListBucket", SHARED, {}),
    ("s3:ListBucket", SHARED, {"s3__prefix": ""}),
    ("s3:ListBucket", SHARED, {"s3__prefix": "clicks/"}),
    ("s3:ListBucket", SHARED, {"s3__prefix": "ranking-of-another/"}),
    ("s3:ListBucketVersions", SHARED, {"s3__prefix": "ranking/"}),
    ("s3:GetObject", f"{SHARED}/clicks/{FILE}", {}),
    ("s3:GetObject", f"{SHARED}/rankings/{FILE}", {}),
    ("s3:GetObject", f"{CREDIT}/exposure/{FILE}", {}),
    ("s3:GetObject", f"{CREDIT}/ranking/{FILE}", {}),
    ("s3:PutObject", f"{SHARED}/clicks/{FILE}", {}),
    ("s3:DeleteObject", f"{SHARED}/clicks/{FILE}", {}),
    ("s3:DeleteObjectVersion", f"{SHARED}/ranking/{FILE}", {}),
    ("s3:PutBucketPolicy", SHARED, {}),
    ("s3:PutLifecycleConfiguration", SHARED, {}),
    ("s3:PutBucketVersioning", SHARED, {}),
    ("s3:DeleteBucket", SHARED, {}),
    ("s3:BypassGovernanceRetention", f"{SHARED}/ranking/{FILE}", {}),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/tradewind-prod-data-lakefs", {}),
    ("backup:DeleteRecoveryPoint", f"arn:aws:backup:us-east-1:{ACCOUNT}:recovery-point:x", {}),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-data-writer-clicks", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-data-writer-clicks", {}),
]

ALLOWED = {
    "reader": READS,
    "writer": [*READS, *PUSHES],
    "collector": [*READS, *DELETES],
}


@pytest.mark.parametrize("kind", ALLOWED)
def test_a_role_may_do_its_work_and_nothing_that_only_another_one_may(access: Access, kind: str) -> None:
    for question in (*READS, *PUSHES, *DELETES):
        action, what, context = question
        assert may(access, role(kind, "ranking"), action, what, **context) is (question in ALLOWED[kind]), (
            question
        )


@pytest.mark.parametrize("kind", ALLOWED)
@pytest.mark.parametrize("question", NEIGHBOURS, ids=lambda it: f"{it[0]} {it[1].rpartition(':')[2]} {it[2]}")
def test_what_is_a_neighbours_is_refused(
    access: Access, kind: str, question: tuple[str, str, dict[str, str]]
) -> None:
    action, what, context = question
    assert not may(access, role(kind, "ranking"), action, what, **context)


def test_keys_are_used_through_s3_in_the_groups_regions_only(access: Access) -> None:
    own, other = key(access, "versions-shared"), key(access, "versions-acme")
    second = key(access, "versions-shared-eu-west-1", "ReplicaKey")
    for kind, writes in (("reader", False), ("writer", True), ("collector", False)):
        who = role(kind, "ranking")
        assert may(access, who, "kms:Decrypt", own, **S3_HOME)
        assert may(access, who, "kms:Decrypt", second, **{"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
        assert may(access, who, "kms:GenerateDataKey", own, **S3_HOME) is writes
        assert not may(access, who, "kms:Decrypt", own)
        assert not may(access, who, "kms:Decrypt", own, **{"kms:ViaService": "sqs.us-east-1.amazonaws.com"})
        assert not may(access, who, "kms:Decrypt", other, **S3_HOME)
        assert not may(access, who, "kms:ScheduleKeyDeletion", own)


def test_reads_of_the_nearest_copy_go_through_the_groups_own_access_point(access: Access) -> None:
    own, other = (
        access.arn(access.find(f"versions-{it}", "MultiRegionAccessPoint")) for it in ("shared", "acme")
    )
    who = role("reader", "ranking")
    assert may(access, who, "s3:GetObject", f"{own}/object/ranking/{FILE}")
    assert may(access, who, "s3:ListBucket", own, s3__prefix="ranking/")
    assert not may(access, who, "s3:GetObject", f"{own}/object/clicks/{FILE}")
    assert not may(access, who, "s3:GetObject", f"{other}/object/ranking/{FILE}")
    assert not may(access, role("writer", "ranking"), "s3:PutObject", f"{own}/object/ranking/{FILE}")


def pod(cluster: str, namespace: str, account: str = ACCOUNT) -> dict[str, Any]:
    region = {"use1": "us-east-1", "euw1": "eu-west-1", "euc1": "eu-central-1"}[cluster.split("-")[2]]
    return {
        "aws:SourceAccount": account,
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:{region}:{ACCOUNT}:cluster/{cluster}",
        "aws:RequestTag/kubernetes-namespace": namespace,
    }


WHO_MAY_ASSUME = [
    ("reader", "ranking", PODS, pod("tradewind-prod-use1-cluster", "search"), True),
    ("writer", "ranking", PODS, pod("tradewind-prod-euc1-cluster", "search"), True),
    ("writer", "clicks", PODS, pod("tradewind-prod-use1-cluster", "search-jobs"), True),
    ("reader", "exposure", PODS, pod("tradewind-prod-euw1-cluster-credit", "credit"), True),
    ("writer", "ranking", f"arn:aws:iam::{ACCOUNT}:role/ranking-ci", {}, True),
    ("reader", "ranking", f"arn:aws:iam::{ACCOUNT}:role/ranking-ci", {}, True),
    ("reader", "exposure", f"arn:aws:iam::{ACCOUNT}:role/auditor", {}, True),
    ("collector", "ranking", f"arn:aws:iam::{ACCOUNT}:role/keeper", {}, True),
    ("collector", "ranking", PODS, pod("tradewind-prod-use1-cluster", "search"), False),
    ("collector", "ranking", f"arn:aws:iam::{ACCOUNT}:role/ranking-ci", {}, False),
    ("writer", "exposure", f"arn:aws:iam::{ACCOUNT}:role/auditor", {}, False),
    ("reader", "ranking", PODS, pod("tradewind-prod-use1-cluster", "search-jobs"), False),
    ("reader", "ranking", PODS, pod("tradewind-prod-use1-cluster", "default"), False),
    ("reader", "ranking", PODS, pod("tradewind-prod-use1-cluster", "search", "999999999999"), False),
    ("reader", "exposure", PODS, pod("tradewind-prod-euw1-cluster", "credit"), False),
    ("reader", "exposure", PODS, pod("tradewind-staging-euw1-cluster-credit", "credit"), False),
    ("reader", "ranking", "ec2.amazonaws.com", {}, False),
    ("reader", "ranking", "*", {}, False),
]


@pytest.mark.parametrize(("kind", "project", "principal", "context", "allowed"), WHO_MAY_ASSUME)
def test_who_may_take_a_role(
    access: Access, kind: str, project: str, principal: str, context: dict[str, Any], allowed: bool
) -> None:
    answer = access.may_assume(principal, role(kind, project), context=context)
    assert answer.allowed is allowed, answer.explanation


LAKEFS = role("lakefs", "").rstrip("-")
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/tradewind-prod-data-lakefs"


def test_lakefs_has_its_project_and_its_table(access: Access) -> None:
    for action, what, context in (
        ("s3:ListBucket", SHARED, {"s3__prefix": "clicks/"}),
        ("s3:GetObject", f"{SHARED}/clicks/data/x", {}),
        ("s3:PutObject", f"{SHARED}/clicks/data/x", {}),
        ("s3:DeleteObject", f"{SHARED}/clicks/data/x", {}),
        ("dynamodb:DescribeTable", TABLE, {}),
        ("dynamodb:PutItem", TABLE, {}),
        ("dynamodb:Query", TABLE, {}),
    ):
        assert may(access, LAKEFS, action, what, **context), action
    via = {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}
    assert may(access, LAKEFS, "kms:Decrypt", key(access, "versions-shared"), **via)
    for action, what, context in (
        *[it for it in NEIGHBOURS if "clicks" not in f"{it[1]} {it[2]}" and it[0] != "dynamodb:GetItem"],
        ("dynamodb:DeleteTable", TABLE, {}),
        ("dynamodb:CreateTable", TABLE, {}),
        ("dynamodb:GetItem", TABLE.replace("data-lakefs", "features"), {}),
        ("s3:GetObject", f"{SHARED}/ranking/{FILE}", {}),
    ):
        assert not may(access, LAKEFS, action, what, **context), (action, what)


def test_the_replication_role_copies_its_groups_objects_and_no_others(access: Access) -> None:
    who = "tradewind-prod-data-replication"
    for action in ("s3:GetObjectVersionForReplication", "s3:ReplicateObject", "s3:ReplicateDelete"):
        assert may(access, who, action, f"{SHARED}/ranking/{FILE}")
        assert not may(access, who, action, f"{CREDIT}/exposure/{FILE}")
    assert may(access, who, "kms:Decrypt", key(access, "versions-shared"), **S3_HOME)
    refused = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl"]
    for action in refused:
        assert not may(access, who, action, f"{SHARED}/ranking/{FILE}"), action
    for action in (
        "s3:PutBucketPolicy",
        "s3:PutReplicationConfiguration",
        "s3:DeleteBucket",
        "s3:ListBucketVersions",
    ):
        assert not may(access, who, action, SHARED), action
    assert not may(access, who, "kms:Decrypt", key(access, "versions-acme"), **S3_HOME)
    assert access.may_assume("s3.amazonaws.com", who).allowed
    assert not access.may_assume("lambda.amazonaws.com", who).allowed


def test_the_backup_role_reads_the_home_bucket_and_copies_between_its_own_vaults(
    access: Access, versions_in_production: Graph
) -> None:
    who = "tradewind-prod-data-backup"
    home, second = (
        access.arn(named(versions_in_production, "Vault", f"tradewind-prod-{code}-data"))
        for code in ("use1", "euw1")
    )
    foreign = access.arn(named(versions_in_production, "Vault", "tradewind-prod-use1-data-acme"))
    assert may(access, who, "s3:GetObjectVersion", f"{SHARED}/ranking/{FILE}")
    assert may(access, who, "s3:ListBucketVersions", SHARED)
    assert may(access, who, "backup:CopyIntoBackupVault", second)
    assert may(access, who, "backup:CopyFromBackupVault", home)
    for action, what in (
        ("s3:GetObject", f"{SHARED_SECOND}/ranking/{FILE}"),
        ("s3:GetObject", f"{CREDIT}/exposure/{FILE}"),
        ("s3:PutObject", f"{SHARED}/ranking/{FILE}"),
        ("s3:DeleteObject", f"{SHARED}/ranking/{FILE}"),
        ("s3:DeleteObjectVersion", f"{SHARED}/ranking/{FILE}"),
        ("s3:PutBucketPolicy", SHARED),
        ("s3:PutBucketVersioning", SHARED),
        ("backup:CopyIntoBackupVault", foreign),
        ("backup:DeleteRecoveryPoint", f"arn:aws:backup:us-east-1:{ACCOUNT}:recovery-point:x"),
        ("backup:DeleteBackupVault", home),
        ("backup:PutBackupVaultAccessPolicy", home),
        ("events:PutRule", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/somebody-elses"),
        ("rds:DeleteDBCluster", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:x"),
    ):
        assert not may(access, who, action, what), (action, what)
    source = {"aws:SourceAccount": ACCOUNT}
    assert access.may_assume("backup.amazonaws.com", who, context=source).allowed
    assert not access.may_assume("backup.amazonaws.com", who, context={"aws:SourceAccount": "9" * 12}).allowed


def test_no_role_was_forgotten(access: Access, versions_in_production: Graph) -> None:
    """Kinds of roles are those above; each group and project has the same."""
    kinds = {
        name.removeprefix("tradewind-prod-data-").split("-")[0]
        for name in (r.inputs["name"] for r in of(versions_in_production, "Role"))
    }
    assert kinds == {"reader", "writer", "collector", "replication", "backup", "lakefs"}
