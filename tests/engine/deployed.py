"""Stacks of this project that are up in a sandbox, each deployed once for all tests of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from plan import offline, state
from plan.graph import Graph
from plan.project import find
from tests.engine.sandbox import ROOT, STATE_AT_THE_END, Sandbox

SECOND = "second"
"""A tenant with nodes of its own, which the development environment gets here besides its only one."""

_kept: dict[str, Deployed] = {}


@dataclass(frozen=True)
class Deployed:
    """A stack that is up: `state` as the engine has it, `planned` as the offline plan had it before."""

    box: Sandbox
    folder: Path
    stack: str
    specification: dict[str, Any]
    state: Graph
    planned: Graph

    @property
    def file(self) -> Path:
        return self.folder / "stacks" / f"{self.stack.partition('-')[0]}.yaml"

    def offline(self) -> Graph:
        return offline.run(find(self.folder).program(self.stack))

    def edited(self, edit: Callable[[dict[str, Any]], None]) -> tuple[Graph, str, int]:
        """The offline plan, the engine's preview and its exit code, with the specification edited."""
        text = self.file.read_text(encoding="utf-8")
        document = yaml.safe_load(text)
        edit(document)
        try:
            self.file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
            done = self.box.pulumi(
                "preview", "--json", "--show-sames", "--stack", self.stack, cwd=self.folder, check=False
            )
            return self.offline(), done.stdout, done.returncode
        finally:
            self.file.write_text(text, encoding="utf-8")


def deployed(top: Path, stack: str) -> Deployed:
    """The stack `stack`, brought up below `top` when it is first asked for."""
    if stack not in _kept:
        box = Sandbox(top / stack, STATE_AT_THE_END)
        folder = box.project(ROOT, "tradewind")
        made = Deployed(box, folder, stack, {}, Graph({}), Graph({}))
        document = yaml.safe_load(made.file.read_text(encoding="utf-8"))
        document["state"] = {"backend": "current", "secrets_provider": "passphrase"}
        if stack == "dev":
            document["tenants"].append(
                {"name": SECOND, "tier": "bridge", "owner": "ml-platform", "cost_center": "cc-1000"}
            )
            document["cluster"]["node_pools"].append(
                {**document["cluster"]["node_pools"][0], "name": SECOND, "tenant": SECOND}
            )
        made.file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        box.pulumi("stack", "init", stack, cwd=folder)
        box.pulumi("up", "--yes", "--skip-preview", "--stack", stack, cwd=folder)
        text = box.pulumi("stack", "export", "--stack", stack, cwd=folder).stdout
        _kept[stack] = Deployed(box, folder, stack, document, state.read(text, stack), made.offline())
    return _kept[stack]
