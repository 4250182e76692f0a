"""A contract's discounts: what they do to a price, to an estimate, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from finops.estimate import Estimate, estimate
from finops.prices import PriceBook
from finops.prices.discounts import Discounts, load
from finops.usage import Usage
from plan.graph import Graph, Resource
from problems import InputError

DAY = date(2026, 6, 1)
NAT = "aws:ec2/natGateway:NatGateway"
VPN = "aws:ec2/vpnConnection:VpnConnection"
RIGHT = """\
contract: EDP 2026
from: 2026-01-01
until: 2026-12-31
percent: 10
services: {AmazonVPC: 20}
private_rates:
  - {service: AmazonEC2-NAT, usage_type: NatGateway-Hours, region: us-east-1, price: 0.03}
"""


def read(tmp_path: Path, text: str, book: PriceBook, day: date = DAY) -> Discounts:
    file = tmp_path / "contract.yaml"
    file.write_text(text)
    return load(file, book, day=day)


def test_a_private_rate_a_service_and_the_rest(
    tmp_path: Path, book: PriceBook, make: Callable[..., Resource]
) -> None:
    under = book.under(read(tmp_path, RIGHT, book))
    made = estimate(Graph.of([make(NAT), make(VPN)]), Usage(), under)
    found = {line.item: line for line in made.lines}
    assert found["NAT gateway"].expected == D("21.90")  # 730 x 0.03, no percentage
    assert found["data through the NAT gateway"].expected == D("4.05")  # 100 x 0.045 less 10 %
    assert found["VPN connection"].expected == D("29.20")  # 730 x 0.05 less 20 %
    assert found["VPN connection"].price.discount == "EDP 2026: 20 %"
    assert found["NAT gateway"].saved == D("10.95")
    shown = {it["discount"]: it["saved"] for it in made.to_dict()["discounts"]}
    assert shown == {"EDP 2026: private rate": "10.95", "EDP 2026: 10 %": "0.45", "EDP 2026: 20 %": "7.30"}


def test_nothing_changes_without_a_contract(
    price: Callable[..., Estimate], make: Callable[..., Resource]
) -> None:
    made = price(make(NAT))
    assert all(not line.price.discount and not line.saved for line in made.lines)
    assert made.to_dict()["discounts"] == []


WRONG = {
    "no contract": ("percent: 5\n", "names it"),
    "above a hundred": ("contract: a\npercent: 101\n", "101"),
    "below zero": ("contract: a\npercent: -1\n", "-1"),
    "not a number": ("contract: a\npercent: much\n", "much"),
    "an infinite number": ("contract: a\npercent: .inf\n", ".inf"),
    "a misspelt key": ("contract: a\npercents: 5\n", "percent?"),
    "a misspelt service": ("contract: a\nservices: {AmazonDynamDB: 5}\n", "AmazonDynamoDB?"),
    "a rate for nothing": (
        "contract: a\nprivate_rates: [{service: AmazonEC2, usage_type: No, price: 1}]\n",
        "no such price",
    ),
    "a rate without a price": (
        "contract: a\nprivate_rates: [{service: AmazonEC2, usage_type: No}]\n",
        "no price",
    ),
    "a day that is none": ("contract: a\nfrom: 2026-13-01\n", "2026-13-01"),
    "ends before it begins": ("contract: a\nfrom: 2026-02-01\nuntil: 2026-01-01\n", "before it begins"),
    "a list": ("- a\n", "contract: NAME"),
    "not YAML": ("contract: [\n", "not YAML"),
    "over": ("contract: a\nuntil: 2025-01-01\n", "holds until 2025-01-01"),
    "not yet": ("contract: a\nfrom: 2027-01-01\n", "holds from 2027-01-01"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_a_malformed_contract_is_refused_with_its_place(
    tmp_path: Path, book: PriceBook, text: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, book)
    assert words in str(caught.value)
    assert "contract.yaml" in str(caught.value)
    assert "nothing was priced" in str(caught.value)
