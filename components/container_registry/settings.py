"""What people decide about images: whose repositories there are, what is cached, scanned, signed and let in.

Some of ECR's settings exist once for an account and region, whatever environment asks for them:
replication, scanning and nothing else that is used here. The environment whose `registry_wide` is true
writes them, for itself and for the environments it lists in `shared_with`; all others leave them alone. Two
that both write them would undo each other's at every deployment. Repositories, caches and creation
templates are named by environment, so any number of environments have them side by side.

What drives the cost: every image is stored once in each region it is replicated to, and crosses regions
once for each; enhanced scanning is charged by the image in each region, and again whenever a new
vulnerability becomes known.
"""

import enum
import re
from typing import List, Optional

import pydantic

from components.catalogue import REGIONS, is_region, nearest
from components.environment_settings import NAME
from components.model import Args, refused

__all__ = [
    "AdmissionMode",
    "AdmissionSettings",
    "ContainerRegistrySettings",
    "LowestSeverity",
    "Repository",
    "ScanningSettings",
    "SharedEnvironment",
    "SigningSettings",
    "Upstream",
    "UpstreamRegistry",
]

# ECR's own limits.
MOST_MUTABLE_PATTERNS = 5
MOST_WILDCARDS = 2
REPOSITORY = r"^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$"


class LowestSeverity(enum.Enum):
    """From which severity on findings of a scan put an image into quarantine."""

    CRITICAL = "critical"
    HIGH = "high"
    NEVER = "never"
    """Findings are only shown."""


class AdmissionMode(enum.Enum):
    """What a cluster does with a pod whose images are not from the environment's registry."""

    ENFORCE = "enforce"
    """Refuses it."""
    WARN = "warn"
    """Lets it in, warns whoever created it and notes it in the audit log."""
    OFF = "off"


class UpstreamRegistry(enum.Enum):
    """Registries whose images ECR can cache."""

    ECR_PUBLIC = "ecr-public"
    KUBERNETES = "kubernetes"
    QUAY = "quay"
    DOCKER_HUB = "docker-hub"
    """Needs a credential: an account of Docker Hub."""
    GITHUB = "github"
    """Needs a credential: a token of GitHub that may read packages."""
    GITLAB = "gitlab"
    """Needs a credential: a token of GitLab that may read registries."""
    CHAINGUARD = "chainguard"
    """Needs a credential: a pull token."""


class Repository(Args):
    """A repository, in each region in which its images may lie."""

    name: str = pydantic.Field(pattern=REPOSITORY, max_length=100)
    """Last part of its name; before it stand the environment and the tenant, or `shared`."""
    tenant: Optional[str] = None
    """Who pushes to it, one of `tenants`: its residency decides where the images lie. Default: the platform,
    and images lie in every region."""
    mutable_tags: List[str] = pydantic.Field(default=[], max_length=MOST_MUTABLE_PATTERNS)
    """Patterns of tags that may be pushed again, such as `cache-*`; every other tag is pushed once."""
    keep_images: Optional[int] = pydantic.Field(default=None, ge=1, le=10_000)
    """How many images stay, the newest first. Default: 200 in production, 50 in staging, else 20."""

    @pydantic.field_validator("mutable_tags")
    @classmethod
    def _patterns(cls, patterns: List[str]) -> List[str]:
        for pattern in patterns:
            if not re.fullmatch(r"[0-9A-Za-z._*-]{1,128}", pattern):
                raise refused(
                    f"{pattern!r} is no pattern of tags", "letters, digits and . _ - * like cache-*"
                )
            if pattern.count("*") > MOST_WILDCARDS:
                raise refused(f"{pattern!r} has more than {MOST_WILDCARDS} wildcards", "like cache-*")
            if not pattern.strip("*"):
                raise refused(f"{pattern!r} makes every tag mutable", "name a beginning: latest, cache-*")
        return patterns


class Upstream(Args):
    """A registry whose images are pulled through the environment's own, and kept there."""

    registry: UpstreamRegistry
    secret_suffix: Optional[str] = pydantic.Field(default=None, pattern=r"^[A-Za-z0-9]{6}$")
    """The six characters with which Secrets Manager ends the secret's ARN, the same in every region. Given
    once somebody has put the credential into the secret that is made for it; until then there is the secret,
    but no cache: ECR refuses a cache whose secret is empty. The credential itself stands in no program."""


class ScanningSettings(Args):
    """Looking for known vulnerabilities in images, by Amazon Inspector, and what is done about them."""

    enhanced: Optional[bool] = None
    """Operating system and language packages, again whenever a vulnerability becomes known; charged by the
    image. False: ECR's own scan of operating system packages on push, free. Default: not in development."""
    quarantine_from: Optional[LowestSeverity] = None
    """Default: `critical` where scanning is enhanced, else `never`."""
    notify: List[str] = pydantic.Field(default=[], max_length=10)
    """E-mail addresses told of quarantined images and of new findings in images that were clean."""

    @pydantic.model_validator(mode="after")
    def _quarantine_needs_findings(self) -> "ScanningSettings":
        wanted = self.quarantine_from not in (None, LowestSeverity.NEVER)
        if wanted and self.enhanced is False:
            raise refused(
                "quarantine follows the events of enhanced scanning, which is off",
                "enhanced: true, or quarantine_from: never",
            )
        return self


class SigningSettings(Args):
    """A profile of AWS Signer with which pipelines sign images (Notation)."""

    enabled: Optional[bool] = None
    """Default: not in development."""
    valid_months: int = pydantic.Field(default=135, ge=12, le=135)
    """How long a signature is good, in months; 135 is the most that Signer gives."""
    generation: int = pydantic.Field(default=1, ge=1, le=99)
    """Which profile signs. Raise it to sign with a new one, and when an environment is built again: Signer
    keeps a profile that was deleted, and with it its name, for two years. Earlier ones stay trusted."""


class AdmissionSettings(Args):
    """Which pods the clusters let in, by the names of their images."""

    mode: Optional[AdmissionMode] = None
    """Default: `enforce` in production, `warn` in staging, else `off`."""
    require_digest: Optional[bool] = None
    """Whether an image must be named by its digest. Default: in production."""
    exempt_namespaces: List[str] = pydantic.Field(default=["kube-system"], max_length=50)
    """Namespaces that may run anything: add-ons of AWS come from AWS' own accounts."""


class SharedEnvironment(Args):
    """Another environment of the same account, whose repositories the registry-wide settings cover too."""

    environment: str = pydantic.Field(pattern=NAME, max_length=16)
    regions: List[str] = pydantic.Field(min_length=1)
    """Its regions; images are replicated among those that this environment has as well."""

    @pydantic.field_validator("regions")
    @classmethod
    def _are_regions(cls, regions: List[str]) -> List[str]:
        for region in regions:
            if not is_region(region):
                meant = nearest(region, list(REGIONS))
                raise refused(f"{region!r} is no region of AWS", " or ".join(meant) or "such as eu-west-1")
        return regions


class ContainerRegistrySettings(Args):
    """The environment's images."""

    registry_wide: Optional[bool] = None
    """Whether this environment writes what exists once for an account and region: replication and scanning.
    Of the environments in one account exactly one should. Default: in production."""
    shared_with: List[SharedEnvironment] = pydantic.Field(default=[])
    """The other environments in this account, where this one writes the registry-wide settings."""
    repositories: List[Repository] = pydantic.Field(default=[])
    untagged_days: Optional[int] = pydantic.Field(default=None, ge=1, le=365)
    """How long images without a tag stay. Default: 14 in production and staging, else 3."""
    upstreams: List[Upstream] = pydantic.Field(default=[])
    cached_days: int = pydantic.Field(default=90, ge=1, le=3650)
    """How long an image stays in a cache after it was fetched; it is fetched again when it is needed."""
    scanning: ScanningSettings = ScanningSettings()
    signing: SigningSettings = SigningSettings()
    admission: AdmissionSettings = AdmissionSettings()

    @pydantic.field_validator("repositories")
    @classmethod
    def _are_told_apart(cls, repositories: List[Repository]) -> List[Repository]:
        names = [f"{one.tenant or 'shared'}/{one.name}" for one in repositories]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"{', '.join(twice)} stands more than once", "give each repository its own name")
        return repositories

    @pydantic.field_validator("upstreams")
    @classmethod
    def _are_cached_once(cls, upstreams: List[Upstream]) -> List[Upstream]:
        names = [one.registry.value for one in upstreams]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"{', '.join(twice)} stands more than once", "name each registry once")
        return upstreams
