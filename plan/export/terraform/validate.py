"""What Terraform's AWS provider says of a program: its own validators, without credentials and without a plan.

The export goes into a folder of its own, `terraform init` installs the provider (from a mirror on this
machine where there is one, else from its registry), `terraform validate -json` asks it. Each answer is
joined back to the resource's URN and to its line in the program. OpenTofu serves as well.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from plan.export.terraform.files import Span, files, spans
from plan.export.terraform.model import Export
from plan.export.terraform.types import PROVIDER_VERSION
from problems import Missing

__all__ = ["Refusal", "binary", "mirror", "validate"]

_PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where Terraform itself looks for mirrors, and where images with tools keep theirs.
_MIRRORS = (
    "~/.terraform.d/plugins", "~/.local/share/terraform/plugins", "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)  # fmt: skip
_KEPT = (
    "PATH", "HOME", "TMPDIR", "LANG", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "HTTPS_PROXY", "HTTP_PROXY",
    "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
# What Terraform itself says of a configuration, not the provider: a defect of the export, not of the program.
_OF_THE_EXPORT = frozenset(
    {
        "Extraneous JSON object property", "Unsupported argument", "Unsupported block type", "Unsupported attribute",
        "Reference to undeclared resource", "Reference to undeclared input variable", "Invalid reference",
        "Invalid expression", "Duplicate resource", "Invalid resource name", "Cycle", "Invalid index",
        "Invalid ignore_changes wildcard", "Invalid function argument", "Incorrect JSON value type",
    }
)  # fmt: skip

_ARGUMENT = re.compile(r'"[\w.]+": ')

HOW = (
    "install Terraform or OpenTofu so that `terraform` or `tofu` is found, and let it reach its registry once, or "
    f"keep hashicorp/aws {PROVIDER_VERSION} in a mirror (`terraform providers mirror`) and name that folder in "
    "TRADEWIND_TERRAFORM_MIRROR"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that `validate` said. `by` tells whether the provider refuses the program's input, or
    whether Terraform could not read the export there, so that nothing is known of that resource."""

    severity: Literal["error", "warning"]
    by: Literal["provider", "export"]
    message: str
    urn: str = ""
    address: str = ""
    source: str = ""


def binary() -> str | None:
    """Path of Terraform, or of OpenTofu where there is no Terraform; None where there is neither."""
    return shutil.which("terraform") or shutil.which("tofu")


def mirror(environment: Mapping[str, str] = os.environ) -> Path | None:
    """A folder on this machine that holds the provider for `terraform init -plugin-dir`."""
    named = [
        environment[name]
        for name in ("TRADEWIND_TERRAFORM_MIRROR", "TF_PLUGIN_CACHE_DIR")
        if environment.get(name)
    ]
    for place in (*named, *_MIRRORS, *_in_opt()):
        folder = Path(place).expanduser()
        if any((folder / _PROVIDER).glob(f"*{PROVIDER_VERSION}.*")):
            return folder
    return None


def _in_opt() -> list[str]:
    """Where whoever made a machine's image keeps mirrors."""
    return sorted(str(path) for path in Path("/opt").glob("*") if (path / _PROVIDER).is_dir())


def validate(made: Export, *, timeout: float = 600.0) -> list[Refusal]:
    """Everything that the provider refuses or warns of, in the order of the graph.

    Raises `Missing` when neither Terraform nor OpenTofu is installed, or the provider cannot be.
    """
    command = binary()
    if command is None:
        raise Missing(f"neither `terraform` nor `tofu` is on this machine: {HOW}")
    with tempfile.TemporaryDirectory(prefix="tradewind-") as folder:
        for name, text in files(made).items():
            Path(folder, name).write_text(text, encoding="utf-8")
        plugins = mirror()
        where = [f"-plugin-dir={plugins}"] if plugins else []
        init = _run([command, "init", "-backend=false", "-input=false", "-no-color", *where], folder, timeout)
        if init.returncode:
            raise Missing(f"{Path(command).name} init: {_first_error(init.stderr or init.stdout)}: {HOW}")
        done = _run([command, "validate", "-json", "-no-color"], folder, timeout)
    try:
        diagnostics = json.loads(done.stdout)["diagnostics"]
    except (ValueError, KeyError, TypeError):
        raise Missing(
            f"{Path(command).name} validate: {_first_error(done.stderr or done.stdout)}: {HOW}"
        ) from None
    return joined(made, diagnostics)


def joined(made: Export, diagnostics: list[dict[str, Any]]) -> list[Refusal]:
    """Diagnostics of `validate -json` with the resources that they mean."""
    by_address = {block.address: block for block in made.blocks}
    places = spans(made)
    lacking = {note.urn for note in made.of_kind("argument")}
    found = []
    for one in diagnostics:
        block = by_address.get(str(one.get("address") or "")) or _by_line(places, one.get("range") or {})
        detail = str(one.get("detail") or "").strip()
        summary = str(one.get("summary") or "").strip()
        ours = summary in _OF_THE_EXPORT or (
            detail.startswith('The argument "') and block is not None and block.urn in lacking
        )
        found.append(
            Refusal(
                "error" if one.get("severity") == "error" else "warning",
                "export" if ours else "provider",
                _sentence(summary, detail),
                block.urn if block else "",
                block.address if block else "",
                block.source if block else "",
            )
        )
    found = list(
        {(it.urn, it.severity, _without_argument(it.message)): it for it in reversed(found)}.values()
    )
    order = {block.urn: number for number, block in enumerate(made.blocks)}
    return sorted(found, key=lambda it: (order.get(it.urn, len(order)), it.severity, it.message))


def _by_line(places: list[Span], range: Mapping[str, Any]) -> Any:
    file, line = range.get("filename"), (range.get("start") or {}).get("line", 0)
    return next((it.block for it in places if it.file == file and it.first <= line <= it.last), None)


def _sentence(summary: str, detail: str) -> str:
    """One line that says what is wrong, without saying it twice."""
    detail = " ".join(detail.split())
    if not detail or detail in summary:
        return summary
    return detail if summary in detail else f"{summary}: {detail}"


def _without_argument(message: str) -> str:
    """What is wrong with several arguments together is said once for each of them."""
    return _ARGUMENT.sub("", message) if "only one of" in message or "one of `" in message else message


def _run(command: list[str], folder: str, timeout: float) -> subprocess.CompletedProcess[str]:
    """Runs with no credentials: nothing here may ask an account anything."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    if not Path(environment.get("TF_CLI_CONFIG_FILE", "")).is_file():
        environment.pop("TF_CLI_CONFIG_FILE", None)
    environment |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(command[0]).name} {command[1]} did not end within {timeout:g} s") from None
    except OSError as error:
        raise Missing(f"{command[0]} cannot be run: {error.strerror}: {HOW}") from None


def _first_error(text: str) -> str:
    lines = [line.strip(" │╷╵") for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith(("Warning", "Initializing"))]
    start = next((number for number, line in enumerate(said) if line.startswith("Error")), 0)
    return " ".join(said[start : start + 4])[:400] or "it said nothing"
