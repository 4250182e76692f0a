"""The graph of an offline plan is that of `pulumi preview --json --show-sames`.

Every stack of this project and every program of `tests/programs` is previewed by the real engine, once; what
may differ, and why, is the table in `tests/engine/compare.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plan import offline, preview
from plan.graph import Graph, Resource
from plan.project import find
from plan.values import SECRET, UNKNOWN, Reference, Template
from tests.engine import programs
from tests.engine.compare import NORMALISATIONS, differences
from tests.engine.sandbox import Sandbox

pytestmark = pytest.mark.engine

OWN = "tradewind"
STACKS = [
    *((OWN, stack) for stack in programs.stacks_of(programs.STACKS)),
    *((name, stack) for name in programs.NAMES for stack in programs.stacks_of(programs.PROGRAMS / name)),
]
ANSWERS: tuple[offline.Answers, ...] = ("symbolic", "unknown")


@pytest.fixture(scope="module")
def previews(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[tuple[str, str], Future[Any]]]:
    """(folder, what the preview printed) of each stack; two run at a time, each name in its own sandbox."""
    top = tmp_path_factory.mktemp("previews")

    def made(name: str) -> tuple[Sandbox, Path]:
        box = Sandbox(top / name)
        return box, programs.own_stacks(box) if name == OWN else programs.prepared(box, name)

    def shown(ready: Future[tuple[Sandbox, Path]], stack: str) -> tuple[Path, str]:
        box, folder = ready.result()
        return folder, programs.previewed(box, folder, stack)

    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(2) as pool:
        ready = {name: first.submit(made, name) for name in dict.fromkeys(name for name, _ in STACKS)}
        yield {(name, stack): pool.submit(shown, ready[name], stack) for name, stack in STACKS}


@pytest.fixture(scope="module")
def graphs(previews: Mapping[tuple[str, str], Future[Any]]) -> Any:
    """The graphs of one stack, offline and the engine's, each made once."""
    kept: dict[Any, Graph] = {}

    def of(name: str, stack: str, answers: offline.Answers) -> tuple[Graph, Graph]:
        folder, text = previews[name, stack].result()
        if (name, stack) not in kept:
            kept[name, stack] = preview.read(text, stack)
        if (name, stack, answers) not in kept:
            kept[name, stack, answers] = offline.run(find(folder).program(stack), answers=answers)
        return kept[name, stack, answers], kept[name, stack]

    return of


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize(("name", "stack"), STACKS)
def test_the_offline_graph_is_the_engines(
    graphs: Any, name: str, stack: str, answers: offline.Answers
) -> None:
    ours, theirs = graphs(name, stack, answers)
    assert [str(it) for it in differences(ours, theirs)] == []
    assert len(theirs) > 5


@pytest.mark.parametrize("normalisation", [it.name for it in NORMALISATIONS])
def test_each_normalisation_is_needed(graphs: Any, normalisation: str) -> None:
    """Without it, some program differs."""
    for name, stack in STACKS:
        ours, theirs = graphs(name, stack, "symbolic")
        if differences(ours, theirs, without=normalisation):
            return
    pytest.fail(f"nothing needs {normalisation!r}")


def test_a_first_preview_does_not_answer_what_a_manifest_holds(tmp_path: Path) -> None:
    """Why `eks-apps` is compared after its deployment: the engine itself cannot preview it before."""
    box = Sandbox(tmp_path)
    folder = box.project(programs.PROGRAMS / "eks-apps", "eks-apps")
    box.pulumi("stack", "init", "dev", cwd=folder)
    done = box.pulumi("preview", "--json", "--stack", "dev", cwd=folder, check=False)
    assert done.returncode != 0
    assert "KeyError: 'v1/Service:guestbook/frontend'" in done.stdout.replace("\\\\", "")


# What is planted is found: a change of what a normalisation is about is a difference all the same.


def changed(graph: Graph, urn: str, **fields: Any) -> Graph:
    """`graph` with other inputs or fields of one resource."""
    resource = graph[urn]
    inputs = {**resource.inputs, **fields.pop("inputs", {})}
    inputs = {name: value for name, value in inputs.items() if value is not ...}
    return Graph.of(
        (replace(it, inputs=inputs, **fields) if it.urn == urn else it for it in graph), origin=graph.origin
    )


def some(graph: Graph, kind: str) -> Resource:
    return next(it for it in graph if it.type == kind)


def test_every_kind_of_difference_is_found(graphs: Any) -> None:
    ours, theirs = graphs("fargate-service", "dev", "unknown")
    subnet = some(theirs, "aws:ec2/subnet:Subnet")
    vpc = some(theirs, "aws:ec2/vpc:Vpc").urn
    planted: list[tuple[dict[str, Any], str]] = [
        ({"parent": ""}, "parent"),
        ({"type": "aws:ec2/vpc:Vpc"}, "type"),
        ({"provider": "urn:pulumi:dev::p::pulumi:providers:aws::other"}, "provider"),
        ({"protect": True}, "protect"),
        ({"dependencies": ()}, "dependencies"),
        ({"property_dependencies": {}}, "property_dependencies.vpcId"),
        ({"inputs": {"cidrBlock": "10.99.0.0/20"}}, "inputs.cidrBlock"),
        ({"inputs": {"vpcId": "vpc-1"}}, "inputs.vpcId"),
        ({"inputs": {"cidrBlock": UNKNOWN}}, "inputs.cidrBlock"),
        ({"inputs": {"cidrBlock": SECRET}}, "inputs.cidrBlock"),
        ({"inputs": {"vpcId": SECRET}}, "inputs.vpcId"),
        ({"inputs": {"cidrBlock": ...}}, "inputs.cidrBlock"),
        ({"inputs": {"mapPublicIpOnLaunch": 1}}, "inputs.mapPublicIpOnLaunch"),
        ({"inputs": {"mapCustomerOwnedIpOnLaunch": True}}, "inputs.mapCustomerOwnedIpOnLaunch"),
    ]
    for fields, path in planted:
        found = differences(ours, changed(theirs, subnet.urn, **fields))
        assert [(it.urn, it.path) for it in found] == [(subnet.urn, path)], fields
    fewer = Graph.of(it for it in theirs if it.urn != subnet.urn)
    assert subnet.urn in {it.urn for it in differences(ours, fewer)}
    assert subnet.urn in {
        it.urn for it in differences(Graph.of(it for it in ours if it.urn != subnet.urn), theirs)
    }
    assert differences(changed(ours, vpc, protect=True), theirs)


def test_a_wrong_reference_is_found(graphs: Any) -> None:
    """To what is known in the engine, and where the engine knows the value for itself."""
    ours, theirs = graphs("fargate-service", "dev", "symbolic")
    subnet, vpc = some(ours, "aws:ec2/subnet:Subnet"), some(ours, "aws:ec2/vpc:Vpc")
    for value in (
        Reference(vpc.urn, "cidrBlock"),
        Template(f"x{Reference(vpc.urn, 'cidrBlock')}"),
        "10.0.0.0/8",
    ):
        found = differences(changed(ours, subnet.urn, inputs={"vpcId": value}), theirs)
        assert [it.path for it in found] == ["inputs.vpcId"], value
    known = changed(ours, subnet.urn, inputs={"cidrBlock": Reference(vpc.urn, "arn")})
    assert [it.path for it in differences(known, theirs)] == ["inputs.cidrBlock"]


def test_a_wrong_tag_or_region_is_found(graphs: Any) -> None:
    ours, theirs = graphs("fargate-service", "dev", "symbolic")
    subnet = some(theirs, "aws:ec2/subnet:Subnet")
    merged = {**subnet.inputs["tagsAll"], "stage": "prod"}
    for inputs, path in (
        ({"tagsAll": merged}, "inputs.tagsAll.stage"),
        ({"region": "eu-west-2"}, "inputs.region"),
    ):
        assert [it.path for it in differences(ours, changed(theirs, subnet.urn, inputs=inputs))] == [path]


def test_a_name_that_is_not_automatic_is_found(graphs: Any) -> None:
    ours, theirs = graphs("serverless-orders", "dev", "symbolic")
    named = next(it for it in theirs if it.options.get("defaults") == ["name"])
    assert "name" not in ours[named.urn].inputs
    for name in ("anything", f"{named.name}-blue", f"other-{named.inputs['name']}"):
        found = differences(ours, changed(theirs, named.urn, inputs={"name": name}))
        assert (named.urn, "inputs.name") in {(it.urn, it.path) for it in found}, name


def test_a_list_is_vague_only_where_the_engine_is(graphs: Any) -> None:
    ours, theirs = graphs(OWN, "dev", "symbolic")
    group = some(theirs, "aws:eks/nodeGroup:NodeGroup")
    assert group.inputs["subnetIds"] is UNKNOWN
    known = changed(theirs, group.urn, inputs={"subnetIds": ["subnet-1", "subnet-2"]})
    assert {it.path for it in differences(ours, known)} == {"inputs.subnetIds[0]", "inputs.subnetIds[1]"}
    plain = changed(ours, group.urn, inputs={"subnetIds": ["subnet-1", "subnet-2"]})
    assert [it.path for it in differences(plain, theirs)] == ["inputs.subnetIds"]


def test_a_dependency_that_is_not_through_a_data_source_is_found(graphs: Any) -> None:
    ours, theirs = graphs("data-lookups", "dev", "symbolic")
    policy = some(ours, "aws:iam/rolePolicy:RolePolicy")
    bucket = some(ours, "aws:s3/bucket:Bucket").urn
    more = {**policy.property_dependencies, "role": (*policy.property_dependencies["role"], bucket)}
    found = differences(changed(ours, policy.urn, property_dependencies=more), theirs)
    assert {it.path for it in found} >= {"property_dependencies.role"}
    found = differences(changed(ours, policy.urn, inputs={"policy": UNKNOWN}), theirs)
    assert {it.path for it in found} == {"property_dependencies.policy", "dependencies"}


def test_what_is_deployed_is_known_only_through_its_dependencies(graphs: Any) -> None:
    ours, theirs = graphs("eks-apps", "dev", "symbolic")
    vpc = some(ours, "aws:ec2/vpc:Vpc")
    found = differences(changed(ours, vpc.urn, inputs={"cidrBlock": UNKNOWN}), theirs)
    assert [it.path for it in found] == ["inputs.cidrBlock"]
    subnet = some(ours, "aws:ec2/subnet:Subnet")
    found = differences(changed(ours, subnet.urn, inputs={"vpcId": "vpc-1"}), theirs)
    assert [it.path for it in found] == ["inputs.vpcId"]
    release = some(theirs, "kubernetes:helm.sh/v3:Release")
    found = differences(ours, changed(theirs, release.urn, inputs={"timeout": 600}))
    assert [it.path for it in found] == ["inputs.timeout"]


def test_settings_of_providers_that_are_declared_count(graphs: Any) -> None:
    ours, theirs = graphs("multi-account", "dev", "symbolic")
    provider = next(it for it in theirs if it.is_provider and not it.name.startswith("default"))
    for name in ("region", "version"):
        found = differences(ours, changed(theirs, provider.urn, inputs={name: "other"}))
        assert [(it.urn, it.path) for it in found] == [(provider.urn, f"inputs.{name}")]
