"""Which resource of the graph before is which of the graph after: by URN, else by alias.

As the engine does it: a resource's own aliases, and those it inherits when its parent was found under
another URN.
"""

from __future__ import annotations

from collections.abc import Iterator

from plan.graph import ROOT_TYPE, Graph, Resource, name_of

__all__ = ["matched"]


def matched(before: Graph, after: Graph) -> dict[str, str]:
    """URN after to URN before, of the resources that are in both."""
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for resource in after:
        for urn in (resource.urn, *_aliases(resource, pairs)):
            if urn in before and urn not in taken:
                pairs[resource.urn] = urn
                taken.add(urn)
                break
    return pairs


def _aliases(resource: Resource, pairs: dict[str, str]) -> Iterator[str]:
    own = [str(urn) for urn in resource.options.get("aliases", ())]
    yield from own
    parent, was = resource.parent, pairs.get(resource.parent, resource.parent)
    if was == parent:
        return
    for urn in (resource.urn, *own):
        yield _below(urn, parent, was)


def _below(urn: str, parent: str, was: str) -> str:
    """`urn` as it was when its parent was `was`: a name that begins with the parent's follows it."""
    _, kind, name = _parts(urn)
    own = kind.rpartition("$")[2]
    old_head, above, _ = _parts(was)
    if name.startswith(name_of(parent)):
        name = name_of(was) + name[len(name_of(parent)) :]
    return f"{old_head}::{own if above == ROOT_TYPE else f'{above}${own}'}::{name}"


def _parts(urn: str) -> tuple[str, str, str]:
    """Stack and project, types, name."""
    stack, project, kind, name = urn.split("::", 3)
    return f"{stack}::{project}", kind, name
