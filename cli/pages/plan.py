"""The page of `tradewind plan`: WHAT, COST, RULES, SURVIVES, ASSUMED; one screen first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import money, number
from cli.pages.layout import SHOWN, grid, more, section, style_of
from cli.pages.what import GLOBAL, UNTOLD

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from cli.answers import Answers
    from plan.survive import Reason

__all__ = ["draw"]

QUOTED = re.compile(r'"[^"]*"')
REASONS_SHOWN = 3
RULES_SHOWN = 6
ASSUMED_SHOWN = 4


def draw(console: Console, answers: Answers) -> None:
    """Print the page to `console`."""
    for part in _parts(answers):
        console.print(part)


def _parts(answers: Answers) -> Iterator[RenderableType]:
    yield _headline(answers)
    yield ""
    yield _what(answers)
    yield ""
    yield _cost(answers)
    yield ""
    yield _rules(answers)
    yield ""
    yield _survives(answers)
    if findings := _findings(answers):
        yield ""
        yield findings
    yield ""
    yield _assumed(answers)


def _headline(answers: Answers) -> RenderableType:
    plan, what = answers.plan, answers.what
    regions = sum(region not in (GLOBAL, UNTOLD) for region in what.regions)
    left = f"[bold]{escape(plan.target)}[/]   {number(regions, 'region')}, {number(len(plan.stacks), 'stack')}, {number(what.total, 'resource')}"
    right = f"[dim]planned {_origin(plan.graph.origin)} in {plan.seconds:.1f} s[/]"
    from rich.table import Table

    line = Table.grid(expand=True)
    line.add_column()
    line.add_column(justify="right")
    line.add_row(left, right)
    return line


def _origin(origin: str) -> str:
    return {"offline": "offline", "preview": "from a preview", "state": "from a state"}.get(origin, origin)


def _what(answers: Answers) -> RenderableType:
    what = answers.what
    columns = what.regions[:6]
    folded = what.regions[6:]
    headings = [*columns, *([f"{len(folded)} more"] if folded else []), "total"]
    table = section("WHAT", [(heading, "right") for heading in headings])
    rows = list(what.counts.items())
    shown = rows if len(rows) <= SHOWN else rows[: SHOWN - 1]
    rest: Counter[str] = Counter()
    for _, counts in rows[len(shown) :]:
        rest.update(counts)
    for kind, counts in [*shown, *([(f"{len(rows) - len(shown)} other kinds", dict(rest))] if rest else [])]:
        cells = [f"{counts[region]:,}" if region in counts else "-" for region in columns]
        if folded:
            cells.append(f"{sum(counts.get(region, 0) for region in folded):,}")
        table.add_row(escape(kind), *cells, f"{sum(counts.values()):,}")
    return table


def _cost(answers: Answers) -> RenderableType:
    from rich.console import Group

    estimate = answers.estimate
    table = section(
        "COST a month",
        [("floor", "right"), ("expected", "right"), ("ceiling", "right"), ("driven by", "left")],
    )
    place = {region: index for index, region in enumerate(answers.what.regions)}
    costs = estimate.by("region")
    for region in sorted(costs, key=lambda it: place.get(it, len(place))):
        cost = costs[region]
        drivers = estimate.drivers(1, region=region)
        # What an item says after its first comma is detail for `tradewind cost`.
        reason = f"{drivers[0].name}: {drivers[0].item.partition(',')[0]}" if drivers else ""
        table.add_row(region, money(cost.floor), money(cost.expected), money(cost.ceiling), escape(reason))
    total = estimate.total
    copies = estimate.survival_price.expected
    note = f"of which {money(copies)} is the price of copies in other regions" if copies else ""
    table.add_row(
        "[bold]total[/]",
        *(f"[bold]{money(amount)}[/]" for amount in (total.floor, total.expected, total.ceiling)),
        note,
    )
    resources = len({item.urn for item in estimate.unpriced})
    prices = len(
        {
            (line.price.region, line.price.usage_type, *line.price.attributes.values())
            for line in estimate.unverified
        }
    )
    remarks = [f"[bold]{number(resources, 'resource')} unpriced[/]" if resources else "nothing unpriced"]
    if prices:
        remarks.append(f"{number(prices, 'price')} unverified")
    remarks.append(
        f"[dim]tradewind cost {escape(answers.plan.target)}{' --unpriced' if resources else ''}[/]"
    )
    return Group(table, " " * 17 + ", ".join(remarks))


def _rules(answers: Answers) -> RenderableType:
    from rich.console import Group

    report, target = answers.report, escape(answers.plan.target)
    counts = [
        f"{'[bold red]' if report.mandatory else ''}{len(report.mandatory)} mandatory broken{'[/]' if report.mandatory else ''}",
        f"{len(report.advisory)} advisory",
        f"{len(report.exempt)} exempt",
        f"{len(report.undetermined)} cannot be told before deployment",
    ]
    first = f"[bold]RULES[/]{' ' * 12}{', '.join(counts)}"
    table = grid("left", "left", "left", "left")
    # One row a rule: the same mistake in forty places is one decision.
    groups: dict[tuple[str, str], list[str]] = {}
    for violation in report.violations:
        groups.setdefault((violation.level, violation.rule), []).append(violation.source)
    messages = {violation.rule: violation.message for violation in reversed(report.violations)}
    for (level, rule), sources in list(groups.items())[:RULES_SHOWN]:
        place = sources[0] + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")
        table.add_row("  " + style_of(level), rule, escape(place), escape(messages[rule]))
    tail = more(len(groups), RULES_SHOWN, "rules", f"tradewind check {target}")
    return Group(first, *([table] if groups else []), *([f"  {tail}"] if tail else []))


def _survives(answers: Answers) -> RenderableType:
    table = section("SURVIVES losing", [("verdict", "left"), ("because", "left")])
    target = escape(answers.plan.target)
    for loss in answers.survival.regions:
        reasons = _alike(loss.because)
        # Where something is lost for good a person wants to change the program: say where.
        placed = loss.verdict in ("no", "unknown")
        lines = [escape(f"{text}   {source}" if placed else text) for text, source in reasons]
        if len(lines) > REASONS_SHOWN:
            hidden = len(lines) - REASONS_SHOWN
            lines[REASONS_SHOWN:] = [
                f"[dim]+ {hidden} more: tradewind survive {target} --lose {loss.region}[/]"
            ]
        heads = [(loss.region, style_of(loss.verdict)), *[("", "")] * len(lines)]
        for (region, verdict), text in zip(heads, lines or [""], strict=False):
            table.add_row(region, verdict, text)
    if not answers.survival.regions:
        table.add_row("-", "", "nothing in this plan stands in a region")
    return table


def _alike(reasons: Sequence[Reason]) -> list[tuple[str, str]]:
    """Sentences with their place; those that differ only in a name count as one, told once."""
    groups: dict[str, list[Reason]] = {}
    for reason in reasons:
        groups.setdefault(QUOTED.sub("", reason.text), []).append(reason)
    return [
        (f"{group[0].text} ({len(group)} alike)" if len(group) > 1 else group[0].text, group[0].source)
        for group in groups.values()
    ]


def _findings(answers: Answers) -> RenderableType | None:
    findings = answers.plan.graph.findings
    if not findings:
        return None
    table = grid("left", "left", "left")
    for finding in findings[:SHOWN]:
        table.add_row(
            "  " + finding.kind,
            escape(finding.source),
            escape(f"{finding.path}: {finding.message}" if finding.path else finding.message),
        )
    from rich.console import Group

    tail = more(
        len(findings), SHOWN, "findings", f"tradewind plan {escape(answers.plan.target)} --format json"
    )
    return Group(
        f"[bold]NOTICED[/]{' ' * 10}{number(len(findings), 'finding')} in the program's inputs",
        table,
        *([f"  {tail}"] if tail else []),
    )


def _assumed(answers: Answers) -> RenderableType:
    from rich.console import Group

    assumed = [*answers.plan.graph.assumptions, *answers.estimate.assumptions]
    if answers.plan.usage:
        assumed.append(f"usage from {answers.plan.usage.parent.name}/{answers.plan.usage.name}")
    table = grid("left", "left")
    for index, text in enumerate(assumed[:ASSUMED_SHOWN]):
        table.add_row("[bold]ASSUMED[/]       " if not index else "", escape(text))
    tail = more(
        len(assumed),
        ASSUMED_SHOWN,
        "assumptions",
        f"tradewind plan {escape(answers.plan.target)} --assumptions",
    )
    return Group(table, *([" " * 17 + tail] if tail else []))
