"""The page of `tradewind diff`: the sentence, data stores, the biggest rows, rules, regions, sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import money, number
from cli.pages.diff_words import (
    VERBS,
    a_month,
    biggest,
    headline,
    largest_first,
    made_how,
    reason,
    sentence,
    signed,
    stores,
    what_happens,
    where,
)
from cli.pages.inert import plain
from cli.pages.layout import SHOWN, section, style_of

if TYPE_CHECKING:
    from rich.console import Console

    from cli.diff_document import Document

__all__ = ["draw"]


def draw(console: Console, document: Document) -> None:
    """Everything that fits a screen or two; the document has every row."""
    first, _ = headline(document)
    console.print(f"[bold]{_text(first)}[/]", soft_wrap=True)
    for environment in largest_first(document.environments)[1:]:
        console.print(_text(sentence(environment)), soft_wrap=True)
    several = len(document.environments) > 1
    _draw_stores(console, document, several)
    _draw_rows(console, document, several)
    _draw_rules(console, document, several)
    _draw_regions(console, document, several)
    _draw_groups(console, document, several)
    console.print(f"\n[dim]{_text(made_how(document))}[/]", soft_wrap=True)


def _text(text: str, limit: int = 400) -> str:
    return escape(plain(text, limit))


def _of(name: str, several: bool) -> str:
    return f"{_text(name, 40)}  " if several else ""


def _draw_stores(console: Console, document: Document, several: bool) -> None:
    rows = stores(document)
    if not rows:
        return
    console.print()
    table = section("DATA STORES", [("kind", "left"), ("what happens", "left"), ("where", "left")])
    for environment, row in rows[:SHOWN]:
        style = "bold red" if row.loses_data and not row.refused else "yellow"
        table.add_row(
            f"{_of(environment.name, several)}{_text(row.name)}",
            _text(where(row)),
            f"[{style}]{_text(what_happens(row))}[/]",
            _text(row.source),
        )
    console.print(table)
    _draw_more(console, len(rows), SHOWN, "data stores")


def _draw_rows(console: Console, document: Document, several: bool) -> None:
    rows = biggest(document, SHOWN)
    total = sum(len(it.rows) for it in document.environments)
    if rows:
        console.print()
        headings = [("before", "right"), ("after", "right"), ("a month", "right"), ("why", "left")]
        table = section("BIGGEST", headings)
        for environment, row in rows:
            cost = row.cost
            source = f"  [dim]{_text(row.source)}[/]" if row.source else ""
            table.add_row(
                f"{_of(environment.name, several)}{_text(row.name)}",
                money(cost.expected_before),
                money(cost.expected_after),
                f"[bold]{a_month(row)}[/]",
                f"{_text(reason(row))}{source}",
            )
        console.print(table)
    if total:
        counts: dict[str, int] = {}
        for environment in document.environments:
            for operation, count in environment.counts.items():
                counts[VERBS[operation]] = counts.get(VERBS[operation], 0) + count
        said = ", ".join(f"{count:,} {verb}" for verb, count in counts.items())
        console.print(f"\n[bold]CHANGES[/]       {said}")
        _draw_more(console, total, len(rows), "changes")


def _draw_more(console: Console, total: int, shown: int, what: str) -> None:
    if total > shown:
        console.print(f"[dim]+ {total - shown:,} more {what}: --format json[/]")


def _draw_rules(console: Console, document: Document, several: bool) -> None:
    found = [(it, rule) for it in document.environments for rule in it.rules]
    if not found:
        return
    found.sort(key=lambda it: (it[1].became != "new", it[1].level != "mandatory"))
    console.print()
    table = section("RULES", [("was", "left"), ("rule", "left"), ("because", "left")])
    for environment, rule in found[:SHOWN]:
        fix = f"  [dim]fix: {_text(rule.fix)}[/]" if rule.fix and rule.became == "new" else ""
        style = "bold red" if rule.became == "new" and rule.level == "mandatory" else "default"
        table.add_row(
            f"{_of(environment.name, several)}[{style}]{rule.became}[/]",
            style_of(rule.level),
            _text(rule.rule),
            f"{_text(rule.message)}{fix}  [dim]{_text(rule.source)}[/]",
        )
    console.print(table)
    _draw_more(console, len(found), SHOWN, "findings")


def _draw_regions(console: Console, document: Document, several: bool) -> None:
    rows = [(it, region) for it in document.environments for region in it.changed_regions]
    if not rows:
        return
    console.print()
    table = section("SURVIVES", [("before", "left"), ("after", "left"), ("because", "left")])
    for environment, region in rows:
        table.add_row(
            f"{_of(environment.name, several)}{_text(region.region)}",
            style_of(region.before) or "-",
            style_of(region.after) or "-",
            f"{_text('; '.join(region.because[:2]))}  [dim]{_text(region.source)}[/]",
        )
    console.print(table)


def _draw_groups(console: Console, document: Document, several: bool) -> None:
    for environment in largest_first(document.environments):
        if not environment.changed:
            continue
        title = f"{_of(environment.name, several)}COST"
        table = section(title, [("before", "right"), ("after", "right"), ("a month", "right")])
        for by in ("cell", "tenant", "owner"):
            groups = [it for it in environment.groups if it.by == by]
            if len(groups) > 1 or any(it.name for it in groups):
                for group in groups[:SHOWN]:
                    cost = group.cost
                    sums = (money(cost.expected_before), money(cost.expected_after), signed(cost.difference))
                    table.add_row(f"{by} {_text(group.name) or '(none)'}", *sums)
        cost = environment.cost
        sums = (money(cost.expected_before), money(cost.expected_after), signed(cost.difference))
        table.add_row("[bold]total[/]", *(f"[bold]{text}[/]" for text in sums))
        console.print()
        console.print(table)
        counted = number(environment.resources_after, "resource")
        console.print(f"[dim]{environment.resources_before:,} to {counted}[/]")
