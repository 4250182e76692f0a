"""Pulumi's Automation API, as this room needs it. The only module here that imports the SDK.

It differs from what the SDK does by itself in four ways: engines are stopped in order (`deploy.process`);
the stack that a person has selected stays selected; the engine's version is asked for once; and an up
does not decrypt every output to hand them back to nobody.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pulumi.automation import LocalWorkspace, PulumiCommand, Stack, UpdateSummary
from pulumi.automation._cmd import CommandResult, OnOutput
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import create_command_error

from deploy.process import ENGINES

__all__ = ["drive", "workspace"]

# The SDK prints every event that it does not know yet.
warnings.filterwarnings("ignore", module=r"pulumi\.automation")


class _Command(PulumiCommand):
    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        done = ENGINES.run([self.command, "--non-interactive", *args], cwd, environment)
        for hear, text in ((on_output, done.stdout), (on_error, done.stderr)):
            if hear:
                for line in text.splitlines():
                    hear(line)
        result = CommandResult(stderr=done.stderr, stdout=done.stdout, code=done.returncode)
        if done.returncode:
            raise create_command_error(result)
        return result


class _Workspace(LocalWorkspace):
    def create_stack(self, stack_name: str) -> None:
        provider = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        self._run_pulumi_cmd_sync(["stack", "init", stack_name, "--no-select", *provider])

    def select_stack(self, stack_name: str) -> None:
        """Nothing: every command names its stack."""


class _Stack(Stack):
    def outputs(self) -> dict[str, Any]:
        return {}

    def info(self, show_secrets: bool | None = None) -> UpdateSummary:
        # What an up returns must have a summary; nobody reads this one.
        now = datetime.now(tz=UTC)
        return UpdateSummary(kind="", start_time=now, message="", environment={}, config={}, result="")


def workspace(folder: str, variables: Mapping[str, str], secrets_provider: str = "") -> LocalWorkspace:
    """The project in `folder` with `variables` for the engine, on top of this process's own."""
    return _Workspace(
        work_dir=folder,
        env_vars=dict(variables),
        secrets_provider=secrets_provider or None,
        pulumi_command=_command(shutil.which("pulumi")),
    )


def drive(name: str, workspace: LocalWorkspace) -> Stack:
    """The stack called `name`; whether there is one, its first operation tells."""
    return _Stack(name, workspace, StackInitMode.SELECT)


@cache
def _command(path: str | None) -> PulumiCommand:
    return _Command()
