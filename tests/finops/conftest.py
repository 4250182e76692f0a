"""Graphs of a few resources, made by hand, and the bundled price book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from finops.estimate import Estimate, estimate
from finops.prices import PriceBook
from finops.usage import Usage
from plan.graph import Graph, Resource

Make = Callable[..., Resource]


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return PriceBook.bundled()


@pytest.fixture(scope="session")
def make() -> Make:
    """`make(type, name, region=..., parent=..., **inputs)`: a resource of stack `test`."""

    def one(
        token: str, name: str = "it", *, region: str = "us-east-1", parent: str = "", **rest: Any
    ) -> Resource:
        fields = {
            key: rest.pop(key)
            for key in ("custom", "property_dependencies", "provider", "outputs", "external", "dependencies")
            if key in rest
        }
        urn = f"urn:pulumi:test::program::{token}::{name}"
        return Resource(urn, token, name, rest, parent, region=region, **fields)

    return one


@pytest.fixture(scope="session")
def price(book: PriceBook) -> Callable[..., Estimate]:
    """The estimate of a graph of the given resources."""

    def priced(*resources: Resource, usage: Usage | None = None) -> Estimate:
        return estimate(Graph.of(resources), usage or Usage(), book)

    return priced
