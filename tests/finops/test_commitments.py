"""Savings Plans and reservations: AWS's own examples of how they apply, the book's rates, wrong files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from finops.estimate import estimate
from finops.prices import Price, PriceBook
from finops.prices.book import COLUMNS
from finops.prices.commitments import ASSUMED
from finops.prices.discounts import load
from finops.usage import Usage
from plan.graph import Graph, Resource
from problems import InputError

DAY = date(2026, 6, 1)
CENT = D("0.01")
USAGE = {
    ("AmazonEC2", "BoxUsage:r5.4xlarge"): ("4", "1.00", "0.70"),
    ("AmazonEC2", "BoxUsage:m5.24xlarge"): ("1", "10.00", "8.20"),
    ("AmazonECS", "Fargate-vCPU-Hours:perCPU"): ("400", "0.04", "0.03"),
    ("AmazonECS", "Fargate-GB-Hours"): ("1600", "0.004", "0.003"),
    ("AWSLambda", "Lambda-GB-Second"): ("1500000", "0.000015", "0.00001275"),
    ("AWSLambda", "Request"): ("1000000", "0.0000002", ""),
}
"""An hour of AWS's example (Savings Plans user guide, "Understanding how Savings Plans apply to your AWS
usage"; its rates are illustrative): how much, on demand, under a Compute Savings Plan. The guide's prices
of a Fargate GB were not in the copy that was read: they follow from both of its totals, 59.10 and 47.13."""
OLDER = {
    ("AmazonEC2", "BoxUsage:c5.9xlarge"): ("1", "4.00", "2.00"),
    ("AmazonEC2", "BoxUsage:c5.24xlarge"): ("1", "10.00", "8.00"),
    ("AmazonECS", "Fargate-vCPU-Hours:perCPU"): ("10", "1.50", "1.00"),
    ("AmazonECS", "Fargate-GB-Hours"): ("5", "2.00", "1.00"),
}
"""The same page's example of an earlier edition."""
Table = dict[tuple[str, str], tuple[str, str, str]]
NOW = "term: 1yr, payment: Partial Upfront"
COMPUTE = f"{{plan: compute, {NOW}, share: 100}}"


def book_of(folder: Path, table: Table) -> PriceBook:
    """A book of the example's rates, with a reservation of r5.4xlarge and a plan of its family."""
    files: dict[str, list[str]] = {}
    for (service, kind), (_, usual, planned) in table.items():
        row = "{s},F,us-east-1,{k},{a},{o},0,,U,{p},USD,guide,2026-01-01,yes"
        rows = files.setdefault(service, [",".join(COLUMNS)])
        rows.append(row.format(s=service, k=kind, a="", o="on_demand", p=usual))
        if planned:
            told = "lease=1yr;payment=Partial Upfront;plan=compute"
            rows.append(row.format(s=service, k=kind, a=told, o="savings_plan", p=planned))
        if kind.endswith("r5.4xlarge"):
            told = "lease=1yr;payment=Partial Upfront"
            rows.append(row.format(s=service, k=kind, a=told, o="reserved", p="0.65"))
            rows.append(
                row.format(s=service, k=kind, a=told + ";plan=ec2_instance", o="savings_plan", p="0.60")
            )
    for service, rows in files.items():
        (folder / f"{service}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "sources.csv").write_text("source,text\nguide,A guide\n", encoding="utf-8")
    return PriceBook(folder)


def under(book: PriceBook, folder: Path, *commitments: str, more: str = "") -> PriceBook:
    file = folder / "contract.yaml"
    rows = "".join(f"  - {it}\n" for it in commitments)
    file.write_text(f"contract: C\n{more}commitments:\n{rows}", encoding="utf-8")
    return book.under(load(file, book, day=DAY))


def price_of(book: PriceBook, service: str, kind: str, **attributes: str) -> Price:
    found = book.find(service=service, region="us-east-1", usage_type=kind, **attributes)
    assert found is not None
    return found


def hour(book: PriceBook, table: Table) -> D:
    return sum((D(row[0]) * price_of(book, *key).rate for key, row in table.items()), D(0))


def test_without_a_commitment_everything_is_on_demand(tmp_path: Path) -> None:
    assert hour(book_of(tmp_path, USAGE), USAGE).quantize(CENT) == D("59.10")


def test_a_plan_that_applies_to_all_usage(tmp_path: Path) -> None:
    """Scenario 1: 47.13 an hour; of requests Lambda's plans know nothing."""
    book = under(book_of(tmp_path, USAGE), tmp_path, COMPUTE)
    planned = sum((D(row[0]) * D(row[2]) for row in USAGE.values() if row[2]), D(0))
    assert hour(book, USAGE) == planned + D("0.20")
    assert abs(hour(book, USAGE) - D("47.13")) < CENT
    assert price_of(book, "AWSLambda", "Request").discount == ""


def test_the_earlier_example_costs_what_it_commits_to(tmp_path: Path) -> None:
    """Scenario 1 of the earlier edition: a plan of 25.00 an hour covers everything, exactly."""
    assert hour(under(book_of(tmp_path, OLDER), tmp_path, COMPUTE), OLDER) == D("25.00")


def test_a_plan_that_applies_to_some_usage(tmp_path: Path) -> None:
    """Scenario 2: 2.00 an hour buy 2.9 of 4 instances; on demand remain 56.24 of the other usage."""
    share = f"{D(2) / D('0.70') / 4 * 100:.6f}"
    one = f'{{plan: compute, {NOW}, share: {share}, usage_type: "BoxUsage:r5.*"}}'
    book = under(book_of(tmp_path, USAGE), tmp_path, one)
    assert (hour(book, USAGE) - 2).quantize(CENT) == D("56.24")


def test_reservations_come_before_plans(tmp_path: Path) -> None:
    """Scenario 3: two of four instances are reserved; the plan's 18.20 cover the others and Fargate."""
    book = under(
        book_of(tmp_path, USAGE), tmp_path,
        f'{{plan: compute, {NOW}, share: 100, usage_type: "BoxUsage:r5.*"}}',
        f"{{plan: compute, {NOW}, share: 100, service: AmazonECS}}",
        f"{{plan: reserved, {NOW}, share: 50}}",
    )  # fmt: skip
    instance = price_of(book, "AmazonEC2", "BoxUsage:r5.4xlarge")
    assert instance.rate * 4 == 2 * D("0.65") + 2 * D("0.70")
    assert instance.discount == (
        "C: 50 % reserved, 1yr, Partial Upfront; 50 % Compute Savings Plan, 1yr, Partial Upfront"
    )
    plan = 2 * D("0.70") + 400 * D("0.03") + 1600 * D("0.003")
    assert plan == D("18.20")
    assert hour(book, USAGE) == 2 * D("0.65") + plan + 10 + D("22.5") + D("0.20")


def test_a_plan_of_a_family_comes_before_one_of_all_compute(tmp_path: Path) -> None:
    """Scenario 4: the r5 plan covers its family for 2.40, the other plan's 16.80 all of Fargate."""
    book = under(
        book_of(tmp_path, USAGE), tmp_path, f"{{plan: compute, {NOW}, share: 100, service: AmazonECS}}",
        f'{{plan: ec2_instance, {NOW}, share: 100, usage_type: "BoxUsage:r5.*", region: us-east-1}}',
    )  # fmt: skip
    assert price_of(book, "AmazonEC2", "BoxUsage:r5.4xlarge").rate * 4 == D("2.40")
    fargate = [key for key in USAGE if key[0] == "AmazonECS"]
    assert sum((D(USAGE[key][0]) * price_of(book, *key).rate for key in fargate), D(0)) == D("16.80")


def test_a_stated_saving_a_percentage_and_what_is_saved(tmp_path: Path) -> None:
    book = book_of(tmp_path, USAGE)
    one = "{plan: compute, term: 3yr, payment: All Upfront, share: 50, saving: 40, service: AmazonEC2}"
    found = price_of(under(book, tmp_path, one, more="percent: 10\n"), "AmazonEC2", "BoxUsage:m5.24xlarge")
    assert found.rate == (D(5) + D(3)) * D("0.9")
    assert found.list_cost(D(1)) == 10
    assert found.discount == "C: 50 % Compute Savings Plan, 3yr, All Upfront; 10 %"


def test_the_books_reservations_in_an_estimate(
    book: PriceBook, make: Callable[..., Resource], tmp_path: Path
) -> None:
    """p4d.24xlarge: 13.921094 an hour reserved for a year and 21.957642 on demand."""
    one = "{plan: reserved, term: 1yr, payment: No Upfront, share: 60, service: AmazonEC2}"
    node = make("aws:ec2/instance:Instance", instanceType="p4d.24xlarge")
    spot = make("aws:ec2/spotInstanceRequest:SpotInstanceRequest", "spot", instanceType="p4d.24xlarge")
    usual = estimate(Graph.of([node, spot]), Usage(), book)
    made = estimate(Graph.of([node, spot]), Usage(), under(book, tmp_path, one))
    lines = {line.item: line for line in made.lines}
    rate = D("0.6") * D("13.921094") + D("0.4") * D("21.957642")
    line = lines["instance p4d.24xlarge, on demand"]
    assert line.expected == (730 * rate).quantize(CENT) and line.verified
    assert line.saved == (730 * D("21.957642")).quantize(CENT) - line.expected
    assert lines["instance p4d.24xlarge, spot"].price.discount == ""
    assert ASSUMED in made.assumptions and ASSUMED not in usual.assumptions


def test_an_instance_plan_without_a_row_takes_the_reservations_rate_unverified(
    book: PriceBook, tmp_path: Path
) -> None:
    one = '{plan: ec2_instance, term: 1yr, payment: No Upfront, share: 100, usage_type: "BoxUsage:m7i.*", region: us-east-1}'
    found = price_of(under(book, tmp_path, one), "AmazonEC2", "BoxUsage:m7i.2xlarge")
    assert found.rate == D("0.2667") and not found.verified
    other = price_of(under(book, tmp_path, one), "AmazonEC2", "BoxUsage:m7g.2xlarge")
    assert other.discount == ""


def test_a_reservation_of_one_engine_is_none_of_another(book: PriceBook, tmp_path: Path) -> None:
    """ElastiCache: the attributes that tell its prices apart tell its reservations apart too."""
    one = "{plan: reserved, term: 1yr, payment: No Upfront, share: 100, service: AmazonElastiCache}"
    for engine in ("Redis", "Valkey"):
        kind = {
            "service": "AmazonElastiCache",
            "region": "us-east-1",
            "usage_type": "NodeUsage:cache.m5.large",
        }
        row = book.find(
            **kind, purchase_option="reserved", cacheEngine=engine, lease="1yr", payment="No Upfront"
        )
        found = under(book, tmp_path, one).find(**kind, cacheEngine=engine)
        assert row is not None and found is not None and found.rate == row.rate


def test_every_reserved_rate_is_below_the_one_on_demand(book: PriceBook) -> None:
    seen = 0
    for region in book.regions("AmazonEC2"):
        for option in ("reserved", "savings_plan"):
            for price in book.all("AmazonEC2", region, purchase_option=option):
                usual = book.find(service="AmazonEC2", region=region, usage_type=price.usage_type)
                assert usual is not None, price
                assert D("0.2") < price.rate / usual.rate < D("0.95"), price
                assert price.attributes["lease"] in ("1yr", "3yr") and price.as_of is not None
                seen += 1
    assert seen > 1000


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ("{plan: reserved, term: 1yr, share: 5}", "no payment"),
        ("{plan: computer, term: 1yr, payment: No Upfront, share: 5}", "did you mean compute?"),
        ("{plan: reserved, term: 2yr, payment: No Upfront, share: 5}", "did you mean"),
        ("{plan: reserved, term: 1yr, payment: none, share: 5}", "one of No Upfront, Partial Upfront"),
        ("{plan: reserved, term: 1yr, payment: No Upfront, share: 101}", "a number from 0 to 100"),
        ("{plan: reserved, term: 1yr, payment: No Upfront, share: 5, saving: -1}", "a number from 0 to 100"),
        ("{plan: reserved, term: 1yr, payment: No Upfront, share: 5, famliy: m7i}", "there is no such key"),
        ("{plan: ec2_instance, term: 1yr, payment: No Upfront, share: 5}", "of one family in one region"),
        ("{plan: sagemaker, term: 1yr, payment: No Upfront, share: 5}", "state its `saving`"),
        (
            '{plan: compute, term: 1yr, payment: No Upfront, share: 5, usage_type: "BoxUsage:p4d.*"}',
            "the price book has no rate",
        ),
        (
            "{plan: reserved, term: 1yr, payment: No Upfront, share: 5, service: AmazonEC3}",
            "no rate of this plan",
        ),
    ],
)
def test_a_wrong_commitment_is_one_message_at_its_line(
    book: PriceBook, tmp_path: Path, one: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        under(book, tmp_path, one)
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert words in f"{problem.got} {problem.but} {problem.fix}"
    assert problem.place.startswith(f"{tmp_path / 'contract.yaml'}:3:")
