"""A region's Kubernetes cluster for machine learning.

This includes: the control plane (private endpoint, access entries, Secrets and logs encrypted with the
cluster's own key), a small group of Graviton nodes for system pods, EKS add-ons with Pod Identity,
Karpenter with its interruption queue and the node pools of the settings, and the load balancer
controller. Decisions are in the modules beside this one; here they are wired.
"""

import json
from typing import Any, Dict, List, Mapping, Optional

import pulumi
import pydantic
from pulumi_aws import cloudwatch, ec2, eks, kms, vpc
from pulumi_kubernetes.provider import Provider
from pulumi_kubernetes.storage.v1.StorageClass import StorageClass

from components.base import Cell, Component, validated
from components.cluster import addons as cluster_addons
from components.cluster.access import grant_access, kubeconfig, principal_arn
from components.cluster.load_balancers import load_balancer_controller
from components.cluster.names import ClusterNames
from components.cluster.nodes import system_nodes
from components.cluster.policies import (
    Document,
    cluster_key_policy,
    cluster_role_policy,
    cluster_trust,
    volume_key_policy,
)
from components.cluster.roles import role
from components.cluster.settings import (
    ClusterSettings,
    ControlPlaneTier,
    Logs,
    PodNetworking,
    check_class,
)
from components.karpenter.karpenter import karpenter
from components.model import EnvironmentClass, refused

__all__ = ["Cluster", "ClusterArgs", "retention_of"]


class ClusterArgs(ClusterSettings):
    """The settings of a cluster, the cell it stands in and the network it is put into."""

    cell: Cell
    name_suffix: str = pydantic.Field(default="", pattern=r"^([a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?)?$")
    """Tells a further cluster of the cell from the first: a silo tenant's name."""
    tenant: str = ""
    """Whose cluster it is alone; everything in it is tagged with it."""
    vpc_id: Optional[pulumi.Output[str]] = None
    private_subnet_ids: Optional[pulumi.Output[List[str]]] = None
    """Where nodes and the control plane's network interfaces are."""
    pod_subnet_ids: Optional[pulumi.Output[List[str]]] = None
    """Where pods get addresses from, in the order of `zones`."""
    zones: Optional[pulumi.Output[List[str]]] = None
    """Availability zones of the subnets."""

    @pydantic.model_validator(mode="after")
    def _stands_in_a_network(self) -> "ClusterArgs":
        check_class(self, self.cell.environment_class)
        for pool in self.node_pools:
            elsewhere = [zone for zone in pool.zones if not zone.startswith(self.cell.region)]
            if elsewhere:
                raise refused(
                    f"pool {pool.name} keeps to {', '.join(elsewhere)}, but the cluster is in {self.cell.region}",
                    "give the pool in that region's own section, or leave out zones",
                )
        needed = ["vpc_id", "private_subnet_ids"]
        if self.pod_networking is PodNetworking.POD_SUBNETS:
            needed += ["pod_subnet_ids", "zones"]
        missing = [field for field in needed if getattr(self, field) is None]
        if missing:
            raise refused(
                f"it is in no network: {', '.join(missing)} missing", "pass the outputs of a Network"
            )
        return self


def retention_of(logs: Logs, environment_class: EnvironmentClass) -> int:
    """Days that control plane logs are kept: the setting, or 365, 30 or 7 by class."""
    by_class = {
        EnvironmentClass.PRODUCTION: 365,
        EnvironmentClass.STAGING: 30,
        EnvironmentClass.DEVELOPMENT: 7,
    }
    return logs.retention_days if logs.retention_days is not None else by_class[environment_class]


class Cluster(Component):
    """An EKS cluster in one region with its system nodes, add-ons, Karpenter and node pools."""

    cluster_name: pulumi.Output[str]
    cluster_arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """URL of the Kubernetes API; resolves to private addresses inside the VPC."""
    kubeconfig: pulumi.Output[str]
    """JSON; holds no secret, as it asks IAM for a token."""
    node_role_arn: pulumi.Output[str]
    """Role of the nodes that Karpenter starts."""
    cluster_security_group_id: pulumi.Output[str]
    """Security group of all nodes and the control plane."""
    volume_key_arn: pulumi.Output[str]
    """KMS key of the nodes' and pods' volumes."""

    def __init__(self, name: str, args: ClusterArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        args = validated(ClusterArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args, self.region = name, args, args.cell.region
        self.names = ClusterNames(args.cell, args.name_suffix)

        self.cluster_key = self._key(
            "secrets", "Secrets and control plane logs", cluster_key_policy(self.names)
        )
        self.volume_key = self._key("volumes", "Volumes", volume_key_policy(self.cell))
        self.control_plane = self._control_plane()
        self.cluster_security_group_id = self.control_plane.vpc_config.cluster_security_group_id
        self.kubeconfig = self._kubeconfig()
        self.provider = self._kubernetes_provider()

        before = cluster_addons.install(self, cluster_addons.BEFORE_NODES)
        nodes = system_nodes(self, depends_on=before)
        after = [
            name
            for name in cluster_addons.versions(args.version, args.addons)
            if name not in cluster_addons.BEFORE_NODES
        ]
        running = [*grant_access(self), nodes, *cluster_addons.install(self, after, depends_on=[nodes])]
        self._storage_class(running)
        node_role = karpenter(self, depends_on=running)
        if args.load_balancer_controller.enabled:
            load_balancer_controller(self, depends_on=running)

        self.cluster_name, self.cluster_arn = self.control_plane.name, self.control_plane.arn
        self.endpoint, self.node_role_arn = self.control_plane.endpoint, node_role.arn
        self.volume_key_arn = self.volume_key.arn
        self.register_outputs({key: getattr(self, key) for key in Cluster.__annotations__})

    def tags(self, name: str, extra: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        tenant = {"tenant": self.args.tenant} if self.args.tenant else {}
        return super().tags(name, {**tenant, **(extra or {})})

    def in_kubernetes(self, **options: Any) -> pulumi.ResourceOptions:
        """Resource options of a Kubernetes object inside this cluster."""
        return self.child(provider=self.provider, **options)

    def _key(self, part: str, purpose: str, policy: Document) -> kms.Key:
        alias = self.names.alias(part)
        key = kms.Key(
            f"{self.name}-{part}",
            description=f"{purpose} of {self.names.cluster}",
            policy=json.dumps(policy),
            enable_key_rotation=True,
            deletion_window_in_days=30 if self.cell.is_production else 7,
            region=self.region,
            tags=self.tags(alias.removeprefix("alias/")),
            opts=self.child(protect=self.cell.is_protected),
        )
        kms.Alias(
            f"{self.name}-{part}", name=alias, target_key_id=key.key_id, region=self.region, opts=self.child()
        )
        return key

    def _log_group(self) -> cloudwatch.LogGroup:
        """Made before the cluster: EKS would make its own, unencrypted and kept for ever."""
        return cloudwatch.LogGroup(
            f"{self.name}-control-plane",
            name=self.names.log_group,
            retention_in_days=retention_of(self.args.logs, self.cell.environment_class),
            kms_key_id=self.cluster_key.arn,
            region=self.region,
            tags=self.tags(self.names.log_group),
            opts=self.child(),
        )

    def _api_security_group(self) -> ec2.SecurityGroup:
        """Lets networks beyond the VPC reach the private endpoint; nodes have a group in common with it."""
        name = self.names.group("api")
        group = ec2.SecurityGroup(
            f"{self.name}-api",
            name=name,
            description=f"Kubernetes API of {self.names.cluster}",
            vpc_id=self.args.vpc_id,
            region=self.region,
            tags=self.tags(name),
            opts=self.child(),
        )
        for cidr in self.args.endpoint.private_cidrs:
            vpc.SecurityGroupIngressRule(
                f"{self.name}-api-{cidr}",
                security_group_id=group.id,
                description="Kubernetes API",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                region=self.region,
                tags=self.tags(name),
                opts=self.child(),
            )
        return group

    def _control_plane(self) -> eks.Cluster:
        args = self.args
        made, rights = role(
            self,
            "control-plane",
            trust=cluster_trust(self.names),
            description=f"Control plane of {self.names.cluster}",
            policies=["AmazonEKSClusterPolicy"],
            documents={"wrap-secrets": cluster_role_policy(self.cluster_key.arn)},
        )
        given = args.deletion_protection
        tier = args.control_plane_tier
        return eks.Cluster(
            f"{self.name}-control-plane",
            name=self.names.cluster,
            version=args.version,
            role_arn=made.arn,
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": False,
            },
            bootstrap_self_managed_addons=False,
            vpc_config={
                "subnet_ids": args.private_subnet_ids,
                "security_group_ids": [self._api_security_group().id],
                "endpoint_private_access": True,
                "endpoint_public_access": bool(args.endpoint.public_cidrs),
                "public_access_cidrs": args.endpoint.public_cidrs or None,
            },
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": args.service_cidr},
            encryption_config={"provider": {"key_arn": self.cluster_key.arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=[kind.value for kind in args.logs.types],
            control_plane_scaling_config=None if tier is ControlPlaneTier.STANDARD else {"tier": tier.value},
            deletion_protection=self.cell.is_protected if given is None else given,
            # Extended support costs six times the price of standard support.
            upgrade_policy={"support_type": "STANDARD"},
            zonal_shift_config={"enabled": args.zonal_shift},
            region=self.region,
            tags=self.tags(self.names.cluster),
            opts=self.child(depends_on=[*rights, self._log_group()]),
        )

    def _kubeconfig(self) -> pulumi.Output[str]:
        deployer = self.args.access.deployer
        arn = principal_arn(self.cell, deployer) if deployer else None
        return pulumi.Output.all(
            endpoint=self.control_plane.endpoint,
            certificate_authority=self.control_plane.certificate_authority.data,
        ).apply(lambda known: kubeconfig(name=self.names.cluster, region=self.region, deployer=arn, **known))

    def _kubernetes_provider(self) -> Provider:
        return Provider(
            f"{self.name}-kubernetes",
            kubeconfig=self.kubeconfig,
            # What decides whether it is another cluster: not the kubeconfig, which changes with its CA.
            cluster_identifier=self.names.arn,
            enable_server_side_apply=True,
            opts=self.child(),
        )

    def _storage_class(self, depends_on: List[pulumi.Resource]) -> StorageClass:
        """The default for volumes of pods: encrypted gp3 in the zone where the pod is."""
        return StorageClass(
            f"{self.name}-gp3",
            metadata={"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": self.volume_key.arn},
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=self.in_kubernetes(depends_on=depends_on),
        )
