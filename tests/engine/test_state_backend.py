"""State in a bucket and secrets under a KMS key, as for staging and production.

Moto answers for S3, KMS and CloudFormation. Of the template it makes key, alias, bucket and encryption; the
rest of it (`tests/cli/test_state.py`) is held against CloudFormation's own schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.kms.models import kms_backends
from moto.server import ThreadedMotoServer

from deploy.bootstrap import TEMPLATE, bootstraps_of
from stacks.specification import FOLDER, load
from stacks.state_place import state_of
from tests.engine.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.engine

STAGING = load(FOLDER / "staging.yaml")
REGION = "eu-west-1"
STACK = f"staging-{REGION}"
PROGRAM = """
import pulumi
pulumi.export("word", pulumi.Config().require_secret("word"))
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """Variables under which AWS is moto, with what the template makes in each region."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        for made in bootstraps_of(STAGING):
            client = boto3.client("cloudformation", made.region, endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip
            client.create_stack(
                StackName=made.stack,
                TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in made.parameters.items()],
                Tags=[{"Key": key, "Value": value} for key, value in made.tags.items()],
            )  # fmt: skip
            (stack,) = client.describe_stacks(StackName=made.stack)["Stacks"]
            place = state_of(STAGING, made.region)
            told = {row["OutputKey"]: row["OutputValue"] for row in stack["Outputs"]}
            assert told == {"Backend": place.backend, "SecretsProvider": place.secrets_provider}
            for key in kms_backends[STAGING.account_id][made.region].keys.values():
                # Moto keeps a policy from CloudFormation as it came, and cannot read it then.
                key.policy = key.policy if isinstance(key.policy, str) else json.dumps(key.policy)
        yield {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    finally:
        server.stop()


def test_state_and_secrets_of_a_cell_need_its_own_region_only(tmp_path: Path, aws: dict[str, str]) -> None:
    place = state_of(STAGING, REGION)
    box = Sandbox(tmp_path, extra={**aws, "PULUMI_BACKEND_URL": place.backend})
    del box.environment["PULUMI_CONFIG_PASSPHRASE"]
    source = tmp_path / "source"
    source.mkdir()
    (source / "Pulumi.yaml").write_text("name: tradewind\nruntime: python\n", encoding="utf-8")
    (source / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    project = box.project(source)
    box.pulumi("stack", "init", STACK, "--secrets-provider", place.secrets_provider, cwd=project)
    box.pulumi("config", "set", "--secret", "word", "hush", "-s", STACK, cwd=project)
    box.pulumi("up", "--yes", "--skip-preview", "-s", STACK, cwd=project)

    exported = box.pulumi("stack", "export", "-s", STACK, cwd=project).stdout
    provider = json.loads(exported)["deployment"]["secrets_providers"]
    assert (provider["type"], provider["state"]["url"]) == ("cloud", place.secrets_provider)
    assert "hush" not in exported

    # Without this region's key nobody reads the secret; the other region's is not asked.
    store = boto3.client("s3", REGION, endpoint_url=aws["AWS_ENDPOINT_URL"], aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip
    bucket = place.backend.removeprefix("s3://").partition("?")[0]
    keys = [row["Key"] for row in store.list_objects_v2(Bucket=bucket)["Contents"]]
    assert f".pulumi/stacks/tradewind/{STACK}.json" in keys
    elsewhere = state_of(STAGING, STAGING.home_region).backend.removeprefix("s3://").partition("?")[0]
    assert "Contents" not in store.list_objects_v2(Bucket=elsewhere)

    # A clone that lacks what `stack init` wrote takes it from the state.
    (project / f"Pulumi.{STACK}.yaml").write_text("config: {}\n", encoding="utf-8")
    clone = Sandbox(tmp_path, extra={**box.extra, "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true"})
    told = clone.pulumi("stack", "output", "word", "--show-secrets", "-s", STACK, cwd=project)
    assert told.stdout.strip() == "hush"


def test_tradewind_uses_that_place_whatever_the_shell_says(tmp_path: Path, aws: dict[str, str]) -> None:
    box = Sandbox(tmp_path, extra=aws)
    project = box.project(ROOT, "tradewind")
    cell = ("--cell", STAGING.home_region)
    done = box.run("tradewind", "state", "staging", *cell, "--format", "json", cwd=project)
    (found,) = json.loads(done.stdout)["cells"]
    place = state_of(STAGING, STAGING.home_region)
    assert (found["backend"], found["exists"]) == (place.backend, False)
    stack = f"staging-{STAGING.home_region}"
    given = {**aws, "PULUMI_BACKEND_URL": place.backend}
    there = Sandbox(tmp_path, extra=given)
    there.pulumi("stack", "init", stack, "--secrets-provider", place.secrets_provider, cwd=project)
    store = boto3.client("s3", STAGING.home_region, endpoint_url=aws["AWS_ENDPOINT_URL"], aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip
    row = {"pid": 7, "username": "me", "hostname": "build-7", "timestamp": "2026-05-01T10:00:00Z"}
    key = f".pulumi/locks/organization/tradewind/{stack}/0b36.json"
    bucket = place.backend.removeprefix("s3://").partition("?")[0]
    store.put_object(Bucket=bucket, Key=key, Body=json.dumps(row).encode())
    done = box.run("tradewind", "state", "staging", *cell, "--recover", "--yes", cwd=project, check=False)
    assert (done.returncode, "build-7" in done.stderr) == (1, True)
    done = box.run(
        "tradewind", "state", "staging", *cell, "--recover", "--yes", "--unlock", cwd=project, check=False
    )
    assert done.returncode == 0, done.stderr
    assert key not in [row["Key"] for row in store.list_objects_v2(Bucket=bucket)["Contents"]]
