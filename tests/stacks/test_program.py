"""The program of the stacks, run without engine or credentials: every shipped stack, and wrong ones."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from plan.graph import Graph
from plan.offline import run_all
from plan.project import find
from problems import InputError
from stacks.specification import FOLDER, Environment, load

ROOT = FOLDER.parent
GLOBAL_SERVICES = ("aws:iam/", "aws:budgets/")
NAMED_BY = {
    "aws:budgets/budget:Budget": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:dynamodb/table:Table": "name",
    "aws:eks/cluster:Cluster": "name",
    "aws:iam/role:Role": "name",
    "aws:kms/alias:Alias": "name",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:s3/bucket:Bucket": "bucket",
}
"""Types whose names are given, not made by the provider, and the input that holds the name."""
ONE_NAMESPACE = ("aws:budgets/budget:Budget", "aws:iam/role:Role", "aws:s3/bucket:Bucket")


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load(FOLDER / "prod.yaml")


@pytest.fixture(scope="module")
def graphs(prod: Environment) -> Mapping[str, Graph]:
    """Production's stacks and development's, by stack."""
    project = find(ROOT)
    stacks = [part.stack for part in prod.cells()] + ["dev"]
    return dict(zip(stacks, run_all([project.program(stack) for stack in stacks]), strict=True))


def test_every_input_has_a_type_that_its_resource_takes(graphs: Mapping[str, Graph]) -> None:
    found = {
        stack: [f"{one.urn} {one.path} {one.message}" for one in graph.findings]
        for stack, graph in graphs.items()
    }
    assert found == {stack: [] for stack in graphs}


def test_every_resource_says_where_it_is(graphs: Mapping[str, Graph], prod: Environment) -> None:
    for stack, graph in graphs.items():
        for resource in graph:
            if (
                resource.is_managed
                and resource.package == "aws"
                and not resource.type.startswith(GLOBAL_SERVICES)
            ):
                assert "region" in resource.inputs, f"{stack}: {resource.urn}"
                if stack.startswith("prod-") and stack != "prod-global":
                    assert f"prod-{resource.region}" == stack, resource.urn


def test_no_resource_falls_back_to_a_default_provider(graphs: Mapping[str, Graph]) -> None:
    for graph in graphs.values():
        for resource in graph:
            if resource.is_managed:
                provider = graph.provider_of(resource)
                assert provider is not None and not provider.name.startswith("default"), resource.urn


def test_the_provider_works_in_the_specifications_account_only(graphs: Mapping[str, Graph]) -> None:
    for graph in graphs.values():
        providers = [one for one in graph if one.type == "pulumi:providers:aws"]
        assert providers
        assert all("123456789012" in str(one.inputs["allowedAccountIds"]) for one in providers)


def test_in_one_stack_a_region_waits_for_what_spans_regions(graphs: Mapping[str, Graph]) -> None:
    """Halves know each other by name only: else tables would be created before the buckets they lie in."""
    graph = graphs["dev"]
    (cell,) = (one for one in graph if one.type == "tradewind:index:RegionalCell")
    waits_for = set(cell.dependencies)
    spanning = {one.urn for one in graph if one.is_managed and "index:GlobalCell$" in one.urn}
    assert any("s3/bucket:Bucket" in urn for urn in spanning)
    assert spanning <= waits_for


def test_in_a_stack_for_each_cell_no_cell_waits_for_another(graphs: Mapping[str, Graph]) -> None:
    for stack, graph in graphs.items():
        if stack != "dev":
            assert [one.urn for one in graph if one.type.endswith("Cell") and one.dependencies] == []


def test_data_stores_of_production_are_protected(graphs: Mapping[str, Graph]) -> None:
    stores = (
        "aws:dynamodb/table:Table",
        "aws:rds/globalCluster:GlobalCluster",
        "aws:rds/cluster:Cluster",
        "aws:kms/key:Key",
    )
    for stack, graph in graphs.items():
        for resource in graph.of_type(*stores):
            assert resource.protect is (stack != "dev"), resource.urn


def test_a_silo_tenant_has_clusters_in_its_residency_only(graphs: Mapping[str, Graph]) -> None:
    clusters = {
        stack: sorted(str(one.inputs["name"]) for one in graph.of_type("aws:eks/cluster:Cluster"))
        for stack, graph in graphs.items()
    }
    assert [len(clusters[stack]) for stack in ("prod-us-east-1", "prod-eu-west-1", "prod-eu-central-1")] == [
        1,
        2,
        2,
    ]
    assert any("credit" in name for name in clusters["prod-eu-west-1"])


def test_physical_names_are_used_once_in_the_whole_account(graphs: Mapping[str, Graph]) -> None:
    """Stacks of different cells, and of different environments, must not claim the same thing."""
    seen: dict[tuple[str, str, str], str] = {}
    for graph in graphs.values():
        for kind, key in NAMED_BY.items():
            for resource in graph.of_type(kind):
                name = str(resource.inputs[key])
                place = "" if kind in ONE_NAMESPACE else resource.region
                assert (kind, place, name) not in seen, f"{resource.urn} and {seen[kind, place, name]}"
                seen[kind, place, name] = resource.urn
    assert {kind for kind, _, _ in seen} == set(NAMED_BY)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("class: development", "class: dev", "did you mean development?"),
        ("environment: dev", "environment: [dev", "stacks/dev.yaml"),
    ],
)
def test_a_wrong_specification_is_explained_and_not_traced_back(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(FOLDER, tmp_path / "stacks", ignore=shutil.ignore_patterns("__pycache__", "*.yaml"))
    shutil.copy(FOLDER / "Pulumi.dev.yaml", tmp_path / "stacks")
    text = (FOLDER / "dev.yaml").read_text(encoding="utf-8")
    (tmp_path / "stacks" / "dev.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        run_all([find(tmp_path).program("dev", python=sys.executable)])
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)
