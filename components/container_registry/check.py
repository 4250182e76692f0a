"""What is wrong with a container registry in an environment: mistakes that no field can see by itself."""

from typing import List, Sequence, Tuple

from components.container_registry import names
from components.container_registry.choices import choices
from components.container_registry.registry import NEEDS_CREDENTIAL, replication_rules
from components.container_registry.settings import AdmissionMode, ContainerRegistrySettings
from components.data_plane.surroundings import Surroundings
from problems import Problem
from problems.explain import suggestion

__all__ = ["MOST_RULES", "problems_of"]

# ECR's limits: characters of a cache's prefix and of a repository's name, rules of a replication.
LONGEST_CACHE = 30
LONGEST_REPOSITORY = 256
MOST_RULES = 10


def problems_of(settings: ContainerRegistrySettings, around: Surroundings) -> Sequence[Problem]:
    """Every mistake, with its path below the section; `place` is left to the caller."""
    return [
        *_repositories(settings, around),
        *_upstreams(settings, around),
        *_registry_wide(settings, around),
        *_admission(settings, around),
    ]


def _repositories(settings: ContainerRegistrySettings, around: Surroundings) -> List[Problem]:
    tenants = [tenant.name for tenant in around.tenants]
    found = []
    for number, one in enumerate(settings.repositories):
        path = f"repositories[{number}]"
        if one.tenant == names.SHARED:
            but = f"{names.SHARED!r} stands for repositories of no tenant"
            found.append(Problem("", f"{path}.tenant", one.tenant, but, "leave tenant out"))
        elif one.tenant and one.tenant not in tenants:
            fix = suggestion(one.tenant, tenants) or "add it to tenants"
            found.append(Problem("", f"{path}.tenant", one.tenant, "tenants lists no such tenant", fix))
        elif not names.regions_of(one.tenant, around):
            but = "the environment has no region of this tenant's residency"
            found.append(Problem("", f"{path}.tenant", str(one.tenant), but, "add a region of that zone"))
        if names.scope_of(one) in {cache.registry.value for cache in settings.upstreams}:
            but = "a cache of that name is kept under the same beginning"
            found.append(Problem("", f"{path}.tenant", str(one.tenant), but, "rename the tenant"))
        whole = names.repository_name(around.cell, one)
        if len(whole) > LONGEST_REPOSITORY:
            but = f"{whole[:40]}... is longer than {LONGEST_REPOSITORY} characters"
            found.append(Problem("", f"{path}.name", one.name, but, "shorten it"))
    return found


def _upstreams(settings: ContainerRegistrySettings, around: Surroundings) -> List[Problem]:
    found = []
    for number, one in enumerate(settings.upstreams):
        path, got = f"upstreams[{number}]", one.registry.value
        made = names.cache_prefix(around.cell, one.registry)
        if len(made) > LONGEST_CACHE:
            but = f"its images would lie below {made}, and ECR takes {LONGEST_CACHE} characters there"
            found.append(Problem("", f"{path}.registry", got, but, "shorten the environment's name"))
        if one.secret_suffix and one.registry not in NEEDS_CREDENTIAL:
            but = f"{got} is read without a credential, so there is no secret"
            found.append(
                Problem("", f"{path}.secret_suffix", one.secret_suffix, but, "leave secret_suffix out")
            )
    return found


def _registry_wide(settings: ContainerRegistrySettings, around: Surroundings) -> List[Problem]:
    chosen, found = choices(settings, around.cell), []
    if settings.shared_with and not chosen.registry_wide:
        but = "it lists environments for which this one writes registry-wide settings, and it writes none"
        got = ", ".join(one.environment for one in settings.shared_with)
        found.append(Problem("", "shared_with", got, but, "registry_wide: true, or leave shared_with out"))
    for number, one in enumerate(settings.shared_with):
        path = f"shared_with[{number}]"
        if one.environment == around.cell.environment:
            but = "it is this environment itself"
            found.append(Problem("", f"{path}.environment", one.environment, but, "leave it out"))
        strange = [region for region in one.regions if region not in around.cell.regions]
        if strange:
            but = "this environment is not there, so it writes no settings in that registry"
            fix = f"some of {', '.join(around.cell.regions)}"
            found.append(Problem("", f"{path}.regions", ", ".join(strange), but, fix))
    rules = max((len(_rules_in(region, settings, around)) for region in around.cell.regions), default=0)
    if chosen.registry_wide and rules > MOST_RULES:
        but = f"tenants of so many different residencies make {rules} rules, and ECR takes {MOST_RULES}"
        found.append(Problem("", "repositories", f"{rules} replication rules", but, "share residencies"))
    return found


def _rules_in(
    region: str, settings: ContainerRegistrySettings, around: Surroundings
) -> List[Tuple[Tuple[str, ...], List[str]]]:
    cell = around.cell.model_copy(update={"region": region})
    return replication_rules(settings, around.model_copy(update={"cell": cell}))


def _admission(settings: ContainerRegistrySettings, around: Surroundings) -> List[Problem]:
    if choices(settings, around.cell).admission is not AdmissionMode.ENFORCE:
        return []
    if "kube-system" not in settings.admission.exempt_namespaces:
        but = "AWS' add-ons run there from AWS' own registries, and no node would ever become ready"
        fix = "add kube-system, or mode: warn"
        got = ", ".join(settings.admission.exempt_namespaces) or "nothing"
        return [Problem("", "admission.exempt_namespaces", got, but, fix)]
    return []
