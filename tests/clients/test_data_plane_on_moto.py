"""The data plane as Terraform makes it: the true AWS provider applies its export to moto, plans again, destroys.

moto carries most types whole. `NOT_CARRIED` are left out with what needs them; `DROPPED` is what moto forgets of
the others, which is all that a second plan may want to change. That every resource of every environment is valid
is shown in `test_terraform.py`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from plan import offline
from plan.export.terraform import Export, export, files
from plan.export.terraform.types import PROVIDER_VERSION
from plan.export.terraform.validate import HOW, binary, mirror
from plan.project import find
from stacks.specification import load

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        binary() is None or mirror() is None,
        reason=f"no Terraform with hashicorp/aws {PROVIDER_VERSION}: {HOW}",
    ),
]

COMPONENTS = (
    "FeatureStore",
    "ModelRegistry",
    "ExperimentTracking",
    "DataVersioning",
    "Pipelines",
    "ContainerRegistry",
)
NOT_CARRIED = {
    "aws_athena_workgroup": "moto answers other settings than were asked for",
    "aws_backup_selection": "moto cannot read one back",
    "aws_batch_compute_environment": "needs the network, which is not the data plane's",
    "aws_ecr_pull_through_cache_rule": "moto has no such call",
    "aws_ecr_repository_creation_template": "moto has no such call",
    "aws_eks_pod_identity_association": "needs the cluster, which is not the data plane's",
    "aws_glue_data_quality_ruleset": "moto has no such call",
    "aws_rds_cluster": "moto answers other settings than were asked for",
    "aws_s3control_multi_region_access_point": "its host name has the account in it",
    "aws_sagemaker_model_package_group": "moto cannot tell when one is gone",
    "aws_sagemaker_model_package_group_policy": "moto has no such call",
    "aws_sfn_state_machine": "moto does not check definitions, and the provider asks for that",
    "aws_signer_signing_profile": "moto answers other settings than were asked for",
}
DROPPED = {
    "aws_kms_key": {"rotation_period_in_days"},
    "aws_dynamodb_table": {"on_demand_throughput"},
    "aws_launch_template": {"tag_specifications"},
}


@dataclass(frozen=True)
class Applied:
    """What Terraform said at each step, by the command."""

    made: Export
    codes: Mapping[str, int]
    said: Mapping[str, str]
    second: Mapping[str, Any]
    left: str


def carried(made: Export) -> Export:
    """The data plane's resources of the types that moto carries, without those that need what is left out."""
    kept = {
        block.address: block
        for block in made.blocks
        if block.type not in NOT_CARRIED and any(f":{name}" in block.urn for name in COMPONENTS)
    }
    # Roles of the cluster are named, not referred to: cells read nothing of each other.
    roles = {block.body.get("name") for block in kept.values() if block.type == "aws_iam_role"}
    kept = {
        address: block
        for address, block in kept.items()
        if block.type != "aws_iam_role_policy" or _is_there(str(block.body["role"]), roles)
    }
    everything = {block.address for block in made.blocks}
    names = re.compile(r"\b(aws_\w+\.[\w-]+)")
    while True:
        stays = {
            address: block
            for address, block in kept.items()
            if not (set(names.findall(json.dumps(block.body))) & everything) - kept.keys()
        }
        if len(stays) == len(kept):
            break
        kept = stays
    blocks = []
    for block in kept.values():
        depends = [one for one in block.meta.get("depends_on", ()) if one in kept]
        meta = {**{key: it for key, it in block.meta.items() if key != "depends_on"}}
        # What protects a store in AWS would stop the destruction here.
        meta.pop("lifecycle", None)
        blocks.append(replace(block, meta={**meta, **({"depends_on": depends} if depends else {})}))
    return replace(made, blocks=tuple(blocks), outputs={}, imports={})


def _is_there(role: str, roles: set[Any]) -> bool:
    return role.startswith("${") or role in roles


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    folder = tmp_path_factory.mktemp("data-plane")
    cells = load(ROOT / "stacks" / "dev.yaml").cells()
    first, *rest = offline.run_all([find(ROOT).program(cell.stack) for cell in cells])
    made = carried(export(first.merged(*rest)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        # An IAM that was there before would not have read the managed policies.
        urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
        try:
            yield run(folder, made, f"http://{host}:{port}")
        finally:
            server.stop()


def run(folder: Path, made: Export, url: str) -> Applied:
    for name, text in files(made).items():
        (folder / name).write_text(text, encoding="utf-8")
    codes, said = {}, {}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    # Every service that the provider does not find by name: one variable instead of two hundred endpoints.
    kept |= {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    kept |= {f"TF_VAR_{one.name}": "1" for one in made.variables if one.default is None}
    document = json.loads((folder / "providers.tf.json").read_text(encoding="utf-8"))
    for provider in document["provider"]["aws"]:
        provider.update(
            skip_credentials_validation=True, skip_metadata_api_check=True, s3_use_path_style=True
        )
    (folder / "providers.tf.json").write_text(json.dumps(document), encoding="utf-8")

    def terraform(*arguments: str) -> str:
        done = subprocess.run(
            [str(binary()), *arguments], cwd=folder, env=kept, capture_output=True, text=True, timeout=240
        )
        name = arguments[0]
        codes[name], said[name] = done.returncode, done.stdout + done.stderr
        return done.stdout

    terraform("init", f"-plugin-dir={mirror()}")
    terraform("validate", "-no-color")
    terraform("apply", "-auto-approve", "-no-color", "-input=false", "-parallelism=20")
    terraform("plan", "-no-color", "-input=false", "-parallelism=20", "-out=second")
    second = json.loads(terraform("show", "-json", "second") or "{}")
    terraform("destroy", "-auto-approve", "-no-color", "-input=false", "-parallelism=20")
    return Applied(made, codes, said, second, terraform("state", "list"))


def errors(text: str) -> list[str]:
    return re.findall(r"^Error: .*", text, re.MULTILINE)


def test_it_is_valid_and_applied(applied: Applied) -> None:
    for command in ("init", "validate", "apply"):
        assert applied.codes[command] == 0, errors(applied.said[command])
    assert f"Resources: {len(applied.made.blocks)} added" in applied.said["apply"]
    types = {block.type for block in applied.made.blocks}
    stores = {
        "aws_dynamodb_table",
        "aws_ecr_repository",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
    }
    assert stores - types <= {"aws_secretsmanager_secret"}


def test_a_second_plan_wants_only_what_moto_forgets(applied: Applied) -> None:
    wanted: list[str] = []
    forgotten: dict[str, set[str]] = {}
    for row in applied.second["resource_changes"]:
        change = row["change"]
        if change["actions"] != ["no-op"]:
            before, after = change["before"] or {}, change["after"] or {}
            decided = {name for name in {**before, **after} if change["after_unknown"].get(name) is not True}
            parted = {name for name in decided if before.get(name) != after.get(name)}
            forgotten.setdefault(row["type"], set()).update(parted)
            if change["actions"] != ["update"] or parted - DROPPED.get(row["type"], set()):
                wanted.append(f"{row['address']} {change['actions']} {sorted(parted)}")
    assert wanted == []
    assert forgotten == DROPPED


def test_it_is_destroyed(applied: Applied) -> None:
    assert applied.codes["destroy"] == 0, errors(applied.said["destroy"])
    assert applied.left.split() == []
