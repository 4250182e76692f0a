"""An environment as its specification says: `load("stacks/prod.yaml")`.

Neither this module nor anything it imports loads the Pulumi SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.cluster.settings import ClusterSettings
from components.data_plane.settings import DataPlaneSettings
from components.environment_settings import (
    CellLayout,
    SpendingBudget,
    StateSettings,
    Tags,
    Tenant,
    layout_of,
)
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell, EnvironmentClass, Protection
from components.network.settings import NetworkSettings
from problems import InputError, Problem
from problems.explain import suggestion
from stacks import checks, yaml_source
from stacks.draft import Draft

__all__ = ["ALL", "GLOBAL", "Environment", "Region", "StackCell", "environment_of", "load", "names"]

ALL, GLOBAL = "all", "global"
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class StackCell:
    """A Pulumi stack, the cell it holds ("all", "global" or a region), and the wave it is deployed in.

    Stacks of one wave may be deployed at the same time, each wave after the one before: what spans
    regions first, then the home region, which thereby tries a change before the others get it.
    """

    stack: str
    cell: str
    wave: int


@dataclass(frozen=True)
class Region:
    """A region's settings: the environment-wide sections with the region's own values over them."""

    region: str
    network: NetworkSettings
    cluster: ClusterSettings


@dataclass(frozen=True)
class Environment:
    """A specification that was found to be right."""

    name: str
    environment_class: EnvironmentClass
    account_id: str
    layout: CellLayout
    protection: Protection | None
    """As given; `is_protected` is what it comes to."""
    required_tags: Tags
    zones: Mapping[str, list[str]]
    """Regions by residency zone."""
    regions: tuple[Region, ...]
    """The home region first."""
    feature_store: FeatureStoreSettings
    data_plane: DataPlaneSettings
    """The sections that may be left out, each None where it is."""
    tenants: tuple[Tenant, ...]
    budget: SpendingBudget | None
    state: StateSettings
    source: yaml_source.Source
    """The document, for places of values."""

    @cached_property
    def tags(self) -> dict[str, str]:
        """Values of the required tags; `environment` is the environment's name."""
        rules = self.required_tags.required.items()
        return {key: self.name if key == "environment" else str(rule.value) for key, rule in rules}

    @property
    def region_names(self) -> list[str]:
        return [item.region for item in self.regions]

    @property
    def home_region(self) -> str:
        return self.regions[0].region

    @property
    def is_protected(self) -> bool:
        """Whether its data stores and keys may not be deleted."""
        return self.cell(self.home_region).is_protected

    def cells(self) -> list[StackCell]:
        """The environment's stacks in the order in which they are deployed."""
        if self.layout is CellLayout.ONE_STACK:
            return [StackCell(self.name, ALL, 0)]
        home, *others = self.region_names
        waves = [(GLOBAL, 0), (home, 1), *((region, 2) for region in others)]
        return [StackCell(f"{self.name}-{cell}", cell, wave) for cell, wave in waves]

    def cell(self, region: str) -> Cell:
        """The cell that components in `region` stand in; the global cell stands in the home region."""
        return Cell(
            environment=self.name,
            environment_class=self.environment_class,
            region=region,
            regions=self.region_names,
            account_id=self.account_id,
            tags=self.tags,
            protection=self.protection,
        )

    def region(self, name: str) -> Region:
        """The region called `name`. Raises `KeyError`."""
        for item in self.regions:
            if item.region == name:
                return item
        raise KeyError(name)

    def place(self, path: str) -> str:
        """`file:line:column` of the value at `path`, like `regions[1].network.cidr`."""
        return self.source.place(path)


def load(path: Path | str) -> Environment:
    """The environment in the specification at `path`.

    Raises `InputError` with every problem of the file, in its order.
    """
    draft = Draft.of(yaml_source.read(Path(path)))
    checks.run(draft)
    if draft.problems:
        raise InputError(sorted(draft.problems, key=_order))
    return _environment(draft)


def _order(problem: Problem) -> tuple[int, int]:
    line, column = problem.place.rsplit(":", 2)[1:]
    return int(line), int(column)


def _environment(draft: Draft) -> Environment:
    """The sections of a draft without problems; each is then there."""
    head, tags, residency, store = draft.head, draft.tags, draft.residency, draft.feature_store
    assert head and tags and residency and store and draft.state
    regions = []
    for item in draft.regions:
        assert item.network and item.cluster
        regions.append(Region(item.region, item.network, item.cluster))
    return Environment(
        name=head.environment,
        environment_class=head.environment_class,
        account_id=head.account_id,
        layout=layout_of(head.cells, head.environment_class),
        protection=head.protection,
        required_tags=tags,
        zones=residency.zones,
        regions=tuple(regions),
        feature_store=store,
        data_plane=DataPlaneSettings.model_validate(draft.data_plane),
        tenants=tuple(tenant for _, tenant in draft.tenants),
        budget=draft.budget,
        state=draft.state,
        source=draft.source,
    )


def names(folder: Path = FOLDER) -> list[str]:
    """Names of the environments that have a specification in `folder`.

    `<name>.usage.yaml` and `Pulumi.<stack>.yaml` are other documents.
    """
    return sorted(path.stem for path in folder.glob("*.yaml") if "." not in path.stem)


def environment_of(config: Mapping[str, str], folder: Path = FOLDER) -> tuple[Environment, str]:
    """Environment and cell of a stack, from its configuration (`tradewind:environment`, `tradewind:cell`).

    Raises `InputError` when a key is missing or names what there is not.
    """
    name = config.get("tradewind:environment", "")
    known = names(folder)
    if name not in known:
        got = name or "nothing"
        but = (
            "stacks/ has no such specification" if name else "the stack does not say which environment it is"
        )
        way_out = suggestion(name, known) or f"tradewind new environment {name}"
        fix = way_out if name else "pulumi config set tradewind:environment <name>"
        raise InputError([Problem("stack configuration", "tradewind:environment", got, but, fix)])
    environment = load(folder / f"{name}.yaml")
    cell = config.get("tradewind:cell", ALL)
    cells = [ALL, GLOBAL, *environment.region_names]
    if cell not in cells:
        but = f"{name} has no such cell"
        raise InputError(
            [Problem("stack configuration", "tradewind:cell", cell, but, suggestion(cell, cells))]
        )
    return environment, cell
