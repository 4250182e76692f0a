"""Whatever a field refuses is refused with a reason and a way out, read from the model."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Annotated, Any

import annotated_types
import pydantic
import pytest

from components.cluster.settings import ClusterSettings
from components.environment_settings import Residency, SpendingBudget, Tags, Tenant
from components.feature_store.settings import FeatureStoreSettings
from components.karpenter.settings import NodePool
from components.model import Args
from components.network.settings import NetworkSettings
from problems.expected import Schema, example, expected, schema_at
from problems.explain import Found, explain
from stacks.draft import Head, RegionEntry

SECTIONS: tuple[type[Args], ...] = (
    Head, RegionEntry, Tags, Residency, SpendingBudget, Tenant, NetworkSettings, ClusterSettings,
    FeatureStoreSettings,
)  # fmt: skip
Location = tuple[str | int, ...]


def places(model: type[Args], schema: Schema, location: Location = ()) -> Iterator[Location]:
    """Every place inside a section, into lists and mappings by one entry."""
    if location:
        yield location
    for key in schema.get("properties", {}):
        yield from places(model, schema_at(model, (*location, key)), (*location, key))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from places(model, schema_at(model, (*location, "any")), (*location, "any"))
    if "items" in schema:
        yield from places(model, schema_at(model, (*location, 0)), (*location, 0))


PLACES = [(model, place) for model in SECTIONS for place in places(model, schema_at(model, ()))]


def around(location: Location, value: object) -> Any:
    """A document with nothing but `value` at `location`."""
    for part in reversed(location):
        value = [value] if isinstance(part, int) else {part: value}
    return value


def refused(model: type[Args], data: object) -> list[Found]:
    try:
        model.model_validate(data)
    except pydantic.ValidationError as error:
        return list(explain(error, model))
    return []


def mistakes(schema: Schema) -> Iterator[object]:
    """Values of every wrong kind, and those just outside of each bound of the schema."""
    yield from (None, True, "", "x y!", "10", 2.5, -1, 10**9, [], [[]], ["x y!"], {}, {"x y!": {}})
    for bound in ("minimum", "exclusiveMinimum"):
        yield schema.get(bound, 0) - 1
    for bound in ("maximum", "exclusiveMaximum"):
        yield schema.get(bound, 0) + 1
    yield schema.get("multipleOf", 1) * 1.5 + schema.get("minimum", 0)
    yield "x" * (schema.get("maxLength", 0) + 1)
    yield [{}] * (schema.get("maxItems", 0) + 1)


def test_every_section_is_walked_into_its_depth() -> None:
    """Guards the tests below: a walk that finds nothing would let everything pass."""
    found = {(model.__name__, ".".join(map(str, place))) for model, place in PLACES}
    assert ("ClusterSettings", "node_pools.0.fallback.limits.accelerators") in found
    assert ("FeatureStoreSettings", "views.0.columns.0.type") in found
    assert ("Tags", "required.any.allowed.0") in found
    assert len(found) > 150


@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.__name__)
def test_whatever_is_refused_is_refused_with_a_reason_and_a_way_out(model: type[Args]) -> None:
    for one, place in PLACES:
        if one is not model:
            continue
        for value in mistakes(schema_at(model, place)):
            for found in refused(model, around(place, copy.deepcopy(value))):
                assert found.problem.but and found.problem.fix, (place, value, found)


@pytest.mark.parametrize(("model", "place"), PLACES, ids=str)
def test_every_place_says_what_it_takes(model: type[Args], place: Location) -> None:
    """And names each of its bounds, so that no constraint is left for people to guess."""
    schema = schema_at(model, place)
    words = expected(schema)
    assert words and example(schema)
    for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if bound in schema:
            assert f"{schema[bound]:,}" in words
    for option in schema.get("enum", []):
        assert str(option) in words
    assert str(schema.get("pattern", "")) in words


class Constrained(Args):
    """Every constraint that pydantic has for plain values."""

    above: int = pydantic.Field(gt=3)
    below: float = pydantic.Field(lt=3)
    between: int = pydantic.Field(ge=2, le=4)
    steps: float = pydantic.Field(multiple_of=0.5)
    short: str = pydantic.Field(max_length=3)
    long: str = pydantic.Field(min_length=3)
    form: str = pydantic.Field(pattern=r"^v\d$")
    few: list[int] = pydantic.Field(max_length=2)
    pairs: dict[str, Annotated[int, annotated_types.Ge(5)]]
    flag: bool


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("above", 3, "a whole number above 3"),
        ("below", 3.5, "a number below 3"),
        ("between", "three", "a whole number from 2 to 4"),
        ("steps", 0.7, "in steps of 0.5"),
        ("short", "abcd", "text of at most 3 characters"),
        ("long", "a", "text of at least 3 characters"),
        ("form", "x1", r"matches ^v\d$"),
        ("few", [1, 2, 3], "at most 2 entries, each a whole number"),
        ("pairs", {"a": 4}, "a whole number of at least 5"),
        ("flag", "maybe", "true or false"),
    ],
)
def test_a_constraint_says_itself(key: str, value: object, words: str) -> None:
    found = [one for one in refused(Constrained, {key: value}) if one.path.startswith(key)]
    assert found and all(words in one.problem.fix for one in found)


def test_a_default_is_the_example() -> None:
    assert expected(schema_at(NodePool, ("weight",))) == "a whole number from 1 to 100, such as 10"


def test_what_is_required_is_shown_as_it_is_written() -> None:
    fixes = {one.path: one.problem.fix for one in refused(Tenant, {})}
    assert fixes["tier"] == "add tier: pool or bridge or silo"
    assert fixes["name"].startswith("add name: ")
