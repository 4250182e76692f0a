"""The offline reader: runs a Pulumi program without engine, plugins or credentials, gives its graph.

    graph = run(find("path/to/project").program("dev"))

The program runs in a child process of its own interpreter, with a small environment, no network, and
limits of time and memory. This process never imports Pulumi.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from plan.offline.process import Limits, Outcome, run_child, run_siblings
from plan.project import PLACEHOLDER, Program
from problems import InputError, Missing, Problem

if TYPE_CHECKING:
    from plan.graph import Graph

__all__ = ["Answers", "run", "run_all"]

Answers = Literal["symbolic", "unknown"]
"""What a program knows of outputs: `symbolic` names them in tokens, `unknown` is what a first preview knows."""

_BUNDLED = Path(__file__).parent / "fixtures"
_PROJECT_FIXTURES = "tradewind.fixtures.yaml"

# Failures that the other way of answering cannot mend.
_DEFINITE = frozenset({"config", "data-source", "memory", "module", "network", "no-sdk", "syntax"})


def run(
    program: Program,
    *,
    answers: Answers = "symbolic",
    timeout: float = 120.0,
    memory_mib: int = 4096,
    fixtures: str | Path | None = None,
) -> Graph:
    """The graph of `program`, deterministic to the byte.

    With symbolic answers a program that fails on them is run again with unknown ones, and the graph says
    so. `timeout` is in seconds; `fixtures` is a file of answers to data sources and of other stacks'
    outputs, by default `tradewind.fixtures.yaml` in the project folder where there is one.

    Raises `InputError` when the program fails, hangs or needs more than it may have, and `Missing` when its
    interpreter lacks the Pulumi SDK.
    """
    limits = Limits(timeout=timeout, memory_mib=memory_mib)
    return _run(program, _request(program, answers, memory_mib, fixtures), limits, None)


def _run(program: Program, request: dict[str, Any], limits: Limits, outcome: Outcome | None) -> Graph:
    """As `run`; `outcome` is that of a run which there has been."""
    outcome = outcome or run_child(program, request, limits)
    remark: tuple[str, ...] = ()
    if request["answers"] == "symbolic" and _may_be_symbolic(outcome):
        second = run_child(program, {**request, "answers": "unknown"}, limits)
        if second.document is not None and second.document.get("error") is None:
            remark = ("the program fails on symbolic outputs: outputs are unknown, as in a preview",)
            outcome = second
    from plan.offline.result import graph_of

    return graph_of(program, outcome, limits, remark)


def run_all(
    programs: Sequence[Program],
    *,
    answers: Answers = "symbolic",
    timeout: float = 120.0,
    memory_mib: int = 4096,
    fixtures: str | Path | None = None,
) -> list[Graph]:
    """The graphs of `programs` in their order, run side by side on as many processes as there are cores.

    Stacks of one program share what they import.

    Raises one `InputError` with the problems of all of them, or `Missing` when that is all there is.
    """
    if len(programs) == 1:
        return [run(programs[0], answers=answers, timeout=timeout, memory_mib=memory_mib, fixtures=fixtures)]

    limits = Limits(timeout=timeout, memory_mib=memory_mib)
    requests = [_request(program, answers, memory_mib, fixtures) for program in programs]
    cores = max(1, len(os.sched_getaffinity(0)))
    first: list[Outcome | None] = [None] * len(programs)
    if _are_siblings(programs):
        first = run_siblings(programs, requests, limits, cores)

    def one(
        program: Program, request: dict[str, Any], outcome: Outcome | None
    ) -> Graph | InputError | Missing:
        try:
            return _run(program, request, limits, outcome)
        except (InputError, Missing) as error:
            return error

    with ThreadPoolExecutor(max_workers=cores) as pool:
        results = list(pool.map(one, programs, requests, first))
    wrong = [problem for result in results if isinstance(result, InputError) for problem in result.problems]
    if wrong:
        raise InputError(list(dict.fromkeys(wrong)))
    graphs = []
    for result in results:
        if isinstance(result, Missing | InputError):
            raise result
        graphs.append(result)
    return graphs


def _are_siblings(programs: Sequence[Program]) -> bool:
    """Whether one process can become the run of each: on Linux, where forks of a loaded process are safe."""
    kinds = {(it.folder, it.main, it.python, tuple(sorted(it.environment.items()))) for it in programs}
    return len(kinds) == 1 and sys.platform == "linux"


def _may_be_symbolic(outcome: Outcome) -> bool:
    error = (outcome.document or {}).get("error")
    return error is not None and error["kind"] not in _DEFINITE and not error.get("early")


def _request(
    program: Program, answers: Answers, memory_mib: int, fixtures: str | Path | None
) -> dict[str, Any]:
    return {
        "folder": str(program.folder),
        "main": str(program.main),
        "project": program.project,
        "stack": program.stack,
        "organization": program.organization,
        "config": dict(program.config),
        "secret_keys": list(program.secret_keys),
        "placeholder": PLACEHOLDER,
        "answers": answers,
        "memory_mib": memory_mib,
        "bundled": sorted(str(path) for path in _BUNDLED.glob("*.yaml")),
        "fixtures": _own_fixtures(program, fixtures),
    }


def _own_fixtures(program: Program, fixtures: str | Path | None) -> list[dict[str, Any]]:
    path = Path(fixtures) if fixtures is not None else program.folder / _PROJECT_FIXTURES
    if fixtures is None and not os.path.lexists(path):
        return []
    from plan.yaml_text import read_yaml

    document = read_yaml(path)
    sections = {"values", "data_sources", "stack_references"}
    if document is None:
        return []
    problems = []
    if not isinstance(document, Mapping):
        problems.append(
            Problem(
                str(path),
                "",
                type(document).__name__,
                "fixtures are sections with keys",
                f"sections: {', '.join(sorted(sections))}",
            )
        )
    else:
        for name, section in document.items():
            if name not in sections:
                problems.append(
                    Problem(
                        str(path),
                        str(name),
                        "an unknown section",
                        "it would be passed over",
                        f"sections: {', '.join(sorted(sections))}",
                    )
                )
            elif section is not None and not isinstance(section, Mapping):
                problems.append(
                    Problem(
                        str(path),
                        str(name),
                        type(section).__name__,
                        "a section has keys",
                        "write `key: value` lines",
                    )
                )
    if problems:
        raise InputError(problems)
    return [dict(document)]
