"""`tradewind state` without an engine: where state is, how its places are made, what is refused."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cli.app import app
from deploy.bootstrap import TEMPLATE
from stacks.specification import FOLDER, load
from stacks.state_place import key_alias, state_bucket, state_of

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["state", *arguments])


@pytest.fixture(autouse=True)
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///somewhere")


def test_the_lines_for_a_shell_name_the_cell_s_own_place() -> None:
    lines = run("prod", "--cell", "eu-west-1", "--backend").output.splitlines()
    given = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
    place = state_of(load(FOLDER / "prod.yaml"), "eu-west-1")
    assert given["PULUMI_BACKEND_URL"] == place.backend
    assert any(place.secrets_provider in line and line.startswith("# ") for line in lines)
    assert not [line for line in lines if not line.startswith(("export ", "# "))]


def test_development_is_where_the_engine_keeps_it() -> None:
    assert run("dev", "--backend").output == "# whichever backend the engine uses here: file:///somewhere\n"


def test_a_region_s_places_are_made_by_one_command_each() -> None:
    lines = run("prod", "--bootstrap").output.splitlines()
    prod = load(FOLDER / "prod.yaml")
    assert len(lines) == len(prod.regions)
    for region, line in zip(prod.region_names, lines, strict=True):
        words = shlex.split(line)
        assert words[:3] == ["aws", "cloudformation", "deploy"]
        assert words[words.index("--region") + 1] == region
        assert words[words.index("--template-file") + 1] == "deploy/templates/state.yaml"
        assert f"BucketName={state_bucket(prod, region)}" in words
        assert f"KeyAlias={key_alias(prod)}" in words
        assert {f"{key}={value}" for key, value in prod.tags.items()} <= set(words)
    assert run("dev", "--bootstrap").output.startswith("# dev keeps its state elsewhere")


class Loader(yaml.SafeLoader):
    """Of CloudFormation's short forms only what they are about is kept."""


Loader.add_multi_constructor("!", lambda loader, tag, node: f"!{tag} {node.value}")


def test_the_template_keeps_what_it_makes_private_and_for_good() -> None:
    resources = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)["Resources"]
    assert {row["DeletionPolicy"] for row in resources.values()} == {"Retain"}
    bucket = resources["Bucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (statement,) = resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert resources["Key"]["Properties"]["EnableKeyRotation"] is True


def test_cloudformation_takes_the_template() -> None:
    from cfnlint.api import ManualArgs, lint_file

    wanted = ManualArgs(regions=["us-east-1", "eu-west-1", "eu-central-1"])
    assert [str(found) for found in lint_file(TEMPLATE, wanted)] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prod", "--backend", "--recover"), "exclude each other"),
        (("prod", "--yes"), "go with --recover"),
        (("prod", "--settle", "-1"), "-1"),
    ],
)
def test_a_wrong_command_line(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_an_environment_or_cell_that_there_is_not() -> None:
    assert "did you mean prod" in str(run("prd", "--backend").exception)
    assert "no such cell" in str(run("prod", "--backend", "--cell", "us-west-2").exception)


def test_without_a_passphrase_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from deploy.location import require_access, stacks_of
    from problems import Missing

    (stack,) = stacks_of(load(FOLDER / "dev.yaml"), ROOT)
    require_access(stack, {"PULUMI_BACKEND_URL": "file:///x", "PULUMI_CONFIG_PASSPHRASE": ""})
    require_access(stack, {"PULUMI_BACKEND_URL": "https://api.example.com"})
    with pytest.raises(Missing, match="PULUMI_CONFIG_PASSPHRASE"):
        require_access(stack, {"PULUMI_BACKEND_URL": "file:///x"})
    with pytest.raises(Missing, match="pulumi login"):
        require_access(type(stack)(tmp_path, "dev", "all", 0), {"HOME": str(tmp_path)})
