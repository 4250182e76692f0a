"""Settings of the nodes that Karpenter starts: pools, their limits and when their nodes may go away.

A pool is a promise about money before it is one about machines: `limits` is the most it may ever run at
once, so it is required, and an estimate's ceiling comes from it.
"""

import enum
import re
from typing import Dict, List, Optional

import pydantic

from components.model import Args, EnvironmentClass, refused

__all__ = [
    "Accelerator",
    "Architecture",
    "Budget",
    "CapacityType",
    "Consolidation",
    "Disruption",
    "Fallback",
    "Karpenter",
    "Limits",
    "NodePool",
    "Taint",
    "TaintEffect",
    "architecture_of",
]

# A Bottlerocket release that has images for every catalogued Kubernetes version. It brings NVIDIA's
# driver and device plugin, so that a GPU node is usable as it boots. As of 2026-07-29.
IMAGE = "bottlerocket@1.64.0"

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_IMAGE = re.compile(r"(al2023@(v\d{8}|latest))|(bottlerocket@(\d+\.\d+\.\d+|latest))")
_LABEL_DOMAINS = ("kubernetes.io", "k8s.io", "karpenter.sh", "karpenter.k8s.aws")


class Architecture(enum.Enum):
    """Instruction set of a node's processors, by Kubernetes' name."""

    AMD64 = "amd64"
    ARM64 = "arm64"
    """Graviton: about a fifth cheaper for the same work; images must be built for it."""


class CapacityType(enum.Enum):
    """How capacity is bought. Karpenter takes reserved first, then spot, then on-demand."""

    RESERVED = "reserved"
    """Capacity paid for whether used or not; needs `reservations`."""
    SPOT = "spot"
    """Spare capacity, cheaper by half or more, taken back with two minutes' notice."""
    ON_DEMAND = "on-demand"


class Accelerator(enum.Enum):
    """What a pool's instances compute with besides their processors."""

    NONE = "none"
    NVIDIA = "nvidia"
    NEURON = "neuron"
    """AWS Trainium and Inferentia."""


_ACCELERATED = {
    "g": Accelerator.NVIDIA,
    "gr": Accelerator.NVIDIA,
    "p": Accelerator.NVIDIA,
    "inf": Accelerator.NEURON,
    "trn": Accelerator.NEURON,
}


class TaintEffect(enum.Enum):
    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Args):
    """What keeps pods off a node unless they tolerate it."""

    key: str
    value: str = ""
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


class Limits(Args):
    """The most that a pool may run at once. What it would cost for a month is the pool's ceiling."""

    cpu: int = pydantic.Field(ge=1)
    """vCPUs of all its nodes together."""
    memory_gib: int = pydantic.Field(ge=1)
    """Memory of all its nodes together, in GiB."""
    accelerators: Optional[int] = pydantic.Field(default=None, ge=1)
    """GPUs or Neuron devices of all its nodes together; required where there are any."""


class Consolidation(enum.Enum):
    """When Karpenter removes or replaces a node to save money."""

    WHEN_EMPTY = "WhenEmpty"
    """Only nodes that run nothing: a training job is never moved."""
    WHEN_UNDERUSED = "WhenEmptyOrUnderutilized"
    """Also nodes whose pods fit elsewhere or on something cheaper."""


class Budget(Args):
    """How many nodes of a pool may be disrupted at once, always or in a window."""

    nodes: str = pydantic.Field(pattern=r"^((100|[0-9]{1,2})%|[0-9]+)$")
    """A count (`1`) or a share (`10%`); `0` freezes the pool."""
    schedule: str = ""
    """Cron expression in UTC at which the window opens; empty: always."""
    duration_hours: Optional[int] = pydantic.Field(default=None, ge=1)
    """How long the window stays open."""

    @pydantic.model_validator(mode="after")
    def _window_is_whole(self) -> "Budget":
        if bool(self.schedule) is not (self.duration_hours is not None):
            raise refused(
                "a window needs both schedule and duration_hours",
                'give both (schedule: "0 8 * * mon-fri", duration_hours: 10) or neither',
            )
        return self


class Disruption(Args):
    """When nodes of a pool may be taken away."""

    consolidation: Optional[Consolidation] = None
    """Default: when-empty for accelerated pools, otherwise also when underused."""
    consolidate_after_minutes: int = pydantic.Field(default=10, ge=0)
    """How long a node must have been idle or stable before it is considered."""
    budgets: List[Budget] = pydantic.Field(default_factory=lambda: [Budget(nodes="10%")])
    expire_after_hours: Optional[int] = pydantic.Field(default=None, ge=0)
    """Age at which a node is replaced, which is how new images reach it; 0: never.
    Default: never for accelerated pools, otherwise 720 (30 days)."""
    termination_grace_hours: Optional[int] = pydantic.Field(default=None, ge=1)
    """How long a draining node may wait for its pods; default: as long as they want."""


class Fallback(Args):
    """A second pool with the same instances for when the first finds no capacity or is at its limits."""

    limits: Limits
    """Of its own: together with the pool's they are the ceiling."""
    capacity_types: List[CapacityType] = pydantic.Field(default=[CapacityType.ON_DEMAND], min_length=1)
    weight: int = pydantic.Field(default=1, ge=1, le=100)
    """Below the pool's weight, so that it is tried second."""


class NodePool(Args):
    """Nodes of one kind that Karpenter may start, and how many of them at most."""

    name: str
    limits: Limits
    instance_categories: List[str] = pydantic.Field(default_factory=list)
    """Letters such as `c`, `m`, `r`: any instance of those, of at least `minimum_generation`."""
    minimum_generation: int = pydantic.Field(default=5, ge=1)
    """Oldest generation among `instance_categories`: 5 is `m5`."""
    instance_families: List[str] = pydantic.Field(default_factory=list)
    """Such as `g6e` or `p5`."""
    instance_types: List[str] = pydantic.Field(default_factory=list)
    """Such as `p5.48xlarge`. At least one of categories, families and types is given."""
    architectures: List[Architecture] = pydantic.Field(default=[Architecture.AMD64], min_length=1)
    capacity_types: List[CapacityType] = pydantic.Field(default=[CapacityType.ON_DEMAND], min_length=1)
    accelerator: Accelerator = Accelerator.NONE
    zones: List[str] = pydantic.Field(default_factory=list)
    """Availability zones it keeps to; default: all of the cluster's."""
    reservations: List[str] = pydantic.Field(default_factory=list)
    """Ids (`cr-...`) of the capacity reservations that `reserved` may use."""
    weight: int = pydantic.Field(default=10, ge=1, le=100)
    """Among pools that fit a pod the highest weight is tried first."""
    fallback: Optional[Fallback] = None
    tenant: str = ""
    """Dedicated to this tenant: tainted `tenant=<name>:NoSchedule`, labelled and tagged with it."""
    labels: Dict[str, str] = pydantic.Field(default_factory=dict)
    taints: List[Taint] = pydantic.Field(default_factory=list)
    tags: Dict[str, str] = pydantic.Field(default_factory=dict)
    """Of its instances and volumes, over the cluster's: a tenant's cost center."""
    disruption: Disruption = Disruption()
    image: str = IMAGE
    """`bottlerocket@<release>` or `al2023@v<date>`; `@latest` outside production only."""
    volume_gib: int = pydantic.Field(default=100, ge=20, le=16384)
    """Size of a node's encrypted gp3 data volume, in GiB: images, logs and ephemeral storage."""
    volume_key: str = pydantic.Field(default="", pattern=r"^(alias/[a-zA-Z0-9/_-]+)?$")
    """Alias of the KMS key of its volumes, such as a tenant's own; default: the cluster's key."""
    local_storage: bool = False
    """Only instances with local NVMe, striped (RAID 0) as the node's ephemeral storage."""

    @property
    def is_accelerated(self) -> bool:
        return self.accelerator is not Accelerator.NONE

    @pydantic.field_validator("name", "tenant")
    @classmethod
    def _is_a_label(cls, text: str, info: pydantic.ValidationInfo) -> str:
        if not (_NAME.fullmatch(text) or (info.field_name == "tenant" and not text)):
            raise refused(
                "it must be 1 to 40 of a-z, 0-9 and -, neither first nor last a -", "such as: train"
            )
        return text

    @pydantic.field_validator("image")
    @classmethod
    def _is_an_alias(cls, image: str) -> str:
        if not _IMAGE.fullmatch(image):
            raise refused("it is neither bottlerocket@<release> nor al2023@v<date>", f"such as: {IMAGE}")
        return image

    @pydantic.field_validator("tags")
    @classmethod
    def _tags_are_free(cls, tags: Dict[str, str]) -> Dict[str, str]:
        for key in tags:
            if key in ("component", "tenant", "Name") or key.lower().startswith("aws:"):
                raise refused(f"{key} is set by the cluster itself", "leave it out")
            if key == "eks:eks-cluster-name" or key.startswith(("kubernetes.io/cluster/", *_LABEL_DOMAINS)):
                raise refused(f"Karpenter sets {key}, and refuses it from others", "leave it out")
        return tags

    @pydantic.field_validator("labels")
    @classmethod
    def _labels_are_free(cls, labels: Dict[str, str]) -> Dict[str, str]:
        for key in labels:
            domain = key.partition("/")[0] if "/" in key else ""
            if key == "tenant" or domain.endswith(_LABEL_DOMAINS):
                but = f"{key} is set by the cluster itself"
                raise refused(
                    but, "use tenant: for a tenant" if key == "tenant" else "use a domain of your own"
                )
        return labels

    @pydantic.model_validator(mode="after")
    def _names_instances(self) -> "NodePool":
        if not (self.instance_categories or self.instance_families or self.instance_types):
            raise refused(
                "it names no instances, so Karpenter could start any, whatever they cost",
                "give instance_categories, instance_families or instance_types",
            )
        allowed = {architecture.value for architecture in self.architectures}
        for kind in [*self.instance_families, *(name.partition(".")[0] for name in self.instance_types)]:
            actual = architecture_of(kind).value
            if actual not in allowed:
                raise refused(
                    f"{kind} has {actual} processors, but architectures is {sorted(allowed)}",
                    f"architectures: [{actual}]",
                )
        return self

    @pydantic.model_validator(mode="after")
    def _accelerators_are_limited(self) -> "NodePool":
        first, *rest = (limits for limits in (self.limits, self.fallback and self.fallback.limits) if limits)
        for limits in (first, *rest):
            if self.is_accelerated and limits.accelerators is None:
                raise refused(
                    f"a pool of {self.accelerator.value} accelerators has no limit on them",
                    "limits: {accelerators: 8} is one p5.48xlarge",
                )
            if not self.is_accelerated and limits.accelerators is not None:
                raise refused("it limits accelerators but has none", "accelerator: nvidia")
        return self

    @pydantic.model_validator(mode="after")
    def _categories_have_the_accelerator(self) -> "NodePool":
        for category in self.instance_categories:
            actual = _ACCELERATED.get(category, Accelerator.NONE)
            if actual is not Accelerator.NONE and not self.is_accelerated:
                raise refused(
                    f"category {category} has accelerators, which any pod could then occupy",
                    f"accelerator: {actual.value}",
                )
            if actual is not self.accelerator:
                right = [name for name, kind in _ACCELERATED.items() if kind is self.accelerator]
                raise refused(
                    f"no instance of category {category} has {self.accelerator.value} accelerators",
                    f"instance_categories: [{', '.join(right)}]",
                )
        return self

    @pydantic.model_validator(mode="after")
    def _capacity_can_be_had(self) -> "NodePool":
        if (CapacityType.RESERVED in self.capacity_types) is not bool(self.reservations):
            raise refused(
                "reserved capacity and reservations belong together",
                "give reservations: [cr-...] and reserved in capacity_types, or neither",
            )
        for reservation in self.reservations:
            if not re.fullmatch(r"cr-[0-9a-z]+", reservation):
                raise refused(
                    f"{reservation} is not the id of a capacity reservation", "cr-0123456789abcdef0"
                )
        if self.fallback and self.fallback.weight >= self.weight:
            raise refused(
                f"the fallback's weight {self.fallback.weight} is not below the pool's {self.weight}, "
                "so it would not be tried second",
                f"fallback: {{weight: {self.weight - 1}}}" if self.weight > 1 else "weight: 10",
            )
        return self


class Karpenter(Args):
    """The controller that starts and stops nodes."""

    chart_version: str = pydantic.Field(default="1.14.3", pattern=r"^1\.\d+\.\d+$")
    """Version of the charts `karpenter` and `karpenter-crd`."""
    chart_repository: str = pydantic.Field(
        default="oci://public.ecr.aws/karpenter", pattern=r"^(oci|https)://.+[^/]$"
    )
    """Where the charts are; a mirror in the account's own registry survives an outage of the public one."""
    image_digest: str = pydantic.Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """Holds the controller's image whatever the chart says; default: the digest the chart carries."""
    replicas: Optional[int] = pydantic.Field(default=None, ge=1, le=5)
    """Default: 1 in development, otherwise 2, of which one leads."""


def architecture_of(family: str) -> Architecture:
    """Processors of an EC2 family: `g` among the letters after the generation is Graviton, as is `a1`."""
    match = re.match(r"([a-z]+)(\d+)([a-z0-9-]*)", family)
    graviton = family == "a1" or (match is not None and "g" in match.group(3))
    return Architecture.ARM64 if graviton else Architecture.AMD64


def check_pool(pool: NodePool, environment_class: EnvironmentClass) -> None:
    """Raises what is wrong with a pool in this class of environment only."""
    if environment_class is EnvironmentClass.PRODUCTION and pool.image.endswith("@latest"):
        raise refused(
            f"{pool.name} takes the latest image, so a node started tonight may differ from the tested ones",
            f"image: {IMAGE}",
        )
