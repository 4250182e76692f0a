"""What makes an environment go in an order that works, and leave its names free: by the shipped ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.feature_store.defaults import choices
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell, EnvironmentClass, Protection
from plan.graph import Graph, Resource
from plan.offline import run_all
from plan.project import find
from plan.values import Reference, Template

ROOT = Path(__file__).parents[2]
PROVIDED = ("kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass")
# What somebody must set before AWS lets go of a thing that is in use, and its value in an environment
# that goes wholly.
LETS_GO = {
    "aws:s3/bucket:Bucket": ("forceDestroy", True),
    "aws:athena/workgroup:Workgroup": ("forceDestroy", True),
    "aws:backup/vault:Vault": ("forceDestroy", True),
    "aws:s3tables/tableBucket:TableBucket": ("forceDestroy", True),
    "aws:rds/globalCluster:GlobalCluster": ("forceDestroy", True),
    "aws:ecr/repository:Repository": ("forceDelete", True),
    "aws:iam/role:Role": ("forceDetachPolicies", True),
    "aws:secretsmanager/secret:Secret": ("recoveryWindowInDays", 0),
    "aws:dynamodb/table:Table": ("deletionProtectionEnabled", False),
    "aws:eks/cluster:Cluster": ("deletionProtection", False),
    "aws:rds/cluster:Cluster": ("deletionProtection", False),
}


def planned(root: Path, name: str, *stacks: str) -> Graph:
    project = find(root)
    graphs = run_all([project.program(stack) for stack in stacks or (name,)])
    return graphs[0].merged(*graphs[1:])


@pytest.fixture(scope="module")
def dev() -> Graph:
    return planned(ROOT, "dev")


@pytest.fixture(scope="module")
def staging() -> Graph:
    return planned(ROOT, "staging", "staging-global", "staging-us-east-1", "staging-eu-west-1")


@pytest.fixture(scope="module")
def prod() -> Graph:
    return planned(ROOT, "prod", "prod-global", "prod-us-east-1", "prod-eu-west-1")


@pytest.fixture(scope="module")
def going(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Production whose specification says `protection: off`."""
    root = tmp_path_factory.mktemp("going")
    shutil.copytree(ROOT / "stacks", root / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", root)
    for room in ("components", "problems"):
        (root / room).symlink_to(ROOT / room)
    file = root / "stacks" / "prod.yaml"
    file.write_text(f"protection: off\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    return planned(root, "prod", "prod-global", "prod-us-east-1", "prod-eu-west-1")


def outlasting(graph: Graph, resource: Resource) -> Iterator[Resource]:
    """Everything that is still there when `resource` is deleted: what it depends on, however far."""
    seen: set[str] = set()
    waiting = [resource]
    while waiting:
        one = waiting.pop()
        for urn in (*one.dependencies, one.provider):
            if urn in graph and urn not in seen:
                seen.add(urn)
                waiting.append(graph[urn])
                yield graph[urn]


OUTLAST_POOLS = (
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:sqs/queue:Queue",
    "kubernetes:helm.sh/v3:Release",
)
"""What Karpenter works with: without it, nobody ends the nodes of a pool."""


@pytest.mark.parametrize("type", OUTLAST_POOLS, ids=lambda type: type.rpartition(":")[2])
def test_karpenter_and_all_it_works_with_outlast_the_pools(dev: Graph, type: str) -> None:
    pools = dev.of_type(*PROVIDED)
    assert pools
    for pool in pools:
        assert type in {one.type for one in outlasting(dev, pool)}


def test_where_there_are_endpoints_they_outlast_the_pools(prod: Graph) -> None:
    for pool in prod.of_type(*PROVIDED):
        kinds = {
            one.inputs.get("vpcEndpointType")
            for one in outlasting(prod, pool)
            if one.type == "aws:ec2/vpcEndpoint:VpcEndpoint"
        }
        assert kinds == {"Interface"}


def test_every_subnet_that_nodes_and_pods_use_keeps_its_way_out(dev: Graph) -> None:
    """A subnet without its own table falls back to the network's main one, which leads nowhere."""
    (pool, *_) = dev.of_type(PROVIDED[0])
    there = {one.name for one in outlasting(dev, pool) if one.type.endswith(":RouteTableAssociation")}
    used = {
        one.name
        for one in dev.of_type("aws:ec2/subnet:Subnet")
        if "-private-" in one.name or "-pods-" in one.name
    }
    assert used <= there


def test_draining_has_an_hour(dev: Graph) -> None:
    for pool in dev.of_type(*PROVIDED):
        assert pool.options["customTimeouts"]["delete"] == "60m"


def test_whoever_deletes_kubernetes_objects_still_may(prod: Graph) -> None:
    for one in prod:
        if one.package == "kubernetes" and one.is_managed:
            after = list(outlasting(prod, one))
            clusters = {it.name for it in after if it.type == "aws:eks/cluster:Cluster"}
            rights = {it.type for it in after}
            assert len(clusters) == 1
            assert "aws:eks/accessPolicyAssociation:AccessPolicyAssociation" in rights, one.name


def test_the_control_planes_log_group_outlasts_it(dev: Graph) -> None:
    (cluster,) = dev.of_type("aws:eks/cluster:Cluster")
    names = {one.inputs.get("name") for one in outlasting(dev, cluster) if one.type.endswith(":LogGroup")}
    assert names == {f"/aws/eks/{cluster.inputs['name']}/cluster"}


def test_no_kubernetes_object_is_left_to_the_end_of_its_cluster(prod: Graph) -> None:
    """What controllers made for it would stay in AWS."""
    kept = [one.name for one in prod if one.options.get("deletedWith") or one.options.get("retainOnDelete")]
    assert kept == []


@pytest.mark.parametrize("environment", ["dev", "staging", "going"])
def test_an_unprotected_environment_goes_wholly(request: pytest.FixtureRequest, environment: str) -> None:
    graph: Graph = request.getfixturevalue(environment)
    assert [one.name for one in graph if one.protect] == []
    for type, (switch, value) in LETS_GO.items():
        for one in graph.of_type(type):
            assert one.inputs.get(switch, False) == value, (one.name, switch)


def test_production_is_protected(prod: Graph) -> None:
    stores = (
        "aws:s3/bucket:Bucket",
        "aws:dynamodb/table:Table",
        "aws:rds/cluster:Cluster",
        "aws:kms/key:Key",
    )
    unprotected = {one.name.rpartition("-")[2] for one in prod.of_type(*stores) if not one.protect}
    assert unprotected == {"results"}


def test_lifting_protection_changes_no_resource_but_its_protection(prod: Graph, going: Graph) -> None:
    assert list(prod.resources) == list(going.resources)
    assert {switch for one in prod for switch in _changed(one, going[one.urn])} == {
        "deletionProtection",
        "deletionProtectionEnabled",
        "deleteAutomatedBackups",
        "forceDelete",
        "forceDestroy",
        "recoveryWindowInDays",
        "replicas",
    }


def _changed(before: Resource, after: Resource) -> set[str]:
    keys = {*before.inputs, *after.inputs}
    return {key for key in keys if before.inputs.get(key) != after.inputs.get(key)}


def test_the_last_snapshot_is_named_after_the_key_that_encrypts_it(going: Graph) -> None:
    """A registry that is built again has another key, so the snapshot before does not stand in its way."""
    home = next(
        one
        for one in going.of_type("aws:rds/cluster:Cluster")
        if one.inputs.get("skipFinalSnapshot") is False
    )
    name = home.inputs["finalSnapshotIdentifier"]
    assert isinstance(name, Template | Reference) or home.property_dependencies.get("finalSnapshotIdentifier")
    assert any("kms/key:Key" in urn for urn in home.property_dependencies["finalSnapshotIdentifier"])


def test_instances_of_a_replicating_cluster_can_be_deleted(going: Graph) -> None:
    """Those of a cluster by itself can be in any case."""
    clusters = {one.name: one for one in going.of_type("aws:rds/cluster:Cluster")}
    for one in going.of_type("aws:rds/clusterInstance:ClusterInstance"):
        follows = "globalClusterIdentifier" in clusters[one.name.rpartition("-")[0]].inputs
        assert one.inputs.get("forceDestroy", False) is (follows and one.region != "us-east-1")


@pytest.mark.parametrize(
    ("environment_class", "protection", "protected"),
    [
        ("production", None, True),
        ("production", Protection.OFF, False),
        ("staging", None, False),
        ("development", Protection.ON, True),
    ],
)
def test_protection_follows_the_class_unless_it_is_said(
    environment_class: str, protection: Protection | None, protected: bool
) -> None:
    cell = Cell(
        environment="x", environment_class=EnvironmentClass(environment_class), region="us-east-1",
        regions=["us-east-1"], account_id="123456789012", protection=protection,
    )  # fmt: skip
    assert cell.is_protected is protected
    assert choices(FeatureStoreSettings(), cell).protected is protected
