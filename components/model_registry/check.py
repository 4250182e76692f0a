"""What is wrong with a model registry in an environment: mistakes that no field can see by itself."""

from typing import List, Sequence

from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY
from components.model_registry import names
from components.model_registry.choices import choices
from components.model_registry.placement import groups, owner_of, residency_of
from components.model_registry.settings import LockMode, ModelRegistrySettings
from components.storage.group import placed
from problems import Problem
from problems.explain import suggestion

__all__ = ["problems_of"]

# SageMaker's limit for a package group's name.
LONGEST_GROUP = 63


def problems_of(settings: ModelRegistrySettings, around: Surroundings) -> Sequence[Problem]:
    """Every mistake, with its path below the section; `place` is left to the caller."""
    found = [*_models(settings, around), *_others(settings, around)]
    if not found:
        found = [*_labels(settings, around), *_lock(settings, around)]
    return found


def _models(settings: ModelRegistrySettings, around: Surroundings) -> List[Problem]:
    tenants = [tenant.name for tenant in around.tenants]
    zones = [ANY, *sorted(around.residency)]
    found = []
    for number, model in enumerate(settings.models):
        path = f"models[{number}]"
        owner = owner_of(model, around)
        if model.tenant and owner is None:
            fix = suggestion(model.tenant, tenants) or "add it to tenants"
            found.append(Problem("", f"{path}.tenant", model.tenant, "tenants lists no such tenant", fix))
        elif owner and model.residency not in (ANY, owner.residency):
            but = f"the model is tenant {owner.name}'s, whose residency is {owner.residency}"
            found.append(Problem("", f"{path}.residency", model.residency, but, "leave residency out"))
        elif model.residency not in zones:
            fix = suggestion(model.residency, zones)
            found.append(
                Problem("", f"{path}.residency", model.residency, "residency.zones has no such zone", fix)
            )
        elif not placed(residency_of(model, around), around.cell.regions, around.residency, copies=99):
            but = f"the environment has no region of that zone, only {', '.join(around.cell.regions)}"
            where = residency_of(model, around)
            found.append(Problem("", f"{path}.residency", where, but, "add a region of that zone"))
        whole = names.package_group(around.cell, model.name)
        if len(whole) > LONGEST_GROUP:
            but = f"its package group {whole} has more than {LONGEST_GROUP} characters"
            found.append(Problem("", f"{path}.name", model.name, but, "shorten it"))
    return found


def _others(settings: ModelRegistrySettings, around: Surroundings) -> List[Problem]:
    """Another registry is in another account: in this one, two environments would share buses by name only."""
    found = []
    for field in ("sends_to", "takes_from"):
        others = getattr(settings, field)
        for number, other in enumerate(others):
            if other.account_id == around.cell.account_id:
                but = "it is this environment's own account: what is promoted here need not be copied"
                fix = "the account of another environment, or leave it out"
                found.append(Problem("", f"{field}[{number}].account_id", other.account_id, but, fix))
        listed = [(other.environment, other.account_id) for other in others]
        for twice in sorted({one for one in listed if listed.count(one) > 1}):
            but = f"{field} names it twice"
            found.append(Problem("", field, f"{twice[0]} in {twice[1]}", but, "name each once"))
    own = [account for account in settings.reader_accounts if account == around.cell.account_id]
    if own:
        number = settings.reader_accounts.index(own[0])
        but = "it is this environment's own account, whose roles read as their policies say"
        found.append(Problem("", f"reader_accounts[{number}]", own[0], but, "leave it out"))
    return found


def _labels(settings: ModelRegistrySettings, around: Surroundings) -> List[Problem]:
    """Zone `eu` with tenant `a-b` and zone `eu-a` with tenant `b` would have one name."""
    taken: dict[str, str] = {}
    found = []
    for group, _ in groups(settings, around):
        what = f"residency {group.residency!r} with tenant {group.tenant.name if group.tenant else None!r}"
        if group.label in taken:
            but = f"has the same names as {taken[group.label]}: both are called {group.label!r}"
            found.append(Problem("", "models", what, but, "rename the tenant or the zone"))
        taken.setdefault(group.label, what)
    return found


def _lock(settings: ModelRegistrySettings, around: Surroundings) -> List[Problem]:
    """What nobody can delete keeps its bucket, and its cost, whatever becomes of the environment."""
    days = choices(settings, around.cell).lock["days"]
    if settings.artifacts.lock_mode is LockMode.COMPLIANCE and not around.cell.is_production:
        but = f"nobody could delete this environment's models, or their buckets, for {days} days"
        return [Problem("", "artifacts.lock_mode", "compliance", but, "lock_mode: governance")]
    return []
