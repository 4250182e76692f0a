"""Who gets into a cluster: EKS access entries, and the kubeconfig that asks IAM for a token.

There is no `aws-auth` and no right by having created the cluster, so everyone who may is written down.
"""

import json
from typing import TYPE_CHECKING, List, Optional

import pulumi
from pulumi_aws import eks

from components import naming
from components.cluster import access_settings as cluster_access_settings
from components.cluster.access_settings import Access, AccessPolicy
from components.model import Cell

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = ["entries_of", "grant_access", "kubeconfig", "principal_arn"]


def principal_arn(cell: Cell, principal: str) -> str:
    """ARN of `role/<name>` or `user/<name>` of the cell's account; an ARN is left as it is."""
    return principal if principal.startswith("arn:") else naming.arn(cell, "iam", principal)


def entries_of(access: Access) -> List[cluster_access_settings.AccessEntry]:
    """All entries, the administrators' first."""
    administrators = [
        cluster_access_settings.AccessEntry(principal=principal, policy=AccessPolicy.CLUSTER_ADMIN)
        for principal in access.administrators
    ]
    return [*administrators, *access.entries]


def grant_access(cluster: "Cluster") -> List[pulumi.Resource]:
    """An entry per principal, and its policy; returns what Kubernetes objects must wait for."""
    granted: List[pulumi.Resource] = []
    for entry in entries_of(cluster.args.access):
        arn = principal_arn(cluster.cell, entry.principal)
        label = entry.principal.rpartition(":")[2]
        made = eks.AccessEntry(
            f"{cluster.name}-{label}",
            cluster_name=cluster.control_plane.name,
            principal_arn=arn,
            type="STANDARD",
            kubernetes_groups=entry.groups or None,
            region=cluster.region,
            tags=cluster.tags(entry.principal),
            opts=cluster.child(),
        )
        granted.append(made)
        if entry.policy is not None:
            granted.append(_associate(cluster, label, made, entry))
    return granted


def _associate(
    cluster: "Cluster", label: str, made: eks.AccessEntry, entry: cluster_access_settings.AccessEntry
) -> eks.AccessPolicyAssociation:
    policy = entry.policy.value if entry.policy else ""
    scope = {"type": "namespace", "namespaces": entry.namespaces} if entry.namespaces else {"type": "cluster"}
    return eks.AccessPolicyAssociation(
        f"{cluster.name}-{label}",
        cluster_name=cluster.control_plane.name,
        principal_arn=made.principal_arn,
        policy_arn=f"arn:{naming.partition(cluster.region)}:eks::aws:cluster-access-policy/{policy}",
        access_scope=scope,
        region=cluster.region,
        opts=cluster.child(),
    )


def kubeconfig(
    *, name: str, region: str, endpoint: str, certificate_authority: str, deployer: Optional[str] = None
) -> str:
    """A kubeconfig that holds no secret: the AWS command line fetches a token for whoever runs it."""
    assume = ["--role-arn", deployer] if deployer else []
    command = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json", *assume],
        "interactiveMode": "Never",
        "provideClusterInfo": False,
    }
    server = {"server": endpoint, "certificate-authority-data": certificate_authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": server}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "users": [{"name": name, "user": {"exec": command}}],
        }
    )
