"""A graph as a Graphviz drawing: a cluster per stack, components nested, arrows to what is depended on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, TypeAlias

from plan.graph import Graph, Resource, stack_of

__all__ = ["Detail", "dot"]

Detail: TypeAlias = Literal["auto", "resources", "components"]

LARGE = 400
"""Above this many resources, `auto` draws components only: nobody reads a larger drawing."""

_INDENT = "  "


def dot(graph: Graph, *, detail: Detail = "auto") -> str:
    """The DOT source. The same graph gives the same bytes.

    With `components`, a component stands for all that is in it, and arrows inside one are left out;
    what is in no component stays. Providers are not drawn.
    """
    whole = detail == "resources" or (detail == "auto" and len(graph) <= LARGE)
    shown = {resource.urn: resource for resource in graph if _is_drawn(resource, graph, whole)}
    lines = ["digraph plan {", "  rankdir=LR;", "  compound=true;", "  node [shape=box, fontname=Helvetica];"]
    stacks: defaultdict[str, list[Resource]] = defaultdict(list)
    within: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in shown.values():
        parent = _drawn_ancestor(resource, graph, shown)
        (within[parent] if parent else stacks[stack_of(resource.urn)]).append(resource)
    ids = {urn: f"n{number}" for number, urn in enumerate(sorted(shown))}
    for stack in sorted(stacks):
        lines += [
            f"{_INDENT}subgraph {_quoted('cluster_stack_' + stack)} {{",
            f"{_INDENT * 2}label={_quoted(stack)};",
        ]
        for resource in stacks[stack]:
            lines += _drawn(resource, within, ids, 2)
        lines.append(f"{_INDENT}}}")
    lines += [f"{_INDENT}{ids[a]} -> {ids[b]};" for a, b in sorted(set(_edges(graph, shown)))]
    return "\n".join([*lines, "}", ""])


def _is_drawn(resource: Resource, graph: Graph, whole: bool) -> bool:
    if resource.is_provider or resource.type == "pulumi:pulumi:Stack":
        return False
    if whole or not resource.custom:
        return True
    return all(parent.type == "pulumi:pulumi:Stack" for parent in graph.ancestors(resource))


def _drawn_ancestor(resource: Resource, graph: Graph, shown: dict[str, Resource]) -> str:
    return next((parent.urn for parent in graph.ancestors(resource) if parent.urn in shown), "")


def _drawn(
    top: Resource, within: dict[str, list[Resource]], ids: dict[str, str], depth: int
) -> Iterator[str]:
    """A resource, or a component with all in it. Without recursion: programs may nest deep."""
    todo: list[tuple[Resource | None, int]] = [(top, depth)]
    while todo:
        resource, depth = todo.pop()
        pad = _INDENT * depth
        if resource is None:
            yield f"{pad}}}"
            continue
        kind = resource.type.rpartition(":")[2]
        place = f"\n{resource.region}" if resource.region else ""
        label = f"{resource.name}\n{kind}{place}"
        node = f"{ids[resource.urn]} [label={_quoted(label)}, tooltip={_quoted(resource.urn)}"
        inner = within.get(resource.urn, [])
        if not inner:
            yield f"{pad}{node}];"
            continue
        yield f"{pad}subgraph cluster_{ids[resource.urn]} {{"
        yield f"{pad}{_INDENT}label={_quoted(f'{resource.name} ({kind})')};"
        # The component's own node: arrows that mean it as a whole end there.
        yield f"{pad}{_INDENT}{node}, style=dashed];"
        todo.append((None, depth))
        todo += [(child, depth + 1) for child in reversed(inner)]


def _edges(graph: Graph, shown: dict[str, Resource]) -> Iterator[tuple[str, str]]:
    """From each resource to what it depends on, both raised to what is drawn."""
    raised: dict[str, str] = {}
    for resource in graph:
        raised[resource.urn] = (
            resource.urn if resource.urn in shown else _drawn_ancestor(resource, graph, shown)
        )
    for resource in graph:
        for urn in resource.dependencies:
            start, end = raised[resource.urn], raised.get(urn, "")
            if start and end and start != end and shown[start].parent != end:
                yield start, end


def _quoted(text: str) -> str:
    """A DOT string: quotes and backslashes escaped, line ends as `\\n`, other control characters dropped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(letter for letter in escaped if letter.isprintable()) + '"'
