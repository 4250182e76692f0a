"""A specification: what is refused and with which words, what overrides what, which stacks there are."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import naming
from components.catalogue import REGIONS
from components.environment_settings import CellLayout, Tenant
from components.model import Cell, EnvironmentClass
from components.naming import region_code
from components.network.settings import Nat
from problems import InputError, Problem
from stacks.draft import LONGEST_NAME, merged
from stacks.specification import FOLDER, Environment, environment_of, load, names

Load = Callable[..., Environment]

MINIMAL: dict[str, Any] = {
    "environment": "test",
    "class": "staging",
    "account_id": "123456789012",
    "tags": {
        "required": {
            "owner": {"value": "ml-platform"},
            "cost-center": {"value": "cc-1000", "pattern": "cc-[0-9]{4}"},
            "environment": {},
            "data-class": {"value": "internal", "allowed": ["internal", "restricted"]},
        }
    },
    "residency": {"zones": {"us": ["us-east-1"], "eu": ["eu-west-1", "eu-central-1"]}},
    "regions": [
        {"region": "us-east-1", "network": {"cidr": "10.16.0.0/16"}},
        {"region": "eu-west-1", "network": {"cidr": "10.17.0.0/16"}},
        {"region": "eu-central-1", "network": {"cidr": "10.18.0.0/16"}},
    ],
    "cluster": {
        "access": {"administrators": ["role/deployer"]},
        "node_pools": [
            {"name": "general", "instance_categories": ["m"], "limits": {"cpu": 8, "memory_gib": 32}},
            {
                "name": "own",
                "tenant": "own",
                "instance_categories": ["m"],
                "limits": {"cpu": 8, "memory_gib": 32},
            },
        ],
    },
    "feature_store": {
        "views": [{"name": "activity", "entity_key": "user_id", "columns": [{"name": "n", "type": "long"}]}]
    },
    "tenants": [
        {"name": "search", "tier": "pool", "owner": "search-ml", "cost_center": "cc-2000"},
        {"name": "own", "tier": "bridge", "owner": "own-ml", "cost_center": "cc-2001"},
    ],
    "budget": {"monthly_usd": 1000, "notify": ["a@example.com"]},
}
ABSENT = object()


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """`MINIMAL` with values put at dotted paths; `ABSENT` removes."""
    data = copy.deepcopy(MINIMAL)
    for path, value in changes.items():
        *parts, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        node: Any = data
        for part in parts:
            node = node[part]
        if value is ABSENT:
            del node[last]
        else:
            node[last] = value
    return data


def in_folder(folder: Path, data: object) -> Path:
    path = folder / "stacks" / "test.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def problems(folder: Path, changes: dict[str, Any]) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load(in_folder(folder, changed(changes)))
    return list(caught.value.problems)


def test_the_minimal_specification_is_right(tmp_path: Path) -> None:
    environment = load(in_folder(tmp_path, MINIMAL))
    assert environment.region_names == ["us-east-1", "eu-west-1", "eu-central-1"]
    assert environment.tags["environment"] == "test"


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"regions/1/network/cidr": "10.16.128.0/17"}, "regions[1].network.cidr", "10.17.0.0/17 is free"),
        ({"regions/1/region": "eu-wset-1"}, "regions[1].region", "did you mean eu-west-1?"),
        ({"regions/2/region": "eu-west-1", "residency/zones/eu": ["eu-west-1"]}, "regions[2].region", "a region is one cell"),
        ({"regions": []}, "regions", "at least one entry"),
        ({"regions": ABSENT}, "regions", "at least one entry"),
        ({"regions/0/network/cidr": ABSENT}, "regions[0].network.cidr", "cidr is required"),
        ({"regions/0/network": {"cidr": "10.16.0.0/16", "zones": 4}, "regions/0/region": "us-east-2",
          "residency/zones/us": ["us-east-2"]}, "regions[0].network.zones", "us-east-2 has 3 availability zones"),
        ({"network": {"zones": 4}}, "network.zones", "eu-west-1 has 3 availability zones"),
        ({"regions/1/network": {"cidr": "10.17.0.0/16", "zones": 2, "availability_zones": ["eu-west-1a", "us-east-1a"]}},
         "regions[1].network.availability_zones[1]", "no zone of eu-west-1"),
        ({"regions/1/network/cidr": "172.20.0.0/16"}, "regions[1].network.cidr", "service_cidr 172.20.0.0/16"),
        ({"residency/zones/eu": ["eu-west-1", "eu-central-1", "eu-north-1"]}, "residency.zones.eu[2]", "add eu-north-1 to regions"),
        ({"residency/zones/us": ABSENT}, "regions[0].region", "no residency zone holds it"),
        ({"tenants/0/residency": "asia"}, "tenants[0].residency", "one of any, us, eu"),
        ({"tenants/1": {**MINIMAL["tenants"][0], "owner": "x"}, "cluster/node_pools/1": ABSENT}, "tenants[1].name", "has that name already"),
        ({"cluster/node_pools/0/tenant": "owm"}, "cluster.node_pools[0].tenant", "did you mean own?"),
        ({"cluster/node_pools/1": {"name": "x", "instance_categories": ["m"], "limits": {"cpu": 1, "memory_gib": 1}}},
         "tenants[1].tier", "no node pool in us-east-1 is own's"),
        ({"tenants/1/tier": "pool"}, "tenants[1].tier", "tier: bridge, or remove the pool's tenant"),
        ({"tenants/0/tier": "poool"}, "tenants[0].tier", "did you mean pool?"),
        ({"tenants/0/cost_center": "2000"}, "tenants[0].cost_center", "does not match cc-[0-9]{4}"),
        ({"tenants/0/name": "Search Team"}, "tenants[0].name", "did you mean search-team?"),
        ({"tenants/0/monthly_budget_usd": 5, "budget": ABSENT}, "tenants[0].monthly_budget_usd", "there is no budget"),
        ({"tags/required/owner": ABSENT}, "tags.required", "owner is missing"),
        ({"tags/required/owner/value": ABSENT}, "tags.required.owner", "owner has no value"),
        ({"tags/required/data-class/value": "internl"}, "tags.required.data-class.value", "did you mean internal?"),
        ({"tags/required/environment": {"value": "prod"}}, "tags.required.environment.value", "value: test"),
        ({"tags/required/component": {"value": "x"}}, "tags.required", "component is set by the components"),
        ({"tags/required/owner/value": "a\nb"}, "tags.required.owner.value", "AWS takes no such tag value"),
        ({"feature_store/views/0/residency": "euu"}, "feature_store.views[0].residency", "did you mean eu?"),
        ({"feature_store/views/0/tenant": "serch"}, "feature_store.views[0].tenant", "did you mean search?"),
        ({"feature_store/views/0/consistency": "strong"}, "feature_store.views[0].consistency", "strong consistency does not span"),
        ({"environment": "Test"}, "environment", "did you mean test?"),
        ({"environment": "tset"}, "environment", "the file is called test"),
        ({"account_id": 12345678901}, "account_id", '"012345678901"'),
        ({"class": "prod"}, "class", "did you mean production?"),
        ({"cells": "one stack"}, "cells", "did you mean one-stack?"),
        ({"clusters": {}}, "clusters", "did you mean cluster?"),
        ({"cluster/verison": "1.34"}, "cluster.verison", "did you mean version?"),
        ({"network": {"nat": "signle"}}, "network.nat", "did you mean single?"),
        ({"network": ["zones"]}, "network", "it is not a mapping"),
        ({"budget/notify": ["me"]}, "budget.notify", "not an e-mail address"),
        ({"class": "production", "cluster/endpoint": {"public_cidrs": ["203.0.113.0/24"]}}, "cluster", "private only"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_problem_with_its_path_and_a_way_out(
    tmp_path: Path, changes: dict[str, Any], path: str, words: str
) -> None:
    (problem,) = problems(tmp_path, changes)
    assert problem.path == path
    assert words in f"{problem.but} {problem.fix}"
    assert problem.but and problem.fix
    assert problem.place.startswith(str(tmp_path))


def test_a_witness_of_a_zone_may_stand_outside_regions(tmp_path: Path) -> None:
    """It stores a view's data, but serves none: the zone must hold it, and it needs no cell."""
    changes: dict[str, Any] = {
        "residency/zones/eu": ["eu-west-1", "eu-central-1", "eu-west-3"],
        "feature_store/views/0/residency": "eu",
    }
    (problem,) = problems(tmp_path, changes)
    assert problem.path == "residency.zones.eu[2]"
    strong = {"consistency": "strong", "witness_region": "eu-west-3"}
    changes |= {f"feature_store/views/0/{key}": value for key, value in strong.items()}
    assert load(in_folder(tmp_path, changed(changes))).zones["eu"][2] == "eu-west-3"


def test_every_problem_is_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        {
            "class": "x",
            "regions/1/network/cidr": "10.16.0.0/16",
            "network": {"nat": "x"},
            "feature_store/views/0/entity_key": ABSENT,
            "tenants/0/residency": "x",
        },
    )
    assert [one.path for one in found] == [
        "class",
        "regions[1].network.cidr",
        "feature_store.views[0].entity_key",
        "tenants[0].residency",
        "network.nat",
    ]


def test_a_mistake_in_a_section_for_all_regions_is_one_mistake(tmp_path: Path) -> None:
    assert len(problems(tmp_path, {"network": {"zones": 9}})) == 1


def test_two_overlaps_get_two_different_free_networks(tmp_path: Path) -> None:
    same = {"regions/1/network/cidr": "10.16.0.0/16", "regions/2/network/cidr": "10.16.0.0/16"}
    fixes = [one.fix for one in problems(tmp_path, same)]
    assert len(set(fixes)) == len(fixes) == 2


def test_a_region_overrides_the_environment_key_by_key(tmp_path: Path) -> None:
    changes = {
        "network": {"zones": 2, "flow_logs": {"retention_days": 3}},
        "regions/1/network": {"cidr": "10.17.0.0/16", "nat": "none", "flow_logs": {"destination": "none"},
                              "interface_endpoints": ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]},
    }  # fmt: skip
    environment = load(in_folder(tmp_path, changed(changes)))
    first, second, _ = (item.network for item in environment.regions)
    assert (first.zones, second.zones, first.nat, second.nat) == (2, 2, None, Nat.NONE)
    assert second.flow_logs.retention_days == 3


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.integers() | st.dictionaries(st.sampled_from("xy"), st.integers())
    )
)
def test_an_empty_override_changes_nothing(wide: dict[str, Any]) -> None:
    assert merged(wide, {}) == wide
    assert merged({}, wide) == wide
    assert merged(wide, wide) == wide


def test_development_is_one_stack_and_production_a_stack_per_cell(tmp_path: Path) -> None:
    development = load(in_folder(tmp_path, changed({"class": "development"})))
    assert [(one.stack, one.cell, one.wave) for one in development.cells()] == [("test", "all", 0)]
    staging = load(in_folder(tmp_path, MINIMAL))
    assert staging.layout is CellLayout.STACK_PER_CELL
    assert [(one.stack, one.wave) for one in staging.cells()] == [
        ("test-global", 0),
        ("test-us-east-1", 1),
        ("test-eu-west-1", 2),
        ("test-eu-central-1", 2),
    ]


def test_a_cell_knows_its_environment(tmp_path: Path) -> None:
    cell = load(in_folder(tmp_path, MINIMAL)).cell("eu-west-1")
    assert (cell.region, cell.home_region, cell.environment_class) == (
        "eu-west-1",
        "us-east-1",
        EnvironmentClass.STAGING,
    )


def test_the_place_of_a_value_can_be_asked_for(tmp_path: Path) -> None:
    environment = load(in_folder(tmp_path, MINIMAL))
    line = int(environment.place("regions[1].network.cidr").rsplit(":", 2)[1])
    assert "10.17.0.0/16" in (tmp_path / "stacks" / "test.yaml").read_text().splitlines()[line - 1]


def test_the_longest_environment_leaves_thirty_characters_of_a_bucket_name() -> None:
    longest_code = max(len(region_code(region)) for region in REGIONS)
    assert len("tradewind-") + LONGEST_NAME + len("-") + longest_code + len("-") + 30 <= 63


def test_the_longest_names_together_fit_a_role_without_being_shortened() -> None:
    tenant = next(
        item.max_length for item in Tenant.model_fields["name"].metadata if hasattr(item, "max_length")
    )
    cell = Cell(environment="e" * LONGEST_NAME, region="x", regions=["x"], account_id="1")
    longest = max(REGIONS, key=lambda region: len(region_code(region)))
    assert "t" * tenant in naming.name(cell, "cluster", "t" * tenant, region=longest, limit=64)


@pytest.mark.parametrize("name", names())
def test_shipped_specifications_are_right_and_have_their_stacks(name: str) -> None:
    environment = load(FOLDER / f"{name}.yaml")
    for part in environment.cells():
        stack = yaml.safe_load((FOLDER / f"Pulumi.{part.stack}.yaml").read_text())
        config = {key: value for key, value in stack["config"].items() if key.startswith("tradewind:")}
        found, cell = environment_of(config)
        assert (found.name, cell) == (name, part.cell)


def test_every_stack_file_belongs_to_a_specification() -> None:
    stacks = {
        f"Pulumi.{part.stack}.yaml" for name in names() for part in load(FOLDER / f"{name}.yaml").cells()
    }
    assert {path.name for path in FOLDER.glob("Pulumi.*.yaml")} == stacks


def test_production_keeps_data_of_each_zone_in_more_than_one_region() -> None:
    prod = load(FOLDER / "prod.yaml")
    used = {view.residency for view in prod.feature_store.views} | {
        tenant.residency for tenant in prod.tenants
    }
    for zone in used - {"any"}:
        assert len(prod.zones[zone]) >= 2, zone


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "pulumi config set tradewind:environment"),
        ({"tradewind:environment": "prd"}, "did you mean prod?"),
        ({"tradewind:environment": "../prod"}, "no such specification"),
        ({"tradewind:environment": "prod", "tradewind:cell": "eu-west-2"}, "did you mean eu-west-1?"),
    ],
)
def test_a_stack_that_names_nothing_is_told_what_there_is(config: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        environment_of(config)


def test_the_specification_is_read_without_the_sdk() -> None:
    code = "import sys, stacks.specification as s; s.load(s.FOLDER / 'prod.yaml'); print([m for m in sys.modules if m.startswith('pulumi')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _paths(value: Any, path: str = "") -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [
        path,
        *(inner for key, item in items for inner in _paths(item, f"{path}/{key}" if path else str(key))),
    ]


JUNK = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.lists(
    st.integers(), max_size=2) | st.dictionaries(st.text("ab", min_size=1), st.integers(), max_size=2)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere_is_accepted_or_refused_in_words(tmp_path: Path, data: st.DataObject) -> None:
    spots = data.draw(st.lists(st.sampled_from(_paths(MINIMAL)[1:]), min_size=1, max_size=2, unique=True))
    # The deeper of two first, as the other may replace what holds it.
    changes = {path: data.draw(JUNK | st.just(ABSENT)) for path in sorted(spots, reverse=True)}
    path = in_folder(tmp_path, changed(changes))
    try:
        load(path)
    except InputError as error:
        assert all(one.place.startswith(str(path)) and one.but and one.fix for one in error.problems)
        assert json.dumps([str(one) for one in error.problems])
