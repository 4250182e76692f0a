"""NodePool and EC2NodeClass of a pool's settings: pure functions that build Karpenter's specs.

One pool's settings become one EC2NodeClass (image, volumes, tags), a NodePool (what may be started, how
much of it, when it goes away), and a second NodePool of lower weight where a fallback is given.
"""

from typing import Any, Dict, List, Mapping, Optional, Sequence

from components.cluster.names import ClusterNames
from components.cluster.nodes import MAX_PODS, block_devices
from components.cluster.settings import OperatingSystem
from components.karpenter.settings import (
    Accelerator,
    Budget,
    CapacityType,
    Consolidation,
    Disruption,
    Limits,
    NodePool,
)

__all__ = ["node_class", "node_pool", "node_pools", "requirements"]

Spec = Dict[str, Any]

DISCOVERY = "karpenter.sh/discovery"
EXPIRE_AFTER_HOURS = 720


class _Device:
    """How Kubernetes and Karpenter speak of an accelerator."""

    def __init__(self, resource: str, requirement: str, manufacturer: str) -> None:
        self.resource, self.requirement, self.manufacturer = resource, requirement, manufacturer


DEVICES: Mapping[Accelerator, _Device] = {
    Accelerator.NVIDIA: _Device("nvidia.com/gpu", "instance-gpu-manufacturer", "nvidia"),
    Accelerator.NEURON: _Device("aws.amazon.com/neuron", "instance-accelerator-manufacturer", "aws"),
}


def node_pools(pool: NodePool) -> Dict[str, Spec]:
    """Specs of the NodePools of a pool, by name: its own, and its fallback's."""
    own = node_pool(pool, capacity_types=pool.capacity_types, limits=pool.limits, weight=pool.weight)
    if pool.fallback is None:
        return {pool.name: own}
    second = node_pool(
        pool,
        capacity_types=pool.fallback.capacity_types,
        limits=pool.fallback.limits,
        weight=pool.fallback.weight,
    )
    return {pool.name: own, f"{pool.name}-fallback": second}


def node_pool(pool: NodePool, *, capacity_types: Sequence[CapacityType], limits: Limits, weight: int) -> Spec:
    """Spec of a NodePool (`karpenter.sh/v1`)."""
    return {
        "weight": weight,
        "limits": _limits(pool, limits),
        "disruption": _disruption(pool),
        "template": {
            "metadata": {"labels": _labels(pool)},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": pool.name},
                "requirements": requirements(pool, capacity_types),
                "taints": _taints(pool),
                **_lifetime(pool),
            },
        },
    }


def requirements(pool: NodePool, capacity_types: Sequence[CapacityType]) -> List[Spec]:
    """What an instance must be to be started for this pool."""
    terms = [
        _in("karpenter.sh/capacity-type", [kind.value for kind in capacity_types]),
        _in("kubernetes.io/os", ["linux"]),
        _in("kubernetes.io/arch", [architecture.value for architecture in pool.architectures]),
        _in("karpenter.k8s.aws/instance-category", pool.instance_categories),
        _in("karpenter.k8s.aws/instance-family", pool.instance_families),
        _in("node.kubernetes.io/instance-type", pool.instance_types),
        _in("topology.kubernetes.io/zone", pool.zones),
    ]
    if pool.instance_categories:
        terms.append(_above("karpenter.k8s.aws/instance-generation", pool.minimum_generation - 1))
    if pool.local_storage:
        terms.append(_above("karpenter.k8s.aws/instance-local-nvme", 0))
    device = DEVICES.get(pool.accelerator)
    if device:
        terms.append(_in(f"karpenter.k8s.aws/{device.requirement}", [device.manufacturer]))
    return [term for term in terms if term["values"]]


def _in(key: str, values: Sequence[str]) -> Spec:
    return {"key": key, "operator": "In", "values": list(values)}


def _above(key: str, number: int) -> Spec:
    return {"key": key, "operator": "Gt", "values": [str(number)]}


def _limits(pool: NodePool, limits: Limits) -> Dict[str, str]:
    bounds = {"cpu": str(limits.cpu), "memory": f"{limits.memory_gib}Gi"}
    device = DEVICES.get(pool.accelerator)
    return {**bounds, device.resource: str(limits.accelerators)} if device else bounds


def _labels(pool: NodePool) -> Dict[str, str]:
    tenant = {"tenant": pool.tenant} if pool.tenant else {}
    return {"pool": pool.name, **tenant, **pool.labels}


def _taints(pool: NodePool) -> List[Spec]:
    taints: List[Spec] = []
    device = DEVICES.get(pool.accelerator)
    if device:
        taints.append({"key": device.resource, "value": "present", "effect": "NoSchedule"})
    if pool.tenant:
        taints.append({"key": "tenant", "value": pool.tenant, "effect": "NoSchedule"})
    for taint in pool.taints:
        value = {"value": taint.value} if taint.value else {}
        taints.append({"key": taint.key, **value, "effect": taint.effect.value})
    return taints


def _disruption(pool: NodePool) -> Spec:
    settings: Disruption = pool.disruption
    default = Consolidation.WHEN_EMPTY if pool.is_accelerated else Consolidation.WHEN_UNDERUSED
    return {
        "consolidationPolicy": (settings.consolidation or default).value,
        "consolidateAfter": f"{settings.consolidate_after_minutes}m",
        "budgets": [_budget(budget) for budget in settings.budgets],
    }


def _budget(budget: Budget) -> Spec:
    if budget.duration_hours is None:
        return {"nodes": budget.nodes}
    return {"nodes": budget.nodes, "schedule": budget.schedule, "duration": f"{budget.duration_hours}h"}


def _lifetime(pool: NodePool) -> Spec:
    hours = pool.disruption.expire_after_hours
    if hours is None:
        hours = 0 if pool.is_accelerated else EXPIRE_AFTER_HOURS
    grace = pool.disruption.termination_grace_hours
    lifetime = {"expireAfter": f"{hours}h" if hours else "Never"}
    return {**lifetime, "terminationGracePeriod": f"{grace}h"} if grace else lifetime


def node_class(
    pool: NodePool,
    *,
    names: ClusterNames,
    tags: Mapping[str, str],
    key_arn: Any,
) -> Spec:
    """Spec of an EC2NodeClass (`karpenter.k8s.aws/v1`). `key_arn`: the volume key's, or its output."""
    system = OperatingSystem(pool.image.partition("@")[0])
    tenant = {"tenant": pool.tenant} if pool.tenant else {}
    spec: Spec = {
        "amiSelectorTerms": [{"alias": pool.image}],
        "instanceProfile": names.role("nodes"),
        "subnetSelectorTerms": [{"tags": {DISCOVERY: names.network}}],
        # The group that EKS makes for nodes and control plane, by the tag EKS gives it.
        "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": names.cluster}}],
        "associatePublicIPAddress": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        },
        "blockDeviceMappings": [
            {"deviceName": device, "ebs": _volume(size, pool.volume_key or key_arn)}
            for device, size in block_devices(system, pool.volume_gib).items()
        ],
        "kubelet": {"maxPods": MAX_PODS},
        "tags": {**tags, **pool.tags, **tenant},
    }
    if pool.local_storage:
        spec["instanceStorePolicy"] = "RAID0"
    if pool.reservations:
        spec["capacityReservationSelectorTerms"] = [{"id": identifier} for identifier in pool.reservations]
    return spec


def _volume(size: int, key_arn: Optional[Any]) -> Spec:
    return {
        "volumeSize": f"{size}Gi",
        "volumeType": "gp3",
        "encrypted": True,
        "kmsKeyID": key_arn,
        "deleteOnTermination": True,
    }
