"""A specification on its way: the sections that are right so far, and what is wrong with the others.

Every section is validated by itself, so that one mistake hides no other, and the checks that look at
several sections still run over those that are right.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, TypeVar, get_args

import pydantic
from pydantic_core import PydanticCustomError

from components.cluster.settings import ClusterSettings, check_class
from components.data_plane.settings import DataPlaneSettings
from components.environment_settings import (
    CellLayout,
    Residency,
    SpendingBudget,
    StateSettings,
    Tags,
    Tenant,
)
from components.feature_store.settings import FeatureStoreSettings
from components.model import Args, EnvironmentClass, Protection, refused
from components.network import address_plan
from components.network.settings import NetworkSettings
from problems import Problem
from problems.expected import expected, schema_at
from problems.explain import explain, join, shown, suggestion
from stacks.yaml_source import Source

__all__ = ["LONGEST_NAME", "NAME", "Draft", "RegionDraft"]

NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
# `tradewind-<environment>-apse1-<part>` in 63 characters, S3's limit, leaves at least 30 for the part.
LONGEST_NAME = 16

Model = TypeVar("Model", bound=Args)


class Head(Args):
    """The scalars at the top of a specification."""

    environment: str = pydantic.Field(pattern=NAME, max_length=LONGEST_NAME)
    environment_class: EnvironmentClass = pydantic.Field(alias="class")
    account_id: str = pydantic.Field(coerce_numbers_to_str=True)
    cells: CellLayout | None = None
    protection: Protection | None = None

    @pydantic.field_validator("account_id")
    @classmethod
    def _has_twelve_digits(cls, text: str) -> str:
        if not re.fullmatch(r"[0-9]{12}", text):
            # YAML drops leading zeros, but hardly more than two of them.
            lost = text.isdecimal() and 10 <= len(text) < 12
            fix = f'"{text.zfill(12)}"' if lost else 'like "123456789012"'
            raise refused("an account id is twelve digits, in quotes where it begins with 0", fix)
        return text


class RegionEntry(Args):
    """One of `regions`: what differs from the environment-wide sections."""

    region: str
    network: dict[str, Any] = pydantic.Field(default={})
    cluster: dict[str, Any] = pydantic.Field(default={})


@dataclass
class RegionDraft:
    """A region by its place in the list; a section that is wrong is None."""

    index: int
    region: str
    cidr: IPv4Network | None
    """Known even where something else about the network is wrong."""
    network: NetworkSettings | None
    cluster: ClusterSettings | None

    @property
    def path(self) -> str:
        return f"regions[{self.index}]"


def _model_of(annotation: Any) -> type[Args]:
    """`X` of a field that is `Optional[X]`."""
    model: type[Args]
    (model,) = (part for part in get_args(annotation) if part is not type(None))
    return model


SECTIONS = (*(f.alias or n for n, f in Head.model_fields.items()), "tags", "residency", "budget", "state")
DATA_PLANE = {name: _model_of(field.annotation) for name, field in DataPlaneSettings.model_fields.items()}
"""Models of the sections of the data plane."""
KNOWN = (*SECTIONS, "regions", "network", "cluster", "feature_store", *DATA_PLANE, "tenants")

# How a list at the top begins.
LISTS = {
    "regions": "regions: [{region: us-east-1, network: {cidr: 10.16.0.0/16}}]",
    "tenants": "tenants: [{name: search, tier: pool, owner: search-ml, cost_center: cc-2100}]",
}


@dataclass
class Draft:
    """What is right in `source`, and the problems found in the rest, with places."""

    source: Source
    problems: list[Problem] = field(default_factory=list)
    head: Head | None = None
    tags: Tags | None = None
    residency: Residency | None = None
    budget: SpendingBudget | None = None
    state: StateSettings | None = None
    feature_store: FeatureStoreSettings | None = None
    data_plane: dict[str, Args] = field(default_factory=dict)
    """The data plane's sections that are there and right."""
    regions: list[RegionDraft] = field(default_factory=list)
    tenants: list[tuple[int, Tenant]] = field(default_factory=list)
    all_tenants_read: bool = False
    """Whether `tenants` holds all there are, so that a name not among them is wrong."""

    @classmethod
    def of(cls, source: Source) -> Draft:
        """Everything that can be read from `source`."""
        draft = cls(source)
        if not isinstance(source.data, dict):
            draft.wrong(
                "", shown(source.data), "a specification is a mapping", "begin with environment: <name>"
            )
            return draft
        # A section with nothing under it is one that is left out.
        data = {key: value for key, value in source.data.items() if value is not None}
        for key in data:
            if key not in KNOWN:
                draft.wrong(key, key, "there is no such section", suggestion(key, KNOWN), of_key=True)
        top = {f.alias or n for n, f in Head.model_fields.items()}
        draft.head = draft.section(Head, {key: data[key] for key in data if key in top}, "")
        draft.tags = draft.section(Tags, data.get("tags", {}), "tags")
        draft.residency = draft.section(Residency, data.get("residency", {}), "residency")
        draft.state = draft.section(StateSettings, data.get("state", {}), "state")
        draft.feature_store = draft.section(
            FeatureStoreSettings, data.get("feature_store", {}), "feature_store"
        )
        for key in [key for key in DATA_PLANE if key in data]:
            section = draft.section(DATA_PLANE[key], data[key], key)
            if section is not None:
                draft.data_plane[key] = section
        if "budget" in data:
            draft.budget = draft.section(SpendingBudget, data["budget"], "budget")
        tenants = draft._items("tenants", required=False)
        for index, item in tenants:
            tenant = draft.section(Tenant, item, f"tenants[{index}]")
            if tenant is not None:
                draft.tenants.append((index, tenant))
        readable = isinstance(data.get("tenants", []), list)
        draft.all_tenants_read = readable and len(draft.tenants) == len(tenants)
        for index, item in draft._items("regions", required=True):
            entry = draft.section(RegionEntry, item, f"regions[{index}]")
            if entry is not None:
                draft.regions.append(draft._region(index, entry))
        return draft

    def wrong(self, path: str, got: str, but: str, fix: str, *, of_key: bool = False) -> None:
        """Notes a problem at `path`; what is wrong for several regions in one place is wrong once."""
        problem = Problem(self.source.place(path, of_key=of_key), path, got, but, fix)
        if all((one.place, one.path) != (problem.place, problem.path) for one in self.problems):
            self.problems.append(problem)

    def section(self, model: type[Model], data: Any, path: str) -> Model | None:
        """`data` as a `model`, or None with the problems noted."""
        return self._validated(model, data, lambda inner: _below(path, inner))

    def _validated(self, model: type[Model], data: Any, locate: Callable[[str], str]) -> Model | None:
        try:
            return model.model_validate(data)
        except pydantic.ValidationError as error:
            for found in explain(error, model):
                problem = found.problem
                path = locate(found.path)
                self.wrong(path, problem.got, problem.but, problem.fix, of_key=found.of_key)
            return None

    def _items(self, key: str, *, required: bool) -> list[tuple[int, Any]]:
        items = self.source.data.get(key)
        if items is None and not required:
            return []
        if not isinstance(items, list) or (required and not items):
            got = "nothing" if items is None else shown(items) or "a mapping"
            least = " with at least one entry" if required else ""
            self.wrong(key, got, f"{key} is a list{least}", LISTS[key])
            return []
        return list(enumerate(items))

    def _region(self, index: int, entry: RegionEntry) -> RegionDraft:
        network = self._overridden(NetworkSettings, "network", index, entry.network)
        cluster = self._overridden(ClusterSettings, "cluster", index, entry.cluster)
        draft = RegionDraft(index, entry.region, _cidr(entry.network.get("cidr")), network, cluster)
        if cluster is not None and self.head is not None:
            try:
                check_class(cluster, self.head.environment_class)
            except PydanticCustomError as error:
                context = error.context or {}
                self.wrong(self._section_path("cluster", index, ""), "", context["but"], context["fix"])
        return draft

    def _overridden(
        self, model: type[Model], section: str, index: int, own: Mapping[str, Any]
    ) -> Model | None:
        """The environment-wide section with the region's own values over it."""
        wide = self.source.data.get(section) or {}
        if not isinstance(wide, dict):
            fix = expected(schema_at(model, ()))
            self.wrong(section, shown(wide), "it is not a mapping", fix)
            return None
        return self._validated(
            model, merged(wide, own), lambda inner: self._section_path(section, index, inner)
        )

    def _section_path(self, section: str, index: int, inner: str) -> str:
        """Where a value of a region's section stands: in the region, or in the environment-wide section."""
        own, wide = _below(f"regions[{index}].{section}", inner), _below(section, inner)
        if own in self.source.values or wide not in self.source.values:
            return own
        return wide


def _cidr(text: object) -> IPv4Network | None:
    try:
        return address_plan.network(str(text), within=address_plan.PRIVATE_RANGES)
    except PydanticCustomError:
        return None


def merged(wide: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`wide` with `own` over it: mappings are merged key by key, everything else is replaced whole."""
    result = copy.deepcopy(dict(wide))
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def _below(path: str, inner: str) -> str:
    if not inner or not path:
        return path or inner
    return f"{path}{inner}" if inner.startswith("[") else join(path, inner)
