"""Deploying the shipped environments in a sandbox: the rooms that `tradewind up` is made of, in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.answers import policy_config
from cli.engine_options import packs_given
from cli.target import Plan
from deploy.events import Outcome
from deploy.location import stacks_of
from deploy.stack import Operation, Options, run
from deploy.waves import in_waves
from plan.graph import Graph
from stacks.specification import Environment, load
from tests.engine.sandbox import ROOT, Sandbox

__all__ = ["deploy", "deployable", "inside", "lift_protection", "specification"]


@contextmanager
def inside(box: Sandbox) -> Iterator[None]:
    """This process sees what commands in `box` see."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
            patch.delenv(name)
        for name, value in box.environment.items():
            patch.setenv(name, value)
        yield


def deployable(box: Sandbox) -> Path:
    """A copy of this project whose environments keep their state in the sandbox."""
    project = box.project(ROOT, "tradewind")
    for name in ("staging", "prod"):
        file = project / "stacks" / f"{name}.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(
            f"{text}\nstate: {{backend: current, secrets_provider: passphrase}}\n", encoding="utf-8"
        )
    return project


def specification(project: Path, name: str) -> Environment:
    return load(project / "stacks" / f"{name}.yaml")


def deploy(project: Path, name: str, *, rules: bool = True) -> Sequence[Outcome]:
    """`up` of every cell of an environment, wave by wave; with `rules`, each at its own level."""
    environment = specification(project, name)
    settings = policy_config(Plan(name, Graph.of(()), 0.0, (), environment))
    with packs_given(ROOT, settings, (), not rules, "nothing was deployed") as packs:
        options = Options(policy_packs=packs.folders, policy_configs=packs.configs)
        report = in_waves(stacks_of(environment, project), lambda stack: run(stack, Operation.UP, options))
    return report.outcomes


def lift_protection(project: Path, name: str) -> None:
    """What somebody does before an environment goes for good."""
    file = project / "stacks" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"protection: off\n{text}", encoding="utf-8")
