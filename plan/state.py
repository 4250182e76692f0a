"""The graph of what is deployed, from the JSON of `pulumi stack export` (versions 3 and 4)."""

from __future__ import annotations

from typing import Any

from plan.graph import Graph
from plan.preview import stack_outputs
from plan.regions import with_regions
from plan.wire import Rows, kind_of, parse, resource
from problems import InputError, Problem

__all__ = ["graph_of", "read"]

COMMAND = "pulumi stack export"
VERSIONS = (3, 4)


def read(text: str, place: str) -> Graph:
    """The graph of a stack's state. `place` names the document in errors.

    Resources that wait for their deletion and views of others are left out; what the program only
    reads is kept as `external`. Raises `InputError` when `text` is no such document.
    """
    try:
        return graph_of(parse(text), place)
    except (ValueError, RecursionError) as error:
        problem = Problem(place, "", str(error)[:200], "it is no JSON document", f"write it with `{COMMAND}`")
        raise InputError([problem]) from error


def graph_of(document: Any, place: str) -> Graph:
    """The graph of a parsed document; the same errors as `read`."""
    rows = Rows(place)
    if not isinstance(document, dict):
        rows.wrong("", kind_of(document), "an exported stack is a JSON object", f"write it with `{COMMAND}`")
        raise InputError(rows.problems)
    version = document.get("version")
    if version not in VERSIONS or isinstance(version, bool):
        got = str(version) if isinstance(version, int) else kind_of(version)
        rows.wrong("version", got, "versions 3 and 4 can be read", "export it again with a current engine")
    deployment = rows.take(document, "deployment", dict, "stack")
    made = []
    for index, row in enumerate(rows.take(deployment, "resources", list, "deployment")):
        if isinstance(row, dict) and (row.get("delete") is True or row.get("viewOf")):
            continue
        made.append(resource(rows, row, f"deployment.resources[{index}]"))
    if rows.problems:
        raise InputError(rows.problems)
    table = {found.urn: found for found in made if found}
    if len(table) < len(made):
        # `Graph.of` says which URN comes twice.
        Graph.of((found for found in made if found), place=place)
    return Graph.of(with_regions(table.values()), place=place, origin="state", outputs=stack_outputs(table))
