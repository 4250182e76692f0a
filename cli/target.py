"""What TARGET means: an environment of this project, a project folder, or a file; and its graph."""

from __future__ import annotations

import difflib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.progress import working
from problems import InputError, Problem

if TYPE_CHECKING:
    from plan.graph import Graph
    from stacks.specification import Environment

__all__ = ["Plan", "nothing_called", "project_of", "resolve"]


LONGEST_NAME = 100
"""Characters beyond which nobody meant an environment; file systems refuse longer ones."""


@dataclass(frozen=True)
class Plan:
    """A target's graph and how it came about. `environment` is set where a specification stands behind it."""

    target: str
    graph: Graph
    seconds: float
    stacks: tuple[str, ...]
    environment: Environment | None = None
    usage: Path | None = None


def resolve(target: str, **options: Any) -> Plan:
    """Plan `target`; `options` are those of `cli.options.target_options`.

    Raises `InputError` when it is none of the three kinds, or its program or file is wrong.
    """
    started = time.perf_counter()
    path = Path(target)
    root = project_of(target)
    if root is not None:
        return _environment(target, root, started, options)
    try:
        if path.is_dir():
            return _folder(target, path, started, options)
        if path.exists() or path.is_symlink():
            return _file(target, path, started, options)
    except OSError as error:
        but = "no environment, folder or file has such a name"
        raise InputError([Problem("TARGET", "", target[:80], but, error.strerror or "")]) from None
    raise InputError([nothing_called(target)])


def project_of(name: str) -> Path | None:
    """The folder of the project, here or above, that has an environment called `name`."""
    if not name or Path(name).name != name or len(name) > LONGEST_NAME:
        return None
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "stacks" / f"{name}.yaml").is_file():
            return folder
    return None


def _environment(name: str, root: Path, started: float, options: dict[str, Any]) -> Plan:
    """All stacks of an environment, each run by itself at the same time, in one graph."""
    from plan.offline import run_all
    from plan.project import find
    from stacks.specification import load

    if options["stack"]:
        but = f"{name} is an environment: all its stacks are planned together"
        fix = "leave --stack out, or name the project's folder as TARGET"
        raise InputError([Problem(name, "--stack", options["stack"], but, fix)])
    environment = load(root / "stacks" / f"{name}.yaml")
    stacks = tuple(cell.stack for cell in environment.cells())
    project = find(root)
    programs = [project.program(stack, python=options["python"]) for stack in stacks]
    with working(f"planning {name}: {', '.join(stacks)}"):
        graphs = run_all(programs, **_limits(options))
    graph = graphs[0].merged(*graphs[1:])
    usage = root / "stacks" / f"{name}.usage.yaml"
    return Plan(name, graph, _since(started), stacks, environment, usage if usage.is_file() else None)


def _folder(target: str, path: Path, started: float, options: dict[str, Any]) -> Plan:
    """One stack of any Pulumi project in Python."""
    from plan.offline import run
    from plan.project import find

    program = find(path).program(options["stack"], python=options["python"])
    with working(f"planning {program.project}, stack {program.stack}"):
        graph = run(program, **_limits(options))
    return Plan(target, graph, _since(started), (program.stack,))


def _file(target: str, path: Path, started: float, options: dict[str, Any]) -> Plan:
    """A graph that somebody else made."""
    from plan.files import read

    if options["stack"]:
        but = "a file holds the stacks it holds"
        raise InputError([Problem(target, "--stack", options["stack"], but, "leave --stack out")])
    graph = read(path)
    stacks = tuple(sorted({resource.stack for resource in graph}))
    return Plan(target, graph, _since(started), stacks)


def _limits(options: dict[str, Any]) -> dict[str, Any]:
    return {"timeout": options["timeout"], "memory_mib": options["memory"], "fixtures": options["fixtures"]}


def _since(started: float) -> float:
    return time.perf_counter() - started


def nothing_called(target: str) -> Problem:
    """No environment, folder or file is called `target`: say what there is."""
    names = sorted(_environments())
    near = difflib.get_close_matches(target, names, 1)
    there = f"environments here: {', '.join(names)}" if names else "no environment is defined here or above"
    fix = (
        f"did you mean {near[0]}?" if near else "name an environment, a folder with a Pulumi.yaml, or a file"
    )
    return Problem(
        "TARGET", "", target, f"there is no environment, folder or file of that name ({there})", fix
    )


def _environments() -> set[str]:
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "stacks").is_dir():
            files = (folder / "stacks").glob("*.yaml")
            return {
                file.stem for file in files if not file.name.startswith("Pulumi.") and "." not in file.stem
            }
    return set()
