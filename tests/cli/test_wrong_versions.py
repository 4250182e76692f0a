"""Wrong sections `data_versioning` and `experiment_tracking`: one message with the place and the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.cli import wrong
from tests.cli.test_wrong_specification import SPECIFICATION
from tests.cli.wrong import Tradewind, assert_refused

here = wrong.here
tradewind = wrong.tradewind
environment = wrong.environment

START = SPECIFICATION.count("\n") + 1
"""Line of the section's name."""

VERSIONS = """\
data_versioning:
  projects:
    - name: ranking
      tenant: search
      writers: [role/search-ci]
    - name: customers
      residency: eu
      data_class: restricted
  copies: 2
  old_versions: {archive_after_days: 30, expire_after_days: 365}
  backup: {days: 35}
  lakefs: {project: customers}
"""
TRACKING = """\
experiment_tracking:
  backend: self-hosted
  data_class: confidential
  server:
    image: registry.example/mlflow:3.17.2
    replicas: 2
    memory_gib: 2
  database: {min_acu: 0.5, max_acu: 4}
  artifacts: {copies: 2}
  backup: {days: 35, enabled: true}
"""


@dataclass(frozen=True)
class Mistake:
    """`old` in the section becomes `new`; the message names the `line` of the section and says `words`."""

    name: str
    old: str
    new: str
    line: int
    words: tuple[str, ...]


IN_VERSIONS = [
    Mistake("no projects", VERSIONS[len("data_versioning:\n") :], "  projects: []\n", 2, ("projects",)),
    Mistake("misspelt key", "  copies: 2", "  copys: 2", 9, ("copies",)),
    Mistake("project twice", "name: customers", "name: ranking", 3, ("ranking", "rename")),
    Mistake("name that is no prefix", "name: ranking", "name: Ranking/Data", 3, ("Ranking/Data",)),
    Mistake("tenant that nobody is", "tenant: search", "tenant: serach", 4, ("serach", "search")),
    Mistake("zone that is none", "residency: eu", "residency: apac", 7, ("apac", "any, eu, us")),
    Mistake("class that is none", "data_class: restricted", "data_class: secret", 8, ("secret", "restricted")),
    Mistake("no identity", "[role/search-ci]", "[search-ci]", 5, ("search-ci", "role/ml-ci")),
    Mistake("more copies than regions", "copies: 2", "copies: 3", 9, ("2 regions", "copies: 2")),
    Mistake("archived for less than is billed", "expire_after_days: 365", "expire_after_days: 60", 10, ("90 days", "expire_after_days: 120")),
    Mistake("backups for no days", "days: 35", "days: 0", 11, ("0", "1")),
    Mistake("lakeFS over no project", "{project: customers}", "{project: clients}", 12, ("clients", "customers")),
    Mistake("chart without a version", "lakefs: {project: customers}", "lakefs: {project: customers, chart_version: latest}", 12, ("latest",)),
    Mistake("namespace that is none", "writers: [role/search-ci]", "namespaces: [Search_Jobs]", 5, ("Search_Jobs",)),
]  # fmt: skip
IN_TRACKING = [
    Mistake("backend that is none", "backend: self-hosted", "backend: sagemaker", 2, ("sagemaker", "self-hosted")),
    Mistake("misspelt section", "  database:", "  databse:", 8, ("database",)),
    Mistake("an image that moves", "mlflow:3.17.2", "mlflow:latest", 5, ("latest", "version")),
    Mistake("an image without a version", "image: registry.example/mlflow:3.17.2", "image: mlflow", 5, ("mlflow",)),
    Mistake("no pods", "replicas: 2", "replicas: 0", 6, ("0",)),
    Mistake("memory as text", "memory_gib: 2", "memory_gib: 2Gi", 7, ("2Gi",)),
    Mistake("minimum above maximum", "min_acu: 0.5", "min_acu: 8", 8, ("8", "max_acu")),
    Mistake("capacity between two steps", "max_acu: 4", "max_acu: 4.2", 8, ("4.2",)),
    Mistake("a pause in production", "min_acu: 0.5", "min_acu: 0", 8, ("paused", "0.5")),
    Mistake("more copies than regions", "copies: 2", "copies: 3", 9, ("2 regions", "copies: 2")),
    Mistake("backups with nowhere to go", "copies: 2", "copies: 1", 9, ("second", "copies: 2")),
    Mistake("a size without a server", "  backend: self-hosted", "  managed_size: large", 2, ("managed_size", "managed-server")),
    Mistake("a database that AWS keeps", "backend: self-hosted", "backend: managed-server", 2, ("server", "self-hosted")),
    Mistake("class that is none", "data_class: confidential", "data_class: secret", 3, ("secret", "restricted")),
]  # fmt: skip


def test_the_sections_that_the_tables_start_from_are_right(
    tradewind: Tradewind, environment: Callable[[str], None]
) -> None:
    from pathlib import Path

    from stacks.specification import load

    environment(SPECIFICATION + VERSIONS + TRACKING)
    assert load(Path("stacks/trial.yaml")).data_plane.data_versioning is not None


@pytest.mark.parametrize(
    ("section", "mistake"),
    [
        *[pytest.param(VERSIONS, mistake, id=f"versions: {mistake.name}") for mistake in IN_VERSIONS],
        *[pytest.param(TRACKING, mistake, id=f"tracking: {mistake.name}") for mistake in IN_TRACKING],
    ],
)
def test_a_wrong_section(
    section: str, mistake: Mistake, tradewind: Tradewind, environment: Callable[[str], None]
) -> None:
    assert section.count(mistake.old) == 1
    environment(SPECIFICATION + section.replace(mistake.old, mistake.new))
    place = f"stacks/trial.yaml:{START + mistake.line - 1}:"
    assert_refused(tradewind("plan", "trial"), place, *mistake.words)
