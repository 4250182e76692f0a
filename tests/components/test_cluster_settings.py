"""Settings of a cluster: what is refused, with which words, and what is decided by class."""

from __future__ import annotations

import copy
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cluster import versions as cluster_versions
from components.cluster.nodes import (
    Scale,
    block_devices,
    instance_types_of,
    node_policies,
    scale_of,
    shell_access_of,
)
from components.cluster.settings import ClusterSettings, OperatingSystem, SystemNodes, check_class
from components.karpenter.settings import Architecture, architecture_of
from components.model import EnvironmentClass

ACCESS = {"administrators": ["role/deployer"]}
POOL = {"name": "general", "instance_categories": ["c", "m"], "limits": {"cpu": 64, "memory_gib": 256}}
TRAIN = {
    "name": "train",
    "instance_types": ["p5.48xlarge"],
    "accelerator": "nvidia",
    "limits": {"cpu": 384, "memory_gib": 4096, "accelerators": 16},
}


def pools(*changes: dict[str, Any], of: dict[str, Any] = POOL) -> dict[str, Any]:
    return {"access": ACCESS, "node_pools": [{**of, **change} for change in changes]}


MISTAKES = [
    pytest.param({}, "access", "Field required", "", id="nobody gets in"),
    pytest.param({"access": {"administrators": []}}, "access.administrators", "at least 1 item", "", id="no administrator"),
    pytest.param(
        {"access": {"administrators": ["arn:aws:sts::123456789012:assumed-role/x/y"]}},
        "access.administrators", "is not an IAM role or user", "role/<name>", id="a session is no principal",
    ),
    pytest.param(
        {"access": {**ACCESS, "entries": [{"principal": "role/deployer", "policy": "AmazonEKSViewPolicy"}]}},
        "access", "role/deployer has more than one entry", "merge them", id="one entry a principal",
    ),
    pytest.param(
        {"access": {"administrators": ["role/a", "arn:aws:iam::123456789012:role/a"]}},
        "access", "role/a has more than one entry", "merge them", id="one principal in two spellings",
    ),
    pytest.param(
        {"access": {**ACCESS, "entries": [{"principal": "role/x", "groups": ["system:masters"]}]}},
        "access.entries.0", "EKS refuses the group system:masters", "policy:", id="system groups",
    ),
    pytest.param(
        {"access": {**ACCESS, "entries": [{"principal": "role/x"}]}},
        "access.entries.0", "neither a policy nor a group", "AmazonEKSViewPolicy", id="an entry for nothing",
    ),
    pytest.param(
        {"access": ACCESS, "version": "1.22"},
        "", "no version is catalogued for Kubernetes 1.22", "1.36, 1.35", id="uncatalogued Kubernetes",
    ),
    pytest.param(
        {"access": ACCESS, "addons": {"optional": ["aws-fsx-csi-driver"]}},
        "", "aws-fsx-csi-driver", "addons.versions", id="an add-on without a version",
    ),
    pytest.param(
        {"access": ACCESS, "addons": {"versions": {"vpc_cni": "v1"}}},
        "addons.versions", "vpc_cni is none of this cluster's add-ons", "vpc-cni", id="unknown add-on",
    ),
    pytest.param(
        {"access": ACCESS, "addons": {"optional": ["aws-mountpoint-s3-csi-driver"]}},
        "addons", "belong together", "s3_buckets", id="a driver without buckets",
    ),
    pytest.param(
        {"access": ACCESS, "endpoint": {"public_cidrs": ["0.0.0.0/0"]}},
        "endpoint.public_cidrs", "0.0.0.0/0 is everyone", "203.0.113.0/24", id="the API open to everyone",
    ),
    pytest.param(
        {"access": ACCESS, "endpoint": {"private_cidrs": ["10.0.0.1/8"]}},
        "endpoint.private_cidrs", "not an IPv4 network", "203.0.113.0/24", id="host bits set",
    ),
    pytest.param(
        {"access": ACCESS, "logs": {"retention_days": 100}},
        "logs.retention_days", "does not offer 100 days", "nearest: 90", id="no such retention",
    ),
    pytest.param(
        {"access": ACCESS, "service_cidr": "172.20.0.0/8"},
        "service_cidr", "not an IPv4 network", "172.20.0.0/16", id="service network with host bits",
    ),
    pytest.param(
        {"access": ACCESS, "service_cidr": "172.0.0.0/8"},
        "service_cidr", "a /12 to /24", "172.20.0.0/16", id="service network too large",
    ),
    pytest.param(
        {"access": ACCESS, "system_nodes": {"instance_types": ["m7i.large"]}},
        "system_nodes.instance_types", "m7i.large is not Graviton", "m7g.large", id="x86 system nodes",
    ),
    pytest.param(
        {"access": ACCESS, "system_nodes": {"minimum": 3, "maximum": 3}},
        "system_nodes", "no room above the minimum 3", "maximum: 6", id="no room for an update",
    ),
    pytest.param({"access": ACCESS, "node_pool": []}, "node_pool", "not permitted", "", id="misspelt key"),
    pytest.param(
        {"access": ACCESS, "node_pools": [{"name": "x", "instance_categories": ["c"]}]},
        "node_pools.0.limits", "Field required", "", id="a pool without a ceiling",
    ),
    pytest.param(
        pools({"instance_categories": []}), "node_pools.0", "it names no instances", "instance_families",
        id="any instance at all",
    ),
    pytest.param(
        pools({"instance_families": ["m7g"]}), "node_pools.0", "m7g has arm64 processors", "architectures: [arm64]",
        id="Graviton for amd64",
    ),
    pytest.param(
        pools({"instance_categories": ["g"]}), "node_pools.0", "category g has accelerators", "accelerator: nvidia",
        id="GPU nodes for any pod",
    ),
    pytest.param(
        pools({"instance_types": [], "instance_categories": ["m"]}, of=TRAIN), "node_pools.0",
        "no instance of category m has nvidia", "instance_categories: [g, gr, p]", id="GPUs where there are none",
    ),
    pytest.param(
        pools({"limits": {"cpu": 8, "memory_gib": 8}}, of=TRAIN), "node_pools.0", "no limit on them",
        "accelerators: 8", id="GPUs without a limit",
    ),
    pytest.param(
        pools({"limits": {"cpu": 8, "memory_gib": 8, "accelerators": 1}}), "node_pools.0",
        "limits accelerators but has none", "accelerator: nvidia", id="a limit on nothing",
    ),
    pytest.param(
        pools({"capacity_types": ["reserved"]}), "node_pools.0", "belong together", "reservations: [cr-...]",
        id="reserved without a reservation",
    ),
    pytest.param(
        pools({"fallback": {"limits": POOL["limits"], "weight": 10}}), "node_pools.0",
        "weight 10 is not below the pool's 10", "weight: 9", id="a fallback that comes first",
    ),
    pytest.param(
        pools({}, {}), "node_pools", "two pools are called general", "a name of its own", id="two of one name",
    ),
    pytest.param(
        pools({"name": "a", "fallback": {"limits": POOL["limits"]}}, {"name": "a-fallback"}), "node_pools",
        "two pools are called a-fallback", "a name of its own", id="a pool named like another's fallback",
    ),
    pytest.param(pools({"name": "Train_1"}), "node_pools.0.name", "a-z, 0-9 and -", "train", id="no label"),
    pytest.param(
        pools({"image": "ubuntu@22"}), "node_pools.0.image", "neither bottlerocket", "bottlerocket@", id="other image",
    ),
    pytest.param(
        pools({"labels": {"karpenter.sh/x": "y"}}), "node_pools.0.labels", "set by the cluster itself",
        "a domain of your own", id="a label of Karpenter's",
    ),
    pytest.param(
        pools({"tags": {"karpenter.sh/nodepool": "y"}}), "node_pools.0.tags", "Karpenter sets karpenter.sh/nodepool",
        "leave it out", id="a tag of Karpenter's",
    ),
    pytest.param(
        pools({"labels": {"tenant": "y"}}), "node_pools.0.labels", "tenant is set", "use tenant:", id="tenant by label",
    ),
    pytest.param(
        pools({"disruption": {"budgets": [{"nodes": "1", "schedule": "0 8 * * *"}]}}),
        "node_pools.0.disruption.budgets.0", "both schedule and duration_hours", "duration_hours: 10",
        id="half a window",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "path", "but", "fix"), MISTAKES)
def test_a_mistake_names_its_place_and_the_way_out(settings: Any, path: str, but: str, fix: str) -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        ClusterSettings.model_validate(settings)
    (error,) = raised.value.errors()
    assert ".".join(str(part) for part in error["loc"]) == path
    assert but in error["msg"]
    assert fix in error.get("ctx", {}).get("fix", "")


def test_all_mistakes_are_reported_at_once() -> None:
    wrong = {"access": {"administrators": []}, "logs": {"retention_days": 2}, "node_pools": [{"name": "x"}]}
    with pytest.raises(pydantic.ValidationError) as raised:
        ClusterSettings.model_validate(wrong)
    assert raised.value.error_count() == 3


@pytest.mark.parametrize(
    ("change", "but"),
    [
        ({"endpoint": {"public_cidrs": ["203.0.113.0/24"]}}, "private only"),
        ({"deletion_protection": False}, "protected from deletion"),
        ({"node_pools": [{**POOL, "image": "al2023@latest"}]}, "general takes the latest image"),
    ],
)
def test_what_development_may_and_production_may_not(change: dict[str, Any], but: str) -> None:
    settings = ClusterSettings.model_validate({"access": ACCESS, **change})
    check_class(settings, EnvironmentClass.DEVELOPMENT)
    check_class(settings, EnvironmentClass.STAGING)
    with pytest.raises(Exception, match=but):
        check_class(settings, EnvironmentClass.PRODUCTION)


def test_a_kubernetes_version_ahead_of_the_catalogue_needs_every_add_on_version() -> None:
    versions = dict.fromkeys(cluster_versions.ADDONS, "v9.9.9-eksbuild.1")
    settings = ClusterSettings.model_validate(
        {"access": ACCESS, "version": "1.40", "addons": {"versions": versions}}
    )
    assert settings.version == "1.40"
    del versions["coredns"]
    with pytest.raises(pydantic.ValidationError, match="of: coredns"):
        ClusterSettings.model_validate(
            {"access": ACCESS, "version": "1.40", "addons": {"versions": versions}}
        )


def test_every_catalogued_kubernetes_version_has_every_add_on() -> None:
    for kubernetes in cluster_versions.CATALOGUE:
        assert set(cluster_versions.ADDONS) <= set(cluster_versions.catalogued(kubernetes))
        assert cluster_versions.catalogued(kubernetes)["kube-proxy"].startswith(f"v{kubernetes}.")
    assert cluster_versions.DEFAULT in cluster_versions.CATALOGUE


def test_settings_survive_being_written_and_read() -> None:
    settings = ClusterSettings.model_validate({"access": ACCESS, "node_pools": [POOL, TRAIN]})
    assert ClusterSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_defaults_are_not_shared() -> None:
    first = ClusterSettings.model_validate(copy.deepcopy({"access": ACCESS}))
    first.node_pools.append(
        ClusterSettings.model_validate({"access": ACCESS, "node_pools": [POOL]}).node_pools[0]
    )
    assert ClusterSettings.model_validate({"access": ACCESS}).node_pools == []


@pytest.mark.parametrize(
    ("family", "architecture"),
    [
        ("m7g", "arm64"), ("c8gn", "arm64"), ("t4g", "arm64"), ("x2gd", "arm64"), ("im4gn", "arm64"), ("a1", "arm64"),
        ("g5g", "arm64"), ("p6e-gb200", "arm64"), ("r8gd", "arm64"),
        ("g6", "amd64"), ("g6e", "amd64"), ("gr6", "amd64"), ("p5", "amd64"), ("p5en", "amd64"), ("m7i", "amd64"),
        ("p6-b200", "amd64"), ("trn2", "amd64"), ("inf2", "amd64"), ("c7a", "amd64"), ("u7i-12tb", "amd64"),
    ],
)  # fmt: skip
def test_processors_follow_from_the_family(family: str, architecture: str) -> None:
    assert architecture_of(family) is Architecture(architecture)


@given(
    minimum=st.none() | st.integers(1, 10),
    maximum=st.none() | st.integers(2, 30),
    environment_class=st.sampled_from(EnvironmentClass),
)
def test_a_system_group_can_always_be_updated(
    minimum: int | None, maximum: int | None, environment_class: EnvironmentClass
) -> None:
    """An update starts a node before it drains one, so the maximum is above the minimum."""
    if minimum is not None and maximum is not None and maximum <= minimum:
        return
    scale = scale_of(SystemNodes(minimum=minimum, maximum=maximum), environment_class)
    assert 1 <= scale.minimum < scale.maximum
    assert minimum in (None, scale.minimum)
    assert maximum in (None, scale.maximum)


def test_system_nodes_by_class() -> None:
    settings = SystemNodes()
    by_class = {
        kind: (instance_types_of(settings, kind), scale_of(settings, kind), shell_access_of(settings, kind))
        for kind in EnvironmentClass
    }
    assert by_class == {
        EnvironmentClass.PRODUCTION: (["m7g.xlarge"], Scale(3, 6), False),
        EnvironmentClass.STAGING: (["m7g.large"], Scale(2, 4), True),
        EnvironmentClass.DEVELOPMENT: (["t4g.large"], Scale(2, 4), True),
    }


def test_only_a_shell_needs_the_session_policy() -> None:
    assert set(node_policies(shell_access=True)) - set(node_policies(shell_access=False)) == {
        "AmazonSSMManagedInstanceCore"
    }


def test_bottlerocket_keeps_the_system_on_its_own_volume() -> None:
    assert block_devices(OperatingSystem.BOTTLEROCKET, 50) == {"/dev/xvda": 4, "/dev/xvdb": 50}
    assert block_devices(OperatingSystem.AL2023, 50) == {"/dev/xvda": 50}
