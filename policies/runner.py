"""Applying the rules to a graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import cast

from plan.graph import Graph, Resource
from policies.config import Config, Exemption
from policies.report import Exempt, Report, Skipped, Undetermined, Violation, sorted_report
from policies.rule import ANY_TYPE, Breach, Level, Rule, all_rules
from policies.surroundings import Surroundings
from policies.view import Undetermined as Unseen
from policies.view import View

__all__ = ["applied", "check", "evaluate", "exempted", "level_of", "subject"]


def check(graph: Graph, config: Config | None = None, *, rules: Iterable[Rule] | None = None) -> Report:
    """Every rule over every managed resource of `graph`. Pure: the date is `config.today`.

    A rule that would have to know what only deployment decides is `undetermined` for that resource; one
    that lacks configuration is `skipped`. Neither counts as passed.
    """
    config = config or Config()
    chosen = [rule for rule in (all_rules() if rules is None else rules) if level_of(rule, config)]
    running, skipped = _configured(chosen, config)
    levels = {rule.id: cast(Level, level_of(rule, config)) for rule in running}
    around = Surroundings(graph, config)
    found: list[Violation] = []
    unseen: list[Undetermined] = []
    count = 0
    for resource, matching in applied(graph, running):
        count += 1
        view = View(resource, around)
        for rule in matching:
            level = levels[rule.id]
            for item in evaluate(rule, view):
                if isinstance(item, Unseen):
                    unseen.append(
                        Undetermined(rule.id, level, resource.urn, _sentence(resource, item), resource.source)
                    )
                else:
                    found.append(_violation(rule, level, resource, item))
    skipped += _classless(running, around)
    broken, exempt = _judged(found, graph, config)
    rules_run = tuple(sorted(chosen, key=lambda rule: rule.id))
    return sorted_report(
        Report(tuple(broken), tuple(exempt), tuple(unseen), tuple(skipped), rules_run, count)
    )


def applied(graph: Graph, rules: Iterable[Rule]) -> Iterator[tuple[Resource, list[Rule]]]:
    """Every managed resource with the rules that look at its type."""
    by_type: defaultdict[str, list[Rule]] = defaultdict(list)
    everywhere: list[Rule] = []
    for rule in rules:
        if ANY_TYPE in rule.types:
            everywhere.append(rule)
        for kind in rule.types:
            by_type[kind].append(rule)
    table = {kind: [*everywhere, *group] for kind, group in by_type.items()}
    for resource in graph:
        if resource.is_managed:
            yield resource, table.get(resource.type, everywhere)


def evaluate(rule: Rule, view: View) -> Iterator[str | Breach | Unseen]:
    """What `rule` says of `view`: what it found, and at the end what it could not see."""
    try:
        yield from rule.evaluate(view)
    except Unseen as unseen:
        yield unseen


def level_of(rule: Rule, config: Config) -> Level | None:
    """The level at which `rule` runs, `None` when it is disabled. Over a graph nothing is remediated."""
    level = config.levels.get(rule.id, rule.level)
    if level == "disabled":
        return None
    return "mandatory" if level == "remediate" else level


def _configured(rules: list[Rule], config: Config) -> tuple[list[Rule], list[Skipped]]:
    missing: dict[str, str] = {}
    if not config.tags:
        missing["tags"] = "no required tags are configured (tags.required)"
    if not config.zones:
        missing["residency"] = "no residency zones are configured (residency.zones)"
    skipped = [Skipped(rule.id, missing[part]) for rule in rules for part in rule.reads if part in missing]
    without = {one.rule for one in skipped}
    return [rule for rule in rules if rule.id not in without], skipped


def _classless(rules: list[Rule], around: Surroundings) -> list[Skipped]:
    """Rules for production that took resources for something else because nothing says what they are."""
    if not around.classless:
        return []
    why = f"the class of {len(around.classless)} resources is not known (environment_class, or the tag environment)"
    return [Skipped(rule.id, why) for rule in rules if "environment_class" in rule.reads]


def _judged(found: list[Violation], graph: Graph, config: Config) -> tuple[list[Violation], list[Exempt]]:
    by_rule: defaultdict[str, list[Exemption]] = defaultdict(list)
    for exemption in config.exemptions:
        by_rule[exemption.rule].append(exemption)
    broken: list[Violation] = []
    exempt: list[Exempt] = []
    for violation in found:
        taken = exempted(by_rule.get(violation.rule, ()), graph[violation.urn], config.today)
        if taken is None:
            broken.append(violation)
        else:
            until = taken.until.isoformat() if taken.until else ""
            exempt.append(Exempt(violation, taken.reason, until, taken.place))
    return broken, exempt


def exempted(exemptions: Iterable[Exemption], resource: Resource, today: date | None) -> Exemption | None:
    """The first of the exemptions that covers `resource` and still holds."""
    return next((one for one in exemptions if one.covers(resource) and not one.expired(today)), None)


def _violation(rule: Rule, level: Level, resource: Resource, item: str | Breach) -> Violation:
    text, fix = (item.text, item.fix) if isinstance(item, Breach) else (item, rule.fix)
    return Violation(
        rule.id, rule.severity, level, resource.urn, f"{subject(resource)} {text}", fix, resource.source
    )


def subject(resource: Resource) -> str:
    """How messages call a resource: `Bucket lake`, or `Deployment "serving"` by its own kind."""
    return f"{resource.type.rpartition(':')[2]} {resource.name}"


def _sentence(resource: Resource, unseen: Unseen) -> str:
    return f"{subject(resource)}: {unseen}"
