"""A place of its own for the real engine: programs, plugins, home folder, state and a world to change.

    box = Sandbox(tmp_path)
    project = box.project(ROOT)
    box.pulumi("stack", "init", "dev", cwd=project)
    box.pulumi("preview", "--json", "--show-sames", cwd=project)

The engine is real (`make tools` builds it). The language host and the providers behind it stand in for
the vendor's: they come by path, from a copy of the project's `Pulumi.yaml`, never from the shipped one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
PROVIDERS = {"aws": "tests.engine.aws", "kubernetes": "tests.engine.kubernetes"}
"""The stand-ins: package name and the module that serves it."""
LIMIT = 600.0
"""Seconds that one command of the engine may take."""
STATE_AT_THE_END = {
    "PULUMI_SKIP_CHECKPOINTS": "true",
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
}
"""Variables for what no engine is killed in: writing all of a large state after each step takes minutes."""
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def has_engine() -> bool:
    return (TOOLS / "pulumi").exists()


@dataclass(frozen=True)
class Sandbox:
    """`folder` holds everything; `extra` are variables for every command, the stand-ins included."""

    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def world(self) -> Path:
        """What the stand-ins created, over all runs and stacks."""
        return self.folder / "world"

    @cached_property
    def bin(self) -> Path:
        """Commands that stand in for the vendor's, to come first in PATH."""
        folder = self.folder / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        host = Path(__file__).with_name("language_host.py")
        _executable(folder / "pulumi-language-python", f'exec "{sys.executable}" "{host}" "$@"')
        for package, module in PROVIDERS.items():
            (folder / package).mkdir(exist_ok=True)
            _executable(
                folder / package / f"pulumi-resource-{package}",
                f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m {module} "$@"',
            )
        return folder

    @cached_property
    def environment(self) -> dict[str, str]:
        """Variables under which `pulumi` and `tradewind` see this sandbox only."""
        for name in ("home", "state", "world"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {
            **kept,
            "PATH": os.pathsep.join([str(self.bin), str(TOOLS), str(Path(sys.executable).parent), kept["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "sandbox",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "TRADEWIND_PROGRAM_EXECUTOR": str(TOOLS / "pulumi-language-python-exec"),
            "TRADEWIND_SDK_GENERATOR": str(TOOLS / "pulumi-codegen"),
            "TRADEWIND_WORLD": str(self.world),
            **self.extra,
        }  # fmt: skip

    def project(self, source: Path, name: str = "") -> Path:
        """A copy of the Pulumi project in `source` whose plugins are the stand-ins.

        Of this project itself only what its stacks are is copied; the rooms are those installed.
        """
        target = self.folder / "projects" / (name or source.name)
        if source == ROOT:
            shutil.copytree(ROOT / "stacks", target / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "Pulumi.yaml", target)
        else:
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        file = target / "Pulumi.yaml"
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        document["runtime"] = {
            "name": "python",
            "options": {"toolchain": "pip", "virtualenv": str(Path(sys.prefix))},
        }
        document["plugins"] = {
            "providers": [{"name": package, "path": str(self.bin / package)} for package in PROVIDERS]
        }
        file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return target

    def pulumi(
        self, *arguments: str, cwd: Path, check: bool = True, timeout: float = LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run the engine's command in `cwd`, without questions."""
        return self.run("pulumi", *arguments, "--non-interactive", cwd=cwd, check=check, timeout=timeout)

    def run(
        self, *command: str, cwd: Path, check: bool = True, timeout: float = LIMIT
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` in the sandbox; with `check`, a failure raises with what was printed."""
        done = subprocess.run(
            command, cwd=cwd, env=self.environment, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


def _executable(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
