"""Where the feature store's data lies: which regions hold which view, and what is copied to where.

Pure functions of the settings, the environment's regions and its residency zones. The order of views and
of zones changes nothing; the order of the environment's regions does, as the first one in which a group
may lie is its home.
"""

from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence, Tuple

from components import environment_settings
from components.feature_store.settings import ANY, DataClass, FeatureStoreSettings, FeatureView

__all__ = [
    "ViewGroup",
    "data_class_of",
    "destinations",
    "group_of",
    "groups",
    "in_region",
    "pairs",
    "regions_of",
]

Zones = Mapping[str, List[str]]


@dataclass(frozen=True)
class ViewGroup:
    """Views with one residency and one tenant (None: shared): they share keys, buckets and roles."""

    residency: str
    tenant: Optional[str]
    regions: Tuple[str, ...]
    views: Tuple[FeatureView, ...]

    @property
    def home(self) -> str:
        """Region of the primary key and of the tables that others are replicas of."""
        return self.regions[0]

    @property
    def label(self) -> str:
        """What tells the group apart in names: `any`, `eu`, `eu-acme`."""
        return "-".join(part for part in (self.residency, self.tenant) if part)

    @property
    def online(self) -> Tuple[FeatureView, ...]:
        return tuple(view for view in self.views if view.online)


def regions_of(residency: str, regions: Sequence[str], zones: Zones) -> Tuple[str, ...]:
    """The environment's regions in which data of that residency may lie, in the environment's order.

    A zone may name regions that the environment does not use, such as that of a witness; they do not
    count. A zone that nobody defined has none.
    """
    if residency != ANY and residency not in zones:
        return ()
    return tuple(environment_settings.regions_of(residency, list(regions), dict(zones)))


def groups(store: FeatureStoreSettings, regions: Sequence[str], zones: Zones) -> Tuple[ViewGroup, ...]:
    """Every group of views, in the order of their labels; views in the order of their names."""
    members: dict[Tuple[str, Optional[str]], List[FeatureView]] = {}
    for view in sorted(store.views, key=lambda view: view.name):
        members.setdefault((view.residency, view.tenant), []).append(view)
    found = (
        ViewGroup(residency, tenant, regions_of(residency, regions, zones), tuple(views))
        for (residency, tenant), views in members.items()
    )
    return tuple(sorted(found, key=lambda group: (group.residency, group.tenant or "")))


def in_region(all_groups: Sequence[ViewGroup], region: str) -> Tuple[ViewGroup, ...]:
    """The groups that have data in `region`."""
    return tuple(group for group in all_groups if region in group.regions)


def group_of(all_groups: Sequence[ViewGroup], view: str) -> ViewGroup:
    """The group that a view belongs to; `KeyError` for a name that is no view's."""
    for group in all_groups:
        if any(member.name == view for member in group.views):
            return group
    raise KeyError(view)


def destinations(regions: Sequence[str], source: str, copies: int) -> Tuple[str, ...]:
    """Where objects written in `source` are copied to: the next `copies - 1` regions, round the group.

    Round the group, so that no region stores everybody's copies; at most once to each other region.
    """
    start = list(regions).index(source)
    ring = (*regions[start + 1 :], *regions[:start])
    return tuple(ring[: max(0, copies - 1)])


def pairs(regions: Sequence[str], copies: int) -> Tuple[Tuple[str, str], ...]:
    """Every (source, destination) of a group's buckets."""
    return tuple((source, target) for source in regions for target in destinations(regions, source, copies))


def data_class_of(views: Sequence[FeatureView]) -> DataClass:
    """The strictest class among views that share a bucket and a key."""
    order = list(DataClass)
    return max((view.data_class for view in views), key=order.index)
