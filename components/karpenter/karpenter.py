"""Karpenter in a cluster: its rights, its interruption queue, the controller, and the pools it starts.

The controller runs on the system nodes from pinned charts; pools and node classes are custom resources
whose specs `karpenter_pools` builds.
"""

from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

import pulumi
from pulumi_aws import eks, iam
from pulumi_kubernetes.apiextensions.CustomResource import CustomResource
from pulumi_kubernetes.helm.v3.Release import Release

from components.cluster.names import ClusterNames
from components.cluster.nodes import node_policies, shell_access_of
from components.cluster.policies import node_trust
from components.cluster.roles import ServiceAccount, association, pod_role, role
from components.cluster.settings import ClusterSettings, PodNetworking
from components.karpenter.interruptions import interruptions
from components.karpenter.policies import controller_policies
from components.karpenter.pools import node_class, node_pools
from components.karpenter.settings import NodePool
from components.model import EnvironmentClass

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = ["controller_values", "karpenter"]

ACCOUNT = ServiceAccount("karpenter", "karpenter")

# A pool is gone when its last node is drained, and its class after it; ten minutes are the default.
DRAINING = pulumi.CustomTimeouts(delete="60m")


def controller_values(
    settings: ClusterSettings, names: ClusterNames, environment_class: EnvironmentClass
) -> Dict[str, Any]:
    """Values of the controller's chart."""
    replicas = settings.karpenter.replicas
    development = environment_class is EnvironmentClass.DEVELOPMENT
    # The first network interface of a node holds none of its pods when those have subnets of their own.
    reserved = "1" if settings.pod_networking is PodNetworking.POD_SUBNETS else "0"
    digest = settings.karpenter.image_digest
    return {
        "replicas": replicas if replicas is not None else (1 if development else 2),
        # Cluster DNS may have to be started by Karpenter, so it does not wait for it.
        "dnsPolicy": "Default",
        "serviceAccount": {"name": ACCOUNT.name},
        "settings": {
            "clusterName": names.cluster,
            "eksControlPlane": True,
            "interruptionQueue": names.queue,
            "reservedENIs": reserved,
            "enableZonalShift": settings.zonal_shift,
        },
        "controller": {
            **({"image": {"digest": digest}} if digest else {}),
            "env": [{"name": "AWS_REGION", "value": names.cell.region}],
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        },
    }


def karpenter(cluster: "Cluster", *, depends_on: Sequence[pulumi.Resource]) -> iam.Role:
    """Installs Karpenter and the cluster's pools; returns the role of the nodes it starts."""
    nodes, ready = _nodes(cluster)
    controller = _controller(cluster, [*depends_on, *ready])
    for pool in cluster.args.node_pools:
        _pool(cluster, pool, controller)
    return nodes


def _nodes(cluster: "Cluster") -> Tuple[iam.Role, List[pulumi.Resource]]:
    """Role, instance profile and access of the nodes that Karpenter starts."""
    names, cell = cluster.names, cluster.cell
    shell = shell_access_of(cluster.args.system_nodes, cell.environment_class)
    made, rights = role(
        cluster,
        "nodes",
        trust=node_trust(),
        description=f"Nodes that Karpenter starts for {names.cluster}",
        policies=node_policies(shell_access=shell),
    )
    profile = iam.InstanceProfile(
        f"{cluster.name}-nodes",
        name=names.role("nodes"),
        role=made.name,
        tags=cluster.tags(names.role("nodes")),
        opts=cluster.child(),
    )
    entry = eks.AccessEntry(
        f"{cluster.name}-nodes",
        cluster_name=cluster.control_plane.name,
        principal_arn=made.arn,
        type="EC2_LINUX",
        region=cluster.region,
        tags=cluster.tags(names.role("nodes")),
        opts=cluster.child(),
    )
    return made, [*rights, profile, entry]


def _controller(cluster: "Cluster", depends_on: Sequence[pulumi.Resource]) -> Release:
    args, names = cluster.args, cluster.names
    _, heard = interruptions(cluster)
    made, rights = pod_role(
        cluster,
        ACCOUNT,
        description=f"Karpenter in {names.cluster}",
        documents=controller_policies(
            names,
            zonal_shift=args.zonal_shift,
            volume_keys=sorted({pool.volume_key for pool in args.node_pools if pool.volume_key}),
        ),
    )
    associated = association(cluster, ACCOUNT, made)
    definitions = _release(cluster, "karpenter-crd", {}, depends_on)
    values = controller_values(args, names, cluster.cell.environment_class)
    return _release(cluster, "karpenter", values, [*depends_on, *heard, *rights, associated, definitions])


def _release(
    cluster: "Cluster", chart: str, values: Dict[str, Any], depends_on: Sequence[pulumi.Resource]
) -> Release:
    settings = cluster.args.karpenter
    oci = settings.chart_repository.startswith("oci://")
    return Release(
        f"{cluster.name}-{chart}",
        name=chart,
        chart=f"{settings.chart_repository}/{chart}" if oci else chart,
        repository_opts=None if oci else {"repo": settings.chart_repository},
        version=settings.chart_version,
        namespace=ACCOUNT.namespace,
        values=values,
        skip_crds=True,  # They are a chart of their own, so that upgrades reach them.
        atomic=True,
        opts=cluster.in_kubernetes(depends_on=list(depends_on)),
    )


def _pool(cluster: "Cluster", pool: NodePool, controller: Release) -> None:
    tags = cluster.tags(cluster.names.group(pool.name))
    nodes = CustomResource(
        f"{cluster.name}-{pool.name}-class",
        api_version="karpenter.k8s.aws/v1",
        kind="EC2NodeClass",
        metadata={"name": pool.name},
        spec=node_class(pool, names=cluster.names, tags=tags, key_arn=cluster.volume_key.arn),
        opts=cluster.in_kubernetes(depends_on=[controller], custom_timeouts=DRAINING),
    )
    for name, spec in node_pools(pool).items():
        CustomResource(
            f"{cluster.name}-{name}",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata={"name": name},
            spec=spec,
            opts=cluster.in_kubernetes(depends_on=[nodes], custom_timeouts=DRAINING),
        )
