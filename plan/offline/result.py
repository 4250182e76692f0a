"""From the child's answer to a graph, or to the one message that says what went wrong."""

from __future__ import annotations

from typing import Any

from plan.graph import Finding, Graph, Resource
from plan.offline.failures import problem_of
from plan.offline.process import Limits, Outcome
from plan.project import Program
from plan.regions import with_regions
from problems import InputError, Missing

__all__ = ["graph_of"]


def graph_of(program: Program, outcome: Outcome, limits: Limits, remarks: tuple[str, ...] = ()) -> Graph:
    """The graph of a run. Raises `InputError` or `Missing` when the program did not come to its end."""
    document = outcome.document
    if document is None or document.get("error") is not None:
        problem = problem_of(program, outcome, limits)
        raise problem if isinstance(problem, Missing) else InputError([problem])
    resources = with_regions(
        (_resource(row) for row in document["resources"]), program.config.get("aws:region", "")
    )
    return Graph.of(
        # Programs register what waits for the same thing in an order that differs from run to run.
        sorted(resources, key=lambda it: it.urn),
        place=program.place,
        origin="offline",
        assumptions=tuple(sorted({*document["assumptions"], *program.assumptions, *remarks})),
        findings=tuple(sorted((Finding(**found) for found in document["findings"]), key=_place)),
        outputs=document["outputs"],
    )


def _place(finding: Finding) -> tuple[str, int, str, str, str]:
    """Findings in the order of the program's lines."""
    file, _, line = finding.source.rpartition(":")
    return (file, int(line) if line.isdigit() else 0, finding.urn, finding.path, finding.message)


def _resource(row: dict[str, Any]) -> Resource:
    # Such names are bookkeeping: the code of a provider in Python, what a provider filled in itself.
    given = row.get("inputs", {})
    row["inputs"] = {name: item for name, item in given.items() if not name.startswith("__")}
    row["dependencies"] = tuple(row.get("dependencies", ()))
    if "property_dependencies" in row:
        row["property_dependencies"] = {
            key: tuple(urns) for key, urns in row["property_dependencies"].items()
        }
    return Resource(**row)
