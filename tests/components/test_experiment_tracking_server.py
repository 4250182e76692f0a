"""An own MLflow's pods: what they run, as whom, and who reaches them."""

from __future__ import annotations

import ast
from typing import Any

from components.environment_settings import Tenant
from components.experiment_tracking import names, server
from components.experiment_tracking.instances import Instance, instances
from components.experiment_tracking.settings import ExperimentTrackingSettings, TrackingServer
from components.model import Cell, EnvironmentClass
from tests.components.versions_plan import ACCOUNT, REGIONS, TENANTS, ZONES

CELL = Cell(
    environment="prod",
    environment_class=EnvironmentClass.PRODUCTION,
    region="us-east-1",
    regions=REGIONS,
    account_id=ACCOUNT,
)
SHARED, CREDIT = (
    next(
        instance
        for instance in instances(
            ExperimentTrackingSettings(), CELL, ZONES, [Tenant.model_validate(one) for one in TENANTS]
        )
        if instance.label == label
    )
    for label in ("shared", "eu-credit")
)
SETTINGS = TrackingServer()


def pods(instance: Instance) -> list[dict[str, Any]]:
    deployment = server.deployment(CELL, instance, SETTINGS, "postgresql://x", 2)
    collector = server.collector(CELL, instance, SETTINGS, "postgresql://x")
    first = server.first_user(CELL, instance, SETTINGS, "host", "arn:secret")
    return [
        deployment["template"]["spec"],
        collector["jobTemplate"]["spec"]["template"]["spec"],
        first["template"]["spec"],
    ]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_pods_meet_the_restricted_profile() -> None:
    for pod in pods(CREDIT):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"] == "2Gi"


def test_no_pod_is_given_a_password_or_a_key() -> None:
    for pod in pods(SHARED):
        for container in containers(pod):
            for variable in container["env"]:
                assert not {"PASSWORD", "ACCESS_KEY", "TOKEN"} & set(variable["name"].split("_"))
    uri = server.database_uri(CELL, SHARED, "host")
    assert uri == "postgresql+psycopg2://prod_tracking_shared@host:5432/mlflow?sslmode=require"


def test_the_server_keeps_artifacts_in_its_own_bucket_and_hands_them_out_itself() -> None:
    arguments = pods(CREDIT)[0]["containers"][0]["args"]
    bucket = f"s3://tradewind-prod-euw1-tracking-eu-credit-{ACCOUNT}/artifacts"
    assert f"--artifacts-destination={bucket}" in arguments
    assert "--serve-artifacts" in arguments


def test_the_server_answers_its_services_names_only() -> None:
    (hosts,) = [a for a in pods(SHARED)[0]["containers"][0]["args"] if a.startswith("--allowed-hosts=")]
    allowed = hosts.removeprefix("--allowed-hosts=").split(",")
    assert "mlflow.tracking-shared.svc.cluster.local:5000" in allowed
    assert "*" not in hosts
    assert names.tracking_uri(SHARED) == "http://mlflow.tracking-shared.svc.cluster.local:5000"


def test_connections_are_not_kept_and_no_jobs_are_run() -> None:
    for container in containers(pods(SHARED)[0]):
        variables = {one["name"]: one["value"] for one in container["env"]}
        assert variables["MLFLOW_SQLALCHEMYSTORE_POOLCLASS"] == "NullPool"
        assert variables["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
        assert variables["PYTHONPATH"] == "/opt/tradewind"


def test_deleted_runs_go_for_good_after_a_month() -> None:
    arguments = pods(SHARED)[1]["containers"][0]["args"]
    assert arguments[:3] == ["mlflow", "gc", "--older-than=30d"]
    assert server.collector(CELL, SHARED, SETTINGS, "x")["concurrencyPolicy"] == "Forbid"


def test_only_the_instances_tenants_come_in() -> None:
    policy = server.network_policy(CREDIT)
    (ingress,) = policy["ingress"]
    ((source,),) = (ingress["from"],)
    (expression,) = source["namespaceSelector"]["matchExpressions"]
    assert expression["values"] == ["credit", "tracking-eu-credit"]
    assert ingress["ports"] == [{"port": 5000, "protocol": "TCP"}]
    assert policy["podSelector"] == {}
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    open_ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert open_ports == {53, 80, 443, 5000, 5432}
    (credentials,) = [rule for rule in policy["egress"] if {"port": 80, "protocol": "TCP"} in rule["ports"]]
    assert credentials["to"] == [{"ipBlock": {"cidr": "169.254.170.23/32"}}]


def test_the_programs_in_the_pods_are_whole_and_python_imports_one_at_its_start() -> None:
    scripts = server.scripts()
    assert set(scripts) == {"sitecustomize.py", "first_user.py"}
    for text in scripts.values():
        ast.parse(text, feature_version=(3, 10))
