"""What ECR is told in documents: lifecycles, replication, scanning, creation templates. Pure functions."""

from typing import Any, Dict, List, Sequence, Tuple

from components.container_registry import names
from components.container_registry.choices import Choices
from components.container_registry.settings import (
    ContainerRegistrySettings,
    UpstreamRegistry,
)
from components.data_plane.surroundings import Surroundings
from components.model import Cell
from components.naming import name

__all__ = [
    "NEEDS_CREDENTIAL",
    "QUARANTINED",
    "URLS",
    "cache_lifecycle",
    "lifecycle",
    "mutability",
    "replication_rules",
    "scanning_rules",
]

QUARANTINED = "quarantined-"
"""What the tag of an image in quarantine begins with."""
QUARANTINE_DAYS = 30

URLS: Dict[UpstreamRegistry, str] = {
    UpstreamRegistry.ECR_PUBLIC: "public.ecr.aws",
    UpstreamRegistry.KUBERNETES: "registry.k8s.io",
    UpstreamRegistry.QUAY: "quay.io",
    UpstreamRegistry.DOCKER_HUB: "registry-1.docker.io",
    UpstreamRegistry.GITHUB: "ghcr.io",
    UpstreamRegistry.GITLAB: "registry.gitlab.com",
    UpstreamRegistry.CHAINGUARD: "cgr.dev",
}
NEEDS_CREDENTIAL = frozenset(
    {
        UpstreamRegistry.DOCKER_HUB,
        UpstreamRegistry.GITHUB,
        UpstreamRegistry.GITLAB,
        UpstreamRegistry.CHAINGUARD,
    }
)
"""ECR caches nothing of these without one."""

Rule = Dict[str, Any]


def mutability(patterns: Sequence[str]) -> Tuple[str, List[Dict[str, str]]]:
    """(imageTagMutability, exclusion filters): a tag is pushed once, but for what `patterns` match."""
    if not patterns:
        return "IMMUTABLE", []
    filters = [{"filter": pattern, "filter_type": "WILDCARD"} for pattern in patterns]
    return "IMMUTABLE_WITH_EXCLUSION", filters


def lifecycle(untagged_days: int, keep: int) -> Dict[str, Any]:
    """A repository keeps its newest images, and for a while what is in quarantine or has lost its tag."""
    rules = [
        _expire(1, "in quarantine", _tagged([f"{QUARANTINED}*"]), _older(QUARANTINE_DAYS)),
        _expire(2, "without a tag", {"tagStatus": "untagged"}, _older(untagged_days)),
        _expire(
            3,
            "older than those that are kept",
            {"tagStatus": "any"},
            {"countType": "imageCountMoreThan", "countNumber": keep},
        ),
    ]
    return {"rules": rules}


def cache_lifecycle(days: int) -> Dict[str, Any]:
    """What was fetched can be fetched again."""
    return {"rules": [_expire(1, "fetched long ago", {"tagStatus": "any"}, _older(days))]}


def replication_rules(
    settings: ContainerRegistrySettings, around: Surroundings
) -> List[Tuple[Tuple[str, ...], List[str]]]:
    """(destinations, prefixes) for the registry of the cell's region.

    Scopes with the same destinations share a rule, as ECR takes ten. Every region sends to every other, so
    images may be pushed wherever a region is left; what was received is not sent on.
    """
    here = around.cell.region
    found: Dict[Tuple[str, ...], List[str]] = {}
    scopes = {names.scope_of(one): one.tenant for one in settings.repositories}
    for scope, tenant in sorted(scopes.items()):
        inside = names.regions_of(tenant, around)
        others = tuple(region for region in inside if region != here)
        if here in inside and others:
            found.setdefault(others, []).append(f"{names.prefix(around.cell)}{scope}/")
    for other in settings.shared_with:
        cell = around.cell.model_copy(update={"environment": other.environment})
        both = [region for region in around.cell.regions if region in other.regions]
        others = tuple(region for region in both if region != here)
        if here in both and others:
            # Not its caches: each region fetches for itself, and the prefix of shared images is enough.
            found.setdefault(others, []).append(f"{names.prefix(cell)}{names.SHARED}/")
    return list(found.items())


def scanning_rules(settings: ContainerRegistrySettings, cell: Cell, chosen: Choices) -> List[Rule]:
    """This environment's images again and again, the other environments' when they are pushed."""
    often = "CONTINUOUS_SCAN" if chosen.enhanced else "SCAN_ON_PUSH"
    rules: List[Rule] = [{"scan_frequency": often, "repository_filters": [_wildcard(cell)]}]
    others = [cell.model_copy(update={"environment": one.environment}) for one in settings.shared_with]
    if others:
        on_push = [_wildcard(other) for other in others]
        if often == "SCAN_ON_PUSH":
            rules[0]["repository_filters"] += on_push
        else:
            rules.append({"scan_frequency": "SCAN_ON_PUSH", "repository_filters": on_push})
    return rules


def _wildcard(cell: Cell) -> Dict[str, str]:
    return {"filter": f"{name(cell)}/*", "filter_type": "WILDCARD"}


def _expire(priority: int, what: str, which: Rule, when: Rule) -> Rule:
    return {
        "rulePriority": priority,
        "description": what,
        "selection": {**which, **when},
        "action": {"type": "expire"},
    }


def _tagged(patterns: List[str]) -> Rule:
    return {"tagStatus": "tagged", "tagPatternList": patterns}


def _older(days: int) -> Rule:
    return {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
