"""What people decide about a region's network, and what the environment's class decides for them.

Costs that these settings drive: a NAT gateway is billed by the hour and by the gigabyte, an interface
endpoint by the hour in every zone, flow logs by the gigabyte. Gateway endpoints (S3, DynamoDB) are free
and always there.
"""

import enum
from typing import List, Optional

import pydantic

from components.model import Args, EnvironmentClass, refused
from components.network import address_plan

__all__ = [
    "FlowLogDestination",
    "FlowLogSettings",
    "InterfaceEndpoint",
    "Nat",
    "NetworkSettings",
    "endpoints_of",
    "flow_logs_of",
    "nat_of",
    "retention_of",
]

# What CloudWatch Logs accepts as retention, in days.
RETENTIONS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)

RETENTION_BY_CLASS = {
    EnvironmentClass.PRODUCTION: 365,
    EnvironmentClass.STAGING: 30,
    EnvironmentClass.DEVELOPMENT: 7,
}


class Nat(enum.Enum):
    """How private subnets reach the internet."""

    PER_ZONE = "per-zone"
    """A gateway in each zone: losing a zone costs no other zone its way out."""
    SINGLE = "single"
    """One gateway for all zones: a third of the price, but its zone takes the others' way out along."""
    NONE = "none"
    """No way out: images and AWS APIs come through endpoints only."""


class FlowLogDestination(enum.Enum):
    """Where records of accepted and rejected connections go."""

    S3 = "s3"
    """Parquet in a bucket: half of CloudWatch's price per gigabyte, queried with Athena."""
    CLOUDWATCH = "cloudwatch"
    """A log group: searchable at once, worth it where little traffic flows."""
    NONE = "none"


class InterfaceEndpoint(enum.Enum):
    """AWS services that can be reached without leaving the VPC."""

    AUTOSCALING = "autoscaling"
    EC2 = "ec2"
    ECR_API = "ecr.api"
    ECR_DKR = "ecr.dkr"
    EKS = "eks"
    EKS_AUTH = "eks-auth"
    ELASTIC_LOAD_BALANCING = "elasticloadbalancing"
    KMS = "kms"
    LOGS = "logs"
    SAGEMAKER_API = "sagemaker.api"
    SAGEMAKER_RUNTIME = "sagemaker.runtime"
    SECRETS_MANAGER = "secretsmanager"
    SQS = "sqs"
    SSM = "ssm"
    STS = "sts"


# Without these a node cannot join a cluster, pull an image or get a pod's credentials.
NEEDED_WITHOUT_NAT = (
    InterfaceEndpoint.EC2,
    InterfaceEndpoint.ECR_API,
    InterfaceEndpoint.ECR_DKR,
    InterfaceEndpoint.EKS,
    InterfaceEndpoint.EKS_AUTH,
    InterfaceEndpoint.STS,
)

# What serving and scaling call all the time, and what keeps running when a NAT gateway does not.
# Autoscaling, SSM and the SageMaker control plane are called rarely: the NAT gateway does for them.
PRODUCTION_ENDPOINTS = (
    InterfaceEndpoint.EC2,
    InterfaceEndpoint.ECR_API,
    InterfaceEndpoint.ECR_DKR,
    InterfaceEndpoint.EKS,
    InterfaceEndpoint.EKS_AUTH,
    InterfaceEndpoint.ELASTIC_LOAD_BALANCING,
    InterfaceEndpoint.KMS,
    InterfaceEndpoint.LOGS,
    InterfaceEndpoint.SAGEMAKER_RUNTIME,
    InterfaceEndpoint.SECRETS_MANAGER,
    InterfaceEndpoint.SQS,
    InterfaceEndpoint.STS,
)


class FlowLogSettings(Args):
    """Records of the network's connections."""

    destination: Optional[FlowLogDestination] = None
    """Default: a bucket in production, otherwise a log group."""
    retention_days: Optional[int] = pydantic.Field(default=None, ge=1, le=3653)
    """Default: 365 days in production, 30 in staging, 7 in development."""

    @pydantic.model_validator(mode="after")
    def _retention_that_cloudwatch_has(self) -> "FlowLogSettings":
        days = self.retention_days
        if self.destination is FlowLogDestination.CLOUDWATCH and days is not None and days not in RETENTIONS:
            longer = next(option for option in RETENTIONS if option > days)
            raise refused(f"CloudWatch Logs has no retention of {days} days", f"retention_days: {longer}")
        return self


class NetworkSettings(Args):
    """A region's VPC: its addresses, zones, ways out and endpoints."""

    cidr: str
    """The VPC's network, /16 to /20, unlike that of any network it may ever be connected to."""
    pod_cidr: str = "100.64.0.0/16"
    """Secondary network for pods; the same in every region, as it is never routed outside the VPC."""
    zones: int = pydantic.Field(default=3, ge=2, le=address_plan.MAX_ZONES)
    """How many availability zones are used."""
    availability_zones: List[str] = pydantic.Field(default=[])
    """Which zones are used, in this order; default: the first `zones` of the bundled catalogue."""
    nat: Optional[Nat] = None
    """Default: a gateway per zone in production, otherwise one."""
    interface_endpoints: Optional[List[InterfaceEndpoint]] = None
    """Default: those that serving and scaling call all the time in production, otherwise none."""
    flow_logs: FlowLogSettings = FlowLogSettings()

    @pydantic.field_validator("cidr")
    @classmethod
    def _private_network(cls, text: str) -> str:
        return str(address_plan.network(text, within=address_plan.PRIVATE_RANGES))

    @pydantic.field_validator("pod_cidr")
    @classmethod
    def _pod_network(cls, text: str) -> str:
        return str(address_plan.network(text, within=(address_plan.POD_RANGE,)))

    @pydantic.field_validator("interface_endpoints")
    @classmethod
    def _each_once(cls, endpoints: Optional[List[InterfaceEndpoint]]) -> Optional[List[InterfaceEndpoint]]:
        twice = [item.value for item in dict.fromkeys(endpoints or []) if (endpoints or []).count(item) > 1]
        if twice:
            raise refused(f"{', '.join(twice)} is listed more than once", "list each endpoint once")
        return endpoints

    @pydantic.model_validator(mode="after")
    def _reaches_what_nodes_need(self) -> "NetworkSettings":
        if self.nat is Nat.NONE:
            missing = [
                item.value for item in NEEDED_WITHOUT_NAT if item not in (self.interface_endpoints or [])
            ]
            if missing:
                raise refused(
                    f"without NAT nodes reach AWS through endpoints only: {', '.join(missing)} is missing",
                    f"add to interface_endpoints: {', '.join(missing)}",
                )
        if self.availability_zones and len(set(self.availability_zones)) != self.zones:
            raise refused(
                f"zones is {self.zones}, but availability_zones names {len(set(self.availability_zones))}",
                "let both agree",
            )
        return self


def nat_of(settings: NetworkSettings, environment_class: EnvironmentClass) -> Nat:
    """The setting, or a gateway per zone in production and one elsewhere."""
    if settings.nat is not None:
        return settings.nat
    return Nat.PER_ZONE if environment_class is EnvironmentClass.PRODUCTION else Nat.SINGLE


def endpoints_of(settings: NetworkSettings, environment_class: EnvironmentClass) -> List[InterfaceEndpoint]:
    """The setting, or the production set in production and none elsewhere: each is paid per zone and hour."""
    if settings.interface_endpoints is not None:
        return list(settings.interface_endpoints)
    return list(PRODUCTION_ENDPOINTS) if environment_class is EnvironmentClass.PRODUCTION else []


def flow_logs_of(settings: FlowLogSettings, environment_class: EnvironmentClass) -> FlowLogDestination:
    """The setting, or a bucket in production (0.25 instead of 0.50 USD a gigabyte), else a log group."""
    if settings.destination is not None:
        return settings.destination
    production = environment_class is EnvironmentClass.PRODUCTION
    return FlowLogDestination.S3 if production else FlowLogDestination.CLOUDWATCH


def retention_of(settings: FlowLogSettings, environment_class: EnvironmentClass) -> int:
    """Days that flow logs are kept."""
    by_class = {
        EnvironmentClass.PRODUCTION: 365,
        EnvironmentClass.STAGING: 30,
        EnvironmentClass.DEVELOPMENT: 7,
    }
    return settings.retention_days if settings.retention_days is not None else by_class[environment_class]
