"""`tradewind.state/1` (`cli/schemas/state.json`): what `tradewind state` found."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.pages.state import Page
    from deploy.recovery import Decision
    from deploy.stack import CellStack
    from deploy.state import CellState

__all__ = ["state_document"]


def state_document(page: Page) -> dict[str, Any]:
    """Every cell with everything found; `cloud` is null where AWS was not asked."""
    stacks = {stack.stack: stack for stack in page.stacks}
    return {
        "schema": "tradewind.state/1",
        "environment": page.environment,
        "findings": list(page.findings),
        "cells": [_cell(cell, stacks[cell.stack], page.decisions.get(cell.stack, ())) for cell in page.cells],
        "cloud": None if page.strange is None else [asdict(one) for one in page.strange],
    }


def _cell(cell: CellState, stack: CellStack, decisions: tuple[Decision, ...]) -> dict[str, Any]:
    from deploy.recovery import commands

    dead = any(lock.alive is not True for lock in cell.locks)
    cancel = [f"pulumi cancel --yes --stack {cell.stack}"] if dead else []
    return {
        "stack": cell.stack,
        "cell": cell.cell,
        "backend": stack.location.backend,
        "exists": cell.exists,
        "failure": cell.failure.message if cell.failure else "",
        "resources": cell.resources,
        "protected": cell.protected,
        "to_create": cell.to_create,
        "to_delete": cell.to_delete,
        "written": cell.written,
        "last_update": asdict(cell.last) if cell.last else None,
        "orphans": [asdict(one) for one in cell.orphans],
        "untagged": [asdict(one) for one in cell.untagged],
        "half_made": [asdict(one) for one in cell.half_made],
        "locks": [asdict(one) for one in cell.locks],
        "pending": [
            {
                "urn": one.pending.urn,
                "type": one.pending.type,
                "operation": one.pending.operation,
                "action": one.action.value,
                "id": one.id,
                "why": one.why,
            }
            for one in decisions
        ],
        "recovery": [*cancel, *commands(cell.stack, decisions)],
        "drift": None if cell.drift is None else [asdict(one) for one in cell.drift],
    }
