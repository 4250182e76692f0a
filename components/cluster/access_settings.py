"""Settings of who gets into a cluster, with which rights, and from where."""

import enum
import ipaddress
import re
from typing import List, Optional

import pydantic

from components.model import Args, refused

__all__ = ["Access", "AccessEntry", "AccessPolicy", "Endpoint"]

_PRINCIPAL = re.compile(r"(arn:aws[a-z-]*:iam::\d{12}:)?(role|user)/[\w+=,.@/-]+")


class AccessPolicy(enum.Enum):
    """What a principal may do, as EKS' own access policies."""

    CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"
    ADMIN = "AmazonEKSAdminPolicy"
    EDIT = "AmazonEKSEditPolicy"
    VIEW = "AmazonEKSViewPolicy"


def _principal(text: str) -> str:
    if not _PRINCIPAL.fullmatch(text):
        raise refused(
            f"{text} is not an IAM role or user (sessions and groups cannot be given access)",
            "role/<name>, user/<name> or the full ARN of one",
        )
    return text


class AccessEntry(Args):
    """Who may use the Kubernetes API, and for what."""

    principal: str
    """`role/<name>` of this account or an ARN."""
    policy: Optional[AccessPolicy] = None
    namespaces: List[str] = pydantic.Field(default_factory=list)
    """Where `policy` holds; empty: everywhere."""
    groups: List[str] = pydantic.Field(default_factory=list)
    """Kubernetes groups, for RoleBindings of one's own."""

    @pydantic.field_validator("principal")
    @classmethod
    def _is_a_principal(cls, text: str) -> str:
        return _principal(text)

    @pydantic.model_validator(mode="after")
    def _gives_something(self) -> "AccessEntry":
        if self.policy is None and not self.groups:
            raise refused("it gives neither a policy nor a group", "policy: AmazonEKSViewPolicy")
        if self.policy is None and self.namespaces:
            raise refused("namespaces limit a policy, and there is none", "policy: AmazonEKSEditPolicy")
        for group in self.groups:
            if group.startswith("system:"):
                raise refused(
                    f"EKS refuses the group {group}", "use policy: for rights that Kubernetes builds in"
                )
        return self


class Access(Args):
    """Who gets in. Nobody does without an entry here, not even who created the cluster."""

    administrators: List[str] = pydantic.Field(min_length=1)
    """Roles or users with all rights: at least the one that deploys."""
    entries: List[AccessEntry] = pydantic.Field(default_factory=list)
    deployer: Optional[str] = None
    """ARN of a role that is assumed to apply Kubernetes objects; default: whoever runs the deployment."""

    @pydantic.field_validator("administrators")
    @classmethod
    def _are_principals(cls, names: List[str]) -> List[str]:
        return [_principal(name) for name in names]

    @pydantic.model_validator(mode="after")
    def _each_once(self) -> "Access":
        written = [*self.administrators, *(entry.principal for entry in self.entries)]
        everyone = [principal.rpartition(":")[2] for principal in written]
        for principal in everyone:
            if everyone.count(principal) > 1:
                raise refused(
                    f"{principal} has more than one entry", "merge them: EKS has one entry a principal"
                )
        return self


class Endpoint(Args):
    """From where the Kubernetes API can be reached. Nodes always use the private endpoint."""

    public_cidrs: List[str] = pydantic.Field(default_factory=list)
    """Networks that reach it over the internet; none: it is private only, as it must be in production."""
    private_cidrs: List[str] = pydantic.Field(default_factory=list)
    """Networks beyond the VPC (VPN, peering) that reach the private endpoint. Whoever deploys must be in one
    of them, or inside the VPC: Kubernetes objects are applied through this endpoint."""

    @pydantic.field_validator("public_cidrs", "private_cidrs")
    @classmethod
    def _are_networks(cls, cidrs: List[str]) -> List[str]:
        for cidr in cidrs:
            try:
                network = ipaddress.IPv4Network(cidr)
            except ValueError as error:
                raise refused(f"{cidr} is not an IPv4 network: {error}", "such as: 203.0.113.0/24") from None
            if network.prefixlen == 0:
                raise refused(f"{cidr} is everyone", "name the networks people work from: 203.0.113.0/24")
        return cidrs
