"""Whether an environment's stacks can be deployed to: asked before anything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.changes import type_of
from deploy.events import Failure, Outcome
from deploy.failures import told
from deploy.location import require_access
from deploy.locks import locks_of
from deploy.pending import pending_of
from deploy.stack import CellStack, export
from plan.graph import name_of
from plan.project import find
from problems import InputError, Missing, Problem

__all__ = [
    "UNDONE", "blind_spots", "plan_file", "plans", "refuse_unfit", "refuse_unready", "states", "unfit",
    "with_blind_spots",
]  # fmt: skip

UNDONE = "nothing was deployed"
_SHOWN = 3
_SAVE = "tradewind preview ENV --save-plan DIR, review it, then `up` again"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a string that is not known yet."""
_BLIND = (
    "its configuration is known only during the deployment, so the saved plan cannot say what it fills in: "
    "`up --plan` may stop at what it makes; deploy for the first time without a plan"
)
_NEEDS_IT = frozenset({"same", "update", "delete", "replace"})


def states(stacks: Sequence[CellStack], undone: str = UNDONE) -> dict[str, dict[str, Any]]:
    """The state of every stack by its name, {} for one that does not exist yet.

    Raises `Missing` when a backend or what it needs is not there, `InputError` when it cannot be read.
    """
    for stack in stacks:
        require_access(stack)

    def read(stack: CellStack) -> dict[str, Any] | Problem | Missing:
        from pulumi.automation.errors import CommandError

        try:
            return export(stack)
        except CommandError as error:
            failure = told((), str(error), stack.folder)[0]
            if failure.missing:
                return Missing(f"{stack.stack}: {failure.message}: {failure.fix}")
            return Problem(stack.stack, "", failure.message, "its state cannot be read", failure.fix)

    with ThreadPoolExecutor(max(1, len(stacks))) as pool:
        found = dict(zip((stack.stack for stack in stacks), pool.map(read, stacks), strict=True))
    for state in found.values():
        if isinstance(state, Missing):
            raise state
    problems = [state for state in found.values() if isinstance(state, Problem)]
    if problems:
        raise InputError(problems, undone)
    return {name: state for name, state in found.items() if isinstance(state, dict)}


def refuse_unready(
    environment: str, stacks: Sequence[CellStack], found: Mapping[str, Mapping[str, Any]]
) -> None:
    """Raises `InputError` for every stack that an earlier run left unfinished, or that is locked."""
    problems = []
    fix = f"tradewind state {environment}   (says what to run)"
    for stack in stacks:
        project = find(stack.folder)
        if pending := pending_of(found[stack.stack]):
            names = ", ".join(f"{it.operation} {it.name}" for it in pending[:_SHOWN])
            more = f" and {len(pending) - _SHOWN} more" if len(pending) > _SHOWN else ""
            but = "an earlier run was killed meanwhile, and what became of it is not known"
            problems.append(Problem(stack.stack, "pending operations", names + more, but, fix))
        if holder := _lock(stack, project.name):
            but = "another run has locked the stack, or was killed while it had"
            problems.append(Problem(stack.stack, "lock", holder, but, fix))
        if stack.stack not in project.stacks:
            folder = project.config_folder
            but = "it says which environment and cell the stack holds"
            like = f"write it as those of other cells: {', '.join(project.stacks) or 'there are none'}"
            place = f"{folder.name}/Pulumi.{stack.stack}.yaml"
            problems.append(Problem(place, "", "no such file", but, like))
    if problems:
        raise InputError(problems, UNDONE)


def _lock(stack: CellStack, project: str) -> str:
    """Who holds the stack's lock, "" where nobody does or only the engine can tell."""
    try:
        held = locks_of(stack, project)
    except Missing:
        return ""
    return "; ".join(str(lock) for lock in held)


def plan_file(folder: Path, stack: str) -> Path:
    """Where the plan of `stack` is in a folder of saved plans."""
    return folder / f"{stack}.plan.json"


def plans(folder: Path, stacks: Sequence[CellStack]) -> dict[str, dict[str, Any]]:
    """The plans saved in `folder`, parsed, by stack.

    Raises `InputError` when a stack has none there, or one that cannot be read.
    """
    problems, found = [], {}
    for stack in stacks:
        path = plan_file(folder, stack.stack)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(document, dict) or not isinstance(document.get("resourcePlans"), dict):
                raise ValueError("it has no resourcePlans")
            found[stack.stack] = document
        except FileNotFoundError:
            but = f"{stack.stack} has no saved plan there"
            problems.append(Problem(str(path), "", "no such file", but, _SAVE))
        except (OSError, ValueError) as error:
            problems.append(Problem(str(path), "", str(error)[:200], "it is no saved plan", _SAVE))
    if problems:
        raise InputError(problems, UNDONE)
    return found


def refuse_unfit(
    folder: Path, saved: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]
) -> None:
    """Raises `InputError` for every saved plan that was made for another state than the stack's.

    The engine would do the part of it that still fits before it notices. What the program has become
    since only the engine can tell, resource by resource.
    """
    problems = []
    for stack, plan in saved.items():
        rows = (found[stack].get("deployment") or {}).get("resources") or ()
        there = {row["urn"] for row in rows if not row.get("delete")}
        if wrong := unfit(plan, there):
            names = ", ".join(wrong[:_SHOWN])
            more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            but = "what stands is not what the plan was made for"
            problems.append(Problem(str(plan_file(folder, stack)), "", names + more, but, _SAVE))
    if problems:
        raise InputError(problems, UNDONE)


def unfit(plan: Mapping[str, Any], there: Set[str]) -> list[str]:
    """Where `plan` was made for another state than one that holds the URNs `there`, in words."""
    wrong = []
    for urn, entry in plan["resourcePlans"].items():
        steps = entry.get("steps") or ()
        if "create" in steps and urn in there:
            wrong.append(f"{name_of(urn)} is to be created and is there already")
        elif _NEEDS_IT.intersection(steps) and urn not in there:
            wrong.append(f"{name_of(urn)} is to be there and is not")
    return wrong


def with_blind_spots(folder: Path, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """`outcomes` of previews, each with a warning for every provider that its saved plan cannot see.

    The engine does not let a provider fill in defaults while its configuration is unknown, as that of a
    cluster which is still to be made. What the provider then fills in is not in the plan, and an `up`
    that is bound by it stops there.
    """
    found = []
    for outcome in outcomes:
        path = plan_file(folder, outcome.stack)
        plan = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"resourcePlans": {}}
        warnings = tuple(Failure(_BLIND, urn) for urn in blind_spots(plan))
        found.append(replace(outcome, warnings=(*outcome.warnings, *warnings)))
    return found


def blind_spots(plan: Mapping[str, Any]) -> list[str]:
    """URNs of the providers whose configuration a saved plan does not know."""
    return [
        urn
        for urn, entry in plan["resourcePlans"].items()
        if type_of(urn).startswith("pulumi:providers:") and _UNKNOWN in json.dumps(entry.get("goal"))
    ]
