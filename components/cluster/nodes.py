"""System nodes of a cluster: a managed group for what must run before Karpenter can start nodes.

The group is small, Graviton, on demand, tainted for critical add-ons, its volumes encrypted with the
cluster's volume key, and its launch template tags instances, volumes and network interfaces, which EKS
does not do by itself.
"""

import base64
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Sequence

import pulumi
from pulumi_aws import ec2, eks

from components.cluster.policies import node_trust
from components.cluster.roles import role
from components.cluster.settings import OperatingSystem, SystemNodes
from components.model import EnvironmentClass

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = [
    "MAX_PODS",
    "Scale",
    "block_devices",
    "instance_types_of",
    "node_policies",
    "scale_of",
    "shell_access_of",
    "system_nodes",
    "user_data",
]

MAX_PODS = 110
"""Pods of a node at most: Kubernetes' own advice, and what addresses in blocks of 16 allow any size."""

AMI_TYPES = {
    OperatingSystem.BOTTLEROCKET: "BOTTLEROCKET_ARM_64",
    OperatingSystem.AL2023: "AL2023_ARM_64_STANDARD",
}

_TYPES = {
    EnvironmentClass.PRODUCTION: "m7g.xlarge",
    EnvironmentClass.STAGING: "m7g.large",
    EnvironmentClass.DEVELOPMENT: "t4g.large",
}


class Scale(NamedTuple):
    """How many nodes: at least, and at most."""

    minimum: int
    maximum: int


def instance_types_of(settings: SystemNodes, environment_class: EnvironmentClass) -> List[str]:
    return list(settings.instance_types) or [_TYPES[environment_class]]


def scale_of(settings: SystemNodes, environment_class: EnvironmentClass) -> Scale:
    """A node per zone in production, otherwise two; room to double, as updates add before they drain."""
    by_class = 3 if environment_class is EnvironmentClass.PRODUCTION else 2
    if settings.minimum is None and settings.maximum is not None:
        return Scale(min(by_class, settings.maximum - 1), settings.maximum)
    minimum = settings.minimum if settings.minimum is not None else by_class
    return Scale(minimum, settings.maximum if settings.maximum is not None else 2 * minimum)


def shell_access_of(settings: SystemNodes, environment_class: EnvironmentClass) -> bool:
    if settings.shell_access is not None:
        return settings.shell_access
    return environment_class is not EnvironmentClass.PRODUCTION


def node_policies(*, shell_access: bool) -> List[str]:
    """Names of AWS' policies that a node needs; pods have roles of their own, so it is few."""
    needed = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]
    return [*needed, "AmazonSSMManagedInstanceCore"] if shell_access else needed


def block_devices(system: OperatingSystem, volume_gib: int) -> Dict[str, int]:
    """Sizes in GiB by device. Bottlerocket keeps the system on a small volume of its own."""
    if system is OperatingSystem.BOTTLEROCKET:
        return {"/dev/xvda": 4, "/dev/xvdb": volume_gib}
    return {"/dev/xvda": volume_gib}


def user_data(system: OperatingSystem) -> str:
    """Tells the kubelet how many pods a node holds, in base64; EKS adds what joins the cluster."""
    if system is OperatingSystem.BOTTLEROCKET:
        text = f"[settings.kubernetes]\nmax-pods = {MAX_PODS}\n"
    else:
        text = (
            'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="node"\n\n'
            "--node\nContent-Type: application/node.eks.aws\n\n"
            "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n"
            f"spec:\n  kubelet:\n    config:\n      maxPods: {MAX_PODS}\n\n--node--\n"
        )
    return base64.b64encode(text.encode()).decode()


def system_nodes(cluster: "Cluster", *, depends_on: Sequence[pulumi.Resource]) -> eks.NodeGroup:
    """The managed group with its role and launch template."""
    settings, environment_class = cluster.args.system_nodes, cluster.cell.environment_class
    made, rights = role(
        cluster,
        "system",
        trust=node_trust(),
        description=f"System nodes of {cluster.names.cluster}",
        policies=node_policies(shell_access=shell_access_of(settings, environment_class)),
    )
    template = _launch_template(cluster)
    scale = scale_of(settings, environment_class)
    return eks.NodeGroup(
        f"{cluster.name}-system",
        cluster_name=cluster.control_plane.name,
        node_group_name=cluster.names.group("system"),
        node_role_arn=made.arn,
        subnet_ids=cluster.args.private_subnet_ids,
        ami_type=AMI_TYPES[settings.operating_system],
        version=cluster.args.version,
        release_version=settings.release_version,
        capacity_type="ON_DEMAND",
        instance_types=instance_types_of(settings, environment_class),
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        scaling_config={
            "min_size": scale.minimum,
            "desired_size": scale.minimum,
            "max_size": scale.maximum,
        },
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        labels={"pool": "system"},
        taints=[{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
        region=cluster.region,
        tags=cluster.tags(cluster.names.group("system")),
        opts=cluster.child(depends_on=[*depends_on, *rights]),
    )


def _launch_template(cluster: "Cluster") -> ec2.LaunchTemplate:
    settings, name = cluster.args.system_nodes, cluster.names.group("system")
    tags = cluster.tags(name)
    mappings: List[Dict[str, Any]] = [
        {
            "device_name": device,
            "ebs": {
                "volume_size": size,
                "volume_type": "gp3",
                "encrypted": "true",
                "kms_key_id": cluster.volume_key.arn,
                "delete_on_termination": "true",
            },
        }
        for device, size in block_devices(settings.operating_system, settings.volume_gib).items()
    ]
    return ec2.LaunchTemplate(
        f"{cluster.name}-system",
        name=name,
        update_default_version=True,
        block_device_mappings=mappings,
        # One hop: a pod without host networking cannot reach the node's credentials.
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
        },
        tag_specifications=[
            {"resource_type": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
        ],
        user_data=user_data(settings.operating_system),
        region=cluster.region,
        tags=tags,
        opts=cluster.child(),
    )
