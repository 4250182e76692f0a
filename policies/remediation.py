"""What could be added without asking anybody: the one allowed value of a required tag, a switch to hand
tags on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plan.graph import Graph
from policies.config import Config
from policies.surroundings import Surroundings
from policies.tagging import Addition, own_gaps, propagation_gaps
from policies.view import Undetermined, View

__all__ = ["Fix", "additions", "apply", "fixes"]


@dataclass(frozen=True, slots=True)
class Fix:
    """One value that would be set: `path` is dotted, inside the inputs of the resource `urn`."""

    rule: str
    urn: str
    path: str
    value: Any
    source: str = ""


def fixes(graph: Graph, config: Config) -> tuple[Fix, ...]:
    """Everything that would be added, in the order of the graph. Gaps that need a decision have none."""
    around = Surroundings(graph, config)
    found: list[Fix] = []
    for resource in graph:
        if resource.is_managed:
            for rule, addition in additions(View(resource, around)):
                path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in addition.path)
                found.append(Fix(rule, resource.urn, path.lstrip("."), addition.value, resource.source))
    return tuple(found)


def additions(view: View) -> Iterator[tuple[str, Addition]]:
    """The additions for one resource with the rule that each would satisfy; hidden tags are left alone."""
    for rule, gaps in (("required-tags", own_gaps), ("tag-propagation", propagation_gaps)):
        try:
            for gap in gaps(view):
                yield from ((rule, addition) for addition in gap.additions)
        except Undetermined:
            continue


def apply(props: Any, addition: Addition) -> None:
    """Set `addition` inside `props` (mappings and lists that can be written to), making what is missing."""
    *way, last = addition.path
    holders = [props]
    for part, following in zip(way, addition.path[1:], strict=True):
        if isinstance(part, str) and holders[-1].get(part) is None:
            holders[-1][part] = [] if isinstance(following, int) else {}
        holders.append(holders[-1][part])
    if isinstance(last, int) and last == len(holders[-1]):
        # The SDK's list proxies cannot append, so the list is replaced by a longer one.
        holders[-2][way[-1]] = [*holders[-1], addition.value]
    else:
        holders[-1][last] = addition.value
