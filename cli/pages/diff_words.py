"""What the pages of a difference say, in words: the sentence of an environment, the reason of a row.

Everything here is plain text made from a document that may come from a stranger: whoever prints it escapes
it for where it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from cli.diff_document import Charge, Document, Environment, Property, Row
from cli.output import money, number
from cli.pages.words import kind_named

__all__ = [
    "VERBS",
    "a_month",
    "biggest",
    "cost_words",
    "headline",
    "largest_first",
    "listed",
    "made_how",
    "reason",
    "sentence",
    "signed",
    "stores",
    "what_happens",
    "where",
]

VERBS = {
    "create": "added",
    "update": "changed",
    "replace": "replaced",
    "delete": "removed",
    "same": "same",
    "rename": "renamed",
    "read": "read",
    "discard": "no longer read",
}
BIGGEST = 5
OTHERS_NAMED = 2
PATHS = 2
CHARGES = 2
LOST = ("no", "unknown")

Shown = Callable[[str], str]
"""What makes a stranger's name harmless where a sentence goes; the words around it are ours."""


def signed(amount: Decimal) -> str:
    """`+$1,204`, `-$30`, `$0`."""
    return f"+{money(amount)}" if amount > 0 else money(amount)


def percent(share: Decimal | None) -> str:
    """` (+2.5 %)`, or "" where there was nothing before."""
    return "" if share is None else f" ({share:+,.1f} %)" if abs(share) >= Decimal("0.05") else " (±0.0 %)"


def cost_words(environment: Environment) -> str:
    """`+$1,204 a month (+2.5 %)`."""
    cost = environment.cost
    if cost.difference:
        return f"{signed(cost.difference)} a month{percent(cost.percent)}"
    if cost.ceiling_after != cost.ceiling_before:
        return f"the same expected cost, ceiling {signed(cost.ceiling_after - cost.ceiling_before)} a month"
    return "no change in cost"


def sentence(environment: Environment, shown: Shown = str) -> str:
    """The answer in one sentence, for a notification mail."""
    name = shown(environment.name)
    if not environment.changed:
        return f"{name}: unchanged, {money(environment.cost.expected_after)} a month."
    if not environment.in_head:
        return f"{name}: removed, {signed(environment.cost.difference)} a month."
    said = [cost_words(environment), *_untold(environment), _rules(environment)]
    said += _survival(environment, shown)
    return f"{name}: {'new, ' if not environment.in_base else ''}{', '.join(said)}."


def headline(document: Document, shown: Shown = str) -> tuple[str, str]:
    """The sentence of the environment whose cost parts most, and what else to say in one line."""
    if not document.environments:
        return "Nothing to compare.", ""
    first, *others = largest_first(document.environments)
    changed = [it for it in others if it.changed]
    said = [f"{shown(it.name)}: {cost_words(it)}" for it in changed[:OTHERS_NAMED]]
    if len(changed) > OTHERS_NAMED:
        said.append(f"{len(changed) - OTHERS_NAMED} more changed")
    if same := len(others) - len(changed):
        said.append(f"{number(same, 'other')} unchanged")
    return sentence(first, shown), f"{'; '.join(said)}." if said else ""


def largest_first(environments: Iterable[Environment]) -> list[Environment]:
    """Changed ones before unchanged ones, each by what they differ in cost."""
    return sorted(environments, key=lambda it: (not it.changed, -abs(it.cost.difference), it.name))


def _untold(environment: Environment) -> list[str]:
    count = len(environment.newly_unpriced)
    return [f"{number(count, 'more resource')} unpriced"] if count else []


def _rules(environment: Environment) -> str:
    new = sum(it.became == "new" and it.level == "mandatory" for it in environment.rules)
    if new:
        return f"{number(new, 'rule')} broken"
    return "no further rule broken" if environment.mandatory_after else "no rule broken"


def _survival(environment: Environment, shown: Shown) -> list[str]:
    regions = [it for it in environment.regions if it.after]
    lost = [it for it in regions if it.after == "no"]
    untold = [it for it in regions if it.after == "unknown"]
    if not regions:
        return []
    if not lost and not untold:
        was = [it for it in environment.regions if it.before in LOST]
        still = "now " if was else "still " if environment.in_base else ""
        return [f"{still}survives any one region"]
    if not lost:
        return [f"whether it survives the loss of {listed([shown(it.region) for it in untold])} is unknown"]
    worse = [shown(it.region) for it in lost if it.before not in ("no", "")]
    if worse:
        return [f"no longer survives the loss of {listed(worse)}"]
    still = "still " if any(it.before == "no" for it in lost) else ""
    return [f"{still}does not survive the loss of {listed([shown(it.region) for it in lost])}"]


def listed(names: Sequence[str], most: int = 4) -> str:
    """`a, b and 3 more`."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


# Rows.


def biggest(document: Document, count: int = BIGGEST) -> list[tuple[Environment, Row]]:
    """The rows that move the cost most, then the gravest of those that move none; data stores are told before."""
    rows = [(environment, row) for environment in document.environments for row in environment.rows]
    rows = [pair for pair in rows if _moves(pair[1]) or pair[1].operation == "replace"]
    told = {(environment.name, row.urn) for environment, row in stores(document) if not row.cost.difference}
    rows = [pair for pair in rows if (pair[0].name, pair[1].urn) not in told]
    rows.sort(key=lambda it: (-abs(it[1].cost.difference), -abs(ceiling(it[1])), it[0].name, it[1].urn))
    return rows[:count]


def _moves(row: Row) -> bool:
    return bool(row.cost.difference or ceiling(row))


def ceiling(row: Row) -> Decimal:
    """By how much the most that it may cost rises."""
    return row.cost.ceiling_after - row.cost.ceiling_before


def a_month(row: Row) -> str:
    """`+$715`, `ceiling +$80` where only the most it may cost rises, `unpriced`, or `$0`."""
    if row.cost.difference:
        return signed(row.cost.difference)
    if ceiling(row):
        return f"ceiling {signed(ceiling(row))}"
    return "unpriced" if row.unpriced else "$0"


def stores(document: Document) -> list[tuple[Environment, Row]]:
    """Data stores that are replaced or deleted, those whose data goes first."""
    rows = [
        (environment, row)
        for environment in document.environments
        for row in environment.rows
        if row.holds_data and row.operation in ("replace", "delete")
    ]
    rows.sort(key=lambda it: (not it[1].loses_data, bool(it[1].refused), it[0].name, it[1].urn))
    return rows


def what_happens(row: Row) -> str:
    """To a data store: `is replaced (hashKey): its data is lost`."""
    verb = "replaced" if row.operation == "replace" else "deleted"
    because = f" because of {listed(row.replaces, 3)}" if row.replaces else ""
    if row.refused:
        return f"would be {verb}{because}; refused: {row.refused}"
    return f"is {verb}{because}: {'its data is lost' if row.loses_data else 'its data is kept'}"


def where(row: Row) -> str:
    """Kind and region: `ec2.Instance, us-east-1`."""
    return ", ".join(part for part in (kind_named(row.type), row.region) if part)


def reason(row: Row) -> str:
    """Why the cost parts: what happens, which properties, which price components."""
    said = [VERBS[row.operation]]
    if row.operation == "replace" and row.replaces:
        said[0] += f" because of {listed(row.replaces, 3)}"
    elif row.operation in ("update", "replace") and row.properties:
        said[0] += f": {_listed_properties(row.properties)}"
    elif row.operation == "same" and row.cost.difference:
        said[0] = "no input of its own changes: usage, prices or what it serves do"
    charges = _over_regions(row.charges)
    said += [_charge(charge, regions) for charge, regions in charges[:CHARGES]]
    if len(charges) > CHARGES:
        said.append(f"{number(len(charges) - CHARGES, 'more component')}")
    if row.unpriced:
        said.append("part of it is unpriced")
    return "; ".join(said)


def _listed_properties(properties: Sequence[Property]) -> str:
    told = sorted(properties, key=lambda it: (not it.before, it.path.startswith("tags")))
    return listed([f"{it.path} {it.before} → {it.after}" if it.before else it.path for it in told], PATHS)


def _over_regions(charges: Iterable[Charge]) -> list[tuple[Charge, int]]:
    """One of each component, its sums over all regions, and how many those are; the largest first."""
    groups: dict[tuple[str, str], list[Charge]] = {}
    for charge in charges:
        groups.setdefault((charge.item, charge.why), []).append(charge)
    found = []
    for group in groups.values():
        sums = {field: sum((getattr(it, field) for it in group), Decimal(0)) for field in _SUMS}
        found.append((group[0].model_copy(update=sums), len(group)))
    return sorted(found, key=lambda it: (-abs(it[0].after - it[0].before), -abs(_rise_of_ceiling(it[0]))))


_SUMS = ("before", "after", "ceiling_before", "ceiling_after")


def _rise_of_ceiling(charge: Charge) -> Decimal:
    return charge.ceiling_after - charge.ceiling_before


def _charge(charge: Charge, regions: int) -> str:
    """What is expected or, where that is the same, the ceiling: a sum that stays explains nothing."""
    over = f" in {regions} regions" if regions > 1 else ""
    before, after, ceiling = charge.before, charge.after, ""
    if before == after:
        before, after, ceiling = charge.ceiling_before, charge.ceiling_after, "ceiling "
    if charge.why in ("new", "gone"):
        return f"{charge.item} {ceiling}{money(after if charge.why == 'new' else before)}{over}"
    return f"{charge.item} {ceiling}{money(before)} → {money(after)}{over} ({charge.why})"


def made_how(document: Document) -> str:
    """What the figures rest on, in one sentence."""
    dates = " to ".join(document.prices_as_of)
    prices = f"list prices of {dates}" if dates else "no price was needed"
    unverified = (
        f", {document.unverified:,} of the charges at unverified prices" if document.unverified else ""
    )
    assumed = f", {number(document.assumed, 'answer')} assumed" if document.assumed else ""
    return f"Planned offline, without credentials; {prices}{unverified}{assumed}."
