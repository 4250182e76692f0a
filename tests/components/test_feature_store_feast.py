"""What Feast is told of a group in a region, and that two groups never share a project.

That Feast takes it is shown by Feast itself, in `tests/clients/test_feast.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.feature_store import names
from components.feature_store.feast import feature_store_config, feature_store_yaml, offline_source
from components.feature_store.placement import ViewGroup, groups
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell
from plan.graph import Graph
from tests.components import feature_store_plan
from tests.components.feature_store_plan import HOME, REGIONS, STORE, ZONES

CELL = Cell(environment="prod", region=HOME, regions=REGIONS, account_id="123456789012")
production = feature_store_plan.production


def store(**fields: Any) -> FeatureStoreSettings:
    return FeatureStoreSettings.model_validate({**STORE, **fields})


def group(label: str) -> ViewGroup:
    return next(it for it in groups(store(), REGIONS, ZONES) if it.label == label)


def config(label: str, region: str, *, registry: bool = True, user: str = "writer") -> dict[str, Any]:
    return feature_store_config(store(), CELL, group(label), region, registry=registry, user=user)


def test_each_group_has_a_project_of_its_own_and_all_have_one_naming_of_tables() -> None:
    """Feast takes what a project's repository does not define for deleted."""
    said = {label: config(label, group(label).home) for label in ("any", "any-acme", "eu")}
    projects = {label: it["project"] for label, it in said.items()}
    assert projects == {"any": "tradewind_prod", "any-acme": "tradewind_prod_acme", "eu": "tradewind_prod_eu"}
    for it in said.values():
        assert it["online_store"]["table_name_template"] == "tradewind_prod.{table_name}"
    view = group("eu").online[0].name
    template = said["eu"]["online_store"]["table_name_template"]
    assert template.format(table_name=view) == names.table_name(store(), CELL, view)


@pytest.mark.parametrize("region", REGIONS)
def test_everything_it_names_is_in_the_region_asked_for(region: str) -> None:
    said = config("any", region)
    assert said["online_store"]["region"] == said["offline_store"]["region"] == region
    bucket, _, prefix = said["offline_store"]["s3_staging_location"].removeprefix("s3://").partition("/")
    assert bucket == names.results_bucket(CELL, region)
    assert prefix == said["offline_store"]["workgroup"]


def test_only_the_homes_writer_makes_the_registrys_tables() -> None:
    """Aurora forwards rows from the other regions, but no definitions."""
    modes = {
        (region, user): config("any", region, user=user)["registry"]["schema_mode"]
        for region in REGIONS
        for user in ("reader", "writer")
    }
    assert [key for key, mode in modes.items() if mode == "auto"] == [(HOME, "writer")]


def test_no_password_is_written_down() -> None:
    path = config("any", HOME)["registry"]["path"]
    assert path.startswith("postgresql+psycopg://tradewind_prod_writer@${FEATURE_REGISTRY_HOST}:5432/")
    assert "passfile=${PGPASSFILE}" in path
    assert "sslmode=require" in path


def test_without_postgresql_there_is_one_file_for_all_regions_of_a_group() -> None:
    paths = {config("eu", region, registry=False)["registry"]["path"] for region in group("eu").regions}
    assert paths == {f"s3://{names.lake_bucket(CELL, group('eu'), 'eu-west-1')}/registry/registry.db"}


def test_tables_of_s3_tables_are_read_by_a_query() -> None:
    found = offline_source(store(offline={"catalog": "s3_tables"}), CELL, group("eu"), "europeans")
    assert found == {
        "query": 'SELECT * FROM "s3tablescatalog/tradewind-prod-features-eu"."tradewind_prod_eu"."europeans"'
    }
    assert offline_source(store(), CELL, group("eu"), "europeans")["table"] == "europeans"


def test_the_region_gives_the_file_of_each_group_with_data_there(production: Graph) -> None:
    said = {
        it.name: it.outputs["feature_store_yaml"]
        for it in production
        if it.type == "tradewind:index:FeatureStoreRegion"
    }
    assert said["features-us-east-1"].keys() == {"any", "any-acme"}
    expected = {
        label: feature_store_yaml(store(), CELL, group(label), "eu-west-1", registry=True)
        for label in ("any", "any-acme", "eu")
    }
    assert said["features-eu-west-1"] == expected
    assert yaml.safe_load(expected["eu"])["project"] == "tradewind_prod_eu"
