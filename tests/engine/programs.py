"""The programs of `tests/programs`, and this project's own stacks, made ready for the engine.

A copy in a sandbox gets what the program needs around it and nobody else has: the stacks it refers to,
secrets that can be decrypted, the plugin that runs providers written in Python. Offline plans are made of
the same copy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.engine.aws.world import World
from tests.engine.sandbox import ROOT, Sandbox

PROGRAMS = ROOT / "tests" / "programs"
STACKS = ROOT / "stacks"
NAMES = sorted(path.parent.name for path in PROGRAMS.glob("*/Pulumi.yaml"))

# What the stacks that `stack-references` refers to export.
_NETWORK: dict[str, Any] = {
    "vpcId": "vpc-0a1b2c3d4e5f60718",
    "privateSubnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-0b1b2c3d4e5f60718"],
    "domain": "apps.example.com",
    "cidr": "10.0.0.0/16",
}
_CLUSTER: dict[str, Any] = {
    "oidcProviderArn": "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0A1B",
    "ingressPort": 443,
    "cacheToken": "made-up-token-of-the-cache",
}


DEPLOYED = ("eks-apps",)
"""Programs that the engine cannot preview before they are deployed.

`eks-apps` asks for an object of a manifest, which the Kubernetes provider reads; the engine asks a provider
nothing before its settings are known, that is, before the cluster is there. A first deployment works.
"""


def stacks_of(folder: Path) -> list[str]:
    """The stacks that have a configuration file in `folder`."""
    return sorted(
        path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml")
    )


def prepared(box: Sandbox, name: str) -> Path:
    """A copy of the program `name` with all its stacks made, ready to be planned either way."""
    folder = box.project(PROGRAMS / name, name)
    if make := _SURROUNDINGS.get(name):
        make(box, folder)
    for stack in stacks_of(folder):
        box.pulumi("stack", "init", stack, cwd=folder)
    if name in DEPLOYED:
        box.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", cwd=folder)
    return folder


def own_stacks(box: Sandbox) -> Path:
    """A copy of this project with all its stacks made."""
    folder = box.project(ROOT, "tradewind")
    for stack in stacks_of(folder / "stacks"):
        box.pulumi("stack", "init", stack, cwd=folder)
    return folder


def previewed(box: Sandbox, folder: Path, stack: str) -> str:
    """What `pulumi preview --json --show-sames` prints for one stack."""
    return box.pulumi("preview", "--json", "--show-sames", "--stack", stack, cwd=folder).stdout


def _secrets(box: Sandbox, folder: Path) -> None:
    """Nobody has the passphrase of the encrypted settings: others take their places.

    The program also makes a password by a provider in Python, which the SDK itself serves.
    """
    plugin = box.bin / "pulumi-resource-pulumi-python"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u -m pulumi.dynamic "$@"\n', encoding="utf-8")
    plugin.chmod(0o755)
    file = folder / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    secrets = list(_encrypted(document["config"]))
    del document["encryptionsalt"]
    document["config"] = {"aws:region": document["config"]["aws:region"]}
    document["config"]["secrets-everywhere:mail"] = {"host": "smtp.example.com"}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    box.pulumi("stack", "init", "dev", cwd=folder)
    for path in secrets:
        box.pulumi(
            "config", "set", "--stack", "dev", "--secret", "--path", path, f"value of {path}", cwd=folder
        )
    box.pulumi("stack", "rm", "--yes", "--preserve-config", "dev", cwd=folder)


def _encrypted(value: Any, path: str = "") -> Any:
    """The paths of the encrypted settings, as `pulumi config set --path` takes them."""
    if isinstance(value, dict):
        if "secure" in value:
            yield path
        for key, item in value.items():
            yield from _encrypted(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, f"{path}[{index}]")


def _other_stacks(box: Sandbox, folder: Path) -> None:
    """The stacks referred to are deployed; an offline plan is told the same outputs by fixtures."""
    file = folder / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    told = {}
    for name, outputs in (("network", _NETWORK), ("cluster", _CLUSTER)):
        other = box.folder / "others" / name
        other.mkdir(parents=True)
        settings = {"name": name, "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}
        (other / "Pulumi.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        lines = [f"pulumi.export({key!r}, {_exported(key, value)})" for key, value in outputs.items()]
        (other / "__main__.py").write_text("import pulumi\n" + "\n".join(lines) + "\n", encoding="utf-8")
        box.pulumi("stack", "init", "dev", cwd=other)
        box.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", cwd=other)
        # A backend of files knows one organization only.
        document["config"][f"stack-references:{name}Stack"] = full = f"organization/{name}/dev"
        told[full] = outputs
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    fixtures = yaml.safe_dump({"stack_references": told})
    (folder / "tradewind.fixtures.yaml").write_text(fixtures, encoding="utf-8")


def _exported(key: str, value: Any) -> str:
    return f"pulumi.Output.secret({value!r})" if key == "cacheToken" else repr(value)


def _existing_bucket(box: Sandbox, folder: Path) -> None:
    """The bucket that the program reads, and does not make."""
    name = "landing-zone-archive"
    World(box.world).plant("eu-west-1", "aws:s3/bucket:Bucket", name, {"bucket": name})


_SURROUNDINGS: dict[str, Callable[[Sandbox, Path], None]] = {
    "data-lookups": _existing_bucket,
    "secrets-everywhere": _secrets,
    "stack-references": _other_stacks,
}
