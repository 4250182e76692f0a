"""The programs of `tests/programs`, each planned once for all tests."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from plan import offline
from plan.graph import Graph, Resource
from plan.project import Program, find

PROGRAMS = Path(__file__).parents[1] / "programs"
NAMES = sorted(path.parent.name for path in PROGRAMS.glob("*/Pulumi.yaml"))


def program(name: str, stack: str = "dev") -> Program:
    return find(PROGRAMS / name).program(stack)


@cache
def planned(answers: offline.Answers = "symbolic") -> dict[str, Graph]:
    """Every program with `answers`."""
    graphs = offline.run_all([program(name) for name in NAMES], answers=answers)
    return dict(zip(NAMES, graphs, strict=True))


def graph(name: str) -> Graph:
    return planned()[name]


def counts(found: Graph) -> dict[str, int]:
    """Managed resources by the last part of their type."""
    return dict(Counter(resource.type.rpartition(":")[2] for resource in found if resource.is_managed))


def named(found: Graph, kind: str, name: str) -> Resource:
    (resource,) = [it for it in found if it.type.rpartition(":")[2] == kind and it.name == name]
    return resource


def urn(project: str, types: str, name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::{project}::{types}::{name}"


def line_of(name: str, file: str, text: str) -> str:
    """`file:line` of the only line of the program with `text`."""
    lines = (PROGRAMS / name / file).read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return f"{file}:{number}"


def told(provider: Resource, key: str) -> Any:
    """An input of a provider; the SDK hands over everything but text as JSON."""
    value = provider.inputs[key]
    return json.loads(value) if isinstance(value, str) else value


def all_dependencies(found: Graph, resource: Resource) -> set[str]:
    seen: set[str] = set()
    waiting = [resource.urn]
    while waiting:
        for dependency in found[waiting.pop()].dependencies:
            if dependency not in seen:
                seen.add(dependency)
                waiting.append(dependency)
    return seen
