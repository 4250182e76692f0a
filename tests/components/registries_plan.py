"""Registries of images and models, planned: what the tests of both look at, and what real clients use."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from components.data_plane.surroundings import Surroundings
from plan.graph import Graph, Resource
from plan.offline import run
from plan.project import Program

ACCOUNT = "123456789012"
HOME, OTHER = REGIONS = ["us-east-1", "eu-west-1"]
ZONES = {"us": [HOME], "eu": [OTHER]}
TENANTS = [
    {"name": "search", "tier": "pool", "owner": "search-ml", "cost_center": "cc-2100"},
    {"name": "credit", "tier": "bridge", "owner": "credit-ml", "cost_center": "cc-3100", "residency": "eu"},
]
TAGS = {"owner": "ml-platform", "cost-center": "cc-1", "environment": "prod", "data-class": "internal"}
IMAGES: dict[str, Any] = {
    "shared_with": [{"environment": "staging", "regions": REGIONS}],
    "repositories": [
        {"name": "serving", "mutable_tags": ["cache-*"]},
        {"name": "ranker", "tenant": "search"},
        {"name": "scoring", "tenant": "credit"},
    ],
    "upstreams": [
        {"registry": "ecr-public"},
        {"registry": "docker-hub", "secret_suffix": "AbCd12"},
        {"registry": "github"},
    ],
    "scanning": {"notify": ["ml-platform@example.com"]},
}
MODELS: dict[str, Any] = {
    "models": [
        {"name": "encoder"},
        {"name": "ranker", "tenant": "search"},
        {"name": "credit-score", "tenant": "credit", "data_class": "restricted"},
    ],
    "reader_accounts": ["222222222222"],
    "sends_to": [{"environment": "live", "account_id": "333333333333"}],
    "takes_from": [{"environment": "lab", "account_id": "444444444444"}],
}

PROGRAM = """
import json, pathlib
from components.container_registry.container_registry import ContainerRegistry, ContainerRegistryArgs
from components.container_registry.region import ContainerRegistryRegion, ContainerRegistryRegionArgs
from components.model_registry.model_registry import ModelRegistry, ModelRegistryArgs
from components.model_registry.region import ModelRegistryRegion, ModelRegistryRegionArgs

given = json.loads((pathlib.Path(__file__).parent / "given.json").read_text())
regions = given["cell"]["regions"]

def around(region):
    cell = {**given["cell"], "region": region}
    return {"cell": cell, "residency": given["residency"], "tenants": given["tenants"]}

images, models = given["images"], given["models"]
ContainerRegistry("images", ContainerRegistryArgs(**around(regions[0]), registry=images))
ModelRegistry("models", ModelRegistryArgs(**around(regions[0]), registry=models))
for region in regions:
    args = ContainerRegistryRegionArgs(**around(region), registry=images, node_roles=["nodes"])
    ContainerRegistryRegion(f"images-{region}", args)
    ModelRegistryRegion(f"models-{region}", ModelRegistryRegionArgs(**around(region), registry=models))
"""


def planned(
    folder: Path,
    *,
    environment_class: str = "production",
    regions: list[str] = REGIONS,
    images: dict[str, Any] = IMAGES,
    models: dict[str, Any] = MODELS,
) -> Graph:
    """The graph of both registries in `regions`, the first being home."""
    given = {
        "cell": {
            "environment": "prod",
            "environment_class": environment_class,
            "regions": regions,
            "account_id": ACCOUNT,
            "tags": TAGS,
        },
        "residency": ZONES,
        "tenants": TENANTS,
        "images": images,
        "models": models,
    }
    (folder / "given.json").write_text(json.dumps(given))
    main = folder / "__main__.py"
    main.write_text(PROGRAM)
    program = Program(
        folder=folder, stack="test", project="registries", main=main, python=Path(sys.executable)
    )
    return run(program)


def around(
    environment: str = "prod", region: str = HOME, environment_class: str = "production"
) -> Surroundings:
    """What either registry is checked against."""
    cell = {
        "environment": environment,
        "environment_class": environment_class,
        "region": region,
        "regions": REGIONS,
        "account_id": ACCOUNT,
    }
    return Surroundings.model_validate({"cell": cell, "residency": ZONES, "tenants": TENANTS})


def of(graph: Graph, kind: str, region: str = "") -> tuple[Resource, ...]:
    """Resources of a type by its last part, of one region where it is given."""
    return tuple(
        resource
        for resource in graph
        if resource.type.rpartition(":")[2] == kind and region in ("", resource.region)
    )


def definition(graph: Graph, machine: str, region: str) -> dict[str, Any]:
    """The state machine's definition, as the graph would provision it."""
    (found,) = [it for it in of(graph, "StateMachine", region) if it.inputs["name"].endswith(machine)]
    made: dict[str, Any] = json.loads(found.inputs["definition"])
    return made
