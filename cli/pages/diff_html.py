"""A difference as one page of HTML: no network, no script; light and dark, phone and paper.

Every text of a stranger goes through `_t`; the page's own policy forbids everything but its own style.
"""

from __future__ import annotations

import html as _html
from collections.abc import Iterable, Iterator
from decimal import Decimal

from cli.diff_document import Document, Environment, Region, Row, Rule
from cli.output import money, number
from cli.pages.diff_words import (
    VERBS,
    a_month,
    biggest,
    headline,
    largest_first,
    made_how,
    percent,
    reason,
    sentence,
    signed,
    stores,
    what_happens,
    where,
)
from cli.pages.inert import plain

__all__ = ["html"]

MOST_ROWS = 5000
"""Rows of an environment; the document has all."""

_STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5a6675;--line:#d9dfe6;--back:#fff;--band:#f5f7f9;
--up:#b42318;--down:#18794e;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#313a46;--back:#12171d;--band:#1a2129;
--up:#ff8a7a;--down:#5fd39a;--warn:#f0c060}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem 1rem 3rem;background:var(--back);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.15rem;font-weight:600;margin:0 0 .5rem}
.figure{font-size:clamp(2rem,9vw,3.4rem);font-weight:700;line-height:1.1;margin:0;font-variant-numeric:tabular-nums}
.figure small{font-size:.4em;font-weight:500;color:var(--soft);white-space:nowrap}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
.soft,small{color:var(--soft)}.up{color:var(--up)}.down{color:var(--down)}.warn{color:var(--warn)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{font-weight:500;color:var(--soft);text-align:left;font-size:.82rem}
td,th{padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;overflow-wrap:normal}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.bar{display:block;height:.35rem;border-radius:.2rem;background:currentColor;margin:.25rem 0 0 auto}
.box{border-left:4px solid var(--up);background:var(--band);padding:.6rem .9rem;margin:1.2rem 0}
.box ul{margin:.3rem 0 0;padding-left:1.1rem}
details{margin:.8rem 0}summary{cursor:pointer;padding:.35rem 0;font-weight:500}
@media(min-width:40.01rem){td:first-child{min-width:13rem}}
@media(max-width:40rem){thead{display:none}tbody tr{display:grid;grid-template-columns:1fr auto;
border-bottom:1px solid var(--line);padding:.5rem 0}td{border:0;padding:.05rem 0}td:first-child{padding-right:.8rem}
td.wide{grid-column:1/-1}
td.n.was::before,td.n.is::before{content:attr(data-label) " ";color:var(--soft)}td.was{grid-column:1;text-align:left}td.is{grid-column:2}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--back:#fff;--band:#f2f2f2;--up:#8a1a10;
--down:#0d5a38;--warn:#6b4500}@page{size:A4;margin:15mm}body{font-size:10.5pt;padding:0;max-width:none}
tr,.box{break-inside:avoid}h2{break-after:avoid}.bar{print-color-adjust:exact}}
"""


def _t(text: str, limit: int = 400) -> str:
    return _html.escape(plain(text, limit))


def html(document: Document) -> str:
    """The whole file."""
    first, _ = headline(document)
    body = "\n".join(_body(document))
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_t(first, 150)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(document: Document) -> Iterator[str]:
    several = len(document.environments) > 1
    yield "<header>" + "\n".join(_head(document)) + "</header>\n<main>"
    yield from _gates(document)
    yield from _stores(document, several)
    yield from _biggest(document, several)
    yield from _rules(document, several)
    yield from _regions(document, several)
    yield from _groups(document, several)
    for environment in largest_first(document.environments):
        yield from _all_rows(environment)
    again = f"tradewind diff {document.base} {document.head}"
    yield f'</main>\n<footer class="soft"><p>{_t(made_how(document))} Again: <code>{_t(again)}</code></p></footer>'


def _head(document: Document) -> Iterator[str]:
    first, _ = headline(document)
    yield f"<h1>{_t(first)}</h1>"
    if document.environments:
        before = sum((it.cost.expected_before for it in document.environments), Decimal(0))
        after = sum((it.cost.expected_after for it in document.environments), Decimal(0))
        count = len(document.environments)
        over = f", {number(count, 'environment')} together" if count > 1 else ""
        share = percent((after - before) / before * 100) if before else ""
        yield (
            f'<p class="figure {_side(after - before)}">{signed(after - before)} '
            f"<small>a month{share}</small></p>"
            f'<p class="soft">{money(before)} before, {money(after)} after{over}</p>'
        )
    for environment in largest_first(document.environments)[1:]:
        yield f"<p>{_t(sentence(environment))}</p>"


def _side(difference: Decimal) -> str:
    return "up" if difference > 0 else "down" if difference < 0 else ""


def _box(head: str, lines: Iterable[str]) -> str:
    return f'<div class="box"><strong>{head}</strong><ul>{"".join(f"<li>{line}</li>" for line in lines)}</ul></div>'


def _gates(document: Document) -> Iterator[str]:
    if document.gates:
        yield _box("Not held", (_t(gate.text) for gate in document.gates))


def _stores(document: Document, several: bool) -> Iterator[str]:
    rows = stores(document)
    if rows:
        yield _box(
            f"{number(len(rows), 'data store')} replaced or deleted",
            (
                f"{_named(environment, row, several)} <small>{_t(where(row))}</small><br>"
                f"{_t(what_happens(row))} {_source(row.source)}"
                for environment, row in rows
            ),
        )


def _named(environment: Environment, row: Row, several: bool) -> str:
    of = f"{_t(environment.name, 60)} " if several else ""
    return f"{of}<code>{_t(row.name)}</code>"


def _source(source: str) -> str:
    return f'<code class="soft">{_t(source)}</code>' if source else ""


def _table(headings: Iterable[tuple[str, str]], rows: Iterable[str]) -> str:
    head = "".join(f'<th scope="col" class="{kind}">{text}</th>' for text, kind in headings)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


_COLUMNS = (("what", ""), ("a month", "n"), ("before", "n"), ("after", "n"), ("why", ""))


def _biggest(document: Document, several: bool) -> Iterator[str]:
    rows = biggest(document)
    if rows:
        top = max((abs(row.cost.difference) for _, row in rows), default=Decimal(0))
        yield "<h2>The biggest changes</h2>"
        yield _table(_COLUMNS, (_row(environment, row, several, top) for environment, row in rows))


def _row(environment: Environment, row: Row, several: bool, top: Decimal = Decimal(0)) -> str:
    cost = row.cost
    bar = f'<span class="bar" style="width:{abs(cost.difference) / top * 100:.0f}%"></span>' if top else ""
    return (
        f"<tr><td>{_named(environment, row, several)}<br><small>{_t(where(row))}</small></td>"
        f'<td class="n {_side(cost.difference)}"><strong>{a_month(row)}</strong>{bar}</td>'
        f'<td class="n was" data-label="before">{money(cost.expected_before)}</td>'
        f'<td class="n is" data-label="after">{money(cost.expected_after)}</td>'
        f'<td class="wide">{_t(reason(row))} {_source(row.source)}</td></tr>'
    )


def _rules(document: Document, several: bool) -> Iterator[str]:
    found = [(it, rule) for it in document.environments for rule in it.rules]
    if not found:
        return
    found.sort(key=lambda it: (it[1].became != "new", it[1].level != "mandatory"))
    yield "<h2>Rules</h2>"
    headings = (("rule", ""), ("was", ""), ("because", ""))
    yield _table(headings, (_rule(environment, rule, several) for environment, rule in found[:MOST_ROWS]))


def _rule(environment: Environment, rule: Rule, several: bool) -> str:
    of = f"{_t(environment.name, 60)} " if several else ""
    new = rule.became == "new"
    style = "up" if new and rule.level == "mandatory" else "warn" if new else "down"
    fix = f"<br><strong>Fix:</strong> {_t(rule.fix)}" if rule.fix and new else ""
    return (
        f"<tr><td>{of}<code>{_t(rule.rule)}</code><br><small>{rule.level}</small></td>"
        f'<td class="{style}">{rule.became}</td><td class="wide">{_t(rule.message)} {_source(rule.source)}{fix}</td></tr>'
    )


def _regions(document: Document, several: bool) -> Iterator[str]:
    rows = [(it, region) for it in document.environments for region in it.changed_regions]
    if rows:
        yield "<h2>Survives the loss of</h2>"
        headings = (("region", ""), ("before → after", ""), ("because", ""))
        yield _table(headings, (_region(environment, region, several) for environment, region in rows))


def _region(environment: Environment, region: Region, several: bool) -> str:
    of = f"{_t(environment.name, 60)} " if several else ""
    style = {"no": "up", "unknown": "warn", "degraded": "warn", "yes": "down"}.get(region.after, "")
    return (
        f"<tr><td>{of}{_t(region.region)}</td>"
        f'<td>{region.before or "-"} → <strong class="{style}">{region.after or "-"}</strong></td>'
        f'<td class="wide">{_t("; ".join(region.because))} {_source(region.source)}</td></tr>'
    )


def _groups(document: Document, several: bool) -> Iterator[str]:
    for by in ("cell", "component", "tenant", "owner"):
        rows = [(it, group) for it in document.environments for group in it.groups if group.by == by]
        if not any(group.name for _, group in rows):
            continue
        cells = []
        for environment, group in rows[:MOST_ROWS]:
            of = f"{_t(environment.name, 60)} " if several else ""
            cost = group.cost
            cells.append(
                f"<tr><td>{of}{_t(group.name) or 'none'}</td>"
                f'<td class="n {_side(cost.difference)}">{signed(cost.difference)}</td>'
                f'<td class="n was" data-label="before">{money(cost.expected_before)}</td>'
                f'<td class="n is" data-label="after">{money(cost.expected_after)}</td></tr>'
            )
        yield f"<h2>By {by}</h2>"
        yield _table(((by, ""), *_COLUMNS[1:4]), cells)


def _all_rows(environment: Environment) -> Iterator[str]:
    if not environment.rows:
        return
    said = ", ".join(f"{count:,} {VERBS[operation]}" for operation, count in environment.counts.items())
    rows = [_row(environment, row, False) for row in environment.rows[:MOST_ROWS]]
    more = len(environment.rows) - len(rows)
    note = f'<p class="soft">and {more:,} more in the document</p>' if more > 0 else ""
    yield (
        f"<details><summary>{_t(environment.name)}: all changes ({said})</summary>"
        f"{_table(_COLUMNS, rows)}{note}</details>"
    )
