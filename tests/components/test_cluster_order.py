"""A cluster as an offline plan sees it: what waits for what, what is protected, what is known beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from plan.graph import Graph, Resource
from plan.offline import run
from plan.project import find
from plan.values import UNKNOWN

PROGRAM = """
from components.base import Cell
from components.cluster.cluster import Cluster, ClusterArgs

cell = Cell(
    environment="prod", environment_class="production", region="eu-west-1", regions=["eu-west-1"],
    account_id="123456789012", tags={"owner": "ml-platform"},
)
args = ClusterArgs(
    cell=cell, vpc_id="vpc-1", private_subnet_ids=["subnet-1", "subnet-2"],
    pod_subnet_ids=["subnet-3", "subnet-4"], zones=["eu-west-1a", "eu-west-1b"],
    access={"administrators": ["role/deployer"]},
    node_pools=[{"name": "general", "instance_categories": ["c"], "limits": {"cpu": 64, "memory_gib": 256}}],
)
Cluster("cluster", args)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("one-cluster")
    (made / "Pulumi.yaml").write_text("name: one-cluster\nruntime: python\n")
    (made / "Pulumi.prod.yaml").write_text("config: {}\n")
    (made / "__main__.py").write_text(PROGRAM)
    return made


@pytest.fixture(scope="module")
def graph(folder: Path) -> Graph:
    return run(find(folder).program("prod"))


def the(graph: Graph, end: str, name: str) -> Resource:
    (found,) = [one for one in graph.resources.values() if one.type.endswith(end) and one.name == name]
    return found


def waits_for(graph: Graph, resource: Resource) -> set[str]:
    """URNs of everything that is there before `resource` is made."""
    waiting = {*resource.dependencies}
    if resource.provider:
        waiting.add(resource.provider)
    return waiting.union(
        *(waits_for(graph, graph.resources[urn]) for urn in waiting if urn in graph.resources)
    )


BEFORE = [
    (("cluster:Cluster", "control-plane"), (":LogGroup", "control-plane")),
    (("cluster:Cluster", "control-plane"), (":RolePolicy", "control-plane-wrap-secrets")),
    ((":NodeGroup", "system"), (":Addon", "vpc-cni")),
    ((":NodeGroup", "system"), (":Addon", "eks-pod-identity-agent")),
    ((":NodeGroup", "system"), (":RolePolicyAttachment", "system-AmazonEKSWorkerNodePolicy")),
    ((":Addon", "coredns"), (":NodeGroup", "system")),
    ((":Addon", "aws-ebs-csi-driver"), (":RolePolicyAttachment", "ebs-csi-AmazonEBSCSIDriverPolicy")),
    ((":Release", "karpenter"), (":Release", "karpenter-crd")),
    ((":Release", "karpenter"), (":AccessPolicyAssociation", "role/deployer")),
    ((":Release", "karpenter"), (":PodIdentityAssociation", "karpenter")),
    ((":Release", "karpenter"), (":RolePolicy", "karpenter-lifecycle")),
    ((":Release", "karpenter"), (":QueuePolicy", "interruptions")),
    ((":Release", "karpenter"), (":EventTarget", "spot-interruption")),
    ((":Release", "karpenter"), (":AccessEntry", "nodes")),
    ((":EC2NodeClass", "general-class"), (":Release", "karpenter")),
    ((":NodePool", "general"), (":EC2NodeClass", "general-class")),
    ((":Release", "load-balancers"), (":PodIdentityAssociation", "load-balancers")),
    ((":StorageClass", "gp3"), (":Addon", "aws-ebs-csi-driver")),
]


@pytest.mark.parametrize(("later", "earlier"), BEFORE, ids=lambda pair: pair[1])
def test_a_part_waits_for_what_it_needs(
    graph: Graph, later: tuple[str, str], earlier: tuple[str, str]
) -> None:
    """On destroy the order is the reverse: pools go before Karpenter, which ends their nodes."""
    second = the(graph, later[0], f"cluster-{later[1]}")
    first = the(graph, earlier[0], f"cluster-{earlier[1]}")
    assert first.urn in waits_for(graph, second)


def test_in_production_keys_are_protected(graph: Graph) -> None:
    """Without them Secrets and volumes are lost."""
    protected = {one.name for one in graph.resources.values() if one.protect}
    assert protected == {"cluster-secrets", "cluster-volumes"}


def test_everything_belongs_to_the_component(graph: Graph) -> None:
    (component,) = [one.urn for one in graph.resources.values() if one.type == "tradewind:index:Cluster"]
    others = [one for one in graph.resources.values() if one.is_managed]
    assert {one.parent for one in others} == {component}


def test_the_plan_finds_nothing_ill_typed(graph: Graph) -> None:
    assert graph.findings == ()


def test_a_first_preview_knows_names_policies_and_pools(folder: Path) -> None:
    """What rules and estimates read does not hang on what only AWS knows."""
    unknown = run(find(folder).program("prod"), answers="unknown")
    read = {
        ":Role": "assumeRolePolicy",
        ":RolePolicy": "policy",
        ":QueuePolicy": "policy",
        ":NodeGroup": "scalingConfig",
        ":NodePool": "spec",
        ":Addon": "configurationValues",
    }
    for end, key in read.items():
        for one in unknown.resources.values():
            if one.type.endswith(end) and one.name != "cluster-control-plane-wrap-secrets":
                assert one.inputs.get(key) is not UNKNOWN, one.name
