"""A difference as Markdown: one pull-request comment, within a size, readable on a phone.

Every text that is not ours goes through `cli.pages.inert`. Nothing is printed at the start of a line but
what is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cli.diff_document import Document, Environment, Row, Rule
from cli.output import money, number
from cli.pages.diff_words import (
    VERBS,
    a_month,
    biggest,
    headline,
    largest_first,
    made_how,
    reason,
    signed,
    stores,
    what_happens,
    where,
)
from cli.pages.inert import code, in_html, prose
from cli.pages.words import kind_named

__all__ = ["GITHUB", "GITLAB", "markdown", "marker"]

GITHUB, GITLAB = 65_536, 1_000_000
"""Characters that a comment may have; here counted in bytes of UTF-8, of which there are never fewer."""

STORES, RULES, ENVIRONMENTS, GROUPS = 10, 10, 40, 8
FOLDS = (2000, 500, 200, 100, 50, 20, 5, 0)
"""Folded rows of each environment, tried in this order until the text fits."""


def marker(tag: str = "") -> str:
    """What finds the comment again; invisible. `tag` tells several comments of one pull request apart."""
    safe = "".join(letter for letter in tag if letter.isascii() and (letter.isalnum() or letter in "-_."))
    return f"<!-- tradewind-diff:{safe.replace('--', '-')} -->"


def markdown(document: Document, *, limit: int = GITHUB, tag: str = "") -> str:
    """The comment: at most `limit` bytes, the folded rows shortened first, then everything but the sentence."""
    for fold in FOLDS:
        text = "\n\n".join([*_sections(document, fold), marker(tag)]) + "\n"
        if len(text.encode()) <= limit:
            return text
    first, rest = headline(document, _name)
    short = f"**{first}** {rest}\n\nThe rest is too long for a comment: see the document.\n"
    return f"{short}\n{marker(tag)}\n"


def _name(text: str) -> str:
    return prose(text, 40)


def _sections(document: Document, fold: int) -> Iterator[str]:
    first, rest = headline(document, _name)
    yield f"**{first}** {rest}".strip()
    several = len(document.environments) > 1
    if document.gates:
        yield "**Not held:**\n" + "\n".join(f"- {prose(gate.text)}" for gate in document.gates[:RULES])
    yield from _stores(document, several)
    rows = biggest(document)
    if rows:
        yield _table(rows, several)
    yield from _rules(document, several)
    yield from _regions(document, several)
    if several:
        yield from _summary(document)
    for environment in largest_first(document.environments)[:ENVIRONMENTS]:
        yield from _folded(environment, rows, fold)
    yield from _groups(document)
    again = code(f"tradewind diff {document.base} {document.head}", 300)
    yield f"<sub>{prose(made_how(document))} The same on your own machine:</sub> {again}"


def _stores(document: Document, several: bool) -> Iterator[str]:
    rows = stores(document)
    if not rows:
        return
    lost = sum(row.loses_data and not row.refused for _, row in rows)
    head = f"{number(lost, 'data store')} would lose what is in {'it' if lost == 1 else 'them'}" if lost else (
        f"{number(len(rows), 'data store')} replaced or deleted"
    )  # fmt: skip
    lines = [
        f"- {_named(environment, row, several)} ({prose(where(row))}) {prose(what_happens(row))}{_source(row.source)}"
        for environment, row in rows[:STORES]
    ]
    more = [f"- and {len(rows) - STORES:,} more"] if len(rows) > STORES else []
    yield "\n".join([f"**{head}:**", *lines, *more])


def _named(environment: Environment, row: Row, several: bool) -> str:
    return f"{_name(environment.name)} {code(row.name)}" if several else code(row.name)


def _source(source: str) -> str:
    return f" {code(source)}" if source else ""


def _table(rows: Iterable[tuple[Environment, Row]], several: bool) -> str:
    """Two columns: a phone shows them without scrolling sideways."""
    lines = ["| A month | What and why |", "| --: | :-- |"]
    for environment, row in rows:
        what = f"{_named(environment, row, several)}<br>{prose(where(row), 100)}"
        lines.append(f"| {_cost(row)} | {what}<br>{prose(reason(row))}{_source(row.source)} |")
    return "\n".join(lines)


def _cost(row: Row) -> str:
    cost = row.cost
    if not cost.difference:
        return a_month(row)
    return f"**{signed(cost.difference)}**<br>{money(cost.expected_before)} → {money(cost.expected_after)}"


def _rules(document: Document, several: bool) -> Iterator[str]:
    found = [(it, rule) for it in document.environments for rule in it.rules]
    new = [pair for pair in found if pair[1].became == "new"]
    new.sort(key=lambda pair: pair[1].level != "mandatory")
    if new:
        lines = [_rule(environment, rule, several) for environment, rule in new[:RULES]]
        more = [f"- and {len(new) - RULES:,} more"] if len(new) > RULES else []
        yield "\n".join(["**Rules newly broken:**", *lines, *more])
    words = {
        "fixed": "fixed", "removed": "gone with their resources", "exempt": "exempted",
        "undetermined": "cannot be told any more",
    }  # fmt: skip
    counts = {word: sum(rule.became == became for _, rule in found) for became, word in words.items()}
    if any(counts.values()):
        said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
        yield f"Rules broken before: {said}."


def _rule(environment: Environment, rule: Rule, several: bool) -> str:
    of = f"{_name(environment.name)} " if several else ""
    line = f"- {of}{rule.level} {code(rule.rule)} {prose(rule.message)}{_source(rule.source)}"
    return f"{line}<br>Fix: {prose(rule.fix)}" if rule.fix else line


def _regions(document: Document, several: bool) -> Iterator[str]:
    rows = [(it, region) for it in document.environments for region in it.changed_regions]
    if not rows:
        return
    lines = []
    for environment, region in rows[:ENVIRONMENTS]:
        of = f"{_name(environment.name)} without " if several else "without "
        verdicts = f"{region.before or 'not there'} → {region.after or 'not there'}"
        because = f": {prose('; '.join(region.because[:2]))}" if region.because else ""
        lines.append(f"- {of}{prose(region.region, 60)}: **{verdicts}**{because}{_source(region.source)}")
    yield "\n".join(["**Survival changes:**", *lines])


def _summary(document: Document) -> Iterator[str]:
    lines = ["| Environment | Before | After | Difference |", "| :-- | --: | --: | --: |"]
    order = largest_first(document.environments)
    for environment in order[:ENVIRONMENTS]:
        cost = environment.cost
        if environment.changed:
            sums = (money(cost.expected_before), money(cost.expected_after), signed(cost.difference))
            lines.append(f"| {_name(environment.name)} | {' | '.join(sums)} |")
        else:
            same = money(cost.expected_after)
            lines.append(f"| {_name(environment.name)} | {same} | {same} | unchanged |")
    if len(order) > ENVIRONMENTS:
        lines.append(f"| and {len(order) - ENVIRONMENTS:,} more | | | |")
    yield "\n".join(lines)


def _counts(environment: Environment) -> str:
    return ", ".join(f"{count:,} {VERBS[operation]}" for operation, count in environment.counts.items())


def _folded(environment: Environment, told: Sequence[tuple[Environment, Row]], fold: int) -> Iterator[str]:
    """Everything of an environment that was not told above, behind a line to open."""
    above = {row.urn for other, row in told if other.name == environment.name}
    rows = [row for row in environment.rows if row.urn not in above]
    if not rows:
        return
    name = in_html(environment.name, 40)
    more = number(len(rows), "more change" if above else "change")
    title = f"{name}: {more} (in all: {_counts(environment)})"
    lines = ["| A month | What and why |", "| --: | :-- |"] if fold else []
    for row in rows[:fold]:
        what = f"{prose(kind_named(row.type), 60)} {code(row.name)}"
        lines.append(f"| {a_month(row)} | {what}: {prose(reason(row), 200)} |")
    if len(rows) > fold:
        lines += ["", f"and {len(rows) - fold:,} more, not shown for their number"]
    yield "\n".join([f"<details><summary>{title}</summary>", "", *lines, "", "</details>"])


def _groups(document: Document) -> Iterator[str]:
    lines: list[str] = []
    for environment in largest_first(document.environments)[:ENVIRONMENTS]:
        for by in ("cell", "component", "tenant", "owner"):
            groups = [it for it in environment.groups if it.by == by]
            if not any(it.name for it in groups):
                continue
            for group in groups[:GROUPS]:
                cost = group.cost
                name = prose(group.name, 60) if group.name else f"no {by}"
                lines.append(
                    f"| {_name(environment.name)}, {by}: {name} | {money(cost.expected_before)} "
                    f"| {money(cost.expected_after)} | {signed(cost.difference)} |"
                )
    if lines:
        head = ["| Of | Before | After | Difference |", "| :-- | --: | --: | --: |"]
        title = "<details><summary>By cell, component, tenant and owner</summary>"
        yield "\n".join([title, "", *head, *lines, "", "</details>"])
