"""Taking an environment down: which cells in which order, what stands in the way, what stays behind.

    graphs = graphs_of(states)
    standing = examine(graphs, lifting, account)    # nothing is touched
    report = in_waves(backwards(stacks), act)

Before anything is deleted every obstacle is known: those that the states tell, and, with credentials, what
AWS says. So a destroy ends half-way only for reasons that came up meanwhile; running it again resumes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from deploy.stack import CellStack
from deploy.teardown_aws import Facts, Unseen, look, made_again
from deploy.teardown_findings import findings
from deploy.teardown_questions import Questions, questions
from deploy.teardown_remains import Remain, came_back, remains
from deploy.teardown_state import Lifting, protections, told
from plan.graph import Graph
from plan.state import graph_of
from problems import Problem

__all__ = ["Standing", "after", "backwards", "concerned", "examine", "graphs_of", "too_early"]

Look = Callable[[str, Questions, str], tuple[Facts, list[Unseen]]]


@dataclass
class Standing:
    """What stands in the way of a teardown, and what nobody could look up."""

    problems: list[Problem] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)


def graphs_of(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Graph]:
    """The graph of each stack's state; a stack that does not exist, or holds nothing, is left out.

    Raises `InputError` when a state cannot be read.
    """
    return {
        stack: graph_of(document, stack)
        for stack, document in states.items()
        if (document.get("deployment") or {}).get("resources")
    }


def concerned(stacks: Sequence[CellStack], chosen: Sequence[CellStack]) -> list[CellStack]:
    """Those of `stacks` whose state must be read to destroy `chosen`: they, and what could rest on them.

    The state of a region that is lost does not keep the others from being destroyed.
    """
    first = min((stack.wave for stack in chosen), default=0)
    names = {stack.stack for stack in chosen}
    return [stack for stack in stacks if stack.stack in names or stack.wave > first]


def too_early(
    stacks: Sequence[CellStack], chosen: Sequence[CellStack], held: Collection[str]
) -> list[Problem]:
    """Cells that are to go before others which rest on them: AWS and Pulumi know nothing of that.

    `held` are the stacks that hold anything, of all `stacks`; `chosen` are to be destroyed.
    Cells refer to each other by name only. A region's tables and nodes use keys, buckets and roles of
    the global cell, and databases in other regions replicate from the home region's.
    """
    names = {stack.stack for stack in chosen}
    staying = [stack for stack in stacks if stack.stack in held and stack.stack not in names]
    problems = []
    for stack in chosen:
        later = [other.cell for other in staying if other.wave > stack.wave]
        if stack.stack in held and later:
            but = "its resources are used by cells that would stay"
            fix = " ".join(f"--cell {cell}" for cell in (*later, stack.cell))
            problems.append(Problem(stack.stack, "--cell", ", ".join(later), but, fix))
    return problems


def examine(graphs: dict[str, Graph], lifting: Lifting, account: str, ask: Look = look) -> Standing:
    """Everything that stands in the way of destroying the stacks whose states are `graphs`.

    `ask` answers what the states do not know, region by region; see `deploy.teardown_aws.look`.
    """
    standing = Standing()
    for stack, graph in graphs.items():
        standing.problems += protections(stack, graph, lifting)
    asked = [
        (stack, graph, region, here)
        for stack, graph in graphs.items()
        for region, here in questions(graph).items()
    ]
    with ThreadPoolExecutor(max(1, min(8, len(asked)))) as pool:
        answers = list(pool.map(lambda row: ask(row[2], row[3], account), asked))
    for (stack, graph, _, _), (facts, unseen) in zip(asked, answers, strict=True):
        standing.problems += findings(stack, graph, facts)
        standing.unseen += unseen
    return standing


def after(
    graphs: Mapping[str, Graph], gone: Collection[str], account: str, today: dt.date
) -> tuple[list[Remain], list[Unseen]]:
    """What stays of the resources whose URNs are in `gone`, and what could not be looked up of that."""
    found: list[Remain] = []
    unseen: list[Unseen] = []
    for stack, graph in graphs.items():
        found += remains(stack, graph, gone, today)
        names: dict[str, list[str]] = {}
        for one in graph.of_type("aws:cloudwatch/logGroup:LogGroup"):
            if one.urn in gone:
                names.setdefault(one.region, []).append(str(told(one, "name")))
        for region, there in names.items():
            back, hidden = made_again(region, there, account)
            found += [came_back(stack, region, name) for name in back]
            unseen += hidden
    return found, unseen


def backwards(stacks: Sequence[CellStack]) -> list[CellStack]:
    """`stacks` in waves in which they can be destroyed: what was deployed last goes first."""
    last = max((stack.wave for stack in stacks), default=0)
    turned = [replace(stack, wave=last - stack.wave) for stack in stacks]
    return sorted(turned, key=lambda stack: stack.wave)
