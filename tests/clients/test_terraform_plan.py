"""What the true Terraform plans of an export, against the plan document that is written without it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from plan.export.terraform import export, files, plan_json
from plan.export.terraform.types import PROVIDER_VERSION
from plan.export.terraform.validate import binary, mirror
from tests.plan.planned import graph

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(binary() is None, reason="neither Terraform nor OpenTofu is installed"),
    pytest.mark.skipif(
        mirror() is None, reason=f"no mirror with hashicorp/aws {PROVIDER_VERSION} on this machine"
    ),
]

PROGRAM = "serverless-orders"
# So that the provider starts without an account to ask; its keys are made up.
OFFLINE = {
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
    "access_key": "none",
    "secret_key": "none",
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """Terraform's plan and ours."""
    made = export(graph(PROGRAM))
    folder = tmp_path_factory.mktemp("plan")
    for name, text in files(made).items():
        (folder / name).write_text(text)
    head = json.loads((folder / "providers.tf.json").read_text())
    for provider in head["provider"]["aws"]:
        provider.update(OFFLINE)
    (folder / "providers.tf.json").write_text(json.dumps(head))

    def run(*arguments: str) -> str:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [str(binary()), *arguments], cwd=folder, env=kept, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init", f"-plugin-dir={mirror()}")
    run("plan", "-refresh=false", "-input=false", "-lock=false", "-out=plan")
    return json.loads(run("show", "-json", "plan")), json.loads(plan_json(made))


def planned(document: Mapping[str, Any]) -> dict[str, Any]:
    return {row["address"]: row for row in document["planned_values"]["root_module"]["resources"]}


def configured(document: Mapping[str, Any]) -> dict[str, Any]:
    return {row["address"]: row for row in document["configuration"]["root_module"]["resources"]}


def test_both_plan_the_same_resources(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    theirs, ours = documents
    assert planned(theirs).keys() == planned(ours).keys()
    for address, row in planned(theirs).items():
        assert {key: row[key] for key in ("mode", "type", "name", "provider_name")} == {
            key: planned(ours)[address][key] for key in ("mode", "type", "name", "provider_name")
        }


def normal(value: Any) -> Any:
    """JSON inside text without its spaces, numbers as text, sets in one order: as providers compare them."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return normal(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return None if value is None else str(value).lower()


def different(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    """Where both know a value and it is not the same; what is null in ours is the provider's own default."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() & ours.keys():
            yield from different(theirs[key], ours[key], f"{path}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from different(one, other, f"{path}[{number}]")
    elif ours is not None and normal(theirs) != normal(ours):
        yield f"{path}: {theirs!r} != {ours!r}"


def test_both_know_the_same_values(documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    theirs, ours = documents
    found = [
        line
        for address, row in planned(theirs).items()
        for line in different(normal(row["values"]), normal(planned(ours)[address]["values"]), address)
    ]
    assert found == []


def test_what_terraform_knows_of_the_program_is_in_ours(
    documents: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Arguments of the configuration whose value Terraform tells are told by us as well."""
    theirs, ours = documents
    for address, row in configured(theirs).items():
        known = planned(theirs)[address]["values"]
        for argument in row["expressions"].keys() & known.keys():
            if known[argument] not in (None, [], {}):
                assert argument in planned(ours)[address]["values"], f"{address}.{argument}"


def references(expression: Any) -> list[str]:
    if isinstance(expression, list):
        return [name for item in expression for name in references(item)]
    if not isinstance(expression, dict):
        return []
    own = expression.get("references", [])
    return [
        *own,
        *(name for key, item in expression.items() if key != "references" for name in references(item)),
    ]


def test_both_see_the_same_references_and_dependencies(
    documents: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    theirs, ours = documents
    seen = 0
    for address, row in configured(theirs).items():
        mine = configured(ours)[address]
        assert row["expressions"].keys() == mine["expressions"].keys()
        for argument, expression in row["expressions"].items():
            assert set(references(expression)) == set(references(mine["expressions"][argument]))
            seen += len(references(expression))
        assert sorted(row.get("depends_on", [])) == mine.get("depends_on", [])
        assert row["provider_config_key"] == mine["provider_config_key"]
    assert seen > 40
