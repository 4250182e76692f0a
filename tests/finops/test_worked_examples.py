"""Examples that AWS works out on its own pages, against our estimators: each within a cent."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from finops.estimate import Line, estimate
from finops.free_tiers import FreeTier, credits_of
from finops.prices import Price, PriceBook, Tier
from finops.usage import Usage
from finops.usage_file import Entry, Stated
from plan.graph import Graph, Resource
from plan.values import Reference

EXAMPLES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "worked_examples.yaml").read_text(encoding="utf-8")
)
CENT = D("0.01")
BOOK = PriceBook.bundled()


class Theirs(PriceBook):
    """The bundled book with the prices of one example in place of its own."""

    def __init__(self, prices: list[dict[str, Any]]) -> None:
        super().__init__(BOOK.folder)
        self.theirs = {(it["service"], it["usage_type"]): _price(it) for it in prices}

    def find(self, *, service: str, region: str, usage_type: str, **rest: Any) -> Price | None:
        if (service, usage_type) in self.theirs:
            return self.theirs[service, usage_type]
        return BOOK.find(service=service, region=region, usage_type=usage_type, **rest)


def _price(row: dict[str, Any]) -> Price:
    starts = [D(start) for start, _ in row["tiers"]]
    ends = [*starts[1:], None]
    tiers = tuple(Tier(a, b, D(price)) for a, b, (_, price) in zip(starts, ends, row["tiers"], strict=True))
    return Price(row["service"], "", "", row["usage_type"], "", tiers)


def _graph(example: dict[str, Any]) -> Graph:
    rows = example["resources"]
    urns = {row["name"]: f"urn:pulumi:s::p::{row['type']}::{row['name']}" for row in rows}

    def inputs(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"ref"}:
            return Reference(urns[value["ref"]], "id")
        return {key: inputs(it) for key, it in value.items()} if isinstance(value, dict) else value

    return Graph.of(
        Resource(urns[row["name"]], row["type"], row["name"], inputs(row["inputs"]), region=example["region"])
        for row in rows
    )


def _usage(example: dict[str, Any]) -> Usage:
    entries = [
        Entry(name, "", {key: Stated(D(value)) for key, value in values.items()}, "", "")
        for name, values in example.get("usage", {}).items()
    ]
    return Usage(resources=tuple(entries))


def _part(example: dict[str, Any], line: Line) -> D:
    """What of a month of ours the example covers, for this charge."""
    text = example.get("share", "1")
    for name, one in example.get("shares", {}).items():
        text = one if line.item.startswith(name) else text
    part = Fraction(text)
    return D(part.numerator) / D(part.denominator)


def _amount(example: dict[str, Any], lines: list[Line]) -> D:
    return sum((it.price.cost(it.quantities.expected) * _part(example, it) for it in lines), D(0))


def test_there_are_at_least_sixty_each_with_source_and_date() -> None:
    assert len([it for it in EXAMPLES if "shown" not in it]) >= 60
    assert len({it["id"] for it in EXAMPLES}) == len(EXAMPLES)
    for it in EXAMPLES:
        assert it["source"].startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/")), it["id"]
        assert it["seen"] and it["read"] in ("page", "quoted"), it["id"]


@pytest.mark.parametrize("example", EXAMPLES, ids=[it["id"] for it in EXAMPLES])
def test_an_example_of_aws_comes_out_within_a_cent(example: dict[str, Any]) -> None:
    made = estimate(_graph(example), _usage(example), Theirs(example.get("prices", [])))
    assert made.unpriced == ()
    lines = list(made.lines)
    free = [
        FreeTier(it["service"], it["service"], frozenset(it["usage_types"]), D(it["quantity"]))
        for it in example.get("free", [])
    ]
    credits = credits_of(lines, free)
    total = _amount(example, lines) - sum((it.expected for it in credits), D(0))
    assert abs(total - D(example["published"])) <= CENT, total
    for name, published in example.get("items", {}).items():
        group = [it for it in lines if it.item.startswith(name)]
        assert group, f"{name} is no charge: {[it.item for it in lines]}"
        off = credits_of(group, free)
        amount = _amount(example, group) - sum((it.expected for it in off), D(0))
        assert abs(amount - D(published)) <= CENT, (name, amount)
    if "share" not in example and "shares" not in example and not free:
        # What a person sees: rounded lines and their sum.
        room = CENT * len(lines) / 2 + CENT
        assert abs(made.total.expected - D(example["published"])) <= room
