"""Names of the container registry that one cell must know of another, or a pipeline of both."""

from typing import List, Optional

from components import environment_settings
from components.container_registry.settings import Repository, UpstreamRegistry
from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY
from components.model import Cell
from components.naming import arn, name, partition

__all__ = [
    "SHARED",
    "cache_prefix",
    "credential_arn",
    "credential_name",
    "domain",
    "host",
    "key_alias",
    "prefix",
    "profile_arn",
    "profile_name",
    "regional_role",
    "regions_of",
    "repository_arn",
    "repository_name",
    "role_name",
    "scope_of",
]

SHARED = "shared"
"""Scope of repositories that belong to no tenant."""
CACHE = "cache"


def domain(cell: Cell, region: str) -> str:
    """Host of the account's registry in `region`."""
    suffix = "amazonaws.com.cn" if partition(region) == "aws-cn" else "amazonaws.com"
    return f"{cell.account_id}.dkr.ecr.{region}.{suffix}"


def prefix(cell: Cell) -> str:
    """What every repository of the environment begins with; ends in `/`, so none is another's beginning."""
    return f"{name(cell)}/"


def host(cell: Cell, region: str) -> str:
    """What every image of the environment begins with in `region`."""
    return f"{domain(cell, region)}/{prefix(cell)}"


def scope_of(repository: Repository) -> str:
    """Whose repository it is: part of its name, and what roles are made for."""
    return repository.tenant or SHARED


def repository_name(cell: Cell, repository: Repository) -> str:
    """`tradewind-prod/search/ranker`."""
    return f"{prefix(cell)}{scope_of(repository)}/{repository.name}"


def repository_arn(cell: Cell, pattern: str, region: str) -> str:
    return arn(cell, "ecr", f"repository/{pattern}", region=region)


def regions_of(tenant: Optional[str], around: Surroundings) -> List[str]:
    """The environment's regions in which images of `tenant` lie: all, or those of its residency."""
    owner = next((one for one in around.tenants if one.name == tenant), None)
    residency = owner.residency if owner else ANY
    if residency != ANY and residency not in around.residency:
        return []
    return environment_settings.regions_of(residency, around.cell.regions, around.residency)


def cache_prefix(cell: Cell, registry: UpstreamRegistry) -> str:
    """Where images of another registry are kept: `tradewind-prod/quay`, without a `/` at its end."""
    return f"{prefix(cell)}{registry.value}"


def credential_name(cell: Cell, registry: UpstreamRegistry) -> str:
    """Of the secret: ECR takes none whose name begins otherwise."""
    return f"ecr-pullthroughcache/{name(cell)}-{registry.value}"


def credential_arn(cell: Cell, registry: UpstreamRegistry, suffix: str, region: str) -> str:
    """Of the secret, or of its replica in `region`; Secrets Manager chose the `suffix`."""
    return arn(cell, "secretsmanager", f"secret:{credential_name(cell, registry)}-{suffix}", region=region)


def key_alias(cell: Cell) -> str:
    """Alias of the key of a region's images."""
    return f"alias/{name(cell, 'images', limit=200)}"


def role_name(cell: Cell, scope: str) -> str:
    """Role of the pipelines that push images of a scope."""
    return name(cell, "image-publisher", scope, limit=64)


def regional_role(cell: Cell, part: str) -> str:
    """`part` is `image-gate` or `image-events`."""
    return name(cell, part, region=cell.region, limit=64)


def profile_name(cell: Cell, generation: int) -> str:
    """Of the signing profile: letters, digits and underscores."""
    later = () if generation == 1 else (str(generation),)
    return name(cell, "images", *later, limit=64).replace("-", "_")


def profile_arn(cell: Cell, region: str, generation: int) -> str:
    return arn(cell, "signer", f"/signing-profiles/{profile_name(cell, generation)}", region=region)
