"""Settings of a region's Kubernetes cluster: control plane, system nodes, access, add-ons and node pools."""

import enum
import ipaddress
from typing import Any, Dict, List, Optional

import pydantic

from components.cluster import versions as cluster_versions
from components.cluster.access_settings import Access, Endpoint
from components.karpenter.settings import Architecture, Karpenter, NodePool, architecture_of, check_pool
from components.model import Args, EnvironmentClass, refused
from components.network.settings import RETENTIONS

__all__ = [
    "Addons",
    "ClusterSettings",
    "Conflicts",
    "ControlPlaneTier",
    "LoadBalancerController",
    "LogType",
    "Logs",
    "OperatingSystem",
    "OptionalAddon",
    "PodNetworking",
    "SystemNodes",
    "check_class",
]


class PodNetworking(enum.Enum):
    """Where pods get their addresses."""

    POD_SUBNETS = "pod-subnets"
    """From the network's pod subnets (100.64.0.0/10), so that pods never use up routable addresses."""
    NODE_SUBNETS = "node-subnets"
    """From the nodes' own subnets: pods can be reached from networks that are connected to the VPC."""


class OperatingSystem(enum.Enum):
    BOTTLEROCKET = "bottlerocket"
    """Image-based, without a shell or package manager, read-only root."""
    AL2023 = "al2023"


class LogType(enum.Enum):
    """Kinds of control plane logs; `audit` is by far the largest."""

    API = "api"
    AUDIT = "audit"
    AUTHENTICATOR = "authenticator"
    CONTROLLER_MANAGER = "controllerManager"
    SCHEDULER = "scheduler"


class ControlPlaneTier(enum.Enum):
    """Provisioned size of the control plane; anything above standard costs a multiple."""

    STANDARD = "standard"
    XL = "tier-xl"
    XXL = "tier-2xl"
    XXXXL = "tier-4xl"


class Conflicts(enum.Enum):
    """What happens to a field of an add-on that somebody changed inside the cluster."""

    OVERWRITE = "OVERWRITE"
    """The specification wins."""
    PRESERVE = "PRESERVE"
    """The change stays."""
    NONE = "NONE"
    """The update fails."""


class OptionalAddon(enum.Enum):
    """Add-ons that a cluster has only where they are asked for."""

    FSX_CSI = "aws-fsx-csi-driver"
    """Mounts FSx for Lustre file systems that exist; it may not create any."""
    S3_CSI = "aws-mountpoint-s3-csi-driver"
    """Mounts the buckets in `s3_buckets`."""
    CLOUDWATCH = "amazon-cloudwatch-observability"
    """Container metrics and logs to CloudWatch, billed there."""


class Logs(Args):
    """Logs of the control plane, encrypted with the cluster's key."""

    types: List[LogType] = pydantic.Field(default_factory=lambda: list(LogType))
    retention_days: Optional[int] = None
    """Default: 365 in production, 30 in staging, 7 in development."""

    @pydantic.field_validator("retention_days")
    @classmethod
    def _is_offered(cls, days: Optional[int]) -> Optional[int]:
        if days is not None and days not in RETENTIONS:
            nearest = min(RETENTIONS, key=lambda offered: abs(offered - days))
            raise refused(
                f"CloudWatch Logs does not offer {days} days", f"one of {RETENTIONS}; nearest: {nearest}"
            )
        return days


class SystemNodes(Args):
    """A few Graviton nodes for what must run before Karpenter can start any, on demand only."""

    instance_types: List[str] = pydantic.Field(default_factory=list)
    """Default: m7g.xlarge in production, m7g.large in staging, t4g.large in development."""
    minimum: Optional[int] = pydantic.Field(default=None, ge=1)
    """Default: 3 in production, otherwise 2."""
    maximum: Optional[int] = pydantic.Field(default=None, ge=2)
    """Default: twice the minimum, as an update starts new nodes before it drains old ones."""
    operating_system: OperatingSystem = OperatingSystem.BOTTLEROCKET
    release_version: Optional[str] = None
    """Image release; default: the newest when the group is created, unchanged from then on."""
    volume_gib: int = pydantic.Field(default=50, ge=20, le=16384)
    """Size of a node's encrypted gp3 data volume, in GiB."""
    shell_access: Optional[bool] = None
    """Whether Session Manager reaches nodes (pools' too); default: not in production."""

    @pydantic.field_validator("instance_types")
    @classmethod
    def _are_graviton(cls, types: List[str]) -> List[str]:
        for kind in types:
            if architecture_of(kind.partition(".")[0]) is not Architecture.ARM64:
                raise refused(
                    f"{kind} is not Graviton, and the group's image is for arm64", "such as: m7g.large"
                )
        return types

    @pydantic.model_validator(mode="after")
    def _sizes_fit(self) -> "SystemNodes":
        if self.minimum is not None and self.maximum is not None and self.maximum <= self.minimum:
            raise refused(
                f"maximum {self.maximum} leaves no room above the minimum {self.minimum} for an update",
                f"maximum: {2 * self.minimum}",
            )
        return self


class Addons(Args):
    """EKS add-ons: which, which version, how configured."""

    versions: Dict[str, str] = pydantic.Field(default_factory=dict)
    """By add-on name, where it differs from the bundled catalogue."""
    optional: List[OptionalAddon] = pydantic.Field(default_factory=list)
    configuration: Dict[str, Any] = pydantic.Field(default_factory=dict)
    """By add-on name, laid over what the cluster configures itself; a mapping is merged."""
    conflicts: Conflicts = Conflicts.OVERWRITE
    s3_buckets: List[str] = pydantic.Field(default_factory=list)
    """Names of the buckets that the S3 driver may read and write."""

    @pydantic.field_validator("versions", "configuration")
    @classmethod
    def _are_known(cls, given: Dict[str, Any]) -> Dict[str, Any]:
        known = [*cluster_versions.ADDONS, *(addon.value for addon in OptionalAddon)]
        for name in given:
            if name not in known:
                raise refused(f"{name} is none of this cluster's add-ons", f"one of: {', '.join(known)}")
        return given

    @pydantic.model_validator(mode="after")
    def _driver_has_buckets(self) -> "Addons":
        if (OptionalAddon.S3_CSI in self.optional) is not bool(self.s3_buckets):
            raise refused(
                "the S3 driver and s3_buckets belong together",
                f"give optional: [{OptionalAddon.S3_CSI.value}] and s3_buckets, or neither",
            )
        return self


class LoadBalancerController(Args):
    """The controller that makes load balancers of Gateways, Ingresses and Services."""

    enabled: bool = True
    chart_version: str = pydantic.Field(default="3.5.0", pattern=r"^\d+\.\d+\.\d+$")
    chart_repository: str = pydantic.Field(
        default="https://aws.github.io/eks-charts", pattern=r"^https://.+[^/]$"
    )


class ClusterSettings(Args):
    """A region's Kubernetes cluster (EKS): private, encrypted, its nodes started by Karpenter."""

    version: str = cluster_versions.DEFAULT
    """Kubernetes version, `major.minor`."""
    access: Access
    endpoint: Endpoint = Endpoint()
    logs: Logs = Logs()
    service_cidr: str = "172.20.0.0/16"
    """Addresses of Kubernetes Services: never routed, but unlike those of the VPC."""
    pod_networking: PodNetworking = PodNetworking.POD_SUBNETS
    control_plane_tier: ControlPlaneTier = ControlPlaneTier.STANDARD
    zonal_shift: bool = True
    """Lets traffic be moved out of an impaired availability zone, by hand or by AWS."""
    deletion_protection: Optional[bool] = None
    """Default: in production."""
    system_nodes: SystemNodes = SystemNodes()
    addons: Addons = Addons()
    karpenter: Karpenter = Karpenter()
    node_pools: List[NodePool] = pydantic.Field(default_factory=list)
    load_balancer_controller: LoadBalancerController = LoadBalancerController()

    @pydantic.field_validator("service_cidr")
    @classmethod
    def _is_a_service_network(cls, cidr: str) -> str:
        try:
            network = ipaddress.IPv4Network(cidr)
        except ValueError as error:
            raise refused(f"{cidr} is not an IPv4 network: {error}", "such as: 172.20.0.0/16") from None
        if not 12 <= network.prefixlen <= 24:
            raise refused(
                f"EKS takes a /12 to /24, and {cidr} is a /{network.prefixlen}", "such as: 172.20.0.0/16"
            )
        return cidr

    @pydantic.field_validator("node_pools")
    @classmethod
    def _names_differ(cls, pools: List[NodePool]) -> List[NodePool]:
        names = [
            name
            for pool in pools
            for name in (pool.name, *([f"{pool.name}-fallback"] if pool.fallback else []))
        ]
        for name in names:
            if names.count(name) > 1:
                raise refused(f"two pools are called {name}", "give each a name of its own")
        return pools

    @pydantic.model_validator(mode="after")
    def _addons_have_versions(self) -> "ClusterSettings":
        wanted = [*cluster_versions.ADDONS, *(addon.value for addon in self.addons.optional)]
        missing = [
            name
            for name in wanted
            if name not in self.addons.versions and name not in cluster_versions.catalogued(self.version)
        ]
        if missing:
            known = ", ".join(cluster_versions.CATALOGUE)
            raise refused(
                f"no version is catalogued for Kubernetes {self.version} of: {', '.join(missing)}",
                f"use a catalogued Kubernetes version ({known}), or give addons.versions",
            )
        return self


def check_class(settings: ClusterSettings, environment_class: EnvironmentClass) -> None:
    """Raises what is wrong with the settings in this class of environment only."""
    if environment_class is EnvironmentClass.PRODUCTION and settings.endpoint.public_cidrs:
        raise refused(
            "in production the Kubernetes API is private only",
            "endpoint: {private_cidrs: [...]} for people on a VPN, and remove public_cidrs",
        )
    if environment_class is EnvironmentClass.PRODUCTION and settings.deletion_protection is False:
        raise refused("a production cluster is protected from deletion", "remove deletion_protection")
    for pool in settings.node_pools:
        check_pool(pool, environment_class)
