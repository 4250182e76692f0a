"""One stack on the engine: its place in an environment, and running an operation on it.

stack = CellStack(folder, "prod-us-east-1", "us-east-1", wave=1, location=Location("s3://...", "awskms://..."))
outcome = run(stack, Operation.UP, Options(policy_packs=(pack,)))
"""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deploy.events import Failure, Outcome, Progress, Record
from deploy.failures import told
from deploy.process import ENGINES

__all__ = ["CellStack", "Location", "Operation", "Options", "command", "export", "opened", "run"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a stack's state is kept, what encrypts its secrets, and further variables for the engine.

    An empty `backend` is whichever this machine is logged in to.
    """

    backend: str = ""
    secrets_provider: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CellStack:
    """A stack of the project in `folder`, the cell it holds, and the wave it is deployed in."""

    folder: Path
    stack: str
    cell: str
    wave: int
    location: Location = field(default_factory=Location)


class Operation(enum.Enum):
    """What can be done to a stack."""

    PREVIEW = "preview"
    UP = "up"
    REFRESH = "refresh"
    DRIFT = "drift"
    """A refresh that is only previewed."""
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: policy packs (folders) with their configuration files, and the saved plan.

    `plan` is written by a preview and honoured by an up. `parallel` is how many resources at a time, 0
    for the engine's own default.
    """

    policy_packs: tuple[Path, ...] = ()
    policy_configs: tuple[Path, ...] = ()
    plan: Path | None = None
    parallel: int = 0
    refresh: bool = False


def run(
    stack: CellStack,
    operation: Operation,
    options: Options | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Run `operation` on `stack`; a preview and an up make it where it does not exist yet.

    Whatever goes wrong on the engine's side is in the outcome, never raised. Once `ENGINES` was asked to
    stop, nothing is begun any more.
    """
    from pulumi.automation.errors import CommandError, StackNotFoundError

    started = time.monotonic()
    record = Record(stack.stack, tell)
    failed = ""
    if ENGINES.asked:
        return Outcome(stack.stack, stack.cell, "not run")
    try:
        workspace = _workspace(stack)
        try:
            _perform(_drive(stack, workspace), operation, options or Options(), record)
        except StackNotFoundError:
            if operation not in (Operation.PREVIEW, Operation.UP):
                raise
            workspace.create_stack(stack.stack)
            _perform(_drive(stack, workspace), operation, options or Options(), record)
    except (CommandError, RuntimeError) as error:
        failed = str(error)
    result = ("interrupted" if ENGINES.asked else "failed") if failed else "succeeded"
    why = told(record.failures, failed, stack.folder, stopped=bool(ENGINES.asked)) if failed else ()
    outcome = Outcome(
        stack.stack,
        stack.cell,
        result,
        record.counts,
        record.steps,
        tuple(record.violations),
        why,
        tuple(record.warnings),
        time.monotonic() - started,
    )
    if result == "failed" and not why and not outcome.broken:
        fix = f"`pulumi preview --stack {stack.stack}` shows what it prints"
        return replace(outcome, failures=(Failure("the engine failed without saying why", fix=fix),))
    return outcome


def export(stack: CellStack) -> dict[str, Any]:
    """The stack's state as `pulumi stack export` writes it, secrets encrypted; {} where there is no stack.

    Raises `CommandError` when the backend cannot be reached.
    """
    from pulumi.automation.errors import StackNotFoundError

    try:
        text = command(stack, "stack", "export")
    except StackNotFoundError:
        return {}
    document: dict[str, Any] = json.loads(text)
    return document


def command(stack: CellStack, *arguments: str) -> str:
    """What `pulumi ARGUMENTS --stack STACK` prints. Raises `CommandError`.

    For what the Automation API has no call for, or (export) only one that decrypts secrets.
    """
    workspace = _workspace(stack)
    done = workspace.pulumi_command.run(
        [*arguments, "--stack", stack.stack], workspace.work_dir, workspace.env_vars
    )
    return str(done.stdout)


def opened(stack: CellStack) -> Any:
    """The Automation API's `Stack`, made where it does not exist yet. Raises `CommandError`."""
    workspace = _workspace(stack)
    if not export(stack):
        workspace.create_stack(stack.stack)
    return _drive(stack, workspace)


def _workspace(stack: CellStack) -> Any:
    from deploy.automation import workspace

    variables = {"PULUMI_SKIP_UPDATE_CHECK": "true", **stack.location.variables}
    if stack.location.backend:
        variables["PULUMI_BACKEND_URL"] = stack.location.backend
    return workspace(str(stack.folder), variables, stack.location.secrets_provider)


def _drive(stack: CellStack, workspace: Any) -> Any:
    from deploy.automation import drive

    return drive(stack.stack, workspace)


def _perform(stack: Any, operation: Operation, options: Options, record: Record) -> None:
    given: dict[str, Any] = {"on_event": record.hear, "color": "never"}
    if options.parallel:
        given["parallel"] = options.parallel
    if operation in (Operation.PREVIEW, Operation.UP):
        given["policy_packs"] = [str(path) for path in options.policy_packs] or None
        given["policy_pack_configs"] = [str(path) for path in options.policy_configs] or None
        given["plan"] = str(options.plan) if options.plan else None
        given["refresh"] = options.refresh or None
    match operation:
        case Operation.PREVIEW:
            stack.preview(**given)
        case Operation.UP:
            stack.up(show_secrets=False, **given)
        case Operation.REFRESH:
            stack.refresh(show_secrets=False, **given)
        case Operation.DRIFT:
            stack.refresh(show_secrets=False, preview_only=True, **given)
        case Operation.DESTROY:
            stack.destroy(show_secrets=False, **given)
