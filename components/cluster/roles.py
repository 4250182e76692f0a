"""Roles of a cluster: one per purpose, each with its exact trust and nothing shared."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Mapping, Optional, Sequence, Tuple

import pulumi
from pulumi_aws import eks, iam

from components.cluster.policies import managed, pod_trust
from components.statements import Document

if TYPE_CHECKING:
    from components.cluster.cluster import Cluster

__all__ = ["ServiceAccount", "association", "pod_role", "role"]


@dataclass(frozen=True)
class ServiceAccount:
    """A Kubernetes service account that is a role in AWS."""

    name: str
    part: str
    """What the role is called after the cluster's name."""
    namespace: str = "kube-system"


def role(
    cluster: "Cluster",
    part: str,
    *,
    trust: Document,
    description: str,
    policies: Sequence[str] = (),
    documents: Optional[Mapping[str, Document]] = None,
) -> Tuple[iam.Role, List[pulumi.Resource]]:
    """A role and what gives it its rights, which whatever uses the role must wait for.

    `policies` are names of policies that AWS maintains, `documents` policies of its own by name (outputs
    may stand in them).
    """
    made = iam.Role(
        f"{cluster.name}-{part}",
        name=cluster.names.role(part),
        description=description,
        assume_role_policy=json.dumps(trust),
        force_detach_policies=True,
        tags=cluster.tags(cluster.names.role(part)),
        opts=cluster.child(),
    )
    rights: List[pulumi.Resource] = [
        iam.RolePolicyAttachment(
            f"{cluster.name}-{part}-{policy.rpartition('/')[2]}",
            role=made.name,
            policy_arn=managed(cluster.cell, policy),
            opts=cluster.child(),
        )
        for policy in policies
    ]
    rights += [
        iam.RolePolicy(
            f"{cluster.name}-{part}-{name}",
            name=name,
            role=made.name,
            policy=pulumi.Output.json_dumps(document),
            opts=cluster.child(),
        )
        for name, document in (documents or {}).items()
    ]
    return made, rights


def pod_role(
    cluster: "Cluster",
    account: ServiceAccount,
    *,
    description: str,
    policies: Sequence[str] = (),
    documents: Optional[Mapping[str, Document]] = None,
) -> Tuple[iam.Role, List[pulumi.Resource]]:
    """A role that pods of one service account of this cluster assume through Pod Identity."""
    return role(
        cluster,
        account.part,
        trust=pod_trust(cluster.names, account.namespace, account.name),
        description=description,
        policies=policies,
        documents=documents,
    )


def association(cluster: "Cluster", account: ServiceAccount, made: iam.Role) -> eks.PodIdentityAssociation:
    """Gives the pods of `account` the role `made`."""
    return eks.PodIdentityAssociation(
        f"{cluster.name}-{account.part}",
        cluster_name=cluster.control_plane.name,
        namespace=account.namespace,
        service_account=account.name,
        role_arn=made.arn,
        region=cluster.region,
        tags=cluster.tags(cluster.names.role(account.part)),
        opts=cluster.child(),
    )
