"""A region's half of the feature store: queries, registry, cache, and what development does without."""

from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from plan.graph import Graph
from plan.values import SECRET
from tests.components import feature_store_plan
from tests.components.feature_store_plan import HOME, REGIONS, STORE, ZONES, of, planned, region_of_key

production = feature_store_plan.production
development = feature_store_plan.development


def test_queries_are_bounded_and_their_results_encrypted(production: Graph) -> None:
    for workgroup in of(production, "Workgroup"):
        configuration = workgroup.inputs["configuration"]
        result = configuration["resultConfiguration"]
        # Feast names where its answers go, which Athena refuses where the workgroup enforces a place.
        assert not configuration["enforceWorkgroupConfiguration"]
        assert configuration["bytesScannedCutoffPerQuery"] == 10 * 1024**4
        assert region_of_key(production, result["encryptionConfiguration"]["kmsKeyArn"]) == workgroup.region
        assert result["outputLocation"].endswith(f"/{workgroup.inputs['name']}/")


def test_the_registry_has_one_owner_and_members_that_join_by_name(production: Graph) -> None:
    (whole,) = of(production, "GlobalCluster")
    clusters = {cluster.region: cluster.inputs for cluster in of(production, "Cluster")}
    assert set(clusters) == set(REGIONS)
    for region, cluster in clusters.items():
        assert cluster["globalClusterIdentifier"] == whole.inputs["globalClusterIdentifier"]
        assert cluster["iamDatabaseAuthenticationEnabled"]
        # RDS refuses to keep the password of a member of a global database.
        assert "manageMasterUserPassword" not in cluster
        assert ("masterPassword" in cluster, "masterUsername" in cluster) == (region == HOME, region == HOME)
    assert not [b for b in of(production, "ClusterInstance") if b.inputs["publiclyAccessible"]]
    assert len(of(production, "ClusterInstance")) == 2 * len(REGIONS)


def test_no_password_stands_anywhere_in_clear(production: Graph) -> None:
    (cluster,) = [c for c in of(production, "Cluster") if c.region == HOME]
    (version,) = of(production, "SecretVersion")
    assert cluster.inputs["masterPassword"] is SECRET
    assert version.inputs["secretString"] is SECRET


def test_stores_are_reached_from_named_networks_only(production: Graph) -> None:
    groups = of(production, "SecurityGroup")
    assert len(groups) == 2 * len(REGIONS)
    for group in groups:
        (rule,) = group.inputs["ingress"]
        assert rule["cidrBlocks"] == ["10.0.0.0/16"]
        assert rule["fromPort"] == rule["toPort"] == (5432 if "registry" in group.name else 6379)
        assert group.inputs["egress"] == []


def test_the_cache_is_bounded_encrypted_and_signed_in_to(production: Graph) -> None:
    for cache in of(production, "ServerlessCache"):
        limits = cache.inputs["cacheUsageLimits"]
        assert limits["dataStorage"] == {"maximum": 10, "unit": "GB"}
        assert limits["ecpuPerSeconds"] == [{"maximum": 5000}]
        assert region_of_key(production, cache.inputs["kmsKeyId"]) == cache.region
        assert len(cache.inputs["subnetIds"]) == 3
    for user in of(production, "User"):
        assert user.inputs["authenticationMode"] == {"type": "iam"}
        assert "-@dangerous" in user.inputs["accessString"]


def test_development_in_one_region_has_nothing_that_spans_or_locks(development: Graph) -> None:
    (table,) = of(development, "Table")
    assert table.inputs["replicas"] == []
    assert not table.inputs["streamEnabled"]
    assert table.inputs["pointInTimeRecovery"] == {"enabled": False}
    kinds = {resource.type.rpartition(":")[2] for resource in development}
    assert not kinds & {
        "GlobalCluster",
        "ReplicaKey",
        "BucketReplicationConfig",
        "Cluster",
        "ServerlessCache",
    }
    assert not [resource.urn for resource in development if resource.protect]


def test_a_registry_in_one_region_leaves_its_password_to_rds(tmp_path: Path) -> None:
    store = {"views": [], "registry": {"enabled": True}}
    graph = planned(tmp_path, "development", [HOME], store)
    (cluster,) = of(graph, "Cluster")
    assert cluster.inputs["manageMasterUserPassword"] is True
    assert "globalClusterIdentifier" not in cluster.inputs
    scaling = cluster.inputs["serverlessv2ScalingConfiguration"]
    assert (scaling["minCapacity"], scaling["secondsUntilAutoPause"]) == (0, 3600)


def test_a_registry_without_a_network_is_refused() -> None:
    from components.feature_store.region import FeatureStoreRegionArgs

    cell = {
        "environment": "prod",
        "environment_class": "production",
        "region": HOME,
        "regions": [HOME],
        "account_id": "1",
    }
    with pytest.raises(pydantic.ValidationError) as caught:
        FeatureStoreRegionArgs.model_validate({"cell": cell, "store": {}})
    (error,) = caught.value.errors()
    assert "vpc_id, data_subnet_ids, client_cidrs or client_security_group_ids missing" in error["msg"]


def test_a_store_that_does_not_fit_its_environment_is_refused() -> None:
    from components.feature_store.feature_store import FeatureStoreArgs

    cell = {"environment": "prod", "region": HOME, "regions": [HOME], "account_id": "1"}
    store = {"project": "ranking", "views": [{**STORE["views"][0], "residency": "mars"}]}
    with pytest.raises(pydantic.ValidationError) as caught:
        FeatureStoreArgs.model_validate({"cell": cell, "store": store, "residency": ZONES})
    (error,) = caught.value.errors()
    assert "project ranking" in error["msg"]
    assert "views[0].residency mars" in error["msg"]
