"""What `tradewind state --recover` does, cell by cell: break a dead lock, decide, ask, mend."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.exits import Exit
from problems import InputError, Missing, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.lookup import Lookup
    from deploy.recovery import Decision
    from deploy.stack import CellStack
    from stacks.specification import Environment

__all__ = ["decided", "lookup_of", "recovered", "waiting"]

UNDONE = "nothing was changed"


def lookup_of(environment: Environment, documents: Sequence[Mapping[str, Any]]) -> Lookup:
    """Looks in the environment's account, and never finds what one of its states holds already."""
    from components.catalogue import partition
    from deploy.lookup import Lookup

    rows = [
        row for document in documents for row in (document.get("deployment") or {}).get("resources") or ()
    ]
    taken = frozenset(row["id"] for row in rows if row.get("custom") and row.get("id"))
    home = environment.home_region
    return Lookup(environment.account_id, home, partition(home), taken=taken)


def decided(document: Mapping[str, Any], lookup: Lookup) -> tuple[Decision, ...]:
    """What to do about each pending operation; where AWS cannot be asked, the decision says so."""
    from deploy.recovery import decide

    return decide(document, lookup, offline=True)


def waiting(decisions: Sequence[Decision], written: str, settle: float, now: dt.datetime) -> float:
    """Seconds until AWS' index of tags knows of everything made before the state was `written` last."""
    if not any(decision.may_lag for decision in decisions):
        return 0.0
    try:
        since = dt.datetime.fromisoformat(written[:19]).replace(tzinfo=dt.UTC)
    except ValueError:
        return settle
    return min(settle, max(0.0, settle - (now - since).total_seconds()))


def recovered(
    environment: Environment,
    root: Path,
    stacks: Sequence[CellStack],
    *,
    yes: bool,
    unlock: bool,
    settle: float,
) -> int:
    """Mend every stack that needs it; the exit code. Raises `InputError`, `Missing`."""
    from deploy.engine import find_engine
    from deploy.ready import states
    from deploy.torn import torn_notes
    from plan.project import find

    find_engine()
    project = find(root).name
    torn = [path for stack in stacks for path in torn_notes(stack, project)]
    _clear(torn, yes)
    found = states(stacks, UNDONE)
    locked = _to_unlock(stacks, project, unlock, environment.name)
    lookup = lookup_of(environment, list(found.values()))
    plans = {stack.stack: _settled(stack, found[stack.stack], lookup, settle) for stack in stacks}
    todo = [stack for stack in stacks if stack in locked or plans[stack.stack]]
    if not todo:
        click.echo(
            f"{environment.name}: nothing {'more ' if torn else ''} is unfinished and nothing is locked"
        )
        return Exit.DONE
    for stack in todo:
        _announce(stack, plans[stack.stack], stack in locked)
    if not yes and not click.confirm("Do this?", err=True):
        raise click.Abort
    left = [urn for stack in todo for urn in _mend(stack, plans[stack.stack], stack in locked)]
    if left:
        click.echo(f"{len(left)} wait for you; then tradewind state {environment.name} --recover", err=True)
        return Exit.GATE
    click.echo(f"now   tradewind up {environment.name}")
    return Exit.DONE


def _clear(torn: Sequence[Path], yes: bool) -> None:
    """Take away torn notes, without which the state beside them can be read again."""
    for path in torn:
        click.echo(f"{path}: torn when the engine was killed, and not needed: taken away", err=True)
    if torn and not yes and not click.confirm("Do this?", err=True):
        raise click.Abort
    for path in torn:
        path.unlink(missing_ok=True)


def _to_unlock(stacks: Sequence[CellStack], project: str, unlock: bool, name: str) -> list[CellStack]:
    """Stacks with locks that nobody holds any more. Raises `InputError` where somebody may."""
    from deploy.locks import locks_of

    found, problems = [], []
    for stack in stacks:
        locks = locks_of(stack, project)
        for lock in locks:
            if lock.alive:
                but = "an update is running: only a dead engine's work can be mended"
                problems.append(Problem(stack.stack, "lock", str(lock), but, "wait for it to end"))
            elif lock.alive is None and not unlock:
                but = "whether its process still runs cannot be told from here"
                fix = f"look there; if it has ended: tradewind state {name} --recover --unlock"
                problems.append(Problem(stack.stack, "lock", str(lock), but, fix))
        if locks:
            found.append(stack)
    if problems:
        raise InputError(problems, UNDONE)
    return found


def _settled(
    stack: CellStack, document: Mapping[str, Any], lookup: Lookup, settle: float
) -> tuple[Decision, ...]:
    """Decisions that rest on an index which knows everything. Raises `Missing`."""
    from deploy.recovery import decide

    decisions = decide(document, lookup)
    written = str((document.get("deployment") or {}).get("manifest", {}).get("time", ""))
    if seconds := waiting(decisions, written, settle, dt.datetime.now(dt.UTC)):
        click.echo(f"{stack.stack}: waiting {seconds:.0f} s for AWS' index of tags", err=True)
        time.sleep(seconds)
        decisions = decide(document, lookup)
    return decisions


def _announce(stack: CellStack, decisions: Sequence[Decision], locked: bool) -> None:
    if locked:
        click.echo(f"{stack.stack}: its lock is broken", err=True)
    for one in decisions:
        id = f" {one.id}" if one.id else ""
        click.echo(f"{stack.stack}: {one.pending.operation} {one.pending.name}: {one.action.value}{id} ({one.why})", err=True)  # fmt: skip


def _mend(stack: CellStack, decisions: Sequence[Decision], locked: bool) -> tuple[str, ...]:
    """URNs that wait for a person. Raises `InputError`, `Missing` when the engine cannot do it."""
    from pulumi.automation.errors import CommandError

    from deploy.failures import told
    from deploy.recovery import perform
    from deploy.stack import command

    def tell(text: str) -> None:
        click.echo(f"{stack.stack}: {text}", err=True)

    try:
        if locked:
            command(stack, "cancel", "--yes")
        if not decisions:
            return ()
        done = perform(stack, decisions, tell)
    except CommandError as error:
        failure = told((), str(error), stack.folder)[0]
        if failure.missing:
            raise Missing(f"{stack.stack}: {failure.message}: {failure.fix}") from None
        fix = failure.fix or "mend it, then run this again: it goes on from where it is"
        raise InputError([Problem(stack.stack, "", failure.message, "the engine failed", fix)], "it is not mended") from None  # fmt: skip
    parts = {"imported": done.imported, "forgotten": done.forgotten, "looked up": done.refreshed}
    tell(", ".join(f"{len(urns)} {what}" for what, urns in parts.items() if urns) or "nothing to do")
    return done.left
