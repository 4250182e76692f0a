"""The graph: order, links and its document."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plan
from plan.graph import Graph, name_of, stack_of
from plan.values import SECRET, UNKNOWN, Asset, ResourceRef, Template
from problems import InputError
from tests.plan.build import graph, made, ref

QUEUE = "aws:sqs/queue:Queue"
SCHEMA = json.loads((Path(plan.__file__).parent / "schemas/graph.json").read_text(encoding="utf-8"))


@given(st.permutations(range(12)), st.data())
def test_each_resource_comes_after_what_it_depends_on(order: list[int], data: st.DataObject) -> None:
    needs = {n: data.draw(st.sets(st.integers(0, n - 1), max_size=3)) if n else set() for n in range(12)}
    urns = {n: made(QUEUE, f"q{n}").urn for n in range(12)}
    resources = [made(QUEUE, f"q{n}", dependencies=tuple(urns[m] for m in needs[n])) for n in order]
    position = {resource.urn: index for index, resource in enumerate(Graph.of(resources))}
    assert all(position[urns[m]] < position[urns[n]] for n in range(12) for m in needs[n])


def test_a_circle_is_named() -> None:
    a, b = made(QUEUE, "a"), made(QUEUE, "b")
    with pytest.raises(InputError, match="a -> b -> a"):
        graph(made(QUEUE, "a", dependencies=(b.urn,)), made(QUEUE, "b", dependencies=(a.urn,)))


def test_two_resources_with_one_urn_are_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        graph(made(QUEUE, "a"), made(QUEUE, "a"))


def _rich() -> Graph:
    first = made(QUEUE, "a", "eu-west-1", inputs={"$": 1, "s": SECRET, "u": UNKNOWN}, protect=True)
    inputs = {
        "r": ref(first),
        "t": Template(f"x{ref(first)}"),
        "f": Asset("asset", "x"),
        "o": ResourceRef(first.urn),
        "n": [None, 1.5, {"k": True}],
    }
    second = made(
        QUEUE, "b", inputs=inputs, dependencies=(first.urn,), property_dependencies={"r": (first.urn,)}
    )
    group = made("shop:index:Group", "g", custom=False)
    read = made(QUEUE, "read", external=True, parent=group.urn, id="x", outputs={"arn": "a"})
    return graph(made(QUEUE, "c", inputs={"$ref": 1}), second, first, group, read)


def test_a_graph_survives_its_document_byte_for_byte() -> None:
    text = _rich().to_json()
    assert Graph.from_json(text).to_json() == text
    assert Graph.from_json(text) == _rich()


def test_the_document_is_what_the_schema_says() -> None:
    document = json.loads(_rich().to_json())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    for row in document["resources"]:
        row["colour"] = "red"
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


def test_links_lead_both_ways() -> None:
    found = _rich()
    first, group = found[made(QUEUE, "a").urn], found[made("shop:index:Group", "g").urn]
    assert [other.name for other in found.dependents(first.urn)] == ["b"]
    assert [other.name for other in found.children(group.urn)] == ["read"]
    assert [other.name for other in found.ancestors(found.children(group.urn)[0])] == ["g"]


def test_graphs_of_cells_are_merged_and_the_same_urn_in_two_is_refused() -> None:
    merged = graph(made(QUEUE, "a", stack="one")).merged(graph(made(QUEUE, "a", stack="two")))
    assert [resource.stack for resource in merged] == ["one", "two"]
    with pytest.raises(InputError):
        graph(made(QUEUE, "a")).merged(graph(made(QUEUE, "a")))


def test_names_may_hold_what_separates_urns() -> None:
    urn = "urn:pulumi:s::p::a$b::x::y"
    assert (name_of(urn), stack_of(urn)) == ("x::y", "s")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "tradewind.graph/1"}', '{"$": "x"}'])
def test_what_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Graph.from_json(text, "x.json")
