"""`tradewind doctor`: what is installed, which version, and what is missing for what."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

import click

from cli.options import format_option
from cli.output import console, emit_json

__all__ = ["Part", "command", "parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """Something a command needs: `needed_for` names the commands, `get` says how to install it."""

    name: str
    version: str
    needed_for: str
    get: str

    @property
    def found(self) -> bool:
        return bool(self.version)


LIBRARIES = (
    ("pulumi", "this project's own stacks", "pip install 'tradewind[stacks]', or `make setup` in a clone"),
    (
        "pulumi-aws",
        "this project's own stacks",
        "pip install 'tradewind[stacks]', or `make setup` in a clone",
    ),
    (
        "pulumi-kubernetes",
        "this project's own stacks",
        "pip install 'tradewind[stacks]', or `make setup` in a clone",
    ),
    (
        "pulumi-policy",
        "check --pack, the rules as a CrossGuard pack",
        "pip install 'tradewind[policy]', or `make setup` in a clone",
    ),
)
TOOLS = (
    (
        "pulumi",
        ("pulumi", "version"),
        "pulumi up and preview (planning needs no engine)",
        "the Pulumi CLI, from the vendor's installation page",
    ),
    (
        "terraform",
        ("terraform", "version"),
        "checks of the exported configuration",
        "Terraform or OpenTofu, from the vendor's installation page",
    ),
    (
        "kubectl",
        ("kubectl", "version", "--client"),
        "looking at a cluster",
        "kubectl, from the Kubernetes installation page",
    ),
    ("dot", ("dot", "-V"), "drawing `export --to graphviz`", "Graphviz, from your system's packages"),
)
VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?[\w.+-]*")


def parts() -> tuple[Part, ...]:
    """Everything that some command needs, with the version found or an empty one."""
    python = Part("python", platform.python_version(), "everything", "")
    tradewind = Part("tradewind", version("tradewind"), "everything", "")
    libraries = (Part(f"{name} (library)", _library(name), use, get) for name, use, get in LIBRARIES)
    tools = (Part(name, _tool(call), use, get) for name, call, use, get in TOOLS)
    return (python, tradewind, *libraries, *tools)


def _library(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _tool(call: tuple[str, ...]) -> str:
    if shutil.which(call[0]) is None:
        return ""
    try:
        done = subprocess.run(
            call, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = VERSION.search(done.stdout + done.stderr)
    return match.group() if match else "unknown"


@click.command("doctor")
@format_option("text", "json")
def command(output: str) -> None:
    """Show what is installed, which version, and what is missing for what."""
    found = parts()
    if output == "json":
        emit_json(
            {
                "schema": "tradewind.doctor/1",
                "interpreter": sys.executable,
                "parts": [asdict(part) for part in found],
            }
        )
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for heading in ("", "version", "needed for", "how to get it"):
        table.add_column(heading, overflow="fold")
    for part in found:
        table.add_row(
            part.name, part.version or "missing", part.needed_for, "" if part.found else escape(part.get)
        )
    console().print(table)
