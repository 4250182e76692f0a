"""Where features lie: never outside their zone, never in one region only where there are more."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.feature_store.defaults import choices, maintenance_window, registry_of, throughput_of
from components.feature_store.names import database_name, key_alias, lake_bucket, role_name, table_name
from components.feature_store.placement import (
    ViewGroup,
    data_class_of,
    destinations,
    group_of,
    groups,
    in_region,
    pairs,
    regions_of,
)
from components.feature_store.settings import DataClass, FeatureStoreSettings, StorageClass
from components.model import Cell, EnvironmentClass

ALL = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "eu-north-1", "ap-northeast-1", "ap-south-1"]
DEVELOPMENT, STAGING, PRODUCTION = EnvironmentClass

regions = st.lists(st.sampled_from(ALL), min_size=1, max_size=6, unique=True)


@st.composite
def environments(draw: st.DrawFn) -> tuple[FeatureStoreSettings, list[str], dict[str, list[str]]]:
    """A store, the environment's regions and its zones, which may name further regions."""
    used = draw(regions)
    zones = draw(st.dictionaries(st.sampled_from(["eu", "us", "asia"]), regions, max_size=3))
    count = draw(st.integers(0, 6))
    views = [
        {
            "name": f"view_{number}",
            "entity_key": "id",
            "columns": [{"name": "value", "type": "float"}],
            "residency": draw(st.sampled_from(["any", *zones])),
            "tenant": draw(st.sampled_from([None, "acme", "zeta"])),
            "data_class": draw(st.sampled_from(list(DataClass))),
        }
        for number in range(count)
    ]
    return FeatureStoreSettings.model_validate({"views": views}), used, zones


def cell(region: str = "us-east-1", environment: str = "prod") -> Cell:
    return Cell(environment=environment, region=region, regions=[region], account_id="123456789012")


@given(environments())
def test_no_data_leaves_its_zone(
    environment: tuple[FeatureStoreSettings, list[str], dict[str, list[str]]],
) -> None:
    store, used, zones = environment
    for group in groups(store, used, zones):
        allowed = used if group.residency == "any" else zones[group.residency]
        assert set(group.regions) <= set(allowed) & set(used)
        for source, target in pairs(group.regions, copies=6):
            assert {source, target} <= set(allowed)


@given(environments(), st.integers(2, 6))
def test_every_bucket_has_a_copy_where_its_group_has_two_regions(
    environment: tuple[FeatureStoreSettings, list[str], dict[str, list[str]]], copies: int
) -> None:
    store, used, zones = environment
    for group in groups(store, used, zones):
        if len(group.regions) < 2:
            continue
        made = pairs(group.regions, copies)
        assert {source for source, _ in made} == set(group.regions)
        assert {target for _, target in made} == set(group.regions)


@given(environments())
def test_every_view_is_in_one_group(
    environment: tuple[FeatureStoreSettings, list[str], dict[str, list[str]]],
) -> None:
    store, used, zones = environment
    made = groups(store, used, zones)
    assert sorted(view.name for group in made for view in group.views) == sorted(v.name for v in store.views)
    for view in store.views:
        group = group_of(made, view.name)
        assert (group.residency, group.tenant) == (view.residency, view.tenant)


@given(environments(), st.randoms(use_true_random=False))
def test_the_order_of_views_and_zones_changes_nothing(
    environment: tuple[FeatureStoreSettings, list[str], dict[str, list[str]]], shuffled: random.Random
) -> None:
    store, used, zones = environment
    views, names = list(store.views), list(zones)
    shuffled.shuffle(views)
    shuffled.shuffle(names)
    other = {name: shuffled.sample(zones[name], len(zones[name])) for name in names}
    assert groups(store, used, zones) == groups(FeatureStoreSettings(views=views), used, other)


@given(environments(), st.sampled_from(ALL))
def test_a_further_region_takes_nothing_away(
    environment: tuple[FeatureStoreSettings, list[str], dict[str, list[str]]], further: str
) -> None:
    """Groups keep their home when a region is added at the end."""
    store, used, zones = environment
    if further in used:
        return
    before = {group.label: group for group in groups(store, used, zones)}
    for group in groups(store, [*used, further], zones):
        assert group.regions[: len(before[group.label].regions)] == before[group.label].regions


@given(regions, st.integers(1, 7))
def test_copies_go_to_different_regions_and_not_back(used: list[str], copies: int) -> None:
    for region in used:
        targets = destinations(used, region, copies)
        assert len(targets) == len(set(targets)) == min(copies, len(used)) - 1
        assert region not in targets


@given(regions, st.integers(2, 7))
def test_no_region_stores_everybodys_copies(used: list[str], copies: int) -> None:
    received = [target for _, target in pairs(used, copies)]
    assert {received.count(region) for region in used} == {min(copies, len(used)) - 1}


def test_an_unknown_zone_has_no_regions() -> None:
    assert regions_of("mars", ["us-east-1"], {"eu": ["eu-west-1"]}) == ()


def test_only_groups_with_data_there_are_in_a_region() -> None:
    made = groups(_store(), ["us-east-1", "eu-west-1"], {"eu": ["eu-west-1"]})
    assert [group.label for group in in_region(made, "us-east-1")] == ["any"]
    assert [group.label for group in in_region(made, "eu-west-1")] == ["any", "eu-acme"]


def test_asking_for_the_group_of_no_view_is_an_error() -> None:
    with pytest.raises(KeyError):
        group_of((), "users")


def test_a_shared_bucket_is_as_confidential_as_its_strictest_view() -> None:
    assert data_class_of(_store().views) is DataClass.RESTRICTED


def _store(**fields: object) -> FeatureStoreSettings:
    view = {"entity_key": "id", "columns": [{"name": "value", "type": "float"}]}
    views = [
        {"name": "users", **view},
        {"name": "scores", "residency": "eu", "tenant": "acme", "data_class": "restricted", **view},
    ]
    return FeatureStoreSettings.model_validate({"views": views, **fields})


def _group(residency: str = "any", tenant: str | None = None) -> ViewGroup:
    return ViewGroup(residency, tenant, ("us-east-1",), tuple(_store().views))


def test_names_tell_groups_apart_and_fit_their_services() -> None:
    groups_named = [
        _group(),
        _group("eu"),
        _group("eu", "acme"),
        _group("any", "acme"),
        _group("eu", "a" * 31),
    ]
    assert len({lake_bucket(cell(), group, "us-east-1") for group in groups_named}) == len(groups_named)
    for group in groups_named:
        assert len(lake_bucket(cell(), group, "us-east-1")) <= 63
        assert len(role_name(cell(), group, "feature-replication")) <= 64
    assert lake_bucket(cell(), _group(), "us-east-1") == "tradewind-prod-use1-features-123456789012"
    assert key_alias(cell(), _group("eu", "acme")) == "alias/tradewind-prod-features-eu-acme"


def test_tables_are_named_as_feast_names_them() -> None:
    assert table_name(_store(), cell(environment="prod-eu"), "users") == "tradewind_prod_eu.users"
    assert table_name(_store(project="ranking_prod"), cell(), "users") == "ranking_prod.users"
    assert database_name(_store(), cell(), _group("eu", "a-b")) == "tradewind_prod_eu_a_b"


def test_production_is_protected_and_recoverable() -> None:
    made = choices(_store(), cell().model_copy(update={"environment_class": PRODUCTION}))
    assert (made.protected, made.point_in_time_recovery_days, made.replication_time_control) == (
        True,
        35,
        True,
    )
    assert [step.storage_class for step in made.transitions] == [StorageClass.INTELLIGENT_TIERING]


def test_development_pays_for_neither() -> None:
    made = choices(_store(), cell().model_copy(update={"environment_class": DEVELOPMENT}))
    assert (made.protected, made.point_in_time_recovery_days, made.replication_time_control) == (
        False,
        0,
        False,
    )
    assert made.transitions == ()
    assert not registry_of(_store(), DEVELOPMENT, 1).enabled


def test_what_is_said_wins_over_the_class() -> None:
    store = _store(
        offline={"replication_time_control": False, "transitions": [], "noncurrent_days": 5},
        registry={"enabled": False, "min_acu": 2, "backup_days": 3},
    )
    made = choices(store, cell().model_copy(update={"environment_class": PRODUCTION}))
    assert (made.replication_time_control, made.transitions, made.noncurrent_days) == (False, (), 5)
    assert not registry_of(store, PRODUCTION, 2).enabled
    assert (registry_of(store, PRODUCTION, 2).min_acu, registry_of(store, PRODUCTION, 2).backup_days) == (
        2,
        3,
    )


@pytest.mark.parametrize(("count", "least"), [(1, 0.0), (2, 0.5)])
def test_a_global_database_never_pauses(count: int, least: float) -> None:
    store = _store(registry={"enabled": True, "min_acu": 0})
    assert registry_of(store, DEVELOPMENT, count).min_acu == least


@given(
    st.sampled_from(list(EnvironmentClass)),
    st.one_of(st.none(), st.integers(0, 512)),
    st.one_of(st.none(), st.integers(2, 512)),
    st.integers(1, 5),
)
def test_the_registrys_maximum_is_never_below_its_minimum(
    environment_class: EnvironmentClass, least: int | None, most: int | None, count: int
) -> None:
    if least is not None and most is not None and least > most:
        return
    limits = {
        "min_acu": None if least is None else least / 2,
        "max_acu": None if most is None else most / 2,
    }
    made = registry_of(_store(registry=limits), environment_class, count)
    assert 0 <= made.min_acu <= made.max_acu


def test_a_view_has_the_classs_ceiling_unless_it_has_its_own() -> None:
    view = _store().views[0]
    assert throughput_of(view, DEVELOPMENT) == (1_000, 1_000)
    own = view.model_copy(update={"max_write_units_per_second": 7})
    assert throughput_of(own, PRODUCTION) == (40_000, 7)


@given(regions)
def test_no_two_regions_are_maintained_in_one_night(used: list[str]) -> None:
    assert len({maintenance_window(used, region) for region in used}) == len(used)
