"""Inputs that the provider would refuse: the plan is shown, and then this is said with exit code 1."""

from __future__ import annotations

from plan.graph import Graph, name_of
from problems import InputError, Problem

__all__ = ["refuse_wrong_inputs"]


def refuse_wrong_inputs(graph: Graph) -> None:
    """Raise `InputError` with every input of `graph` that its provider's own types do not allow."""
    problems = [
        Problem(
            finding.source,
            f"{name_of(finding.urn)}.{finding.path}",
            finding.message,
            "the provider's types do not allow it",
            "mend this line of the program",
        )
        for finding in graph.findings
        if finding.is_error
    ]
    if problems:
        raise InputError(problems, "a deployment would fail here")
