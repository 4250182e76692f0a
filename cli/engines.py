"""Running the engines of an environment's cells: progress, page, exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exits import Exit
from cli.following import Board, following

if TYPE_CHECKING:
    from cli.engine_options import Packs
    from cli.pages.deployment import Deployment
    from deploy.events import Outcome
    from deploy.stack import CellStack, Operation, Options
    from deploy.waves import Report
    from plan.graph import Graph

__all__ = ["acting", "announce", "exit_code", "expected", "previewed"]


def previewed(
    stacks: Sequence[CellStack],
    graph: Graph,
    packs: Packs,
    save_plan: Path | None,
    *,
    refresh: bool,
    at_once: bool,
) -> Report:
    """A preview of every stack, as many at a time as there are processors, or all `at_once`."""
    from deploy.ready import plan_file, with_blind_spots
    from deploy.stack import Operation, Options
    from deploy.waves import Report, cores, side_by_side

    def options(stack: CellStack) -> Options:
        plan = plan_file(save_plan.resolve(), stack.stack) if save_plan else None
        return Options(packs.folders, packs.configs, plan, refresh=refresh)

    with following(stacks, expected(graph)) as board:
        act = acting(Operation.PREVIEW, options, board)
        outcomes = side_by_side(stacks, act, len(stacks) if at_once else cores())
        return Report.of(with_blind_spots(save_plan, outcomes) if save_plan else outcomes)


def acting(
    operation: Operation, options: Callable[[CellStack], Options], board: Board
) -> Callable[[CellStack], Outcome]:
    """Running `operation` on a stack, told to `board`."""
    from deploy.stack import run

    def act(stack: CellStack) -> Outcome:
        board.began(stack)
        outcome = run(stack, operation, options(stack), board.tell)
        board.ended(outcome)
        return outcome

    return act


def expected(graph: Graph) -> dict[str, int]:
    """How many resources each stack of `graph` has."""
    return dict(Counter(resource.stack for resource in graph))


def announce(page: Deployment, output: str) -> None:
    """The page on stdout, or its JSON document."""
    from cli.output import console, emit_json

    if output == "json":
        from cli.deployment_documents import preview_document, up_document

        emit_json((preview_document if page.did == "previewed" else up_document)(page))
    else:
        from cli.pages.deployment import draw

        draw(console(), page)


def exit_code(report: Report) -> Exit:
    """Interrupted, failed, missing something, a gate that does not hold, or done: the first that applies.

    A cell that ended only because a mandatory rule is broken did not fail: the gate did its work.
    """
    if report.interrupted:
        return Exit.INTERRUPTED
    bad = [outcome for outcome in report.outcomes if outcome.result == "failed"]
    failed = [outcome for outcome in bad if outcome.failures]
    if failed and all(failure.missing for outcome in failed for failure in outcome.failures):
        return Exit.MISSING
    if failed:
        return Exit.INPUT
    return Exit.GATE if bad or report.gates else Exit.DONE
