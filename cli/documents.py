"""The JSON documents of commands that put several answers together; money is decimal text."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.answers import Answers
    from plan.survive import Survival

__all__ = ["plan_document", "survive_document", "target_document"]


def plan_document(answers: Answers) -> dict[str, Any]:
    """`tradewind.plan/1` (`cli/schemas/plan.json`): the four answers, each the document of its own command."""
    graph = answers.plan.graph
    return {
        "schema": "tradewind.plan/1",
        **target_document(answers.plan),
        "what": {
            "resources": answers.what.total,
            "regions": list(answers.what.regions),
            "kinds": answers.what.counts,
        },
        "cost": answers.estimate.to_dict(),
        "check": answers.report.to_dict(),
        "survive": survive_document(answers.survival),
        "findings": [
            {"kind": it.kind, "message": it.message, "urn": it.urn, "path": it.path, "source": it.source}
            for it in graph.findings
        ],
        "assumptions": list(graph.assumptions),
    }


def survive_document(survival: Survival) -> dict[str, Any]:
    """`tradewind.survive/1` (`cli/schemas/survive.json`): `data_loss_seconds` null where no figure can be given."""
    return {"schema": "tradewind.survive/1", "verdict": survival.verdict, **asdict(survival)}


def target_document(plan: Any) -> dict[str, Any]:
    """What was planned and how: the head of every document."""
    return {"target": plan.target, "stacks": list(plan.stacks), "origin": plan.graph.origin}
