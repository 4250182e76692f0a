"""Versions of data as a plan of them shows: where they lie, how long they stay, and whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.data_versioning import names
from components.data_versioning.check import problems_of
from components.data_versioning.data_versioning import DataVersioningArgs
from components.data_versioning.placement import groups
from components.data_versioning.settings import DataVersioningSettings
from plan.graph import Graph
from plan.survive import survive
from plan.values import references
from tests.components import versions_plan
from tests.components.versions_plan import (
    ACCOUNT,
    REGIONS,
    TAGS,
    TENANTS,
    VERSIONS,
    ZONES,
    named,
    of,
    planned,
    region_of_key,
)

production = versions_plan.versions_in_production

CELL = {"environment": "prod", "environment_class": "production", "region": REGIONS[0], "account_id": ACCOUNT}


def around(versions: dict[str, Any], regions: list[str] = REGIONS, **cell: Any) -> DataVersioningArgs:
    made: dict[str, Any] = {
        "cell": {**CELL, "regions": regions, **cell},
        "residency": ZONES,
        "tenants": TENANTS,
        "versions": versions,
    }
    return DataVersioningArgs.model_validate(made)


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    folder = tmp_path_factory.mktemp("development")
    versions = {"projects": [{"name": "ranking"}]}
    return planned(folder, "development", REGIONS[:1], versions=versions, tenants=[])


def test_nothing_is_unknown_wrong_or_missing(production: Graph, development: Graph) -> None:
    for graph in (production, development):
        assert graph.findings == ()
        assert not [said for said in graph.assumptions if "symbolic" in said]


def test_projects_share_a_bucket_when_they_share_residency_and_owner() -> None:
    args = around(VERSIONS)
    found = {
        owned.group.label: [project.name for project in owned.projects]
        for owned in groups(args.versions, args.cell, args.residency, args.tenants)
    }
    assert found == {
        "shared": ["clicks", "ranking"],
        "acme": ["catalogue"],
        "eu": ["campaigns"],
        "eu-credit": ["exposure"],
        "us": ["american"],
    }


def test_a_project_lies_in_two_regions_of_its_residency_and_in_no_other(production: Graph) -> None:
    where: dict[str, set[str]] = {}
    for bucket in of(production, "Bucket"):
        where.setdefault(bucket.name.removesuffix(f"-{bucket.region}"), set()).add(bucket.region)
    assert where == {
        "versions-shared": {"us-east-1", "eu-west-1"},
        "versions-acme": {"us-east-1", "eu-west-1"},
        "versions-eu": {"eu-west-1", "eu-central-1"},
        "versions-eu-credit": {"eu-west-1", "eu-central-1"},
        "versions-us": {"us-east-1"},
    }


def test_keys_vaults_and_access_points_keep_to_the_zone_too(production: Graph) -> None:
    inside = {"eu-west-1", "eu-central-1"}
    for kind in ("Key", "ReplicaKey", "Vault", "Alias", "Plan"):
        of_zone = {r.region for r in of(production, kind) if r.name.startswith("versions-eu")}
        assert of_zone and of_zone <= inside, kind
    for point in of(production, "MultiRegionAccessPoint"):
        buckets = [region["bucket"] for region in point.inputs["details"]["regions"]]
        residencies = {named(production, "Bucket", name).inputs["tags"]["residency"] for name in buckets}
        assert len(residencies) == 1
        assert len(buckets) == 2


def test_every_bucket_is_versioned_private_and_encrypted_with_the_key_of_its_region(
    production: Graph,
) -> None:
    names_of_buckets = {bucket.inputs["bucket"] for bucket in of(production, "Bucket")}
    for kind in (
        "BucketVersioning",
        "BucketPublicAccessBlock",
        "BucketPolicy",
        "BucketLifecycleConfiguration",
        "BucketOwnershipControls",
    ):
        assert {part.inputs["bucket"] for part in of(production, kind)} == names_of_buckets, kind
    for encryption in of(production, "BucketServerSideEncryptionConfiguration"):
        (rule,) = encryption.inputs["rules"]
        key = rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
        assert region_of_key(production, key) == encryption.region
        assert rule["bucketKeyEnabled"]


def test_old_versions_move_to_glacier_and_go_after_a_year(production: Graph) -> None:
    rules = {rule["id"]: rule for rule in of(production, "BucketLifecycleConfiguration")[0].inputs["rules"]}
    old = rules["old-versions"]
    assert old["noncurrentVersionTransitions"] == [{"noncurrentDays": 30, "storageClass": "GLACIER_IR"}]
    assert old["noncurrentVersionExpiration"] == {"noncurrentDays": 365}
    assert rules["unfinished-uploads"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert rules["cheaper-storage"]["transitions"] == [{"days": 30, "storageClass": "INTELLIGENT_TIERING"}]


def test_every_region_of_a_group_replicates_to_every_other_within_a_quarter_of_an_hour(
    production: Graph,
) -> None:
    pairs = set()
    for config in of(production, "BucketReplicationConfig"):
        for rule in config.inputs["rules"]:
            (reference,) = references(rule["destination"]["bucket"])
            target = production[reference.urn]
            pairs.add((config.name.removesuffix(f"-{config.region}"), config.region, target.region))
            key = rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"]
            assert region_of_key(production, key) == target.region
            assert rule["destination"]["replicationTime"]["time"] == {"minutes": 15}
            assert rule["sourceSelectionCriteria"]["sseKmsEncryptedObjects"] == {"status": "Enabled"}
    for group, one, other in (
        ("shared", "us-east-1", "eu-west-1"),
        ("acme", "us-east-1", "eu-west-1"),
        ("eu", "eu-west-1", "eu-central-1"),
        ("eu-credit", "eu-west-1", "eu-central-1"),
    ):
        assert {(f"versions-{group}", one, other), (f"versions-{group}", other, one)} <= pairs
    assert len(pairs) == 8


def test_backups_are_copied_to_the_second_region_and_locked(production: Graph) -> None:
    plans = {plan.name: plan for plan in of(production, "Plan")}
    for name, plan in plans.items():
        (rule,) = plan.inputs["rules"]
        assert rule["lifecycle"] == {"deleteAfter": 35}
        copies = rule.get("copyActions") or []
        regions = [production[next(references(copy["destinationVaultArn"])).urn].region for copy in copies]
        expected = {
            "versions-us": [],
            "versions-eu": ["eu-central-1"],
            "versions-eu-credit": ["eu-central-1"],
        }
        assert regions == expected.get(name, ["eu-west-1"]), name
    assert len(of(production, "VaultLockConfiguration")) == len(of(production, "Vault")) == 9
    for selection in of(production, "Selection"):
        (arn,) = selection.inputs["resources"]
        assert named(production, "Bucket", arn.rpartition(":")[2]).region == selection.region


def test_losing_a_region_costs_a_quarter_of_an_hour_and_where_there_is_one_region_everything(
    production: Graph,
) -> None:
    lost = survive(production).losing("us-east-1")
    assert lost is not None
    found = {loss.name: (loss.verdict, loss.data_loss_seconds, loss.access) for loss in lost.stores}
    assert found["versions-shared-us-east-1"] == ("degraded", 900, "now")
    assert found["versions-us-us-east-1"] == ("no", None, "none")
    assert found["versions-lakefs"] == ("degraded", 1, "now")
    assert not [name for name in found if name.startswith("versions-eu")]


def test_a_tenants_data_is_tagged_and_paid_for_by_it(production: Graph) -> None:
    for bucket in of(production, "Bucket"):
        tags = bucket.inputs["tags"]
        assert {*TAGS, "component", "Name", "residency"} <= set(tags)
        if "credit" in bucket.name:
            assert (tags["tenant"], tags["owner"], tags["cost-center"]) == ("credit", "credit-ml", "cc-5")
        elif "acme" in bucket.name:
            assert (tags["tenant"], tags["data-class"]) == ("acme", "restricted")
        else:
            assert "tenant" not in tags


def test_development_has_one_bucket_and_nothing_that_costs_by_the_hour(development: Graph) -> None:
    kinds = {resource.type.rpartition(":")[2] for resource in development}
    assert len(of(development, "Bucket")) == 1
    assert not kinds & {"Vault", "MultiRegionAccessPoint", "BucketReplicationConfig", "BucketMetric", "Table"}
    rules = {rule["id"]: rule for rule in of(development, "BucketLifecycleConfiguration")[0].inputs["rules"]}
    assert rules["old-versions"] == {
        "id": "old-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 7},
    }


def test_lakefs_serves_in_its_projects_home_region_only(production: Graph) -> None:
    (release,) = of(production, "Release")
    assert release.region == "us-east-1"
    values = release.inputs["values"]
    configuration = json.loads(values["lakefsConfig"])
    assert configuration["database"]["dynamodb"] == {
        "table_name": "tradewind-prod-data-lakefs",
        "aws_region": "us-east-1",
    }
    prefix = configuration["blockstore"]["default_namespace_prefix"]
    assert prefix == f"s3://tradewind-prod-use1-data-{ACCOUNT}/clicks"
    assert values["useDevPostgres"] is False
    assert values["service"]["type"] == "ClusterIP"


def test_lakefs_table_has_the_key_that_lakefs_would_give_it(production: Graph) -> None:
    (table,) = of(production, "Table")
    assert (table.inputs["hashKey"], table.inputs["rangeKey"]) == ("PartitionKey", "ItemKey")
    assert {one["type"] for one in table.inputs["attributes"]} == {"B"}
    assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
    assert [replica["regionName"] for replica in table.inputs["replicas"]] == ["eu-west-1"]
    assert table.inputs["deletionProtectionEnabled"]


def test_names_fit_their_services_however_long_the_parts_are() -> None:
    long = "a-rather-long-project-name-of-forty-char"
    versions = {"projects": [{"name": long, "tenant": "credit", "collectors": ["role/x"]}]}
    args = around(versions, environment="environment-with-a-long-name")
    (owned,) = groups(args.versions, args.cell, args.residency, args.tenants)
    cell, group = args.cell, owned.group
    assert max(len(group.bucket(cell, region)) for region in group.regions) <= 63
    assert max(len(group.vault(cell, region)) for region in group.regions) <= 50
    assert len(names.access_point_name(cell, owned)) <= 50
    assert all(len(names.role_name(cell, owned.projects[0], kind)) <= 64 for kind in ("reader", "collector"))


def test_the_same_versions_are_the_same_plan(production: Graph, tmp_path: Path) -> None:
    """Although a key is drawn each time."""
    again = planned(tmp_path, "production", REGIONS, versions=VERSIONS)
    assert [(r.urn, r.inputs) for r in again] == [(r.urn, r.inputs) for r in production]


def test_zones_and_tenants_that_would_share_names_are_refused() -> None:
    """Zone `eu` with tenant `x`, and tenant `eu-x` everywhere."""
    tenants = [
        {"name": "x", "tier": "bridge", "owner": "o", "cost_center": "c", "residency": "eu"},
        {"name": "eu-x", "tier": "bridge", "owner": "o", "cost_center": "c"},
    ]
    projects = [{"name": "one", "tenant": "x"}, {"name": "two", "tenant": "eu-x"}]
    args = around({"projects": [{"name": "ranking"}]})
    told = args.model_copy(update={"tenants": [type(args.tenants[0]).model_validate(t) for t in tenants]})
    settings = DataVersioningSettings.model_validate({"projects": projects})
    (problem,) = problems_of(settings, told)
    assert "same names" in problem.but
