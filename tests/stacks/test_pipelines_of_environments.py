"""The shipped environments' worked pipeline: one in three shapes, and what it reads is what there is."""

from __future__ import annotations

import pytest

from components.container_registry import names as registry
from components.feature_store import names as store_names
from components.feature_store.placement import group_of, groups
from components.pipelines.defaults import placed_in
from components.pipelines.settings import Engine, PipelinesSettings
from components.pipelines.tasks import Placed, location_of
from stacks.specification import FOLDER, Environment, load

ENGINES = {"dev": Engine.STEP_FUNCTIONS, "staging": Engine.ARGO, "prod": Engine.STEP_FUNCTIONS}
STEPS = ["ingest", "validate", "featurise", "train", "evaluate", "register"]


@pytest.fixture(scope="module", params=ENGINES)
def environment(request: pytest.FixtureRequest) -> Environment:
    return load(FOLDER / f"{request.param}.yaml")


def section(environment: Environment) -> PipelinesSettings:
    found = environment.data_plane.pipelines
    assert found
    return found


def placed(environment: Environment, region: str) -> list[Placed]:
    return placed_in(section(environment), environment.cell(region), dict(environment.zones))


def test_each_has_the_worked_pipeline_on_its_engine(environment: Environment) -> None:
    (made,) = placed(environment, environment.home_region)
    assert made.engine is ENGINES[environment.name]
    assert [task.name for level in made.levels for task in level] == ["check-activity", *STEPS]


def test_it_is_started_in_the_home_region_alone(environment: Environment) -> None:
    active = [
        region for region in environment.region_names for it in placed(environment, region) if it.active
    ]
    assert active == [environment.home_region]
    standing = [region for region in environment.region_names if placed(environment, region)]
    assert standing == (environment.region_names if environment.name == "prod" else active)


def test_the_dataset_is_a_view_of_the_feature_store(environment: Environment) -> None:
    """Names of the two sections agree; neither reads the other."""
    store, cell = environment.feature_store, environment.cell(environment.home_region)
    found = groups(store, cell.regions, dict(environment.zones))
    for dataset in section(environment).datasets:
        group = group_of(found, dataset.table)
        assert dataset.database == store_names.database_name(store, cell, group)
        assert dataset.key_alias == store_names.key_alias(cell, group)
        for region in group.regions:
            bucket, prefix = location_of(dataset, environment.cell(region))
            assert bucket == store_names.lake_bucket(cell, group, region)
            assert prefix == f"{store_names.lake_prefix(region)}/{dataset.table}"


def test_the_gate_asks_for_columns_that_the_view_has(environment: Environment) -> None:
    views = {view.name: view for view in environment.feature_store.views}
    for dataset in section(environment).datasets:
        view = views[dataset.table]
        columns = {view.entity_key, "event_timestamp", *(column.name for column in view.columns)}
        assert {one.column for one in dataset.expectations if one.column} <= columns


def test_steps_are_images_of_the_environments_registry(environment: Environment) -> None:
    declared = environment.data_plane.container_registry
    assert declared
    cell = environment.cell(environment.home_region)
    known = {registry.repository_name(cell, one) for one in declared.repositories}
    for pipeline in section(environment).pipelines:
        for step in pipeline.steps:
            assert step.image.rpartition(":")[0] in known
