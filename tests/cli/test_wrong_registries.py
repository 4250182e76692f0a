"""Wrong sections `container_registry` and `model_registry`: one message with the place and the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import wrong
from tests.cli.test_wrong_specification import SPECIFICATION, Mistake
from tests.cli.wrong import Tradewind, assert_refused

here = wrong.here
tradewind = wrong.tradewind
environment = wrong.environment

SECTIONS = """\
container_registry:
  registry_wide: true
  shared_with: [{environment: staging, regions: [us-east-1]}]
  repositories:
    - {name: serving, mutable_tags: ["cache-*"]}
    - {name: ranker, tenant: search}
  upstreams:
    - {registry: quay}
  scanning: {quarantine_from: critical}
  admission: {mode: enforce, exempt_namespaces: [kube-system]}
model_registry:
  models:
    - {name: ranker, tenant: search}
    - {name: encoder, residency: eu}
  evidence:
    staging: [model-card]
    production: [model-card, bias]
    max_age_days: 30
  artifacts: {lock_mode: governance, lock_days: 365}
  sends_to: [{environment: live, account_id: "333333333333"}]
  reader_accounts: ["222222222222"]
"""
RIGHT = SPECIFICATION + SECTIONS
FIRST = SPECIFICATION.count("\n")

IMAGES = [
    Mistake("misspelt key", "repositories:", "repositorys:", ("repositories",), 4),
    Mistake("name with capitals", "name: serving", "name: Serving", ("Serving",), 5),
    Mistake("pattern of every tag", '["cache-*"]', '["*"]', ("makes every tag mutable",), 5),
    Mistake("unknown tenant", "{name: ranker, tenant: search}\n  upstreams", "{name: ranker, tenant: serch}\n  upstreams", ("serch", "search"), 6),
    Mistake("repository twice", "name: ranker, tenant: search}\n  upstreams", "name: serving}\n  upstreams", ("serving stands more than once",)),
    Mistake("unknown registry", "registry: quay", "registry: quay.io", ("quay.io", "quay"), 8),
    Mistake("credential where none is needed", "{registry: quay}", "{registry: quay, secret_suffix: AbCd12}", ("without a credential",), 8),
    Mistake("suffix of another form", "{registry: quay}", "{registry: github, secret_suffix: ABC}", ("ABC",), 8),
    Mistake("unknown severity", "quarantine_from: critical", "quarantine_from: severe", ("severe", "critical"), 9),
    Mistake("quarantine without scanning", "{quarantine_from: critical}", "{quarantine_from: high, enhanced: false}", ("enhanced: true",)),
    Mistake("add-ons shut out", "exempt_namespaces: [kube-system]", "exempt_namespaces: [default]", ("kube-system",), 10),
    Mistake("shared with itself", "environment: staging", "environment: trial", ("this environment itself",), 3),
    Mistake("shared where it is not", "regions: [us-east-1]}]", "regions: [eu-north-1]}]", ("eu-north-1",), 3),
    Mistake("written by nobody", "registry_wide: true", "registry_wide: false", ("registry_wide: true",), 3),
]  # fmt: skip
MODELS = [
    Mistake("no models", "  models:\n    - {name: ranker, tenant: search}\n    - {name: encoder, residency: eu}\n", "", ("models",)),
    Mistake("name with underscores", "name: encoder", "name: query_encoder", ("query_encoder",), 14),
    Mistake("model twice", "name: encoder", "name: ranker", ("ranker stands more than once",)),
    Mistake("unknown tenant", "    - {name: ranker, tenant: search}\n    - {name: enc", "    - {name: ranker, tenant: serch}\n    - {name: enc", ("serch", "search"), 13),
    Mistake("unknown zone", "residency: eu", "residency: europe", ("europe", "eu"), 14),
    Mistake("unknown evidence", "staging: [model-card]", "staging: [modelcard]", ("modelcard", "model-card"), 16),
    Mistake("evidence twice", "production: [model-card, bias]", "production: [model-card, model-card, bias]", ("twice",)),
    Mistake("production asks for less", "production: [model-card, bias]", "production: [bias]", ("staging asks for model-card",)),
    Mistake("age of nothing", "max_age_days: 30", "max_age_days: 0", ("max_age_days", "0"), 18),
    Mistake("unknown lock", "lock_mode: governance", "lock_mode: legal", ("legal", "governance"), 19),
    Mistake("locked for a century", "lock_days: 365", "lock_days: 36500", ("36500",), 19),
    Mistake("account with a digit missing", '"333333333333"', '"33333333333"', ("33333333333", "twelve digits"), 20),
    Mistake("its own account", '"333333333333"', '"123456789012"', ("own account",), 20),
    Mistake("reads its own", '["222222222222"]', '["123456789012"]', ("leave it out",), 21),
]  # fmt: skip


def test_the_sections_that_the_tables_start_from_are_right(here: Path) -> None:
    from stacks.specification import load

    (here / "trial.yaml").write_text(RIGHT)
    planes = load(here / "trial.yaml").data_plane
    assert planes.container_registry and planes.model_registry


@pytest.mark.parametrize("mistake", [*IMAGES, *MODELS], ids=lambda mistake: mistake.name)
def test_a_wrong_section(mistake: Mistake, tradewind: Tradewind, environment: Callable[[str], None]) -> None:
    assert SECTIONS.count(mistake.old) == 1
    environment(SPECIFICATION + SECTIONS.replace(mistake.old, mistake.new))
    place = f"stacks/trial.yaml:{FIRST + mistake.line}:" if mistake.line else "stacks/trial.yaml"
    said = tradewind("plan", "trial")
    assert_refused(said, place, *mistake.words)
    assert "1 problem," in said.err
