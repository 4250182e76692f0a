"""What the tests on the engine share: one pool of Kubernetes API servers for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.engine.kubernetes.control_plane import Cluster, Pool, describe, has_control_plane

Clusters = Callable[[int, Path], AbstractContextManager[list[Cluster]]]


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The pool; nothing runs before a test asks for clusters."""
    if not has_control_plane():
        pytest.skip("the Kubernetes API server is not built: make tools")
    with Pool(tmp_path_factory.mktemp("control-plane")) as pool:
        yield pool


@pytest.fixture(scope="session")
def clusters(control_plane: Pool) -> Clusters:
    """`with clusters(3, box.world) as three:` gives empty API servers to the world of a sandbox.

    Each is described in the world's `clusters.json`, where the stand-in for EKS takes them from. Afterwards
    they are emptied, so that no test meets what another left.
    """

    @contextmanager
    def lend(count: int, world: Path) -> Iterator[list[Cluster]]:
        lent = control_plane.clusters(count)
        describe(lent, world)
        try:
            yield lent
        finally:
            control_plane.give_back(lent)

    return lend
