"""Where models lie: groups of models with one residency and one owner. Pure functions."""

from typing import Dict, List, Optional, Sequence, Tuple

from components.data_plane.surroundings import Surroundings
from components.environment_settings import ANY, Tenant
from components.feature_store.settings import DataClass
from components.model_registry.names import PART
from components.model_registry.settings import Model, ModelRegistrySettings
from components.storage.group import Group, placed

__all__ = ["ModelGroup", "all_groups", "groups", "in_region", "owner_of", "residency_of", "shared_group"]

ModelGroup = Tuple[Group, List[Model]]


def owner_of(model: Model, around: Surroundings) -> Optional[Tenant]:
    return next((one for one in around.tenants if one.name == model.tenant), None)


def residency_of(model: Model, around: Surroundings) -> str:
    """Its tenant's, or its own where it is shared."""
    owner = owner_of(model, around)
    return owner.residency if owner else model.residency


def groups(settings: ModelRegistrySettings, around: Surroundings) -> List[ModelGroup]:
    """Every group with its models, in the order of their labels."""
    members: Dict[Tuple[str, Optional[str]], List[Model]] = {}
    for model in sorted(settings.models, key=lambda model: model.name):
        members.setdefault((residency_of(model, around), model.tenant), []).append(model)
    found = [
        (_group(residency, owner_of(models[0], around), models, around), models)
        for (residency, _), models in members.items()
    ]
    return sorted(found, key=lambda one: one[0].label)


def in_region(every: Sequence[ModelGroup], region: str) -> List[ModelGroup]:
    return [(group, models) for group, models in every if region in group.regions]


def shared_group(around: Surroundings) -> Group:
    """The group of what names models without being one: the table of aliases lies in every region."""
    return Group(PART, ANY, None, tuple(around.cell.regions), DataClass.INTERNAL.value)


def all_groups(settings: ModelRegistrySettings, around: Surroundings) -> List[ModelGroup]:
    """Every group that has a key: those of models, and in any case the shared one, for the table of aliases."""
    found = groups(settings, around)
    shared = shared_group(around)
    return found if any(group.label == shared.label for group, _ in found) else [(shared, []), *found]


def _group(residency: str, tenant: Optional[Tenant], models: List[Model], around: Surroundings) -> Group:
    regions = placed(residency, around.cell.regions, around.residency, copies=len(around.cell.regions))
    order = list(DataClass)
    strictest = max((model.data_class for model in models), key=order.index)
    return Group(PART, residency, tenant, regions, strictest.value)
