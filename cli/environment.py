"""An environment of this project and the stacks of its cells: what commands that deploy are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from problems import InputError, Problem
from problems.explain import suggestion

if TYPE_CHECKING:
    from deploy.stack import CellStack
    from stacks.specification import Environment

__all__ = ["cell_options", "chosen", "environment_called"]

Function = TypeVar("Function", bound=Callable[..., Any])


def environment_called(name: str, undone: str) -> tuple[Environment, Path]:
    """The environment `name` and the folder of its project, here or above.

    Raises `InputError`, saying that `undone`, when there is none or its specification is wrong.
    """
    from cli.target import nothing_called, project_of
    from stacks.specification import load

    root = project_of(name)
    if root is None:
        raise InputError([nothing_called(name)], undone)
    try:
        return load(root / "stacks" / f"{name}.yaml"), root
    except InputError as error:
        raise InputError(error.problems, undone) from None


def chosen(stacks: Sequence[CellStack], cells: Sequence[str], undone: str) -> list[CellStack]:
    """Of `stacks` those of `cells`, all where none is named. Raises `InputError` for a cell there is not."""
    there = [stack.cell for stack in stacks]
    but = "the environment has no such cell"
    problems = [
        Problem("--cell", "", cell, but, suggestion(cell, there)) for cell in cells if cell not in there
    ]
    if problems:
        raise InputError(problems, undone)
    return [stack for stack in stacks if not cells or stack.cell in cells]


def cell_options(function: Function) -> Function:
    """The ENV argument and `--cell`. The parameters are called `name` and `cells`."""
    cell = click.option(
        "--cell",
        "cells",
        multiple=True,
        metavar="CELL",
        help="Only this cell: global, a region, or all; may be repeated.",
    )
    return click.argument("name", metavar="ENV")(cell(function))
