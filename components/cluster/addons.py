"""EKS add-ons of a cluster: which there are, in which version, configured how, with which rights.

The tables decide; `install` wires. What pods need before any of them can start (network, proxy,
credentials) is installed before the nodes, everything else after them.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import pulumi
from pulumi_aws import eks

from components.cluster import versions as cluster_versions
from components.cluster.policies import fsx_csi_policy, s3_csi_policy
from components.cluster.roles import ServiceAccount, pod_role
from components.cluster.settings import Addons, OptionalAddon, PodNetworking
from components.model import Cell
from components.statements import Document

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = ["AddonRights", "configuration", "eni_configuration", "install", "merged", "versions"]

Values = Dict[str, Any]

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")

# System nodes are tainted for critical add-ons; these do not tolerate that by themselves.
_ON_SYSTEM_NODES: Values = {"tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}]}


@dataclass(frozen=True)
class AddonRights:
    """The service account of an add-on and what it may do in AWS."""

    account: ServiceAccount
    policies: Tuple[str, ...] = ()
    document: Optional[Callable[[Cell, Addons], Document]] = None


RIGHTS: Mapping[str, AddonRights] = {
    "vpc-cni": AddonRights(ServiceAccount("aws-node", "vpc-cni"), ("AmazonEKS_CNI_Policy",)),
    "aws-ebs-csi-driver": AddonRights(
        ServiceAccount("ebs-csi-controller-sa", "ebs-csi"), ("service-role/AmazonEBSCSIDriverPolicy",)
    ),
    OptionalAddon.FSX_CSI.value: AddonRights(
        ServiceAccount("fsx-csi-controller-sa", "fsx-csi"),
        document=lambda cell, _addons: fsx_csi_policy(cell),
    ),
    OptionalAddon.S3_CSI.value: AddonRights(
        ServiceAccount("s3-csi-driver-sa", "s3-csi"),
        document=lambda cell, addons: s3_csi_policy(cell, addons.s3_buckets),
    ),
    OptionalAddon.CLOUDWATCH.value: AddonRights(
        ServiceAccount("cloudwatch-agent", "cloudwatch", "amazon-cloudwatch"),
        ("CloudWatchAgentServerPolicy",),
    ),
}


def versions(kubernetes: str, addons: Addons) -> Dict[str, str]:
    """Version of every add-on that a cluster of this Kubernetes version gets."""
    known = {**cluster_versions.catalogued(kubernetes), **addons.versions}
    return {
        name: known[name] for name in [*cluster_versions.ADDONS, *(item.value for item in addons.optional)]
    }


def merged(ours: Values, theirs: Mapping[str, Any]) -> Values:
    """`theirs` laid over `ours`: mappings are merged, anything else is replaced."""
    result = dict(ours)
    for key, value in theirs.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def eni_configuration(region: str, zones: Sequence[str], subnets: Sequence[str]) -> Values:
    """Which subnet pods of a zone's nodes get addresses from; `zones` and `subnets` are in one order.

    No security group is named, so pods have those of their node.
    """
    by_zone = dict(zip(zones, subnets, strict=True))
    return {
        "create": True,
        "region": region,
        "subnets": {zone: {"id": subnet} for zone, subnet in by_zone.items()},
    }


def _network(networking: PodNetworking) -> Values:
    # Addresses come in blocks of 16, so that a node is full at 110 pods and not at what its network
    # interfaces hold singly.
    environment = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    if networking is PodNetworking.POD_SUBNETS:
        environment["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] = "true"
        environment["ENI_CONFIG_LABEL_DEF"] = "topology.kubernetes.io/zone"
    return {"enableNetworkPolicy": "true", "env": environment}


def configuration(name: str, networking: PodNetworking) -> Values:
    """What a cluster configures itself of the add-on `name`; empty for the add-on's own defaults."""
    two_zones = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ours: Mapping[str, Values] = {
        "vpc-cni": _network(networking),
        "coredns": {
            **_ON_SYSTEM_NODES,
            "autoScaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 10},
            "topologySpreadConstraints": [two_zones],
        },
        "aws-ebs-csi-driver": {"controller": _ON_SYSTEM_NODES},
        "metrics-server": {**_ON_SYSTEM_NODES, "replicas": 2},
        OptionalAddon.FSX_CSI.value: {"controller": _ON_SYSTEM_NODES},
    }
    return ours.get(name, {})


def install(
    cluster: "Cluster", names: Sequence[str], *, depends_on: Sequence[pulumi.Resource] = ()
) -> List[pulumi.Resource]:
    """Installs the add-ons `names`, each with its role; returns what depends on them must wait for."""
    chosen = versions(cluster.args.version, cluster.args.addons)
    return [_addon(cluster, name, chosen[name], depends_on) for name in chosen if name in names]


def _addon(cluster: "Cluster", name: str, version: str, depends_on: Sequence[pulumi.Resource]) -> eks.Addon:
    addons = cluster.args.addons
    association, rights = _association(cluster, name)
    return eks.Addon(
        f"{cluster.name}-{name}",
        addon_name=name,
        addon_version=version,
        cluster_name=cluster.control_plane.name,
        configuration_values=_values(cluster, name),
        pod_identity_associations=association,
        resolve_conflicts_on_create="NONE" if addons.conflicts.value == "NONE" else "OVERWRITE",
        resolve_conflicts_on_update=addons.conflicts.value,
        region=cluster.region,
        tags=cluster.tags(cluster.names.group(name)),
        opts=cluster.child(depends_on=[*depends_on, *rights]),
    )


def _association(cluster: "Cluster", name: str) -> Tuple[Optional[List[Any]], List[pulumi.Resource]]:
    rights = RIGHTS.get(name)
    if rights is None:
        return None, []
    documents = {"use": rights.document(cluster.cell, cluster.args.addons)} if rights.document else None
    role, waits = pod_role(
        cluster,
        rights.account,
        description=f"What the add-on {name} of {cluster.names.cluster} may do",
        policies=rights.policies,
        documents=documents,
    )
    return [{"role_arn": role.arn, "service_account": rights.account.name}], waits


def _values(cluster: "Cluster", name: str) -> Optional[pulumi.Input[str]]:
    theirs = cluster.args.addons.configuration.get(name, {})
    ours = merged(configuration(name, cluster.args.pod_networking), theirs)
    if name != "vpc-cni" or cluster.args.pod_networking is not PodNetworking.POD_SUBNETS:
        return json.dumps(ours) if ours else None
    return pulumi.Output.all(zones=cluster.args.zones, subnets=cluster.args.pod_subnet_ids).apply(
        lambda known: json.dumps({**ours, "eniConfig": eni_configuration(cluster.region, **known)})
    )
