"""The page of `tradewind state`: a row for each cell, then what is the matter and what to run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import number
from cli.pages.layout import SHOWN, grid, more, section
from cli.pages.words import kind_named
from plan.graph import name_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from deploy.recovery import Decision
    from deploy.stack import CellStack
    from deploy.state import CellState
    from deploy.unmanaged import Unmanaged
    from stacks.specification import Environment

__all__ = ["Page", "backend_lines", "bootstrap_lines", "draw"]


@dataclass(frozen=True)
class Page:
    """What was found. `decisions` by stack; `strange` is None where AWS was not asked."""

    environment: str
    cells: tuple[CellState, ...]
    decisions: Mapping[str, tuple[Decision, ...]]
    strange: tuple[Unmanaged, ...] | None
    stacks: Sequence[CellStack]

    @cached_property
    def orphans_in_cloud(self) -> tuple[Unmanaged, ...]:
        return tuple(one for one in self.strange or () if not one.maker)

    @cached_property
    def findings(self) -> tuple[str, ...]:
        """A sentence for everything that is not as it should be."""
        found = [text for cell in self.cells for text in _findings(cell)]
        if self.orphans_in_cloud:
            found.append(f"{number(len(self.orphans_in_cloud), 'resource')} in AWS that no state knows")
        return tuple(found)


def _findings(cell: CellState) -> Iterator[str]:
    if cell.failure:
        yield f"{cell.stack}: its state cannot be read"
    parts = (
        ("drifted", cell.drift or ()),
        ("in the state but not in the program", cell.orphans),
        ("without their tags", cell.untagged),
        ("not finished when the engine was killed", cell.pending),
        ("made, but not to the end", cell.half_made),
        ("dead locks", [lock for lock in cell.locks if lock.alive is not True]),
    )
    for words, things in parts:
        if things:
            yield f"{cell.stack}: {len(things)} {words}"


def draw(console: Console, page: Page) -> None:
    """Print the page to `console`."""
    table = section("STATE", [("resources", "right"), ("protected", "right"), ("to create", "right"), ("last update", "left"), ("found", "left")])  # fmt: skip
    for cell in page.cells:
        table.add_row(cell.stack, *_row(cell))
    total = sum(cell.resources for cell in page.cells)
    console.print(f"[bold]{escape(page.environment)}[/]   {number(total, 'resource')} in {number(len(page.cells), 'stack')}\n")  # fmt: skip
    console.print(table)
    for part in (*_troubles(page), _pending(page), _strange(page)):
        if part is not None:
            console.print()
            console.print(part, soft_wrap=isinstance(part, str))


def _row(cell: CellState) -> tuple[str, ...]:
    if cell.failure:
        return (
            "",
            "",
            "",
            "",
            f"[bold red]not readable[/]: {escape(cell.failure.message)}; {escape(cell.failure.fix)}",
        )
    if not cell.exists:
        return "", "", "", "never", "[dim]not deployed[/]"
    last = (
        f"{cell.last.kind} {cell.last.result} {cell.last.ended.replace('T', ' ')}"
        if cell.last
        else "none ended"
    )
    words = [text.partition(": ")[2] for text in _findings(cell)]
    locks = [f"locked by {lock}" for lock in cell.locks if lock.alive]
    drift = ["no drift"] if cell.drift == () else []
    counts = (f"{cell.resources:,}", f"{cell.protected:,}", f"{cell.to_create:,}" if cell.to_create else "")
    return (*counts, escape(last), escape("; ".join([*words, *locks, *drift])) or "[green]nothing[/]")


def _troubles(page: Page) -> Iterator[RenderableType]:
    """A table for each kind of finding that has resources."""
    again = f"tradewind state {page.environment} --format json"
    kinds = (
        ("DRIFTED", [(it.urn, it.type, f"{it.op}: {', '.join(it.changed)}" if it.changed else it.op) for c in page.cells for it in c.drift or ()]),
        ("ORPHANS", [(it.urn, it.type, f"{it.id}{' (protected)' if it.protect else ''}") for c in page.cells for it in c.orphans]),
        ("NO TAGS", [(it.urn, it.type, ", ".join(it.lacks)) for c in page.cells for it in c.untagged]),
        ("HALF MADE", [(it.urn, it.type, "; ".join(it.errors)) for c in page.cells for it in c.half_made]),
    )  # fmt: skip
    for title, rows in kinds:
        if not rows:
            continue
        table = section(title, [("kind", "left"), ("", "left")])
        for urn, type, words in rows[:SHOWN]:
            table.add_row(escape(name_of(urn)), kind_named(type), escape(words))
        yield table
        if folded := more(len(rows), min(SHOWN, len(rows)), "resources", again):
            yield f"[dim]{folded}[/]"


def _pending(page: Page) -> RenderableType | None:
    """Each unfinished operation, then the commands in their order."""
    from deploy.recovery import commands

    lines: list[str] = []
    for stack in page.stacks:
        cell = next(one for one in page.cells if one.stack == stack.stack)
        decisions = page.decisions.get(stack.stack, ())
        dead = any(lock.alive is not True for lock in cell.locks)
        if not (decisions or dead):
            continue
        lines += [f"[bold]{stack.stack}[/]: unfinished"]
        lines += [f"  {escape(lock_line)}" for lock_line in (str(lock) for lock in cell.locks)]
        lines += [
            f"  {it.pending.operation} {escape(name_of(it.pending.urn))}: {escape(it.why)}"
            for it in decisions
        ]
        lines += ["  by hand:"]
        shell = _exports(stack) + ([f"pulumi cancel --yes --stack {stack.stack}"] if dead else [])
        lines += [f"    {escape(line)}" for line in (*shell, *commands(stack.stack, decisions))]
    if lines:
        lines.append(f"all of it at once: tradewind state {page.environment} --recover")
    return "\n".join(lines) or None


def _strange(page: Page) -> RenderableType | None:
    if not page.strange:
        return None if page.strange is None else "nothing in AWS that no state knows"
    table = grid("left", "left", "left")
    for one in page.strange[: SHOWN * 3]:
        table.add_row(one.region, escape(one.arn), escape(f"made by {one.maker}" if one.maker else "orphan"))
    return table


def _exports(stack: CellStack) -> list[str]:
    """What a shell must know before plain `pulumi` finds the stack; nothing where it does so already."""
    given = {"PULUMI_BACKEND_URL": stack.location.backend} if stack.location.backend else {}
    return [
        f"export {key}={shlex.quote(value)}" for key, value in given.items() if os.environ.get(key) != value
    ]


def backend_lines(stacks: Sequence[CellStack]) -> Iterator[str]:
    """Lines for a shell, cell by cell: `eval "$(tradewind state prod --cell us-east-1 --backend)"`."""
    from deploy.location import backend_of

    for stack in stacks:
        location = stack.location
        if len(stacks) > 1:
            yield f"# {stack.stack}"
        if not location.backend:
            yield f"# whichever backend the engine uses here: {backend_of(stack) or 'none yet, pulumi login'}"
            continue
        given = {"PULUMI_BACKEND_URL": location.backend, **location.variables}
        yield from (f"export {key}={shlex.quote(value)}" for key, value in given.items())
        provider = (
            f" --secrets-provider {shlex.quote(location.secrets_provider)}"
            if location.secrets_provider
            else ""
        )
        yield f"# the first time: pulumi stack init {stack.stack}{provider}"


def bootstrap_lines(environment: Environment) -> Iterator[str]:
    """A command for each region; a comment where there is nothing to make."""
    from deploy.bootstrap import bootstraps_of

    made = bootstraps_of(environment)
    if not made:
        yield f"# {environment.name} keeps its state elsewhere than in buckets of its own: nothing to make"
    for one in made:
        yield one.command()
