"""The feature store as a plan of it shows: what is encrypted, copied, kept, and by whom it may be touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from components.feature_store.policies import KEPT_FROM_APPLICATIONS
from plan.graph import Graph
from plan.values import Reference, references
from tests.components import feature_store_plan
from tests.components.feature_store_plan import REGIONS, STORE, TAGS, documents, of, planned, region_of_key

production = feature_store_plan.production
development = feature_store_plan.development


def test_every_output_is_told_by_name_not_unknown(production: Graph) -> None:
    assert not [said for said in production.assumptions if "symbolic" in said]


def test_no_input_is_of_a_wrong_type_or_missing(production: Graph, development: Graph) -> None:
    """As far as the SDK's own annotations tell."""
    assert (production.findings, development.findings) == ((), ())


def test_two_plans_of_one_store_are_the_same(production: Graph, tmp_path: Path) -> None:
    """Although a password is drawn each time."""
    again = planned(tmp_path, "production", REGIONS, STORE)
    assert [(r.urn, r.inputs) for r in again] == [(r.urn, r.inputs) for r in production]


def test_every_regional_resource_names_its_region(production: Graph) -> None:
    regional = [r for r in production if r.is_managed and not r.type.startswith("aws:iam/")]
    assert {r.inputs.get("region") for r in regional} == set(REGIONS)


def test_everything_that_takes_tags_has_the_required_ones(production: Graph) -> None:
    tagged = [r for r in production if "tags" in r.inputs]
    assert {r.type.rpartition(":")[2] for r in tagged} >= {
        "Bucket", "Table", "Key", "ReplicaKey", "Role", "Cluster", "ClusterInstance", "GlobalCluster", "Workgroup",
        "CatalogDatabase", "ServerlessCache", "Secret", "SecurityGroup", "SubnetGroup", "LogGroup", "User",
    }  # fmt: skip
    for resource in tagged:
        assert {*TAGS, "component", "Name"} <= set(resource.inputs["tags"]), resource.urn


def test_a_tenants_resources_carry_its_name_and_nobody_elses_do(production: Graph) -> None:
    for kind in ("Bucket", "Key", "Table", "Role", "Workgroup", "CatalogDatabase"):
        owned = {r.name for r in of(production, kind) if r.inputs["tags"].get("tenant") == "acme"}
        assert owned == {
            r.name for r in of(production, kind) if "acme" in r.name or r.name.endswith("-scores")
        }


def test_tables_are_what_feast_expects(production: Graph) -> None:
    tables = {table.inputs["name"]: table.inputs for table in of(production, "Table")}
    assert set(tables) == {"tradewind_prod.users", "tradewind_prod.europeans", "tradewind_prod.scores"}
    for table in tables.values():
        assert table["hashKey"] == "entity_id"
        assert table["attributes"] == [{"name": "entity_id", "type": "S"}]
        assert table["billingMode"] == "PAY_PER_REQUEST"
    assert tables["tradewind_prod.users"]["ttl"] == {"attributeName": "expires_at", "enabled": True}


def test_each_replica_has_a_key_of_its_own_region(production: Graph) -> None:
    seen = 0
    for table in of(production, "Table"):
        encryption = table.inputs["serverSideEncryption"]
        assert encryption["enabled"]
        assert region_of_key(production, encryption["kmsKeyArn"]) == table.region
        for replica in table.inputs["replicas"]:
            assert region_of_key(production, replica["kmsKeyArn"]) == replica["regionName"]
            seen += 1
    assert seen == 2 + 1 + 2


def test_a_zones_data_and_keys_stay_in_the_zone(production: Graph) -> None:
    inside = {"eu-west-1", "eu-central-1"}
    (table,) = [t for t in of(production, "Table") if t.inputs["name"].endswith(".europeans")]
    assert {table.region, *(replica["regionName"] for replica in table.inputs["replicas"])} == inside
    assert table.inputs["globalTableWitness"] == {"regionName": "eu-west-3"}
    assert {replica["consistencyMode"] for replica in table.inputs["replicas"]} == {"STRONG"}
    for kind in ("Bucket", "Key", "ReplicaKey", "CatalogDatabase", "Workgroup"):
        of_zone = [r for r in of(production, kind) if "-eu" in r.name.removesuffix(r.region)]
        of_zone = [r for r in of_zone if r.inputs["tags"]["data-class"] == "restricted"]
        assert {r.region for r in of_zone} <= inside, kind
        assert of_zone, kind


def test_nothing_in_production_is_without_encryption_recovery_or_protection(production: Graph) -> None:
    for table in of(production, "Table"):
        assert table.protect and table.inputs["deletionProtectionEnabled"]
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
        for replica in table.inputs["replicas"]:
            assert replica["pointInTimeRecovery"] and replica["deletionProtectionEnabled"]
            assert replica["propagateTags"]
    for key in (*of(production, "Key"), *of(production, "ReplicaKey")):
        assert key.protect and key.inputs["deletionWindowInDays"] == 30
    for cluster in of(production, "Cluster"):
        assert cluster.protect and cluster.inputs["deletionProtection"] and cluster.inputs["storageEncrypted"]
        assert region_of_key(production, cluster.inputs["kmsKeyId"]) == cluster.region
        assert cluster.inputs["backupRetentionPeriod"] == 35
    (whole,) = of(production, "GlobalCluster")
    assert whole.protect and whole.inputs["deletionProtection"] and whole.inputs["storageEncrypted"]
    lakes = [b for b in of(production, "Bucket") if "results" not in b.name]
    assert len(lakes) == 3 + 2 + 3
    assert all(bucket.protect and not bucket.inputs["forceDestroy"] for bucket in lakes)


@pytest.mark.parametrize(
    "kind",
    [
        "BucketVersioning",
        "BucketServerSideEncryptionConfiguration",
        "BucketPublicAccessBlock",
        "BucketOwnershipControls",
        "BucketLifecycleConfiguration",
        "BucketPolicy",
        "BucketMetric",
    ],
)
def test_every_bucket_has_all_of_its_settings(production: Graph, kind: str) -> None:
    buckets = {bucket.name for bucket in of(production, "Bucket")}
    settings = of(production, kind)
    assert {setting.name for setting in settings} == buckets
    for setting in settings:
        (bucket,) = [b for b in of(production, "Bucket") if b.name == setting.name]
        assert setting.region == bucket.region


def test_buckets_are_encrypted_with_a_key_of_their_region(production: Graph) -> None:
    for setting in of(production, "BucketServerSideEncryptionConfiguration"):
        (rule,) = setting.inputs["rules"]
        default = rule["applyServerSideEncryptionByDefault"]
        assert (default["sseAlgorithm"], rule["bucketKeyEnabled"]) == ("aws:kms", True)
        assert region_of_key(production, default["kmsMasterKeyId"]) == setting.region


def test_buckets_are_copied_round_their_group(production: Graph) -> None:
    copies: dict[str, set[tuple[str, str]]] = {}
    for setting in of(production, "BucketReplicationConfig"):
        for rule in setting.inputs["rules"]:
            target = production[rule["destination"]["bucket"].urn]
            key = rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"]
            assert region_of_key(production, key) == target.region
            assert rule["deleteMarkerReplication"]["status"] == "Enabled"
            assert rule["sourceSelectionCriteria"]["sseKmsEncryptedObjects"]["status"] == "Enabled"
            assert rule["destination"]["replicationTime"]["time"] == {"minutes": 15}
            group = setting.name.removeprefix("features-").removesuffix(f"-{setting.region}")
            copies.setdefault(group, set()).add((setting.region, target.region))
    ring = {("us-east-1", "eu-west-1"), ("eu-west-1", "eu-central-1"), ("eu-central-1", "us-east-1")}
    both_ways = {("eu-west-1", "eu-central-1"), ("eu-central-1", "eu-west-1")}
    assert copies == {"any": ring, "any-acme": ring, "eu": both_ways}


def test_replication_waits_for_versioning_at_both_ends(production: Graph) -> None:
    for setting in of(production, "BucketReplicationConfig"):
        group = setting.name.removesuffix(f"-{setting.region}")
        names = {
            r.name for urn in setting.dependencies if (r := production[urn]).type.endswith("BucketVersioning")
        }
        assert f"{group}-{setting.region}" in names
        for rule in setting.inputs["rules"]:
            assert production[rule["destination"]["bucket"].urn].name in names


def test_applications_may_neither_drop_nor_retag_tables(production: Graph) -> None:
    found = dict(documents(production))
    assert len(found) == 6
    for name, document in found.items():
        denied = [s for s in document["Statement"] if s["Effect"] == "Deny" and s["Resource"] == "*"]
        assert any(set(KEPT_FROM_APPLICATIONS) <= set(s["Action"]) for s in denied), name


def primary_of(graph: Graph, urn: str) -> str:
    """Name of the primary key that the key `urn` is, or is a replica of."""
    key = graph[urn]
    primary = key.inputs.get("primaryKeyArn")
    return graph[primary.urn].name if isinstance(primary, Reference) else key.name


def test_use_of_keys_is_for_the_groups_own_keys(production: Graph) -> None:
    checked = 0
    for policy in of(production, "RolePolicy"):
        if policy.inputs["name"] != "keys":
            continue
        owner = re.fullmatch(r"(features-.+)-(feature-reader|feature-writer|replication)-keys", policy.name)
        assert owner
        named = {primary_of(production, key.urn) for key in references(policy.inputs["policy"])}
        assert named == {owner[1]}
        checked += 1
    assert checked == 3 * 3


def test_a_store_without_a_job_and_table_buckets_has_no_roles_for_them(production: Graph) -> None:
    assert {it.inputs["name"] for it in of(production, "Role")} == {
        f"tradewind-prod-feature-{kind}{group}"
        for kind in ("reader", "writer", "replication")
        for group in ("", "-acme", "-eu")
    }


def test_documents_about_data_are_known_before_anything_exists(tmp_path: Path) -> None:
    """In a first preview, where outputs are unknown."""
    graph = planned(tmp_path, "production", REGIONS, STORE, answers="unknown")
    assert len(dict(documents(graph))) == 6
    for policy in of(graph, "BucketPolicy"):
        assert json.loads(policy.inputs["policy"])["Statement"]


def test_tables_lie_where_their_residency_allows_and_below_their_own_region(production: Graph) -> None:
    places: dict[str, set[str]] = {}
    for table in of(production, "CatalogTable"):
        iceberg = table.inputs["openTableFormatInput"]["icebergInput"]["icebergTableInput"]
        bucket, _, key = iceberg["location"].removeprefix("s3://").partition("/")
        (lake,) = [b for b in of(production, "Bucket") if b.inputs["bucket"] == bucket]
        assert lake.region == table.region
        assert key == f"tables/{table.region}/{table.inputs['name']}"
        places.setdefault(table.inputs["name"], set()).add(table.region)
    everywhere = set(REGIONS)
    assert places == {
        "users": everywhere,
        "scores": everywhere,
        "history": everywhere,
        "europeans": {"eu-west-1", "eu-central-1"},
    }
