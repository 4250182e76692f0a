"""What a state says about its own teardown: what is protected, what AWS must be asked, what stays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from deploy.stack import CellStack
from deploy.teardown import backwards, concerned, too_early
from deploy.teardown_questions import Questions, questions
from deploy.teardown_remains import remains
from deploy.teardown_state import Lifting, protections
from deploy.teardown_stores import Asked
from plan.graph import Graph, Resource

LIFTING = Lifting("prod", "stacks/prod.yaml", is_lifted=False)
TODAY = dt.date(2026, 11, 23)


def one(type: str, name: str, region: str = "us-east-1", **rest: Any) -> Resource:
    return Resource(f"urn:pulumi:prod::tradewind::{type}::{name}", type, name, region=region, **rest)


TABLE = "aws:dynamodb/table:Table"
BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"


def test_all_that_pulumi_protects_is_one_problem() -> None:
    graph = Graph.of([one(KEY, "lake", protect=True), one(BUCKET, "lake", protect=True), one(BUCKET, "free")])
    (problem,) = protections("prod-global", graph, LIFTING)
    assert problem.place == "prod-global"
    assert problem.got == "2 protected: kms.Key lake, s3.Bucket lake"
    assert problem.fix == "write `protection: off` into stacks/prod.yaml, then tradewind up prod"


def test_protection_that_is_lifted_but_not_deployed_is_told_as_that() -> None:
    graph = Graph.of([one(KEY, "lake", protect=True)])
    (problem,) = protections("prod-global", graph, Lifting("prod", "stacks/prod.yaml", is_lifted=True))
    assert "not deployed: tradewind up prod" in problem.fix


@pytest.mark.parametrize(
    ("type", "switch", "value"),
    [
        ("aws:eks/cluster:Cluster", "deletionProtection", True),
        ("aws:rds/cluster:Cluster", "deletionProtection", True),
        ("aws:rds/globalCluster:GlobalCluster", "deletionProtection", True),
        ("aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection", True),
        ("aws:cognito/userPool:UserPool", "deletionProtection", "ACTIVE"),
    ],
)
def test_deletion_protection_is_found(type: str, switch: str, value: Any) -> None:
    held = one(type, "held", inputs={switch: value})
    free = one(type, "free", inputs={switch: False})
    (problem,) = protections("prod-us-east-1", Graph.of([held, free]), LIFTING)
    assert problem.got == f"1 held: {type[4:].partition('/')[0]}.{type.rpartition(':')[2]} held"


def test_what_the_provider_answered_goes_over_what_was_asked_for() -> None:
    """A refresh tells of protection that somebody lifted in AWS."""
    table = one(
        TABLE,
        "users",
        inputs={"deletionProtectionEnabled": True},
        outputs={"deletionProtectionEnabled": False},
    )
    assert protections("prod-global", Graph.of([table]), LIFTING) == []


def test_a_protected_replica_holds_its_table() -> None:
    replicas = [
        {"regionName": "eu-west-1", "deletionProtectionEnabled": True},
        {"regionName": "eu-north-1"},
    ]
    table = one(TABLE, "users", inputs={"deletionProtectionEnabled": False, "replicas": replicas})
    (problem,) = protections("prod-global", Graph.of([table]), LIFTING)
    assert problem.got == "1 held: dynamodb.Table users (replica in eu-west-1)"


def test_only_what_is_not_emptied_by_force_is_asked_about() -> None:
    graph = Graph.of(
        [
            one(BUCKET, "kept", id="kept-1"),
            one(BUCKET, "emptied", id="emptied-1", inputs={"forceDestroy": True}),
            one(BUCKET, "elsewhere", "eu-west-1", id="elsewhere-1"),
            one(BUCKET, "locked", id="locked-1", inputs={"forceDestroy": True, "objectLockEnabled": True}),
            one("aws:ecr/repository:Repository", "images", inputs={"name": "models"}),
            one("aws:ec2/vpc:Vpc", "vpc", id="vpc-1"),
            one("aws:eks/cluster:Cluster", "cluster", id="c", inputs={"name": "tradewind-prod"}),
            one("aws:iam/role:Role", "role", ""),
        ]
    )
    asked = questions(graph)
    assert asked == {
        "us-east-1": Questions(
            {
                "bucket": [Asked("kept-1")],
                "locked bucket": [Asked("locked-1", forced=True)],
                "registry": [Asked("models")],
                "node groups of": [Asked("tradewind-prod")],
                "Fargate profiles of": [Asked("tradewind-prod")],
            },
            {"cluster": ["tradewind-prod"]},
            clusters=["tradewind-prod"],
            vpcs=["vpc-1"],
        ),
        "eu-west-1": Questions({"bucket": [Asked("elsewhere-1")]}),
    }


ARN = "arn:aws:s3tables:us-east-1:123456789012:bucket/features"
IN_THE_STATE: list[tuple[str, str, dict[str, Any], list[tuple[str, dict[str, Any]]], Asked]] = [
    (
        "backup vault", "aws:backup/vault:Vault", {"name": "lake", "forceDestroy": True},
        [("aws:backup/vaultLockConfiguration:VaultLockConfiguration", {"backupVaultName": "lake"})],
        Asked("lake", forced=True, known=frozenset({"lake"})),
    ),
    (
        "model package group", "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
        {"modelPackageGroupName": "ranking"}, [], Asked("ranking"),
    ),
    (
        "event bus", "aws:cloudwatch/eventBus:EventBus", {"name": "models"},
        [
            ("aws:cloudwatch/eventRule:EventRule", {"name": "ours", "eventBusName": "models"}),
            ("aws:cloudwatch/eventRule:EventRule", {"name": "other", "eventBusName": "default"}),
        ],
        Asked("models", known=frozenset({"ours"})),
    ),
    (
        "event rule", "aws:cloudwatch/eventRule:EventRule", {"name": "ours", "eventBusName": "models"},
        [("aws:cloudwatch/eventTarget:EventTarget", {"rule": "ours", "targetId": "machine"})],
        Asked("ours", known=frozenset({"machine"}), within="models"),
    ),
    (
        "task cluster", "aws:ecs/cluster:Cluster", {"name": "runs", "arn": "arn:runs"},
        [("aws:ecs/service:Service", {"name": "web", "cluster": "arn:runs"})],
        Asked("runs", known=frozenset({"web"})),
    ),
    (
        "node groups of", "aws:eks/cluster:Cluster", {"name": "c"},
        [("aws:eks/nodeGroup:NodeGroup", {"nodeGroupName": "system", "clusterName": "c"})],
        Asked("c", known=frozenset({"system"})),
    ),
    (
        "database cluster", "aws:rds/cluster:Cluster", {},
        [("aws:rds/clusterInstance:ClusterInstance", {"identifier": "one-0", "clusterIdentifier": "the-id"})],
        Asked("the-id", known=frozenset({"one-0"})),
    ),
    (
        "table namespace", "aws:s3tables/namespace:Namespace", {"namespace": "features", "tableBucketArn": ARN},
        [("aws:s3tables/table:Table", {"name": "users", "namespace": "features", "tableBucketArn": ARN})],
        Asked("features", known=frozenset({"users"}), within=ARN),
    ),
    (
        "table bucket", "aws:s3tables/tableBucket:TableBucket", {"name": "features", "arn": ARN},
        [("aws:s3tables/namespace:Namespace", {"namespace": "features", "tableBucketArn": ARN})],
        Asked("features", known=frozenset({"features"}), within=ARN),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "type", "inputs", "others", "expected"), IN_THE_STATE, ids=[row[0] for row in IN_THE_STATE]
)
def test_what_is_asked_about_knows_what_of_it_the_state_deletes_first(
    kind: str,
    type: str,
    inputs: dict[str, Any],
    others: list[tuple[str, dict[str, Any]]],
    expected: Asked,
) -> None:
    store = one(type, "store", id="the-id", inputs=inputs)
    inside = [one(other, f"inside-{number}", inputs=given) for number, (other, given) in enumerate(others)]
    asked = questions(Graph.of([store, *inside]))["us-east-1"]
    assert asked.stores[kind][0] == expected


@pytest.mark.parametrize(
    ("type", "switch"),
    [
        (BUCKET, "forceDestroy"),
        ("aws:ecr/repository:Repository", "forceDelete"),
        ("aws:athena/workgroup:Workgroup", "forceDestroy"),
        ("aws:s3tables/tableBucket:TableBucket", "forceDestroy"),
    ],
)
def test_what_is_emptied_by_force_is_not_asked_about(type: str, switch: str) -> None:
    assert questions(Graph.of([one(type, "store", id="a", inputs={"name": "a"})])) != {}
    assert questions(Graph.of([one(type, "store", id="a", inputs={"name": "a", switch: True})])) == {}


def _stacks(tmp_path: Any) -> list[CellStack]:
    waves = {"global": 0, "us-east-1": 1, "eu-west-1": 2, "eu-central-1": 2}
    return [CellStack(tmp_path, f"prod-{cell}", cell, wave) for cell, wave in waves.items()]


def test_cells_go_in_the_reverse_of_their_waves(tmp_path: Any) -> None:
    turned = [(stack.cell, stack.wave) for stack in backwards(_stacks(tmp_path))]
    assert turned == [("eu-west-1", 0), ("eu-central-1", 0), ("us-east-1", 1), ("global", 2)]


def test_a_cell_that_others_rest_on_does_not_go_before_them(tmp_path: Any) -> None:
    stacks = _stacks(tmp_path)
    (problem,) = too_early(stacks, stacks[:1], {stack.stack for stack in stacks})
    assert (problem.place, problem.got) == ("prod-global", "us-east-1, eu-west-1, eu-central-1")
    assert problem.fix == "--cell us-east-1 --cell eu-west-1 --cell eu-central-1 --cell global"


def test_a_cell_goes_when_those_after_it_are_empty_or_go_too(tmp_path: Any) -> None:
    stacks = _stacks(tmp_path)
    assert too_early(stacks, stacks[:1], {"prod-global"}) == []
    assert too_early(stacks, stacks, {stack.stack for stack in stacks}) == []
    assert too_early(stacks, stacks[2:3], {stack.stack for stack in stacks}) == []


def test_a_lost_regions_state_is_not_asked_for_where_nothing_rests_on_it(tmp_path: Any) -> None:
    stacks = _stacks(tmp_path)
    assert concerned(stacks, stacks[3:]) == stacks[3:]
    assert concerned(stacks, stacks[1:2]) == stacks[1:]
    assert concerned(stacks, stacks[:1]) == stacks


def _stay(*resources: Resource) -> list[tuple[str, str, str]]:
    graph = Graph.of(resources)
    found = remains("prod-global", graph, [resource.urn for resource in resources], TODAY)
    return [(it.kind, it.name, it.until.isoformat() if it.until else "") for it in found]


def test_a_key_waits_for_the_end_of_its_window() -> None:
    assert _stay(one(KEY, "lake", inputs={"deletionWindowInDays": 7})) == [("KMS key", "lake", "2026-11-30")]


def test_a_primary_key_waits_for_its_replicas_first() -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
    primary = one(KEY, "lake", inputs={"deletionWindowInDays": 30}, outputs={"arn": arn})
    replica = one(
        "aws:kms/replicaKey:ReplicaKey",
        "copy",
        "eu-west-1",
        inputs={"deletionWindowInDays": 7, "primaryKeyArn": arn},
    )
    assert _stay(primary, replica) == [("KMS key", "lake", "2026-12-30"), ("KMS key", "copy", "2026-11-30")]


def test_a_secret_with_a_window_keeps_its_name() -> None:
    secret = "aws:secretsmanager/secret:Secret"
    assert _stay(one(secret, "a", inputs={"recoveryWindowInDays": 30})) == [("secret", "a", "2026-12-23")]
    assert _stay(one(secret, "a", inputs={"recoveryWindowInDays": 0})) == []


def test_a_last_snapshot_stays_for_ever() -> None:
    cluster = "aws:rds/cluster:Cluster"
    kept = one(cluster, "a", inputs={"skipFinalSnapshot": False, "finalSnapshotIdentifier": "registry-final"})
    assert _stay(kept) == [("database snapshot", "registry-final", "")]
    assert _stay(one(cluster, "a", inputs={"skipFinalSnapshot": True})) == []


def test_a_table_with_point_in_time_recovery_stays_as_a_backup() -> None:
    table = one(TABLE, "a", inputs={"name": "users", "pointInTimeRecovery": {"enabled": True}})
    assert _stay(table) == [("table backup", "users$DeletedTableBackup", "2026-12-28")]
    assert _stay(one(TABLE, "a", inputs={"pointInTimeRecovery": {"enabled": False}})) == []


def test_a_signing_profile_keeps_its_name() -> None:
    profile = one("aws:signer/signingProfile:SigningProfile", "a", inputs={"name": "images"})
    assert _stay(profile) == [("signing profile", "images", "2028-11-22")]


def test_the_log_groups_that_mwaa_made_stay() -> None:
    made = one("aws:mwaa/environment:Environment", "a", inputs={"name": "prod"})
    assert _stay(made) == [("log groups", "airflow-prod-*", "")]


def test_only_what_is_gone_leaves_anything() -> None:
    graph = Graph.of([one(KEY, "lake")])
    assert remains("prod-global", graph, [], TODAY) == []
