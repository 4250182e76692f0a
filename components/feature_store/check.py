"""What is wrong with a feature store in an environment: mistakes that no field can see by itself."""

import json
from typing import List, Mapping, Sequence, Tuple

from components.feature_store.names import label_parts, project_of
from components.feature_store.placement import groups, regions_of
from components.feature_store.policies import INLINE_LIMIT, key_use, writer
from components.feature_store.settings import (
    ANY,
    Consistency,
    FeatureStoreSettings,
    FeatureView,
    OfflineCatalog,
)
from components.model import Cell
from components.naming import arn
from problems import Problem

__all__ = ["REGION_SETS", "problems_of"]

Zones = Mapping[str, List[str]]

REGION_SETS = (
    ("us-east-1", "us-east-2", "us-west-2"),
    ("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"),
    ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
)
"""Regions among which DynamoDB replicates with strong consistency.

Source: DynamoDB API reference, CreateGlobalTableWitnessGroupMemberAction, as of November 2026.
"""

# S3 Tables' limit for the destinations of one table bucket.
TABLE_COPIES = 5

# DynamoDB's limit for a table's name.
TABLE_NAME = 255


def problems_of(store: FeatureStoreSettings, cell: Cell, zones: Zones) -> Tuple[Problem, ...]:
    """Every mistake, with its path below the feature store's section; `place` is left to the caller."""
    found = [*_project(store, cell), *_labels(store, cell, zones), *_roles(store, cell, zones)]
    found += _copies(store, cell, zones)
    for number, view in enumerate(store.views):
        found.extend(_view(view, f"views[{number}]", cell, zones))
    return tuple(found)


def _project(store: FeatureStoreSettings, cell: Cell) -> List[Problem]:
    project = project_of(store, cell)
    environment = cell.environment.replace("-", "_")
    found = []
    if not f"_{project}".endswith(f"_{environment}"):
        but = (
            f"online tables are named <project>.<view>, so two environments of account {cell.account_id} "
            f"would share them: it must end in the environment's name"
        )
        found.append(Problem("", "project", project, but, f"{project}_{environment}"))
    longest = max((len(view.name) for view in store.views), default=0)
    if len(project) + 1 + longest > TABLE_NAME:
        found.append(
            Problem("", "project", project, f"<project>.<view> is longer than {TABLE_NAME}", "shorten it")
        )
    return found


def _labels(store: FeatureStoreSettings, cell: Cell, zones: Zones) -> List[Problem]:
    """Zone `eu` with tenant `a-b` and zone `eu-a` with tenant `b` would have one name."""
    taken: dict[str, str] = {}
    found = []
    for group in groups(store, cell.regions, zones):
        label = "-".join(label_parts(group))
        what = f"residency {group.residency!r} with tenant {group.tenant!r}"
        if label in taken:
            but = f"has the same names as {taken[label]}, both are called {label!r}"
            found.append(Problem("", "views", what, but, "rename the tenant or the zone"))
        taken.setdefault(label, what)
    return found


def _roles(store: FeatureStoreSettings, cell: Cell, zones: Zones) -> List[Problem]:
    """Each online table stands by name in the policies of its group's roles, and those have a limit."""
    found = []
    for group in groups(store, cell.regions, zones):
        if not group.regions:
            continue
        keys = [arn(cell, "kms", f"key/mrk-{'0' * 32}", region=region) for region in group.regions]
        documents = (writer(store, cell, group, registry=True), key_use(group, keys, write=True))
        # IAM does not count white space.
        length = sum(len(json.dumps(document, separators=(",", ":"))) for document in documents)
        if length > INLINE_LIMIT:
            what = f"{len(group.online)} online views with residency {group.residency!r} and one tenant"
            but = f"their names make {length} characters of policy, and an IAM role takes {INLINE_LIMIT}"
            found.append(Problem("", "views", what, but, "divide them among tenants, or take some offline"))
    return found


def _copies(store: FeatureStoreSettings, cell: Cell, zones: Zones) -> List[Problem]:
    most = max((len(group.regions) for group in groups(store, cell.regions, zones)), default=0)
    copies = min(store.offline.copies, most)
    if store.offline.catalog is not OfflineCatalog.S3_TABLES or copies <= TABLE_COPIES + 1:
        return []
    but = f"S3 Tables copies a table bucket to {TABLE_COPIES} others at most"
    return [Problem("", "offline.copies", str(copies), but, f"copies: {TABLE_COPIES + 1}")]


def _view(view: FeatureView, path: str, cell: Cell, zones: Zones) -> List[Problem]:
    known = [ANY, *sorted(zones)]
    if view.residency not in known:
        but = f"view {view.name!r} names no zone of residency.zones"
        return [Problem("", f"{path}.residency", view.residency, but, f"one of {', '.join(known)}")]
    regions = regions_of(view.residency, cell.regions, zones)
    if not regions:
        listed = ", ".join(zones[view.residency]) or "none"
        but = f"the environment has no region of that zone ({listed}), only {', '.join(cell.regions)}"
        fix = "add one of them to regions, or change the view's residency"
        return [Problem("", f"{path}.residency", view.residency, but, fix)]
    if view.consistency is Consistency.STRONG:
        return _strong(view, path, regions, zones)
    return []


def _strong(view: FeatureView, path: str, regions: Sequence[str], zones: Zones) -> List[Problem]:
    witness = view.witness_region
    involved = [*regions, *([witness] if witness else [])]
    found = []
    if witness in regions:
        but = f"view {view.name!r} has a replica there: a witness stands in a region of its own"
        fix = "leave witness_region out" if len(regions) == 3 else "a third region"
        return [Problem("", f"{path}.witness_region", str(witness), but, fix)]
    if len(involved) != 3:
        but = (
            f"strong consistency takes exactly three regions, three replicas or two and a witness; "
            f"view {view.name!r} has {len(regions)} ({', '.join(regions)})"
        )
        fix = "add witness_region" if len(regions) == 2 and not witness else "consistency: eventual"
        found.append(Problem("", f"{path}.consistency", "strong", but, fix))
    if not any(set(involved) <= set(together) for together in REGION_SETS):
        but = f"strong consistency does not span {', '.join(involved)}"
        sets = "; ".join(", ".join(together) for together in REGION_SETS)
        found.append(
            Problem("", f"{path}.consistency", "strong", but, f"regions of one of these sets: {sets}")
        )
    if witness and view.residency != ANY and witness not in zones[view.residency]:
        but = f"a witness stores the view's data, and {witness} is not in zone {view.residency!r}"
        listed = ", ".join(region for region in zones[view.residency] if region not in regions)
        fix = f"one of {listed}" if listed else f"add a region to zone {view.residency!r}"
        found.append(Problem("", f"{path}.witness_region", witness, but, fix))
    return found
