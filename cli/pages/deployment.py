"""The pages of `tradewind preview` and `tradewind up`: cells, changes, rules, what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import number
from cli.pages.layout import grid, more, section, style_of
from cli.pages.words import duration, kind_named
from deploy.changes import OPERATIONS, Change, changes_of, operations, type_of
from plan.graph import Graph, name_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from deploy.events import Failure, Outcome, Violation

__all__ = ["Deployment", "draw", "draw_saved", "losses", "source_of"]

CHANGES_SHOWN = 12
KINDS_SHOWN = 6
PROPERTIES_SHOWN = 4
RULES_SHOWN = 6
WARNINGS_SHOWN = 4
_INDENT = " " * 17
_RESULTS = {"succeeded": "green", "failed": "bold red", "interrupted": "yellow", "not run": "dim"}
_OPERATIONS = {"replace": "bold red", "delete": "red", "update": "yellow", "create": "green"}
_PAST = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a page is about. `waves` maps a stack to its wave, from 1; `graph` knows where things stand.

    `packs` are the folders of the policy packs that the engine ran. `again` is the command that resumes
    or goes on, "" for none.
    """

    environment: str
    did: str
    outcomes: tuple[Outcome, ...]
    graph: Graph
    seconds: float
    waves: dict[str, int]
    packs: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    again: str = ""


def draw(console: Console, page: Deployment) -> None:
    """Print the page to `console`."""
    for part in _parts(page):
        console.print(part)
    if page.again:
        # Not wrapped: it is there to be copied.
        console.print(f"\n[bold]NEXT[/]{' ' * 13}{escape(page.again)}", soft_wrap=True)


def draw_saved(
    console: Console,
    environment: str,
    plans: Sequence[tuple[str, Mapping[str, int], Sequence[tuple[str, str, str]]]],
) -> None:
    """What the saved plans of `environment` say: by cell, counts and the data stores that are lost."""
    console.print(f"[bold]{escape(environment)}[/]   as the saved plans say\n")
    table = section("CELL", [(op, "right") for op in OPERATIONS])
    for cell, counts, _ in plans:
        table.add_row(escape(cell), *(_count(counts[op]) for op in OPERATIONS))
    console.print(table)
    for cell, _, stores in plans:
        for operation, kind, name in stores:
            thing = escape(f"{kind_named(kind)} {name}")
            console.print(f"[bold red]{operation.upper()}S A DATA STORE[/]   {escape(cell)}   {thing}")


def losses(outcomes: Iterable[Outcome]) -> list[Change]:
    """The data stores that are replaced or deleted."""
    return [change for outcome in outcomes for change in changes_of(outcome) if change.loses_data]


def source_of(graph: Graph, urn: str) -> str:
    """`file:line` of a resource, or of what it is part of; "" where nothing knows it."""
    resource = graph.get(urn)
    if resource is None:
        return ""
    return resource.source or next((it.source for it in graph.ancestors(resource) if it.source), "")


def _parts(page: Deployment) -> Iterator[RenderableType]:
    yield _headline(page)
    yield ""
    yield _cells(page)
    parts = (_changes, _rules, _warnings, _failed, _gates)
    makers: Sequence[Callable[[Deployment], RenderableType | None]] = parts
    for maker in makers:
        part = maker(page)
        if part is not None:
            yield ""
            yield part


def _headline(page: Deployment) -> RenderableType:
    from rich.table import Table

    totals = Counter[str]()
    for outcome in page.outcomes:
        totals.update(operations(outcome.counts))
    is_preview = page.did == "previewed"
    changed = [
        f"{totals[op]:,} {'to ' + op if is_preview else _PAST[op]}" for op in _PAST if totals[op]
    ]  # fmt: skip
    failed = [outcome.cell for outcome in page.outcomes if outcome.result == "failed"]
    ran = any(outcome.succeeded for outcome in page.outcomes)
    said = ", ".join(changed) or ("no change" if ran and not failed else f"nothing {page.did}")
    if failed:
        said = f"[bold red]failed in {escape(', '.join(failed))}[/]; {said}"
    elif any(outcome.result == "interrupted" for outcome in page.outcomes):
        said = f"[yellow]interrupted[/]; {said}"
    elif page.gates:
        said = f"[bold red]a gate does not hold[/]; {said}"
    if lost := losses(page.outcomes):
        verb = "would be lost" if is_preview else "lost"
        said += f", [bold red]{number(len(lost), 'data store')} {verb}[/]"
    line = Table.grid(expand=True)
    line.add_column()
    line.add_column(justify="right")
    cells = number(len(page.outcomes), "cell")
    line.add_row(
        f"[bold]{escape(page.environment)}[/]   {said}",
        f"[dim]{cells}, {page.did} in {duration(page.seconds)}[/]",
    )
    return line


def _cells(page: Deployment) -> RenderableType:
    several = len(set(page.waves.values())) > 1
    headings = [
        *([("wave", "right")] if several else []),
        ("result", "left"),
        *((op, "right") for op in OPERATIONS),
        ("took", "right"),
    ]
    table = section("CELL", headings)
    totals = Counter[str]()
    for outcome in page.outcomes:
        counts = operations(outcome.counts)
        totals.update(counts)
        table.add_row(
            escape(outcome.cell),
            *([str(page.waves[outcome.stack])] if several else []),
            f"[{_RESULTS[outcome.result]}]{outcome.result}[/]",
            *(_count(counts[op]) for op in OPERATIONS),
            duration(outcome.seconds) if outcome.seconds else "-",
        )
    if len(page.outcomes) > 1:
        blank = [""] * (2 if several else 1)
        table.add_row("[bold]total[/]", *blank, *(f"[bold]{_count(totals[op])}[/]" for op in OPERATIONS), "")
    return table


def _count(count: int) -> str:
    return f"{count:,}" if count else "-"


def _changes(page: Deployment) -> RenderableType | None:
    from rich.console import Group

    rows = [(outcome.cell, change) for outcome in page.outcomes for change in changes_of(outcome)]
    if not rows:
        return None
    single = [row for row in rows if row[1].operation != "create"]
    single.sort(key=lambda row: (not row[1].loses_data, list(_OPERATIONS).index(row[1].operation)))
    lost = sum(change.loses_data for _, change in single)
    shown = single[: max(CHANGES_SHOWN, lost)]
    several = len(page.outcomes) > 1
    table = grid(*["left"] * (5 if several else 4))
    for cell, change in shown:
        word, *rest = _change(page, change)
        table.add_row(word, *([escape(cell)] if several else []), *rest)
    tail = more(len(single), len(shown), "changes", "--format json")
    created = grid("left", "left")
    if len(single) < len(rows):
        created.add_row(
            "  [green]create[/] ", _kinds(change for _, change in rows if change.operation == "create")
        )
    return Group("[bold]CHANGES[/]", table, *([f"  {tail}"] if tail else []), created)


def _kinds(changes: Iterable[Change]) -> str:
    """`40: 12 iam.RolePolicy, 8 ec2.Subnet, 20 of 9 other kinds`."""
    kinds = Counter(kind_named(change.type) for change in changes)
    parts = [f"{count:,} {kind}" for kind, count in kinds.most_common(KINDS_SHOWN)]
    rest = kinds.total() - sum(count for _, count in kinds.most_common(KINDS_SHOWN))
    if rest:
        parts.append(f"{rest:,} of {number(len(kinds) - KINDS_SHOWN, 'other kind')}")
    return escape(", ".join(parts))


def _change(page: Deployment, change: Change) -> tuple[str, ...]:
    word = f"[{_OPERATIONS[change.operation]}]{change.operation}[/]"
    if change.loses_data:
        word = f"[bold red]{change.operation.upper()}S A DATA STORE[/]"
    properties = change.forced_by or change.changed
    listed = ", ".join(properties[:PROPERTIES_SHOWN])
    if len(properties) > PROPERTIES_SHOWN:
        listed += f" and {len(properties) - PROPERTIES_SHOWN} more"
    because = {"replace": f"because of {listed}", "delete": "", "update": listed}[change.operation]
    thing = f"{kind_named(change.type)} {name_of(change.urn)}"
    return (
        f"  {word}",
        escape(thing),
        escape(because if listed else ""),
        escape(source_of(page.graph, change.urn)),
    )


def _rules(page: Deployment) -> RenderableType | None:
    from rich.console import Group

    found = [violation for outcome in page.outcomes for violation in outcome.violations]
    broken = [it for it in found if it.is_broken]
    unknown = [it for it in found if it.undetermined]
    advisory = [it for it in found if not it.is_broken and not it.undetermined]
    if not found and not any(outcome.succeeded for outcome in page.outcomes):
        return None
    if not page.packs:
        return f"[bold]RULES[/]{' ' * 12}[yellow]none was asked: no policy pack ran[/]"
    style = ("[bold red]", "[/]") if broken else ("", "")
    counts = [f"{style[0]}{len(broken)} mandatory broken{style[1]}", f"{len(advisory)} advisory"]
    if unknown:
        counts.append(f"{len(unknown)} cannot be told before deployment")
    groups: dict[tuple[str, str], list[Violation]] = {}
    for violation in [*broken, *advisory]:
        groups.setdefault((violation.level, violation.rule), []).append(violation)
    table = grid("left", "left", "left", "left")
    for (level, rule), alike in list(groups.items())[:RULES_SHOWN]:
        place = source_of(page.graph, alike[0].urn) + (
            f" and {len(alike) - 1} more" if len(alike) > 1 else ""
        )
        table.add_row(f"  {style_of(level)}", escape(rule), escape(place), escape(alike[0].said))
    tail = more(len(groups), RULES_SHOWN, "rules", f"tradewind check {page.environment}")
    return Group(
        f"[bold]RULES[/]{' ' * 12}{', '.join(counts)}",
        *([table] if groups else []),
        *([f"  {tail}"] if tail else []),
    )


def _warnings(page: Deployment) -> RenderableType | None:
    from rich.console import Group

    found = {it.message: it for outcome in page.outcomes for it in outcome.warnings}
    if not found:
        return None
    table = grid("left", "left")
    for message, warning in list(found.items())[:WARNINGS_SHOWN]:
        table.add_row(f"  {escape(name_of(warning.urn)) if warning.urn else ''}", escape(message))
    tail = more(len(found), WARNINGS_SHOWN, "warnings", "--format json")
    return Group("[bold]WARNED[/]", table, *([f"  {tail}"] if tail else []))


def _failed(page: Deployment) -> RenderableType | None:
    from rich.console import Group

    lines: list[RenderableType] = []
    for outcome in page.outcomes:
        if outcome.result in ("failed", "interrupted") and outcome.failures:
            lines += _failures(page, outcome)
    return Group(*lines) if lines else None


def _failures(page: Deployment, outcome: Outcome) -> list[RenderableType]:
    word = outcome.result.upper()
    style = _RESULTS[outcome.result]
    named = {failure.urn for failure in outcome.failures if failure.urn}
    what = f"{number(len(named), 'resource')}" if named else ""
    lines: list[RenderableType] = [
        f"[{style}]{word}[/]{' ' * max(1, 17 - len(word))}[bold]{escape(outcome.cell)}[/]   {what}".rstrip()
    ]
    for failure in outcome.failures:
        lines += _failure(page.graph, failure)
    return lines


def _failure(graph: Graph, failure: Failure) -> list[str]:
    resource = graph.get(failure.urn)
    kind = kind_named(type_of(failure.urn)) if failure.urn.count("::") >= 3 else ""
    place = failure.place or (source_of(graph, failure.urn) if resource else "")
    head = "   ".join(
        part for part in (f"{kind} {name_of(failure.urn)}".strip() if failure.urn else "", place) if part
    )
    lines = [f"  {escape(head)}"] if head else []
    lines += [f"    {escape(line)}" for line in failure.message.splitlines()]
    if failure.fix:
        lines.append(f"    [dim]fix[/]  {escape(failure.fix)}")
    return lines


def _gates(page: Deployment) -> RenderableType | None:
    from rich.console import Group

    if not page.gates:
        return None
    first, *rest = [escape(line) for gate in page.gates for line in gate.splitlines()]
    return Group(f"[bold red]GATE[/]{' ' * 13}{first}", *(f"{_INDENT}{line}" for line in rest))
