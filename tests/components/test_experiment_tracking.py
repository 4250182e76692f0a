"""Experiment tracking as a plan of it shows: one MLflow per tier, private, encrypted, backed up elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.experiment_tracking import names
from components.experiment_tracking.experiment_tracking import ExperimentTrackingArgs
from components.experiment_tracking.instances import instances
from plan.graph import Graph
from plan.survive import survive
from plan.values import references
from tests.components import versions_plan
from tests.components.versions_plan import (
    ACCOUNT,
    REGIONS,
    TAGS,
    TENANTS,
    TRACKING,
    ZONES,
    of,
    planned,
    region_of_key,
)

production = versions_plan.tracking_in_production

CELL = {"environment": "prod", "environment_class": "production", "region": REGIONS[0], "account_id": ACCOUNT}


def around(
    tracking: dict[str, Any], tenants: list[dict[str, Any]] = TENANTS, **cell: Any
) -> ExperimentTrackingArgs:
    return ExperimentTrackingArgs.model_validate(
        {
            "cell": {**CELL, "regions": REGIONS, **cell},
            "residency": ZONES,
            "tenants": tenants,
            "tracking": tracking,
        }
    )


def found(args: ExperimentTrackingArgs) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """(tenants, regions) of each instance."""
    made = instances(args.tracking, args.cell, args.residency, args.tenants)
    return {instance.label: (instance.tenants, instance.group.regions) for instance in made}


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    folder = tmp_path_factory.mktemp("development")
    return planned(folder, "development", REGIONS[:1], tracking={}, tenants=[])


def managed(folder: Path, **tracking: Any) -> Graph:
    return planned(folder, "production", REGIONS, tracking=tracking)


def test_nothing_is_unknown_wrong_or_missing(production: Graph, development: Graph) -> None:
    for graph in (production, development):
        assert graph.findings == ()
        assert not [said for said in graph.assumptions if "symbolic" in said]


def test_pool_tenants_share_an_instance_by_residency_and_others_have_their_own() -> None:
    assert found(around(TRACKING)) == {
        "shared": (("search",), ("us-east-1", "eu-west-1")),
        "eu": (("ads",), ("eu-west-1", "eu-central-1")),
        "acme": (("acme",), ("us-east-1", "eu-west-1")),
        "eu-credit": (("credit",), ("eu-west-1", "eu-central-1")),
    }
    assert found(around(TRACKING, tenants=[])) == {"shared": ((), ("us-east-1", "eu-west-1"))}
    assert set(found(around(TRACKING, tenants=TENANTS[2:3]))) == {"acme"}


def test_each_instance_stands_in_the_first_region_of_its_residency(production: Graph) -> None:
    where = {cluster.inputs["clusterIdentifier"]: cluster.region for cluster in of(production, "Cluster")}
    assert where == {
        "tradewind-prod-use1-tracking": "us-east-1",
        "tradewind-prod-use1-tracking-acme": "us-east-1",
        "tradewind-prod-euw1-tracking-eu": "eu-west-1",
        "tradewind-prod-euw1-tracking-eu-credit": "eu-west-1",
    }
    deployments = {r.inputs["metadata"]["namespace"]: r.region for r in of(production, "Deployment")}
    assert deployments == {
        "tracking-shared": "us-east-1",
        "tracking-acme": "us-east-1",
        "tracking-eu": "eu-west-1",
        "tracking-eu-credit": "eu-west-1",
    }


def test_nothing_of_a_zone_is_made_outside_of_it(production: Graph) -> None:
    inside = {"eu-west-1", "eu-central-1"}
    of_zone = [r for r in production if "-eu-credit" in r.name or r.name.startswith("tracking-eu-")]
    regional = [r for r in of_zone if r.region and "us-east-1" not in r.name]
    assert len(regional) > 60
    assert {r.region for r in regional} == inside


def test_a_silo_tenants_server_runs_in_its_own_cluster_and_a_bridges_on_its_own_nodes(
    production: Graph,
) -> None:
    clusters = {
        r.inputs["namespace"]: r.inputs["clusterName"] for r in of(production, "PodIdentityAssociation")
    }
    assert clusters == {
        "tracking-shared": "tradewind-prod-use1-cluster",
        "tracking-acme": "tradewind-prod-use1-cluster",
        "tracking-eu": "tradewind-prod-euw1-cluster",
        "tracking-eu-credit": "tradewind-prod-euw1-cluster-credit",
    }
    nodes = {}
    for deployment in of(production, "Deployment"):
        pod = deployment.inputs["spec"]["template"]["spec"]
        nodes[deployment.inputs["metadata"]["namespace"]] = pod.get("nodeSelector")
        assert bool(pod.get("tolerations")) is bool(pod.get("nodeSelector"))
    assert nodes == {
        "tracking-shared": None,
        "tracking-eu": None,
        "tracking-acme": {"tenant": "acme"},
        "tracking-eu-credit": {"tenant": "credit"},
    }


def test_the_database_is_private_encrypted_and_signed_in_to_with_tokens(production: Graph) -> None:
    for cluster in of(production, "Cluster"):
        inputs = cluster.inputs
        assert inputs["iamDatabaseAuthenticationEnabled"] and inputs["storageEncrypted"]
        assert inputs["manageMasterUserPassword"] and "masterPassword" not in inputs
        assert inputs["deletionProtection"] and not inputs["skipFinalSnapshot"]
        assert region_of_key(production, inputs["kmsKeyId"]) == cluster.region
        assert inputs["backupRetentionPeriod"] == 35
    for instance in of(production, "ClusterInstance"):
        assert instance.inputs["publiclyAccessible"] is False
        assert instance.inputs["instanceClass"] == "db.serverless"
    for group in of(production, "SecurityGroup"):
        (rule,) = group.inputs["ingress"]
        assert (rule["fromPort"], rule["toPort"]) == (5432, 5432)
        assert rule["cidrBlocks"] == ["10.0.0.0/16", "100.64.0.0/16"]
        assert group.inputs["egress"] == []


def test_no_database_shares_its_key_with_another(production: Graph) -> None:
    keys = [next(references(cluster.inputs["kmsKeyId"])).urn for cluster in of(production, "Cluster")]
    assert len(set(keys)) == len(keys) == 4


def test_databases_are_backed_up_daily_and_copied_to_the_residencys_second_region(production: Graph) -> None:
    copied = {}
    for plan in of(production, "Plan"):
        (rule,) = plan.inputs["rules"]
        (copy,) = rule["copyActions"]
        copied[plan.name] = production[next(references(copy["destinationVaultArn"])).urn].region
        assert rule["lifecycle"] == copy["lifecycle"] == {"deleteAfter": 35}
    assert copied == {
        "tracking-shared": "eu-west-1",
        "tracking-acme": "eu-west-1",
        "tracking-eu": "eu-central-1",
        "tracking-eu-credit": "eu-central-1",
    }
    identifiers = {f":{cluster.inputs['clusterIdentifier']}" for cluster in of(production, "Cluster")}
    selected = [arn for s in of(production, "Selection") for arn in s.inputs["resources"]]
    assert {f":{arn.rpartition(':')[2]}" for arn in selected} == identifiers


def test_losing_a_region_costs_a_day_of_runs_and_a_quarter_of_an_hour_of_artifacts(production: Graph) -> None:
    lost = survive(production).losing("us-east-1")
    assert lost is not None
    stores = {loss.name: (loss.verdict, loss.data_loss_seconds, loss.access) for loss in lost.stores}
    assert stores["tracking-us-east-1-shared"] == ("degraded", 86400, "after restore")
    assert stores["tracking-shared-us-east-1"] == ("degraded", 900, "now")
    assert not [name for name in stores if "credit" in name]


def test_artifacts_that_were_deleted_can_be_had_back_for_a_while(production: Graph) -> None:
    for lifecycle in of(production, "BucketLifecycleConfiguration"):
        rules = {rule["id"]: rule for rule in lifecycle.inputs["rules"]}
        assert rules["old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
        assert "unfinished-uploads" in rules


def test_tenants_resources_are_tagged_and_paid_for_by_them(production: Graph) -> None:
    for resource in production:
        if "tags" not in resource.inputs:
            continue
        tags = resource.inputs["tags"]
        assert {*TAGS, "component", "Name"} <= set(tags), resource.urn
        if "eu-credit" in resource.name:
            assert (tags["tenant"], tags["cost-center"]) == ("credit", "cc-5"), resource.urn
        elif "acme" in resource.name:
            assert tags["tenant"] == "acme", resource.urn
        else:
            assert "tenant" not in tags, resource.urn


def test_development_pauses_and_has_no_backups_of_its_own(development: Graph) -> None:
    (cluster,) = of(development, "Cluster")
    scaling = cluster.inputs["serverlessv2ScalingConfiguration"]
    assert scaling == {"minCapacity": 0, "maxCapacity": 2, "secondsUntilAutoPause": 3600}
    kinds = {resource.type.rpartition(":")[2] for resource in development}
    assert not kinds & {"Vault", "BucketReplicationConfig", "PodDisruptionBudget"}
    (deployment,) = of(development, "Deployment")
    assert deployment.inputs["spec"]["replicas"] == 1


def test_a_managed_server_is_one_resource_and_its_role_is_told_by_name(tmp_path: Path) -> None:
    graph = managed(tmp_path, backend="managed-server", managed_version="3.0")
    servers = {r.inputs["trackingServerName"]: r for r in of(graph, "MlflowTrackingServer")}
    assert set(servers) == {
        "tradewind-prod-tracking",
        "tradewind-prod-tracking-acme",
        "tradewind-prod-tracking-eu",
        "tradewind-prod-tracking-eu-credit",
    }
    server = servers["tradewind-prod-tracking-eu-credit"]
    assert server.region == "eu-west-1"
    assert server.inputs["trackingServerSize"] == "Medium"
    assert server.inputs["mlflowVersion"] == "3.0"
    assert (
        server.inputs["artifactStoreUri"]
        == f"s3://tradewind-prod-euw1-tracking-eu-credit-{ACCOUNT}/artifacts"
    )
    assert server.inputs["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-tracking-server-eu-credit"
    kinds = {resource.type.rpartition(":")[2] for resource in graph}
    assert not kinds & {"Cluster", "Deployment", "Vault", "SecurityGroup"}
    lost = survive(graph).losing("eu-west-1")
    assert lost is not None
    (loss,) = [one for one in lost.stores if one.name == "tracking-credit-eu-west-1-eu-credit"]
    assert loss.verdict == "no"
    assert "no backup" in " ".join(reason.text for reason in loss.chain)


def test_an_app_registers_no_models_and_is_nobodys_default(tmp_path: Path) -> None:
    graph = managed(tmp_path, backend="managed-app")
    app = next(r for r in of(graph, "MlflowApp") if r.inputs["name"] == "tradewind-prod-tracking")
    assert app.inputs["modelRegistrationMode"] == "AutoModelRegistrationDisabled"
    assert app.inputs["accountDefaultStatus"] == "DISABLED"
    assert app.inputs["tags"]["Name"] == "tradewind-prod-tracking"


def test_names_fit_their_services_however_long_the_parts_are() -> None:
    tenants = [{**TENANTS[3], "name": "tenant-of-twenty-abc"}]
    args = around({}, tenants=tenants, environment="environment-with-a-long-name")
    (instance,) = instances(args.tracking, args.cell, args.residency, args.tenants)
    cell = args.cell
    assert len(names.database_identifier(cell, instance)) <= 63
    assert len(names.database_user(cell, instance)) <= 63
    assert len(names.namespace(instance)) <= 63
    assert len(names.server_role(cell, instance)) <= 64
    assert len(instance.group.role(cell, "first-user")) <= 64
    assert len(instance.group.vault(cell, "eu-central-1")) <= 50
