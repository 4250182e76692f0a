"""Versions of data and experiment tracking, planned: what the tests of both look at."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from plan.graph import Graph, Resource
from plan.offline import run
from plan.project import Program
from plan.values import Reference

REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]
HOME = REGIONS[0]
ZONES = {"us": ["us-east-1"], "eu": ["eu-west-1", "eu-central-1"]}
ACCOUNT = "123456789012"
TAGS = {"owner": "ml-platform", "cost-center": "cc-1", "environment": "prod", "data-class": "internal"}
TENANTS = [
    {"name": "search", "tier": "pool", "owner": "search-ml", "cost_center": "cc-2"},
    {"name": "ads", "tier": "pool", "owner": "ads-ml", "cost_center": "cc-3", "residency": "eu"},
    {"name": "acme", "tier": "bridge", "owner": "acme-ml", "cost_center": "cc-4"},
    {"name": "credit", "tier": "silo", "owner": "credit-ml", "cost_center": "cc-5", "residency": "eu"},
]
VERSIONS: dict[str, Any] = {
    "projects": [
        {
            "name": "ranking",
            "tenant": "search",
            "writers": ["role/ranking-ci"],
            "collectors": ["role/keeper"],
        },
        {"name": "clicks", "tenant": "search", "namespaces": ["search", "search-jobs"]},
        {"name": "campaigns", "tenant": "ads"},
        {"name": "catalogue", "tenant": "acme", "data_class": "restricted"},
        {"name": "exposure", "tenant": "credit", "readers": ["role/auditor"]},
        {"name": "american", "residency": "us"},
    ],
    "lakefs": {"project": "clicks"},
}
TRACKING: dict[str, Any] = {"data_class": "confidential"}

PROGRAM = """
import json, pathlib, pulumi
from components.data_versioning.data_versioning import DataVersioning, DataVersioningArgs
from components.data_versioning.region import DataVersioningRegion, DataVersioningRegionArgs
from components.experiment_tracking.experiment_tracking import ExperimentTracking, ExperimentTrackingArgs
from components.experiment_tracking.region import ExperimentTrackingRegion, ExperimentTrackingRegionArgs

given = json.loads((pathlib.Path(__file__).parent / "given.json").read_text())
regions, versions, tracking = given["regions"], given["versions"], given["tracking"]
shared = {"residency": given["zones"], "tenants": given["tenants"]}

def around(region):
    return {**shared, "cell": {**given["cell"], "region": region, "regions": regions}}

def output(value):
    return pulumi.Output.from_input(value)

if versions is not None:
    DataVersioning("versions", DataVersioningArgs(**around(regions[0]), versions=versions))
    for region in regions:
        args = DataVersioningRegionArgs(**around(region), versions=versions, kubeconfig=output("{}"))
        DataVersioningRegion(f"versions-{region}", args)
if tracking is not None:
    ExperimentTracking("tracking", ExperimentTrackingArgs(**around(regions[0]), tracking=tracking))
    for region, silo in [(region, silo) for region in regions for silo in ("", "credit")]:
        args = ExperimentTrackingRegionArgs(
            **around(region),
            tracking=tracking,
            vpc_id=output("vpc-1"),
            data_subnet_ids=output(["subnet-a", "subnet-b"]),
            client_cidrs=["10.0.0.0/16", "100.64.0.0/16"],
            kubeconfig=output("{}"),
            silo=silo,
        )
        if args.here():
            ExperimentTrackingRegion("-".join(part for part in ("tracking", silo, region) if part), args)
"""


def planned(
    folder: Path,
    environment_class: str,
    regions: list[str],
    *,
    versions: dict[str, Any] | None = None,
    tracking: dict[str, Any] | None = None,
    tenants: list[dict[str, Any]] | None = None,
) -> Graph:
    cell = {
        "environment": "prod",
        "environment_class": environment_class,
        "account_id": ACCOUNT,
        "tags": TAGS,
    }
    given = {
        "cell": cell,
        "regions": regions,
        "zones": ZONES if len(regions) > 1 else {},
        "tenants": TENANTS if tenants is None else tenants,
        "versions": versions,
        "tracking": tracking,
    }
    (folder / "given.json").write_text(json.dumps(given))
    main = folder / "__main__.py"
    main.write_text(PROGRAM)
    return run(Program(folder=folder, stack="test", project="data", main=main, python=Path(sys.executable)))


@pytest.fixture(scope="session")
def versions_in_production(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("versions"), "production", REGIONS, versions=VERSIONS)


@pytest.fixture(scope="session")
def tracking_in_production(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("tracking"), "production", REGIONS, tracking=TRACKING)


def of(graph: Graph, kind: str) -> tuple[Resource, ...]:
    """Resources of a type by its last part: `Table`, `Bucket`."""
    found = tuple(resource for resource in graph if resource.type.rpartition(":")[2] == kind)
    assert found, f"no {kind} in the plan"
    return found


def named(graph: Graph, kind: str, name: str) -> Resource:
    """The one resource of `kind` with the physical `name`."""
    keys = ("bucket", "name", "clusterIdentifier")
    (found,) = [r for r in of(graph, kind) if name in [r.inputs.get(key) for key in keys]]
    return found


def region_of_key(graph: Graph, value: Any) -> str:
    """The region of the key that `value` is the ARN of."""
    assert isinstance(value, Reference)
    return graph[value.urn].region
