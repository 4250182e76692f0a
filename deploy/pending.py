"""Operations that an engine which was killed had begun and did not note the end of.

    for pending in pending_of(export(stack)):
        print(pending.operation, pending.urn)

Whether such a resource was made is not in the state: only the cloud can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CREATING", "Pending", "name_of", "pending_of"]

_PROVIDERS = "pulumi:providers:"
CREATING = "creating"
"""The one operation that a refresh does not resolve by itself: the state holds no id to ask for."""


@dataclass(frozen=True, slots=True)
class Pending:
    """`operation` in the engine's words: creating, updating, deleting, reading, importing.

    `inputs` are those that the operation began with, secrets encrypted; `id` is "" for what was being
    created. `parent` and `provider` are URNs, "" for none. `is_replacement` says that the state still
    holds another resource under the same URN, which was to be replaced. `is_in_state_only` says that
    nothing of it is anywhere else: a component, a provider.
    """

    urn: str
    type: str
    operation: str
    inputs: Mapping[str, Any]
    id: str = ""
    parent: str = ""
    provider: str = ""
    is_replacement: bool = False
    is_in_state_only: bool = False

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return name_of(self.urn)


def pending_of(document: Mapping[str, Any]) -> tuple[Pending, ...]:
    """What was under way, in the order in which it began, from the JSON of `pulumi stack export`.

    Empty for a stack that was never deployed ({} or no deployment). An operation stands once, also
    where several runs were killed at it.
    """
    deployment = document.get("deployment") or {}
    there = {row["urn"] for row in deployment.get("resources") or () if not row.get("delete")}
    found: dict[tuple[str, str], Pending] = {}
    for row in deployment.get("pending_operations") or ():
        resource = row["resource"]
        urn, operation = resource["urn"], row["type"]
        found[urn, operation] = Pending(
            urn=urn,
            type=resource["type"],
            operation=operation,
            inputs=resource.get("inputs") or {},
            id=resource.get("id", "") if operation != CREATING else "",
            parent=resource.get("parent", ""),
            provider=resource.get("provider", "").rpartition("::")[0],
            is_replacement=operation == CREATING and urn in there,
            is_in_state_only=not resource.get("custom") or resource["type"].startswith(_PROVIDERS),
        )
    return tuple(found.values())


def name_of(urn: str) -> str:
    """The last part of a URN; names themselves may hold "::"."""
    return urn.split("::", 3)[-1]
