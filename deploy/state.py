"""What is the matter with a deployment: its state against its program, its rules and itself.

    found = examine(stack, program=graph, required=("owner", "cost-center"))

Nothing is changed. What only AWS knows is in `deploy.lookup` and `deploy.unmanaged`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.events import Failure, Step
from deploy.failures import told
from deploy.locks import Lock, locks_of
from deploy.pending import Pending, pending_of
from deploy.stack import CellStack, Operation, command, export, run
from deploy.torn import torn_notes
from plan.graph import Graph, Resource
from plan.state import graph_of
from plan.tags import effective
from plan.values import Unknown

__all__ = ["CellState", "Drift", "Half", "LastUpdate", "Orphan", "Untagged", "drift_of", "examine", "orphans_of", "untagged"]  # fmt: skip

_ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something in the state that the program does not have any more: the next update deletes it."""

    urn: str
    type: str
    id: str
    protect: bool


@dataclass(frozen=True, slots=True)
class Untagged:
    """Something that carries not all of the tags that say whose it is. `lacks` are their keys."""

    urn: str
    type: str
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Half:
    """Something that was made, but not to its end: the provider's own words."""

    urn: str
    type: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LastUpdate:
    """The last run that came to its end: what it was, its result and when it ended (ISO, UTC)."""

    kind: str
    result: str
    ended: str


@dataclass(frozen=True, slots=True)
class Drift:
    """What is not as the state says: `op` is update or delete, `changed` the properties."""

    urn: str
    type: str
    op: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellState:
    """One stack. `exists` is False for one that was never made; then everything else is empty.

    `written` is when the state was written last (ISO); `drift` is None where nobody looked; `failure`
    says why the state cannot be read, with everything else empty.
    """

    stack: str
    cell: str
    exists: bool = True
    resources: int = 0
    protected: int = 0
    to_create: int = 0
    to_delete: int = 0
    written: str = ""
    last: LastUpdate | None = None
    orphans: tuple[Orphan, ...] = ()
    untagged: tuple[Untagged, ...] = ()
    half_made: tuple[Half, ...] = ()
    pending: tuple[Pending, ...] = ()
    locks: tuple[Lock, ...] = ()
    drift: tuple[Drift, ...] | None = None
    failure: Failure | None = None
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)


def examine(
    stack: CellStack, program: Graph, required: Sequence[str], project: str, *, drift: bool = False
) -> CellState:
    """Everything that can be told of `stack`; `program` is the graph of the environment's program.

    `required` are the keys of the tags that every resource carries. With `drift`, the providers are asked
    how each resource stands. Raises `Missing` where locks in a bucket cannot be read.
    """
    from pulumi.automation.errors import CommandError

    if torn := torn_notes(stack, project):
        names = shlex.join(map(str, torn))
        message = "the engine was killed while it wrote a note beside its state, which is sound"
        return CellState(stack.stack, stack.cell, failure=Failure(message, fix=f"rm {names}"))
    try:
        document = export(stack)
        if not document:
            return CellState(stack.stack, stack.cell, exists=False)
        last = _last_update(command(stack, "stack", "history", "--json", "--page-size", "1", "--page", "1"))
        moved = drift_of(stack) if drift else None
    except CommandError as error:
        return CellState(stack.stack, stack.cell, failure=told((), str(error), stack.folder)[0])
    if isinstance(moved, Failure):
        return CellState(stack.stack, stack.cell, failure=moved)
    state = graph_of(document, stack.stack)
    deployment = document.get("deployment") or {}
    rows = [row for row in deployment.get("resources") or () if not row["type"].startswith("pulumi:")]
    wanted = [one for one in program if one.stack == stack.stack and one.is_managed]
    return CellState(
        stack=stack.stack,
        cell=stack.cell,
        resources=sum(one.is_managed for one in state),
        protected=sum(one.protect for one in state if one.is_managed),
        to_create=sum(one.urn not in state.resources for one in wanted),
        to_delete=sum(bool(row.get("delete")) for row in rows),
        written=str(deployment.get("manifest", {}).get("time", ""))[:19],
        last=last,
        orphans=tuple(orphans_of(state, program)),
        untagged=tuple(untagged(state, required)),
        half_made=tuple(Half(row["urn"], row["type"], tuple(row["initErrors"])) for row in rows if row.get("initErrors")),
        pending=pending_of(document),
        locks=locks_of(stack, project),
        drift=moved,
        document=document,
    )  # fmt: skip


def orphans_of(state: Graph, program: Graph) -> Iterator[Orphan]:
    """What `state` manages and `program` neither has nor has renamed."""
    renamed = {urn for one in program for urn in _aliases(one)}
    for one in state:
        if one.is_managed and one.urn not in program.resources and one.urn not in renamed:
            yield Orphan(one.urn, one.type, one.id, one.protect)


def _aliases(resource: Resource) -> Iterator[str]:
    """URNs under which a resource was known before; aliases by name are of the same stack and type."""
    aliases = resource.options.get("aliases")
    for alias in aliases if isinstance(aliases, list | tuple) else ():
        if isinstance(alias, str):
            yield alias
        elif isinstance(alias, Mapping):
            urn, name = alias.get("urn"), alias.get("name")
            if isinstance(urn, str) and urn:
                yield urn
            elif isinstance(name, str) and name:
                yield f"{resource.urn.removesuffix(resource.name)}{name}"


def untagged(state: Graph, required: Sequence[str]) -> Iterator[Untagged]:
    """What takes tags and lacks some of `required`."""
    for one in state:
        tags = effective(state, one) if one.is_managed else None
        if tags is None or isinstance(tags, Unknown):
            continue
        lacks = tuple(key for key in required if tags.get(key) in (None, ""))
        if lacks:
            yield Untagged(one.urn, one.type, lacks)


def drift_of(stack: CellStack) -> tuple[Drift, ...] | Failure:
    """What is not as the state says, as the providers answer now; or why they cannot be asked."""
    outcome = run(stack, Operation.DRIFT)
    if outcome.failures:
        return outcome.failures[0]
    return tuple(_drifted(outcome.steps))


def _drifted(steps: Sequence[Step]) -> Iterator[Drift]:
    for step in steps:
        if step.op in ("update", "delete") and not step.type.startswith("pulumi:"):
            yield Drift(step.urn, step.type, step.op, step.changed)


def _last_update(text: str) -> LastUpdate | None:
    rows = json.loads(text or "[]")
    if not rows:
        return None
    row = rows[0]
    return LastUpdate(row.get("kind", ""), row.get("result", ""), str(row.get("endTime", ""))[:19])
