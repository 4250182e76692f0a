"""Bringing a stack whose engine was killed back into order, so that the next `tradewind up` reaches its goal.

    decisions = decide(document, lookup)
    perform(stack, decisions)

What was being changed or deleted, a refresh looks up by its id. What was being created has no id in the
state: it is found (`deploy.lookup`) and imported, or, where it is not there, forgotten. Engine 3.259 has an
option for it, `refresh --import-pending-creates`, which only forgets the operation: the next update would
create the resource a second time. `stack export | stack import` forgets all of them in silence, too.
"""

from __future__ import annotations

import enum
import json
import re
import shlex
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.lookup import Answer, How, Lookup, place_of
from deploy.pending import CREATING, Pending, pending_of
from deploy.stack import CellStack, command, export
from problems import Missing

__all__ = ["Action", "Decision", "Recovery", "commands", "decide", "import_file", "perform"]


_ROOT = "pulumi:pulumi:Stack"
_UNPROTECTED = ("--protect=false", "--generate-code=false", "--skip-preview", "--yes")
"""Options of an import: whether a resource is protected is the program's to say, and it has the code."""


class Action(enum.Enum):
    """What to do about a pending operation."""

    REFRESH = "refresh"
    """A refresh finds out what became of it."""
    IMPORT = "import"
    """It is imported by its id; where that is not there, it is forgotten."""
    FORGET = "forget"
    """It does not exist, or the state holds it already."""
    LOOK = "look"
    """A person must look: no id tells it from others."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`id` is what it is imported by; `why` is one sentence.

    `may_lag` says that it rests on an index that may be a minute behind: something just made is not in it.
    """

    pending: Pending
    action: Action
    why: str
    id: str = ""
    may_lag: bool = False


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of each pending operation: URNs. `left` still wait for a person."""

    imported: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    refreshed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def decide(document: Mapping[str, Any], lookup: Lookup, *, offline: bool = False) -> tuple[Decision, ...]:
    """What to do about each pending operation of the exported state `document`.

    Raises `Missing` when AWS must be asked and cannot be; with `offline`, that is what a decision says.
    """
    rows = (document.get("deployment") or {}).get("resources") or ()
    held = {row["urn"]: row.get("id", "") for row in rows if not row.get("delete")}
    found = []
    for one in pending_of(document):
        if one.operation != CREATING:
            found.append(
                Decision(one, Action.REFRESH, f"a refresh finds out whether the {_noun(one)} was done")
            )
            continue
        if one.is_in_state_only:
            found.append(Decision(one, Action.FORGET, "nothing of it is outside the state"))
            continue
        try:
            answer = lookup.ask(one, place_of(one, document))
        except Missing as error:
            if not offline:
                raise
            found.append(Decision(one, Action.LOOK, str(error)))
        else:
            found.append(_of_creation(one, answer, held))
    return tuple(found)


def _of_creation(pending: Pending, answer: Answer, held: Mapping[str, str]) -> Decision:
    if pending.is_replacement:
        # One URN holds one resource: while the old one is there, the new one cannot be taken in.
        if answer.how is not How.INPUTS and not answer.ids:
            return Decision(pending, Action.FORGET, "the state holds it, and AWS has no second one")
        if answer.how is How.INPUTS and held[pending.urn] in answer.ids:
            return Decision(pending, Action.FORGET, "the state holds it")
        why = "it was to replace what the state holds under this URN: delete the new one by hand where it is there"
        return Decision(pending, Action.LOOK, f"{why}: {', '.join(answer.ids) or answer.look_for}")
    if answer.how is How.NOTHING:
        return Decision(pending, Action.LOOK, f"look for {answer.look_for}")
    if not answer.ids:
        why = "AWS has none, so it was not created"
        return Decision(pending, Action.FORGET, why, may_lag=answer.how is How.TAGS)
    if len(answer.ids) > 1:
        return Decision(
            pending, Action.LOOK, f"AWS has several: {', '.join(answer.ids)}; one is this resource"
        )
    why = "by its inputs this is its id, and it is imported if it is there"
    return Decision(
        pending, Action.IMPORT, why if answer.how is How.INPUTS else answer.how.value, answer.ids[0]
    )


def _noun(pending: Pending) -> str:
    words = {"updating": "update", "deleting": "deletion", "reading": "read", "importing": "import"}
    return words.get(pending.operation, pending.operation)


def commands(stack: str, decisions: Sequence[Decision]) -> tuple[str, ...]:
    """The commands, in their order, that do by hand what `perform` does."""
    lines = [
        shlex.join(["pulumi", *_import_one(one), "--stack", stack])
        for one in decisions
        if one.action is Action.IMPORT
    ]
    if decisions:
        clear = not any(one.action is Action.LOOK for one in decisions)
        lines.append(shlex.join(["pulumi", *_refresh(_targets(decisions), clear=clear), "--stack", stack]))
    return tuple(lines)


def _import_one(decision: Decision) -> list[str]:
    pending = decision.pending
    line = ["import", pending.type, pending.name, decision.id]
    for option, urn in (("--parent", pending.parent), ("--provider", pending.provider)):
        if urn and not _is_root(urn):
            line += [option, f"{option[2:]}={urn}"]
    return [*line, *_UNPROTECTED]


def _is_root(urn: str) -> bool:
    return f"::{_ROOT}::" in urn


def _refresh(targets: Collection[str], *, clear: bool) -> list[str]:
    line = ["refresh", "--skip-preview", "--yes", *(["--clear-pending-creates"] if clear else [])]
    for urn in targets:
        line += ["--target", urn]
    return line


def _targets(decisions: Sequence[Decision]) -> list[str]:
    """What a refresh has to look at; at least something, as it would look at everything else."""
    wanted = [one.pending.urn for one in decisions if one.action is Action.REFRESH]
    return list(dict.fromkeys(wanted)) or [_root(decisions[0].pending.urn)]


def _root(urn: str) -> str:
    """The URN of the stack that the resource with `urn` is in."""
    stack, project = urn.removeprefix("urn:pulumi:").split("::")[:2]
    return f"urn:pulumi:{stack}::{project}::{_ROOT}::{project}-{stack}"


def import_file(decisions: Sequence[Decision]) -> dict[str, Any]:
    """What `pulumi import --file` takes, for every resource that is imported."""
    table: dict[str, str] = {}
    rows = []
    for decision in decisions:
        if decision.action is not Action.IMPORT:
            continue
        pending = decision.pending
        row = {"type": pending.type, "name": pending.name, "id": decision.id}
        for key, urn in (("parent", pending.parent), ("provider", pending.provider)):
            if urn and not _is_root(urn):
                row[key] = next((name for name, it in table.items() if it == urn), f"{key}{len(table)}")
                table[row[key]] = urn
        rows.append(row)
    return {"nameTable": table, "resources": rows}


def perform(
    stack: CellStack, decisions: Sequence[Decision], tell: Callable[[str], None] = lambda text: None
) -> Recovery:
    """Carry out `decisions`; what waits for a person keeps its place in the state.

    Raises `CommandError` where the engine cannot do it; running it again goes on from there.
    """
    wanted = [one for one in decisions if one.action is Action.IMPORT]
    absent = _import(stack, wanted, tell) if wanted else set()
    kept = [one for one in decisions if one.pending.urn not in absent]
    clear = not any(one.action is Action.LOOK for one in decisions)
    tell("looking at what was under way")
    command(stack, *_refresh(_targets(decisions), clear=clear))
    done = {action: tuple(one.pending.urn for one in kept if one.action is action) for action in Action}
    return Recovery(
        imported=done[Action.IMPORT],
        forgotten=(*done[Action.FORGET], *sorted(absent)),
        refreshed=done[Action.REFRESH],
        left=done[Action.LOOK],
    )


# How providers say of an id that there is nothing of the kind; other errors end the recovery.
_ABSENT = r"error: [^\n]*(?:does not exist|not found|couldn't find resource|NotFound|NoSuch)"


def _import(stack: CellStack, wanted: Sequence[Decision], tell: Callable[[str], None]) -> set[str]:
    """Import what is there of `wanted`; URNs of what is not.

    One command for all, and again without those of which the provider says that they do not exist.
    """
    from pulumi.automation.errors import CommandError

    left = list(wanted)
    absent: set[str] = set()
    while left:
        tell(f"importing {', '.join(one.pending.name for one in left)}")
        try:
            _import_at_once(stack, left)
            return absent
        except CommandError as error:
            there = {row["urn"] for row in export(stack).get("deployment", {}).get("resources", [])}
            gone = _absent(str(error), left)
            if not gone:
                raise
            tell(f"{len(gone)} of them are not there")
            absent |= gone
            left = [one for one in left if one.pending.urn not in gone | there]
    return absent


def _absent(said: str, wanted: Sequence[Decision]) -> set[str]:
    """URNs of `wanted` of which the engine, naming resources by URN, said that there is no such thing."""
    return {
        one.pending.urn
        for one in wanted
        if re.search(rf"{re.escape(one.pending.urn)}(?::\s*\n\s+|[ ][^\n]*?){_ABSENT}", said)
    }


def _import_at_once(stack: CellStack, wanted: Sequence[Decision]) -> None:
    with tempfile.TemporaryDirectory(prefix="tradewind-import-") as folder:
        file = Path(folder, "import.json")
        file.write_text(json.dumps(import_file(wanted)), encoding="utf-8")
        command(stack, "import", "--file", str(file), "--urns", *_UNPROTECTED)
