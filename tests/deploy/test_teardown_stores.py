"""What is in stores that AWS deletes only when they are empty, against moto: real requests of boto3 over HTTP.

Recovery points and running tasks: tests/deploy/test_teardown_contents.py (moto does not carry them as AWS does).
"""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from deploy.teardown_aws import look
from deploy.teardown_contents import Contents
from deploy.teardown_questions import Questions
from deploy.teardown_stores import Asked

ACCOUNT, REGION = "123456789012", "eu-west-1"


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def seen(kind: str, *asked: Asked, region: str = REGION) -> dict[str, Contents]:
    """What is found of `asked`, by name; every question must have an answer."""
    facts, unseen = look(region, Questions({kind: list(asked)}), ACCOUNT)
    assert unseen == []
    return {one.name: found for _, one, found in facts.filled}


def test_model_packages_are_counted_and_an_empty_group_is_no_obstacle(cloud: None) -> None:
    sagemaker = client("sagemaker")
    for name in ("ranking", "empty"):
        sagemaker.create_model_package_group(ModelPackageGroupName=name)
    for _ in range(12):
        sagemaker.create_model_package(ModelPackageGroupName="ranking")
    found = seen("model package group", Asked("ranking"), Asked("empty"))
    assert list(found) == ["ranking"]
    assert sorted(found["ranking"].inside, key=lambda one: int(one.split()[1])) == [
        f"version {number}" for number in range(1, 13)
    ]
    assert (
        found["ranking"].told(("model package", "model packages")).startswith("12 model packages: version ")
    )


def test_an_empty_vault_is_looked_into_only_where_it_is_not_emptied_by_force(cloud: None) -> None:
    """moto lists no recovery points: a forced vault is done with before they are asked for."""
    client("backup").create_backup_vault(BackupVaultName="lake")
    assert seen("backup vault", Asked("lake", forced=True), Asked("not-there")) == {}


def test_rules_and_targets_that_the_state_does_not_know_are_in_the_way(cloud: None) -> None:
    events = client("events")
    events.create_event_bus(Name="models")
    pattern = '{"source": ["models"]}'
    for name in ("ours", "theirs"):
        events.put_rule(Name=name, EventBusName="models", EventPattern=pattern)
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
    targets = [{"Id": "ours", "Arn": arn}, {"Id": "theirs", "Arn": arn}]
    events.put_targets(Rule="ours", EventBusName="models", Targets=targets)
    known = frozenset({"ours"})
    assert seen("event bus", Asked("models", known=known))["models"].inside == ("theirs",)
    assert seen("event bus", Asked("models", known=known | {"theirs"})) == {}
    assert seen("event rule", Asked("ours", known=known, within="models"))["ours"].inside == ("theirs",)
    assert seen("event rule", Asked("theirs", within="models")) == {}


def test_tables_and_namespaces_that_the_state_does_not_know_are_in_the_way(cloud: None) -> None:
    """In a region where moto has table buckets."""
    region = "us-east-1"
    tables = boto3.client("s3tables", region_name=region)
    arn = tables.create_table_bucket(name="features")["arn"]
    for space in ("features", "scratch"):
        tables.create_namespace(tableBucketARN=arn, namespace=[space])
    for name in ("users", "experiment"):
        tables.create_table(tableBucketARN=arn, namespace="features", name=name, format="ICEBERG")
    known = Asked("features", known=frozenset({"users"}), within=arn)
    assert seen("table namespace", known, region=region)["features"].inside == ("experiment",)
    assert seen("table namespace", Asked("scratch", within=arn), region=region) == {}
    bucket = Asked("features", known=frozenset({"features"}), within=arn)
    assert seen("table bucket", bucket, region=region)["features"].inside == ("scratch",)


def test_node_groups_and_profiles_that_the_state_does_not_know_are_in_the_way(cloud: None) -> None:
    eks = client("eks")
    role = f"arn:aws:iam::{ACCOUNT}:role/nodes"
    eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
    for name in ("system", "by-hand"):
        eks.create_nodegroup(clusterName="c", nodegroupName=name, subnets=["subnet-1"], nodeRole=role)
    eks.create_fargate_profile(
        clusterName="c", fargateProfileName="batch", podExecutionRoleArn=role, selectors=[{"namespace": "x"}]
    )
    known = frozenset({"system"})
    assert seen("node groups of", Asked("c", known=known))["c"].inside == ("by-hand",)
    assert seen("Fargate profiles of", Asked("c"))["c"].inside == ("batch",)


def test_instances_that_the_state_does_not_know_are_in_the_way(cloud: None) -> None:
    rds = client("rds")
    login = {"MasterUsername": "root", "MasterUserPassword": "hunter2hunter2"}
    rds.create_db_cluster(DBClusterIdentifier="registry", Engine="aurora-postgresql", **login)
    for name in ("registry-0", "reader"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.serverless",
            Engine="aurora-postgresql",
            DBClusterIdentifier="registry",
        )
    known = Asked("registry", known=frozenset({"registry-0"}))
    assert seen("database cluster", known, Asked("gone"))["registry"].inside == ("reader",)


def test_a_workgroup_with_saved_queries_alone_is_in_the_way(cloud: None) -> None:
    athena = client("athena")
    for name in ("analysts", "empty"):
        athena.create_work_group(Name=name)
    athena.create_named_query(Name="daily", Database="lake", QueryString="select 1", WorkGroup="analysts")
    assert list(seen("workgroup", Asked("analysts"), Asked("empty"))) == ["analysts"]


@pytest.mark.parametrize(
    ("mode", "forced", "said"),
    [
        ("COMPLIANCE", True, "(compliance mode) keeps every version for 30 days"),
        ("COMPLIANCE", False, "(compliance mode) keeps every version for 30 days"),
        ("GOVERNANCE", False, "(governance mode) keeps every version for 30 days"),
        ("GOVERNANCE", True, ""),
    ],
)
def test_an_object_lock_is_in_the_way_unless_force_goes_over_it(
    cloud: None, mode: str, forced: bool, said: str
) -> None:
    s3, name = client("s3"), f"evidence-{mode.lower()}-{forced}".lower()
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    rule = {"DefaultRetention": {"Mode": mode, "Days": 30}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    assert seen("locked bucket", Asked(name, forced=forced)) == {}
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    found = seen("locked bucket", Asked(name, forced=forced))
    assert (said in found[name].but) if said else not found
