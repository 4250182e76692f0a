"""BASE and HEAD as pairs to compare: one target against another, or every environment or stack of a project."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.difference import Side
from cli.git_target import GitTarget, parse, top_of, tree
from cli.target import Plan, project_of, resolve
from problems import InputError, Problem

if TYPE_CHECKING:
    from plan.graph import Graph

__all__ = ["compare"]

HERE = "."


@dataclass(frozen=True, slots=True)
class _Place:
    """A side: what to plan, standing in `folder`. `at_commit` where the folder holds a commit's files."""

    shown: str
    what: str
    folder: Path
    at_commit: bool


def compare(
    base: str, head: str, *, usage: Path | None = None, **options: Any
) -> list[tuple[str, Side, Side]]:
    """Both sides of each pair, answered. `options` are those of `cli.options.program_options`.

    `git:REF` without a target is what the other side names; where neither names one, or both name a folder
    with several environments or stacks, each of them is a pair, in the order of their names. Raises
    `InputError` for what is on neither side.
    """
    options = {
        key: _absolute(value) if key in ("python", "fixtures") else value for key, value in options.items()
    }
    usage = _absolute(usage)
    with contextlib.ExitStack() as stack:
        before, after = _places(base, head, stack)
        pairs = _pairs(before, after, options)
        found = []
        for name, one, two, stack_name in pairs:
            chosen = {**options, "stack": stack_name}
            was, now = _plan(one, chosen), _plan(two, chosen)
            if was is None and now is None:
                resolve(two.what, **chosen)  # says what is wrong with the name
            aligned = _aligned(was, now) if was and now else None
            if was and aligned:
                was = replace(was, graph=aligned)
            before_side = _side(one, was, usage)
            before_side = replace(before_side, apart=aligned is not None)
            found.append((name, before_side, _side(two, now, usage)))
        return found


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path else None


def _places(base: str, head: str, stack: contextlib.ExitStack) -> tuple[_Place, _Place]:
    one, two = parse(base), parse(head)
    what_one = one.what if one else base
    what_two = two.what if two else head
    what_one, what_two = what_one or what_two or HERE, what_two or what_one or HERE
    opened: dict[str, Path] = {}
    return _place(base, one, what_one, opened, stack), _place(head, two, what_two, opened, stack)


def _place(
    shown: str, target: GitTarget | None, what: str, opened: dict[str, Path], stack: contextlib.ExitStack
) -> _Place:
    here = Path.cwd()
    if target is None:
        return _Place(shown, what, here, False)
    if Path(what).is_absolute():
        but = "a path at a commit begins where you stand, or is the name of an environment"
        raise InputError([Problem(shown, "", what, but, "name it relative to this folder")])
    if target.ref not in opened:
        opened[target.ref] = stack.enter_context(tree(here, target.ref))
    inside = os.path.relpath(here.resolve(), top_of(here).resolve())
    return _Place(shown, what, opened[target.ref] / inside, True)


_Pair = tuple[str, _Place, _Place, str | None]


def _pairs(before: _Place, after: _Place, options: dict[str, Any]) -> list[_Pair]:
    """What to compare with what: name, sides, and the stack where a folder has several."""
    stack = options["stack"]
    if before.what == after.what and stack is None:
        if names := sorted({*_environments(before), *_environments(after)}):
            return [(it, replace(before, what=it), replace(after, what=it), None) for it in names]
        stacks = sorted({*_stacks(before), *_stacks(after)})
        if len(stacks) > 1:
            return [(it, before, after, it) for it in stacks]
    name = Path(after.what).name if Path(after.what).name not in ("", "..") else after.what
    if name in ("", HERE) or stack:
        # `.` says nothing to who reads it in a mail: its only stack does.
        name = stack or next(iter(_stacks(after) or _stacks(before)), after.folder.name)
    return [(name, before, after, stack)]


def _environments(place: _Place) -> list[str]:
    """The environments of the project in the folder that a side names."""
    folder = place.folder / place.what
    if not (folder / "Pulumi.yaml").is_file() or place.what != HERE:
        return []
    return [path.stem for path in (folder / "stacks").glob("*.yaml") if "." not in path.stem]


def _stacks(place: _Place) -> tuple[str, ...]:
    """The stacks of the Pulumi project that a side names; none where it names something else."""
    from plan.project import find

    folder = place.folder / place.what
    if not (folder / "Pulumi.yaml").is_file() and not (folder / "Pulumi.yml").is_file():
        return ()
    with contextlib.suppress(InputError):
        return find(folder).stacks
    return ()


# One side.


def _plan(place: _Place, options: dict[str, Any]) -> Plan | None:
    """The plan; None where the target does not exist at the commit."""
    if not place.at_commit:
        if options["stack"] and _lacks(place, options["stack"]):
            return None
        return resolve(place.what, **options)
    python = options["python"] or _interpreter(place.what)
    if not place.folder.is_dir():
        return None
    with contextlib.chdir(place.folder):
        there = project_of(place.what) is not None or Path(place.what).exists()
        if not there or (options["stack"] and _lacks(place, options["stack"])):
            return None
        return resolve(place.what, **{**options, "python": python})


def _lacks(place: _Place, stack: str) -> bool:
    """Whether the project on this side has stacks, but not this one; the other side may have it."""
    stacks = _stacks(place)
    return bool(stacks) and stack not in stacks


def _interpreter(what: str) -> Path | None:
    """The one with which the project that stands here today is run: a commit has no virtual environment."""
    from plan.project import find

    with contextlib.suppress(InputError, OSError, ValueError):
        project = find(project_of(what) or Path(what))
        return project.program(project.stacks[0] if project.stacks else None).python
    return None


def _side(place: _Place, plan: Plan | None, usage: Path | None) -> Side:
    from cli.answers import cost_of, report_of
    from plan.survive import survive

    if plan is None:
        return _nothing(place.shown)
    # A specification and a usage file are named from where the side stands.
    with contextlib.chdir(place.folder):
        return Side(place.shown, plan.graph, cost_of(plan, usage), report_of(plan), survive(plan.graph))


def _nothing(shown: str) -> Side:
    from finops.estimate import Estimate
    from plan.graph import Graph
    from plan.survive import survive
    from policies.report import Report

    empty = Graph.of(())
    return Side(shown, empty, Estimate(()), Report(), survive(empty), there=False)


# Two stacks of different names: what has the same type and name is the same resource.


def _aligned(before: Plan, after: Plan) -> Graph | None:
    """The graph before with the URNs after, where the two have no stack in common; None where they have.

    A resource takes the stack of the one with its type and name: in the same cell, else the only such one.
    """
    from plan.graph import Graph

    old, new = _heads(before.graph), _heads(after.graph)
    if set(old) & set(new) or not old or not new:
        return None
    twins = {_cell(after, head): head for head in new}
    twin = {head: twins.get(_cell(before, head), "") for head in old}
    there: dict[str, list[str]] = {}
    for urn in after.graph.resources:
        head, rest = _cut(urn)
        there.setdefault(rest, []).append(head)

    def renamed(found: re.Match[str]) -> str:
        head, rest = found[1], found[2]
        heads = there.get(rest, [])
        if twin[head] in heads:
            return f"{twin[head]}{rest}"
        return f"{heads[0]}{rest}" if len(heads) == 1 else found[0]

    heads = "|".join(re.escape(head) for head in old)
    text = re.sub(rf'({heads})([^"\\]*)', renamed, before.graph.to_json())
    try:
        return Graph.from_json(text, before.target)
    except InputError:
        return before.graph  # two of one name in two stacks: they stay apart


def _cell(plan: Plan, head: str) -> str:
    """What the stack is in its environment; "" where that is all of it."""
    stack = head.removeprefix("urn:pulumi:").partition("::")[0]
    return stack.removeprefix(plan.environment.name) if plan.environment else ""


def _cut(urn: str) -> tuple[str, str]:
    """`urn:pulumi:<stack>::<project>::` and the rest of a URN."""
    stack, project, rest = urn.split("::", 2)
    return f"{stack}::{project}::", rest


def _heads(graph: Graph) -> list[str]:
    return list(dict.fromkeys(_cut(urn)[0] for urn in graph.resources))
