"""NodePool and EC2NodeClass specs: what may be started, how much of it, and when it goes away."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cluster.names import ClusterNames
from components.cluster.settings import ClusterSettings
from components.karpenter.karpenter import controller_values
from components.karpenter.pools import node_class, node_pools
from components.karpenter.settings import Accelerator, CapacityType, Consolidation, NodePool
from components.model import Cell, EnvironmentClass

CELL = Cell(environment="prod", region="eu-west-1", regions=["eu-west-1"], account_id="123456789012")
NAMES = ClusterNames(CELL)
TAGS = {"owner": "ml-platform", "component": "cluster", "Name": "pool"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


def pool(**changes: Any) -> NodePool:
    general = {
        "name": "general",
        "instance_categories": ["c", "m"],
        "limits": {"cpu": 64, "memory_gib": 256},
    }
    return NodePool.model_validate({**general, **changes})


def train(**changes: Any) -> NodePool:
    gpus = {
        "name": "train",
        "instance_categories": [],
        "instance_types": ["p5.48xlarge"],
        "accelerator": "nvidia",
        "limits": {"cpu": 384, "memory_gib": 4096, "accelerators": 16},
        "capacity_types": ["spot"],
        "local_storage": True,
    }
    return pool(**{**gpus, **changes})


def spec_of(settings: NodePool) -> dict[str, Any]:
    return node_pools(settings)[settings.name]


def class_of(settings: NodePool) -> dict[str, Any]:
    return node_class(settings, names=NAMES, tags=TAGS, key_arn=KEY)


def required(spec: dict[str, Any]) -> dict[str, list[str]]:
    return {term["key"]: term["values"] for term in spec["template"]["spec"]["requirements"]}


def taints(spec: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (taint["key"], taint.get("value", ""), taint["effect"])
        for taint in spec["template"]["spec"]["taints"]
    ]


def test_a_general_pool() -> None:
    spec = spec_of(pool())
    assert required(spec) == {
        "karpenter.sh/capacity-type": ["on-demand"],
        "kubernetes.io/os": ["linux"],
        "kubernetes.io/arch": ["amd64"],
        "karpenter.k8s.aws/instance-category": ["c", "m"],
        "karpenter.k8s.aws/instance-generation": ["4"],
    }
    assert spec["limits"] == {"cpu": "64", "memory": "256Gi"}
    assert spec["template"]["spec"]["expireAfter"] == "720h"
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
    assert taints(spec) == []


def test_a_training_pool_keeps_others_off_and_its_jobs_on() -> None:
    spec = spec_of(train())
    assert spec["limits"]["nvidia.com/gpu"] == "16"
    assert taints(spec) == [("nvidia.com/gpu", "present", "NoSchedule")]
    assert required(spec)["karpenter.k8s.aws/instance-gpu-manufacturer"] == ["nvidia"]
    assert required(spec)["karpenter.k8s.aws/instance-local-nvme"] == ["0"]
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmpty"
    assert spec["template"]["spec"]["expireAfter"] == "Never"
    assert class_of(train())["instanceStorePolicy"] == "RAID0"


def test_a_neuron_pool_speaks_of_its_own_device() -> None:
    spec = spec_of(train(accelerator="neuron", instance_types=["trn2.48xlarge"]))
    assert spec["limits"]["aws.amazon.com/neuron"] == "16"
    assert taints(spec) == [("aws.amazon.com/neuron", "present", "NoSchedule")]
    assert required(spec)["karpenter.k8s.aws/instance-accelerator-manufacturer"] == ["aws"]


def test_a_fallback_is_tried_second_with_limits_of_its_own() -> None:
    limits = {"cpu": 192, "memory_gib": 2048, "accelerators": 8}
    specs = node_pools(train(fallback={"limits": limits}))
    assert list(specs) == ["train", "train-fallback"]
    assert specs["train"]["weight"] > specs["train-fallback"]["weight"]
    assert required(specs["train"])["karpenter.sh/capacity-type"] == ["spot"]
    assert required(specs["train-fallback"])["karpenter.sh/capacity-type"] == ["on-demand"]
    assert specs["train-fallback"]["limits"]["nvidia.com/gpu"] == "8"
    references = [spec["template"]["spec"]["nodeClassRef"]["name"] for spec in specs.values()]
    assert references == ["train", "train"]


def test_a_tenants_pool_is_its_alone() -> None:
    settings = pool(tenant="acme")
    spec = spec_of(settings)
    assert taints(spec) == [("tenant", "acme", "NoSchedule")]
    assert spec["template"]["metadata"]["labels"] == {"pool": "general", "tenant": "acme"}
    assert class_of(settings)["tags"] == {**TAGS, "tenant": "acme"}
    assert "tenant" not in class_of(pool())["tags"]


def test_a_pools_own_tags_go_over_the_clusters() -> None:
    tags = class_of(pool(tags={"owner": "acme-ml", "cost-center": "cc-7"}))["tags"]
    assert tags == {**TAGS, "owner": "acme-ml", "cost-center": "cc-7"}


def test_reserved_capacity_is_taken_by_id() -> None:
    settings = train(capacity_types=["reserved", "on-demand"], reservations=["cr-0123456789abcdef0"])
    assert class_of(settings)["capacityReservationSelectorTerms"] == [{"id": "cr-0123456789abcdef0"}]
    assert required(spec_of(settings))["karpenter.sh/capacity-type"] == ["reserved", "on-demand"]


def test_a_window_in_which_nothing_is_disrupted() -> None:
    window = {"nodes": "0", "schedule": "0 8 * * mon-fri", "duration_hours": 10}
    spec = spec_of(pool(disruption={"budgets": [window, {"nodes": "10%"}], "termination_grace_hours": 24}))
    assert spec["disruption"]["budgets"] == [
        {"nodes": "0", "schedule": "0 8 * * mon-fri", "duration": "10h"},
        {"nodes": "10%"},
    ]
    assert spec["template"]["spec"]["terminationGracePeriod"] == "24h"


def test_nodes_of_a_pool_keep_to_its_zones() -> None:
    zones = ["eu-west-1a", "eu-west-1b"]
    assert required(spec_of(pool(zones=zones)))["topology.kubernetes.io/zone"] == zones
    assert "topology.kubernetes.io/zone" not in required(spec_of(pool()))


def test_a_node_class_is_found_by_the_tags_of_network_and_cluster() -> None:
    spec = class_of(pool())
    assert spec["subnetSelectorTerms"] == [{"tags": {"karpenter.sh/discovery": "tradewind-prod-euw1"}}]
    assert spec["securityGroupSelectorTerms"] == [
        {"tags": {"aws:eks:cluster-name": "tradewind-prod-euw1-cluster"}}
    ]
    assert spec["instanceProfile"] == "tradewind-prod-euw1-cluster-nodes"


@pytest.mark.parametrize("image", ["bottlerocket@1.64.0", "al2023@v20260911"])
def test_every_volume_is_encrypted_with_the_clusters_key(image: str) -> None:
    mappings = class_of(pool(image=image))["blockDeviceMappings"]
    assert mappings
    for mapping in mappings:
        assert (mapping["ebs"]["encrypted"], mapping["ebs"]["kmsKeyID"]) == (True, KEY)
    assert mappings[-1]["ebs"]["volumeSize"] == "100Gi"


def test_a_tenants_volumes_may_have_the_tenants_key() -> None:
    mappings = class_of(pool(tenant="acme", volume_key="alias/acme"))["blockDeviceMappings"]
    assert {mapping["ebs"]["kmsKeyID"] for mapping in mappings} == {"alias/acme"}


def test_pods_cannot_reach_the_nodes_credentials() -> None:
    assert class_of(pool())["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }


@given(
    accelerator=st.sampled_from(Accelerator),
    capacity=st.lists(
        st.sampled_from([CapacityType.SPOT, CapacityType.ON_DEMAND]), min_size=1, max_size=2, unique=True
    ),
    consolidation=st.none() | st.sampled_from(Consolidation),
    expire=st.none() | st.integers(0, 2000),
    tenant=st.sampled_from(["", "acme"]),
    fallback=st.booleans(),
    cpu=st.integers(1, 10_000),
)
def test_what_karpenter_would_refuse_is_never_built(
    accelerator: Accelerator,
    capacity: list[CapacityType],
    consolidation: Consolidation | None,
    expire: int | None,
    tenant: str,
    fallback: bool,
    cpu: int,
) -> None:
    """The rules of Karpenter's own definitions: durations, limits, `In` with values, a class by name."""
    devices = None if accelerator is Accelerator.NONE else 8
    limits = {"cpu": cpu, "memory_gib": 4 * cpu, "accelerators": devices}
    settings = pool(
        limits=limits,
        instance_categories=[],
        instance_families=["m7i" if devices is None else "g6"],
        accelerator=accelerator.value,
        capacity_types=[kind.value for kind in capacity],
        disruption={"consolidation": consolidation, "expire_after_hours": expire},
        tenant=tenant,
        fallback={"limits": limits} if fallback else None,
    )
    for spec in node_pools(settings).values():
        assert 1 <= spec["weight"] <= 100
        assert spec["limits"]["cpu"] == str(cpu)
        assert re.fullmatch(r"([0-9]+(s|m|h))+|Never", spec["template"]["spec"]["expireAfter"])
        assert re.fullmatch(r"([0-9]+(s|m|h))+|Never", spec["disruption"]["consolidateAfter"])
        for term in spec["template"]["spec"]["requirements"]:
            assert term["operator"] in ("In", "Gt")
            assert term["values"]
            assert all(isinstance(value, str) for value in term["values"])
            assert term["operator"] == "In" or term["values"][0].isdigit()
        assert (len(taints(spec)) > 0) is (accelerator is not Accelerator.NONE or bool(tenant))


def settings_with(**changes: Any) -> ClusterSettings:
    return ClusterSettings.model_validate({"access": {"administrators": ["role/deployer"]}, **changes})


def test_the_controller_is_one_in_development_and_two_elsewhere() -> None:
    replicas = {
        kind: controller_values(settings_with(), NAMES, kind)["replicas"] for kind in EnvironmentClass
    }
    assert replicas == {
        EnvironmentClass.DEVELOPMENT: 1,
        EnvironmentClass.STAGING: 2,
        EnvironmentClass.PRODUCTION: 2,
    }


def test_pods_on_subnets_of_their_own_leave_the_first_interface_unused() -> None:
    """Otherwise Karpenter believes that more pods fit on a node than do."""
    for networking, reserved in {"pod-subnets": "1", "node-subnets": "0"}.items():
        values = controller_values(
            settings_with(pod_networking=networking), NAMES, EnvironmentClass.PRODUCTION
        )
        assert values["settings"]["reservedENIs"] == reserved


def test_a_digest_holds_the_controllers_image() -> None:
    digest = "sha256:" + "0" * 64
    held = settings_with(karpenter={"image_digest": digest})
    values = controller_values(held, NAMES, EnvironmentClass.PRODUCTION)
    assert values["controller"]["image"] == {"digest": digest}
    free = controller_values(settings_with(), NAMES, EnvironmentClass.PRODUCTION)
    assert "image" not in free["controller"]
