"""A feature store, planned: what the tests of both its halves look at."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plan.graph import Graph, Resource
from plan.offline import run
from plan.project import Program
from plan.values import Reference

REGIONS = ["us-east-1", "eu-west-1", "eu-central-1"]
HOME = REGIONS[0]
ZONES = {"eu": ["eu-west-1", "eu-central-1", "eu-west-3"]}
TAGS = {"owner": "ml-platform", "cost-center": "cc-1", "environment": "prod", "data-class": "internal"}
COLUMNS = [{"name": "age", "type": "int"}, {"name": "embedding", "type": "float", "repeated": True}]
STORE: dict[str, Any] = {
    "views": [
        {"name": "users", "entity_key": "user_id", "columns": COLUMNS, "ttl_attribute": "expires_at"},
        {
            "name": "europeans",
            "entity_key": "user_id",
            "columns": COLUMNS,
            "residency": "eu",
            "data_class": "restricted",
            "consistency": "strong",
            "witness_region": "eu-west-3",
        },
        {"name": "scores", "entity_key": "item_id", "columns": COLUMNS, "tenant": "acme"},
        {"name": "history", "entity_key": "item_id", "columns": COLUMNS, "online": False},
    ],
    "low_latency": {"max_gb": 10, "max_ecpu_per_second": 5000},
}

PROGRAM = """
import json, pathlib, pulumi
from components.feature_store.feature_store import FeatureStore, FeatureStoreArgs
from components.feature_store.region import FeatureStoreRegion, FeatureStoreRegionArgs

given = json.loads((pathlib.Path(__file__).parent / "given.json").read_text())
regions = given["regions"]
shared = {"store": given["store"], "residency": given["zones"]}

def cell(region):
    return {**given["cell"], "region": region, "regions": regions}

whole = FeatureStore("features", FeatureStoreArgs(cell=cell(regions[0]), **shared))
earlier = [whole]
for region in regions:
    args = FeatureStoreRegionArgs(
        cell=cell(region),
        vpc_id=pulumi.Output.from_input("vpc-1"),
        data_subnet_ids=pulumi.Output.from_input(["subnet-a", "subnet-b", "subnet-c", "subnet-d"]),
        private_subnet_ids=pulumi.Output.from_input(["subnet-e", "subnet-f"]),
        client_cidrs=["10.0.0.0/16"],
        **shared,
    )
    made = FeatureStoreRegion(f"features-{region}", args, pulumi.ResourceOptions(depends_on=list(earlier)))
    earlier = earlier if len(earlier) > 1 else [*earlier, made]
pulumi.export("roles", whole.role_arns)
pulumi.export("tables", whole.table_names)
"""


def planned(
    folder: Path, environment_class: str, regions: list[str], store: dict[str, Any], **options: Any
) -> Graph:
    cell = {
        "environment": "prod",
        "environment_class": environment_class,
        "account_id": "123456789012",
        "tags": TAGS,
    }
    zones = ZONES if len(regions) > 1 else {}
    given = {"cell": cell, "regions": regions, "store": store, "zones": zones}
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "__main__.py").write_text(PROGRAM)
    main = folder / "__main__.py"
    program = Program(folder=folder, stack="test", project="features", main=main, python=Path(sys.executable))
    return run(program, **options)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("production"), "production", REGIONS, STORE)


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    store = {"views": [STORE["views"][0]]}
    return planned(tmp_path_factory.mktemp("development"), "development", [HOME], store)


def of(graph: Graph, kind: str) -> tuple[Resource, ...]:
    """Resources of a type by its last part: `Table`, `Bucket`."""
    found = tuple(resource for resource in graph if resource.type.rpartition(":")[2] == kind)
    assert found, f"no {kind} in the plan"
    return found


def documents(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every role policy about data as (resource name, document)."""
    for policy in of(graph, "RolePolicy"):
        if policy.inputs["name"] == "data":
            yield policy.name, json.loads(policy.inputs["policy"])


def region_of_key(graph: Graph, value: Any) -> str:
    """The region of the key that `value` is the ARN of."""
    assert isinstance(value, Reference)
    return graph[value.urn].region
