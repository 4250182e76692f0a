"""The worked pipeline, planned on an engine: what the tests of pipelines look at."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

from components.model import Cell, EnvironmentClass
from components.pipelines.settings import Engine, PipelinesSettings
from components.pipelines.tasks import Placed, place
from plan.graph import Graph, Resource
from plan.offline import run
from plan.project import Program

ACCOUNT = "123456789012"
REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]
ZONES = {"us": ["us-east-1"], "eu": ["eu-west-1", "eu-central-1"]}
TAGS = {"owner": "ml-platform", "cost-center": "cc-1", "environment": "prod", "data-class": "internal"}
TENANTS = [{"name": "recommendations", "tier": "pool", "owner": "recs-ml", "cost_center": "cc-2"}]

SETTINGS: dict[str, Any] = {
    "engine": "step-functions",
    "datasets": [
        {
            "name": "activity",
            "database": "tradewind_prod",
            "table": "user_activity",
            "location": "s3://tradewind-{environment}-{region_code}-features-{account_id}/tables/{region}/user_activity",
            "key_alias": "alias/tradewind-prod-features",
            "expectations": [
                {"rule": "column_to_exist", "column": "user_id"},
                {"rule": "column_values_to_not_be_null", "column": "user_id"},
                {"rule": "column_values_to_be_between", "column": "purchases_30d", "min": 0, "max": 10000},
                {"rule": "table_row_count_to_be_between", "min": 2},
            ],
        }
    ],
    "queues": [
        {"name": "default", "max_vcpus": 16},
        {"name": "gpu", "max_vcpus": 32, "gpu_instance_types": ["g5.xlarge", "g5.2xlarge"], "spot": True},
    ],
    "notify": ["ml-platform@example.com"],
    "pipelines": [
        {
            "name": "recommendations",
            "tenant": "recommendations",
            "triggers": {
                "schedule": {"cron": "0 3 * * MON", "timezone": "Europe/Dublin"},
                "commit": {"repository": "example/recommendations"},
                "drift": {"alarm": "recommendations-drift-"},
            },
            "retry": {"attempts": 2, "wait_seconds": 60},
            "steps": [
                {
                    "name": "ingest",
                    "image": "recommendations/steps:1.4.2",
                    "command": ["python", "-m", "steps.ingest"],
                    "inputs": ["activity"],
                    "outputs": ["raw"],
                },
                {
                    "name": "validate",
                    "image": "recommendations/steps:1.4.2",
                    "command": ["python", "-m", "steps.validate"],
                    "inputs": ["raw"],
                    "outputs": ["clean"],
                },
                {
                    "name": "featurise",
                    "image": "recommendations/steps:1.4.2",
                    "command": ["python", "-m", "steps.featurise"],
                    "inputs": ["clean"],
                    "outputs": ["training-set"],
                    "resources": {"cpu": 4, "memory_gib": 16},
                },
                {
                    "name": "train",
                    "image": "recommendations/train:1.4.2",
                    "inputs": ["training-set"],
                    "outputs": ["model"],
                    "resources": {"cpu": 4, "memory_gib": 14, "gpus": 1},
                    "queue": "gpu",
                    "retry": {"attempts": 3, "wait_seconds": 300, "backoff": 1},
                    "timeout_minutes": 240,
                },
                {
                    "name": "evaluate",
                    "image": "recommendations/steps:1.4.2",
                    "command": ["python", "-m", "steps.evaluate"],
                    "inputs": ["model", "clean"],
                    "outputs": ["report"],
                },
                {
                    "name": "register",
                    "image": "recommendations/steps:1.4.2",
                    "command": ["python", "-m", "steps.register"],
                    "inputs": ["model", "report"],
                    "retry": {"attempts": 0},
                },
            ],
        }
    ],
}

PROGRAM = """
import json, pathlib, pulumi
from pulumi_kubernetes.provider import Provider
from components.pipelines.region import PipelinesRegion, PipelinesRegionArgs

given = json.loads((pathlib.Path(__file__).parent / "given.json").read_text())
kubernetes = Provider("kubernetes", kubeconfig="{}")
for region in given["regions"]:
    args = PipelinesRegionArgs(
        cell={**given["cell"], "region": region, "regions": given["regions"]},
        residency=given["zones"],
        tenants=given["tenants"],
        pipelines=given["pipelines"],
        vpc_id=pulumi.Output.from_input("vpc-1"),
        private_subnet_ids=pulumi.Output.from_input(["subnet-a", "subnet-b", "subnet-c"]),
        cidr="10.32.0.0/16",
        cluster_name=pulumi.Output.from_input("cluster"),
    )
    options = pulumi.ResourceOptions(providers=[kubernetes])
    PipelinesRegion(f"pipelines-{region}", args, options)
"""


def settings(engine: str, **changes: Any) -> dict[str, Any]:
    """The section on `engine`, with other values at its top."""
    return {**copy.deepcopy(SETTINGS), "engine": engine, **changes}


def cell(region: str = REGIONS[0], environment_class: str = "production") -> Cell:
    return Cell(
        environment="prod",
        environment_class=EnvironmentClass(environment_class),
        region=region,
        regions=REGIONS,
        account_id=ACCOUNT,
        tags=TAGS,
    )


def placed(engine: Engine, region: str = REGIONS[0], **changes: Any) -> Placed:
    """The worked pipeline in a region, active in the first."""
    made = PipelinesSettings.model_validate(settings(engine.value, **changes))
    return place(made, made.pipelines[0], cell(region), active=region == REGIONS[0])


def planned(
    folder: Path,
    engine: str,
    *,
    environment_class: str = "production",
    regions: list[str] = REGIONS,
    **changes: Any,
) -> Graph:
    told = {
        "environment": "prod",
        "environment_class": environment_class,
        "account_id": ACCOUNT,
        "tags": TAGS,
    }
    zones = ZONES if len(regions) > 1 else {}
    given = {
        "cell": told, "regions": regions, "zones": zones, "tenants": TENANTS,
        "pipelines": settings(engine, **changes),
    }  # fmt: skip
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "__main__.py").write_text(PROGRAM)
    main = folder / "__main__.py"
    return run(
        Program(folder=folder, stack="test", project="pipelines", main=main, python=Path(sys.executable))
    )


def of(graph: Graph, kind: str) -> tuple[Resource, ...]:
    """Resources of a type by its last part, such as `StateMachine`."""
    return tuple(resource for resource in graph if resource.type.rpartition(":")[2] == kind)
