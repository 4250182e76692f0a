"""Wrong sections `data_versioning` and `experiment_tracking`: one message with the place and the way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli import wrong
from tests.cli.test_wrong_specification import SPECIFICATION, Mistake
from tests.cli.wrong import Tradewind, assert_refused

here = wrong.here
tradewind = wrong.tradewind
environment = wrong.environment

FIRST = SPECIFICATION.count("\n")
"""Lines before the section's name."""

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

TOO_MANY_COPIES = Mistake("more copies than regions", "copies: 2", "copies: 3", ("2 regions", "copies: 2"), 9)
"""On the ninth line of both sections, as it happens. Lines of mistakes are those of the section."""
IN_VERSIONS = [
    Mistake("no projects", VERSIONS[len("data_versioning:\n") :], "  projects: []\n", ("projects",), 2),
    Mistake("misspelt key", "  copies: 2", "  copys: 2", ("copies",), 9),
    Mistake("project twice", "name: customers", "name: ranking", ("ranking", "rename"), 3),
    Mistake("name that is no prefix", "name: ranking", "name: Ranking/Data", ("Ranking/Data",), 3),
    Mistake("tenant that nobody is", "tenant: search", "tenant: serach", ("serach", "search"), 4),
    Mistake("zone that is none", "residency: eu", "residency: apac", ("apac", "any, eu, us"), 7),
    Mistake("class that is none", "data_class: restricted", "data_class: secret", ("secret", "restricted"), 8),
    Mistake("no identity", "[role/search-ci]", "[search-ci]", ("search-ci", "role/ml-ci"), 5),
    TOO_MANY_COPIES,
    Mistake("archived for less than is billed", "expire_after_days: 365", "expire_after_days: 60", ("90 days", "expire_after_days: 120"), 10),
    Mistake("backups for no days", "days: 35", "days: 0", ("0", "1"), 11),
    Mistake("lakeFS over no project", "{project: customers}", "{project: clients}", ("clients", "customers"), 12),
    Mistake("chart without a version", "lakefs: {project: customers}", "lakefs: {project: customers, chart_version: latest}", ("latest",), 12),
    Mistake("namespace that is none", "writers: [role/search-ci]", "namespaces: [Search_Jobs]", ("Search_Jobs",), 5),
]  # fmt: skip
IN_TRACKING = [
    Mistake("backend that is none", "backend: self-hosted", "backend: sagemaker", ("sagemaker", "self-hosted"), 2),
    Mistake("misspelt section", "  database:", "  databse:", ("database",), 8),
    Mistake("an image that moves", "mlflow:3.17.2", "mlflow:latest", ("latest", "version"), 5),
    Mistake("an image without a version", "image: registry.example/mlflow:3.17.2", "image: mlflow", ("mlflow",), 5),
    Mistake("no pods", "replicas: 2", "replicas: 0", ("0",), 6),
    Mistake("memory as text", "memory_gib: 2", "memory_gib: 2Gi", ("2Gi",), 7),
    Mistake("minimum above maximum", "min_acu: 0.5", "min_acu: 8", ("8", "max_acu"), 8),
    Mistake("capacity between two steps", "max_acu: 4", "max_acu: 4.2", ("4.2",), 8),
    Mistake("a pause in production", "min_acu: 0.5", "min_acu: 0", ("paused", "0.5"), 8),
    TOO_MANY_COPIES,
    Mistake("backups with nowhere to go", "copies: 2", "copies: 1", ("second", "copies: 2"), 9),
    Mistake("a size without a server", "  backend: self-hosted", "  managed_size: large", ("managed_size", "managed-server"), 2),
    Mistake("a database that AWS keeps", "backend: self-hosted", "backend: managed-server", ("server", "self-hosted"), 2),
    Mistake("class that is none", "data_class: confidential", "data_class: secret", ("secret", "restricted"), 3),
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
    place = f"stacks/trial.yaml:{FIRST + mistake.line}:"
    assert_refused(tradewind("plan", "trial"), place, *mistake.words)
