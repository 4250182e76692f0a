"""The JSON documents of `tradewind preview` and `tradewind up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.pages.deployment import Deployment, source_of
from deploy.changes import changes_of, operations

if TYPE_CHECKING:
    from deploy.events import Failure, Outcome, Violation
    from plan.graph import Graph

__all__ = ["preview_document", "up_document"]


def preview_document(page: Deployment) -> dict[str, Any]:
    """`tradewind.preview/1` (`cli/schemas/preview.json`)."""
    return {"schema": "tradewind.preview/1", **_document(page)}


def up_document(page: Deployment) -> dict[str, Any]:
    """`tradewind.up/1` (`cli/schemas/up.json`)."""
    return {
        "schema": "tradewind.up/1",
        **_document(page),
        "gates": list(page.gates),
        "resume": page.again,
    }


def _document(page: Deployment) -> dict[str, Any]:
    return {
        "environment": page.environment,
        "seconds": round(page.seconds, 3),
        "policy_packs": list(page.packs),
        "cells": [_cell(page, outcome) for outcome in page.outcomes],
    }


def _cell(page: Deployment, outcome: Outcome) -> dict[str, Any]:
    graph = page.graph
    return {
        "stack": outcome.stack,
        "cell": outcome.cell,
        "wave": page.waves[outcome.stack],
        "result": outcome.result,
        "seconds": round(outcome.seconds, 3),
        "operations": operations(outcome.counts),
        "changes": [
            {
                "operation": change.operation,
                "urn": change.urn,
                "type": change.type,
                "changed": list(change.changed),
                "forced_by": list(change.forced_by),
                "loses_data": change.loses_data,
                "source": source_of(graph, change.urn),
            }
            for change in changes_of(outcome)
        ],
        "violations": [_violation(graph, it) for it in outcome.violations if not it.undetermined],
        "undetermined": [_violation(graph, it) for it in outcome.violations if it.undetermined],
        "failures": [_failure(graph, failure) for failure in outcome.failures],
        "warnings": [_failure(graph, warning) for warning in outcome.warnings],
    }


def _violation(graph: Graph, violation: Violation) -> dict[str, Any]:
    return {
        "rule": violation.rule,
        "level": violation.level,
        "message": violation.said,
        "fix": violation.fix,
        "urn": violation.urn,
        "pack": violation.pack,
        "source": source_of(graph, violation.urn),
    }


def _failure(graph: Graph, failure: Failure) -> dict[str, Any]:
    return {
        "message": failure.message,
        "urn": failure.urn,
        "source": failure.place or source_of(graph, failure.urn),
        "fix": failure.fix,
    }
