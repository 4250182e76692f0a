"""What a deployment would do to each resource: a pure function of the graph before and the graph after.

    difference = diff(before, after)
    difference.steps            one for each resource, as the engine would plan it
    difference.losing           stores whose data would be gone
    difference.refused          what the engine would not do, because the resource is protected

`before` is a state (`plan.state`), or an offline plan of what is deployed; `after` an offline plan. An output
of something that stays is what it was; one of something new or replaced is unknown, and an unknown value is
a change, as it is to the engine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from plan.changes import Change, root
from plan.data_stores import holds_data
from plan.diff_inputs import Inputs, deletes_first
from plan.graph import Graph, Resource
from plan.matching import matched

__all__ = ["SCHEMA", "Diff", "Operation", "Step", "diff"]

SCHEMA = "tradewind.steps/1"

Operation = Literal["create", "update", "replace", "delete", "same", "read", "discard"]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one resource.

    `renamed_from` is its URN before, where an alias leads to it. `changes` are the inputs that part;
    `replaces` names the properties that make it another resource, or `provider` when its provider is another
    one. `follows` are resources which go before their successors come, and with which it must go.
    `deletes_first` says that the old one goes before the new one comes. `refused` is why the engine would
    not do it; `retained` that the thing itself stays when its resource goes; `loses_data` that what is
    stored in it is lost.
    """

    urn: str
    type: str
    name: str
    region: str
    operation: Operation
    renamed_from: str = ""
    changes: tuple[Change, ...] = ()
    replaces: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    deletes_first: bool = False
    refused: str = ""
    retained: bool = False
    loses_data: bool = False


@dataclass(frozen=True)
class Diff:
    """The steps, in the order of the graph after; what goes comes last, dependents first."""

    steps: tuple[Step, ...]

    @cached_property
    def by_urn(self) -> Mapping[str, Step]:
        return {step.urn: step for step in self.steps}

    @property
    def counts(self) -> dict[str, int]:
        """Managed resources by operation, those with none left out."""
        return dict(Counter(step.operation for step in self.steps))

    @property
    def refused(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.refused)

    @property
    def losing(self) -> tuple[Step, ...]:
        """The stores that are replaced or deleted with what is in them."""
        return tuple(step for step in self.steps if step.loses_data)

    def to_json(self) -> str:
        """The versioned document: the same difference gives the same bytes."""
        document = {
            "schema": SCHEMA,
            "counts": self.counts,
            "steps": [_row(step) for step in self.steps],
        }
        return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def diff(before: Graph, after: Graph) -> Diff:
    """The steps from `before` to `after`. Stacks themselves and default providers are not among them."""
    pairs = matched(before, after)
    made: dict[str, Step] = {}
    inputs = Inputs(before, after, {old: new for new, old in pairs.items()}, made)
    for resource in after:
        if _counts(resource):
            old = before.get(pairs.get(resource.urn, ""))
            made[resource.urn] = _step(inputs, old, resource)
    kept = set(pairs.values())
    gone = [_gone(resource) for resource in before if _counts(resource) and resource.urn not in kept]
    return Diff((*made.values(), *reversed(gone)))


def _counts(resource: Resource) -> bool:
    default = resource.is_provider and resource.name.startswith("default")
    return resource.type != "pulumi:pulumi:Stack" and not default


def _step(inputs: Inputs, old: Resource | None, new: Resource) -> Step:
    if new.external:
        return _plain(new, "read")
    if old is None or old.external:
        return _plain(new, "create")
    found = tuple(inputs.changes(old, new))
    replaces = tuple(dict.fromkeys(root(change.path) for change in found if change.replaces))
    if inputs.has_new_provider(new):
        replaces = ("provider", *replaces)
    follows = tuple(dict.fromkeys(inputs.follows(old, new)))
    operation: Operation = "replace" if replaces or follows else "update" if found else "same"
    retained = operation == "replace" and bool(old.options.get("retainOnDelete"))
    return Step(
        urn=new.urn,
        type=new.type,
        name=new.name,
        region=new.region,
        operation=operation,
        renamed_from=old.urn if old.urn != new.urn else "",
        changes=found,
        replaces=replaces,
        follows=follows,
        deletes_first=operation == "replace" and deletes_first(old, new),
        # Taking the protection away and replacing may happen at once.
        refused=_PROTECTED if operation == "replace" and old.protect and new.protect else "",
        retained=retained,
        loses_data=operation == "replace" and holds_data(old.type) and not retained,
    )


_PROTECTED = "the resource is protected"


def _plain(resource: Resource, operation: Operation) -> Step:
    return Step(resource.urn, resource.type, resource.name, resource.region, operation)


def _gone(resource: Resource) -> Step:
    if resource.external:
        return _plain(resource, "discard")
    retained = bool(resource.options.get("retainOnDelete"))
    return Step(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        region=resource.region,
        operation="delete",
        refused=_PROTECTED if resource.protect else "",
        retained=retained,
        loses_data=holds_data(resource.type) and not retained,
    )


def _row(step: Step) -> dict[str, Any]:
    row: dict[str, Any] = asdict(step)
    kept = ("urn", "type", "name", "operation")
    return {name: item for name, item in row.items() if name in kept or item not in ("", (), [], False)}
