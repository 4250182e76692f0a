"""A region's pipelines as planned: what each engine makes, and that nothing of it stands open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest

from components.pipelines.region import PipelinesRegionArgs
from plan.graph import Graph
from tests.components.pipelines_plan import ACCOUNT, REGIONS, TENANTS, ZONES, of, planned, settings

ENGINES = ["step-functions", "argo", "mwaa"]


@pytest.fixture(scope="module", params=ENGINES)
def graph(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp(request.param), request.param)


def engine_of(graph: Graph) -> str:
    if of(graph, "WorkflowTemplate"):
        return "argo"
    return "mwaa" if of(graph, "Environment") else "step-functions"


def documents(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    for policy in of(graph, "RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            yield policy.name, statement


def test_the_plan_has_only_what_resources_take(graph: Graph) -> None:
    assert [f"{one.urn} {one.path} {one.message}" for one in graph.findings] == []


def test_an_engine_brings_its_own_and_no_others(graph: Graph) -> None:
    engine = engine_of(graph)
    assert bool(of(graph, "ComputeEnvironment")) == (engine != "argo")
    assert bool(of(graph, "Release")) == (engine == "argo")
    assert len(of(graph, "Environment")) == (len(REGIONS) if engine == "mwaa" else 0)
    assert len(of(graph, "JobDefinition")) == (0 if engine == "argo" else 6 * len(REGIONS))
    assert len(of(graph, "DataQualityRuleset")) == len(REGIONS)


def test_only_the_first_region_is_started_by_anything(graph: Graph) -> None:
    states = {rule.region: rule.inputs["state"] for rule in of(graph, "EventRule") if "lost" not in rule.name}
    assert states.pop("us-east-1") == "ENABLED"
    assert set(states.values()) <= {"DISABLED"}
    for schedule in of(graph, "Schedule"):
        assert (schedule.inputs["state"] == "ENABLED") == (schedule.region == "us-east-1")


def test_what_fails_for_good_is_told_somebody(graph: Graph) -> None:
    letters = {queue.region: queue for queue in of(graph, "Queue") if "dead-letters" in queue.name}
    assert set(letters) == set(REGIONS)
    for queue in letters.values():
        assert queue.inputs["messageRetentionSeconds"] == 14 * 86_400
    for alarm in of(graph, "MetricAlarm"):
        assert alarm.inputs["dimensions"] == {"QueueName": "tradewind-prod-pipeline-dead-letters"}
        assert alarm.inputs["alarmActions"]
    for target in of(graph, "EventTarget"):
        assert target.inputs.get("deadLetterConfig") or "lost" in target.name


def test_everything_is_encrypted_with_the_regions_own_key(graph: Graph) -> None:
    for kind, field in (
        ("Queue", "kmsMasterKeyId"),
        ("Topic", "kmsMasterKeyId"),
        ("LogGroup", "kmsKeyId"),
        ("Environment", "kmsKey"),
    ):
        for resource in of(graph, kind):
            assert graph[resource.inputs[field].urn].region == resource.region
    for machine in of(graph, "StateMachine"):
        assert machine.inputs["encryptionConfiguration"]["type"] == "CUSTOMER_MANAGED_KMS_KEY"
        assert machine.inputs["loggingConfiguration"]["includeExecutionData"] is False


def test_nothing_is_reached_from_outside(graph: Graph) -> None:
    for group in of(graph, "SecurityGroup"):
        (rule,) = group.inputs["ingress"]
        assert rule["self"] is True
        assert "cidrBlocks" not in rule
    for environment in of(graph, "Environment"):
        assert environment.inputs["webserverAccessMode"] == "PRIVATE_ONLY"
        assert len(environment.inputs["networkConfiguration"]["subnetIds"]) == 2


def test_no_right_is_given_on_everything_but_what_knows_no_name(graph: Graph) -> None:
    nameless = {
        "batch:DescribeJobs",
        "ecr:GetAuthorizationToken",
        "cloudwatch:PutMetricData",
        "s3:GetAccountPublicAccessBlock",
    }
    for name, statement in documents(graph):
        if statement["Resource"] == ["*"]:
            actions = {one for one in statement["Action"] if not one.startswith("logs:")}
            assert actions <= nameless, name
            assert "Condition" in statement or statement["Action"] == ["s3:GetAccountPublicAccessBlock"], name
        assert not any(action.endswith(":*") for action in statement["Action"]), name


def test_gpus_are_started_only_while_something_waits(graph: Graph) -> None:
    for environment in of(graph, "ComputeEnvironment"):
        resources = environment.inputs["computeResources"]
        if "gpu" in environment.name:
            assert (resources["minVcpus"], resources["type"]) == (0, "SPOT")
            assert resources["instanceTypes"] == ["g5.xlarge", "g5.2xlarge"]
        else:
            assert resources["type"] == "FARGATE"


def test_retries_are_counted_by_the_engine_alone(graph: Graph) -> None:
    for job in of(graph, "JobDefinition"):
        assert job.inputs["retryStrategy"] == {"attempts": 1}


def test_pods_get_their_own_pipelines_roles(graph: Graph) -> None:
    accounts = {one.inputs["serviceAccount"]: one for one in of(graph, "PodIdentityAssociation")}
    if engine_of(graph) == "argo":
        assert set(accounts) == {"recommendations-steps", "recommendations-control", "pipeline-events"}
    for role in of(graph, "Role"):
        if role.type.startswith("aws:") and "pods.eks" in role.inputs["assumeRolePolicy"]:
            (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
            assert (
                statement["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"]
                in accounts
            )


def test_standing_by_elsewhere_is_a_choice(tmp_path: Path) -> None:
    graph = planned(tmp_path, "step-functions", standby=False)
    assert [machine.region for machine in of(graph, "StateMachine")] == ["us-east-1"]


def test_another_region_can_be_the_active_one(tmp_path: Path) -> None:
    graph = planned(tmp_path, "step-functions", active_region="eu-west-1")
    on = [schedule.region for schedule in of(graph, "Schedule") if schedule.inputs["state"] == "ENABLED"]
    assert on == ["eu-west-1"]


def test_a_region_without_pipelines_has_nothing(tmp_path: Path) -> None:
    section = settings("step-functions")
    section["pipelines"][0]["residency"] = "eu"
    graph = planned(tmp_path, "step-functions", pipelines=section["pipelines"])
    assert not [one for one in graph if one.is_managed and one.region == "us-east-1" and one.package == "aws"]


def test_what_an_engine_needs_is_asked_for() -> None:
    cell = {
        "environment": "prod",
        "environment_class": "production",
        "region": REGIONS[0],
        "regions": REGIONS,
        "account_id": ACCOUNT,
    }
    given = {"cell": cell, "residency": ZONES, "tenants": TENANTS}
    for engine, missing in (("step-functions", "vpc_id, private_subnet_ids, cidr"), ("argo", "cluster_name")):
        with pytest.raises(pydantic.ValidationError) as caught:
            PipelinesRegionArgs.model_validate({**given, "pipelines": settings(engine)})
        (error,) = caught.value.errors()
        assert f"need {missing}" in error["msg"]
