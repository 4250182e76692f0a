"""The registries in production, planned once for the tests of both."""

from __future__ import annotations

import pytest

from plan.graph import Graph
from policies.iam import Access
from tests.components.registries_plan import ACCOUNT, planned


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("registries"))


@pytest.fixture(scope="session")
def access(graph: Graph) -> Access:
    return Access(graph, account=ACCOUNT)
