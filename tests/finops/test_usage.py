"""The usage file: what is stated, for what it holds, and every mistake in it at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from finops.estimators import REGISTRY
from finops.quantity import Quantity
from finops.usage import Usage, known, load, path_of, short_name
from plan.graph import Graph, Resource
from problems import InputError

NAT = "aws:ec2/natGateway:NatGateway"
Make = Callable[..., Resource]


def file(folder: Path, text: str) -> Path:
    path = folder / "test.usage.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def processed(usage: Usage, resource: Resource, *others: Resource) -> Quantity:
    return usage.of(resource, Graph.of([resource, *others]), "processed_gb")


def test_every_estimator_has_documented_defaults_for_exactly_the_usage_it_asks_for() -> None:
    asked = {short_name(token): set(entry.usage) for token, entry in REGISTRY.items() if entry.usage}
    assert {name: set(keys) for name, keys in known().types.items()} == asked


def test_every_default_says_why_in_a_sentence() -> None:
    for keys in known().types.values():
        for default in keys.values():
            assert default.why.endswith((".", ":")) and len(default.why) > 10


def test_a_type_is_named_as_in_a_program() -> None:
    assert short_name(NAT) == "ec2.NatGateway"
    assert short_name("kubernetes:core/v1:Service") == "kubernetes.core.Service"


def test_without_a_file_usage_is_the_default_and_says_so(make: Make) -> None:
    found = processed(load(None), make(NAT))
    assert [found.floor, found.expected, found.ceiling] == [0, 100, 300]
    assert found.drivers == ("processed_gb (default, no limit: at most 3 x)",)


def test_a_number_is_what_is_expected(make: Make, tmp_path: Path) -> None:
    usage = load(file(tmp_path, "ceiling_factor: 4\ndefaults:\n  ec2.NatGateway: {processed_gb: 5e2}\n"))
    found = processed(usage, make(NAT))
    assert [found.floor, found.expected, found.ceiling] == [0, 500, 2000]
    assert "stated" in found.drivers[0]


def test_an_interval_is_taken_as_it_stands(make: Make, tmp_path: Path) -> None:
    text = "defaults:\n  ec2.NatGateway: {processed_gb: {floor: 10, expected: 20, ceiling: 25}}\n"
    found = processed(load(file(tmp_path, text)), make(NAT))
    assert [found.floor, found.expected, found.ceiling] == [10, 20, 25]


def test_a_region_says_more_than_a_type_and_a_resource_more_than_a_region(make: Make, tmp_path: Path) -> None:
    text = """\
defaults:
  ec2.NatGateway@eu-west-1: {processed_gb: 2}
  ec2.NatGateway: {processed_gb: 1}
resources:
  "nat-*": {processed_gb: 3}
  nat-a@us-east-1: {processed_gb: 4}
"""
    usage = load(file(tmp_path, text))
    cases = (
        ("other", "us-east-1", 1),
        ("other", "eu-west-1", 2),
        ("nat-a", "eu-west-1", 3),
        ("nat-a", "us-east-1", 4),
    )
    for name, region, expected in cases:
        # The answer is kept by URN, so each case asks anew.
        usage._matching.clear()
        assert processed(usage, make(NAT, name, region=region)).expected == expected


def test_a_resource_is_found_by_the_path_of_its_components_and_by_urn(make: Make, tmp_path: Path) -> None:
    outer = make("tradewind:index:Cell", "cell", custom=False)
    inner = make("tradewind:index:Network", "network", custom=False, parent=outer.urn)
    nat = make(NAT, "nat", parent=inner.urn)
    assert path_of(nat, Graph.of([outer, inner, nat])) == "cell/network/nat"
    for pattern in ("cell/*/nat", "*/network/*", nat.urn):
        usage = load(file(tmp_path, f'resources:\n  "{pattern}": {{processed_gb: 7}}\n'))
        assert processed(usage, nat, inner, outer).expected == 7, pattern


def test_every_mistake_is_reported_at_once_with_its_line_and_the_way_out(tmp_path: Path) -> None:
    text = """\
ceiling_factor: 0.5
default: {}
defaults:
  ec2.NatGatway: {processed_gb: 1}
  ec2.NatGateway: {procesed_gb: 1}
  s3.Bucket: {standard_gb: -1, read_requests: lots, write_requests: {floor: 3, expected: 2}}
  ec2.Instance: {running_hours: 731}
resources:
  a: {colour: 1}
  b: {standard_gb: "7"}
node_pools:
  train: {spot_share: 1.5}
"""
    with pytest.raises(InputError) as caught:
        load(file(tmp_path, text))
    problems = caught.value.problems
    lines = [int(it.place.rsplit(":", 2)[1]) for it in problems]
    assert lines == [1, 2, 4, 5, 6, 6, 6, 7, 9, 10, 12]
    fixes = {it.path: it.fix for it in problems}
    assert fixes["default"] == "did you mean defaults?"
    assert fixes["defaults.ec2.NatGatway"] == "did you mean ec2.NatGateway?"
    assert fixes["defaults.ec2.NatGateway.procesed_gb"] == "did you mean processed_gb?"
    assert "at most 730" in fixes["defaults.ec2.Instance.running_hours"]


@pytest.mark.parametrize(
    "text",
    [
        "defaults: [1]\n",
        "a: b: c\n",
        "defaults:\n  ec2.NatGateway: 3\n",
        "- 1\n",
        "defaults:\n  ec2.NatGateway: {processed_gb: [1]}\n",
    ],
)
def test_a_file_of_another_shape_is_a_problem_not_a_crash(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        load(file(tmp_path, text))


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.yaml")


def test_an_empty_file_states_nothing(tmp_path: Path) -> None:
    assert load(file(tmp_path, "")).resources == ()


def test_with_a_graph_strangers_are_problems(make: Make, tmp_path: Path) -> None:
    text = """\
resources:
  nat-aa: {processed_gb: 1}
  nat-a: {standard_gb: 1}
  nat-b@ap-south-1: {processed_gb: 1}
"""
    path = file(tmp_path, text)
    assert len(load(path).resources) == 3
    with pytest.raises(InputError) as caught:
        load(path, Graph.of([make(NAT, "nat-a")]))
    first, second = caught.value.problems
    assert (first.got, first.fix) == ("nat-aa", "did you mean nat-a?")
    assert "ec2.NatGateway has no usage key" in second.but


def test_a_pool_takes_what_is_stated_for_it_and_the_default_otherwise(tmp_path: Path) -> None:
    text = """\
node_pools:
  train: {instance_type: p4d.24xlarge, gpu_hours_per_month: 1000, spot_share: 0.5}
  train@eu-west-1: {gpu_hours_per_month: 10}
"""
    usage = load(file(tmp_path, text))
    train = usage.node_pool("train", "us-east-1")
    assert (train.instance_type, train.gpu_hours_per_month, train.average_nodes) == (
        "p4d.24xlarge",
        Decimal(1000),
        None,
    )
    assert usage.node_pool("train", "eu-west-1").gpu_hours_per_month == 10
    other = usage.node_pool("web", "us-east-1")
    assert (other.average_nodes, other.stated) == (Decimal(1), False)


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_environments_usage_files_are_well_formed(name: str) -> None:
    usage = load(Path(__file__).parents[2] / "stacks" / f"{name}.usage.yaml")
    assert usage.node_pools
