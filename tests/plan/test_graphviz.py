"""The drawing of a graph."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from plan.export.graphviz import dot
from plan.graph import Graph
from tests.plan.build import graph, made

QUEUE = "aws:sqs/queue:Queue"


def _nested(count: int = 2) -> Graph:
    outer = made("shop:index:Outer", "outer", custom=False)
    inner = made("shop:index:Inner", "inner", custom=False, parent=outer.urn)
    first = made(QUEUE, 'odd "name"\\', "eu-west-1", parent=inner.urn)
    rest = [made(QUEUE, f"q{n}", parent=outer.urn, dependencies=(first.urn,)) for n in range(count)]
    other = made(QUEUE, "other", stack="dev", dependencies=(outer.urn,))
    return graph(outer, inner, first, *rest, other)


def test_stacks_and_components_are_clusters_and_dependencies_arrows() -> None:
    text = dot(_nested())
    assert text.count("subgraph") == 4
    assert text.count(" -> ") == 3
    assert r"odd \"name\"\\" in text


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert dot(_nested()) == dot(Graph.from_json(_nested().to_json()))


def test_a_large_graph_shows_components_and_what_is_in_none() -> None:
    text = dot(_nested(1000))
    assert "q17" not in text and "inner" in text and "other" in text
    assert "q17" in dot(_nested(1000), detail="resources")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it() -> None:
    subprocess.run(["dot", "-Tplain"], input=dot(_nested()), text=True, check=True, capture_output=True)
