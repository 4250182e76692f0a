"""The price book: tiers, sources, what is wrong with it, and how fast it is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.prices import Price, PriceBook, Tier, check
from finops.prices.book import COLUMNS
from problems import InputError

HEADER = ",".join(COLUMNS)
UNDATED = (
    "public-file", "bill-eu-west-1", "bill-discounted", "aws-pricing-page", "aws-faq", "aws-docs", "price-list-quoted",
    "cost-model-eu",
)  # fmt: skip
NAT = "AmazonX,Gateway,us-east-1,Hours,,on_demand,0,,Hrs,0.045,USD,read,2026-08-21,yes"


def written(folder: Path, *rows: str) -> PriceBook:
    (folder / "AmazonX.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    (folder / "sources.csv").write_text("source,text\nread,A public list\n", encoding="utf-8")
    return PriceBook(folder)


def test_a_price_says_where_and_when_it_was_read(tmp_path: Path) -> None:
    book = written(tmp_path, NAT)
    price = book.find(service="AmazonX", region="us-east-1", usage_type="Hours")
    assert price is not None
    assert (price.rate, price.unit, price.as_of, price.verified) == (
        Decimal("0.045"),
        "Hrs",
        date(2026, 8, 21),
        True,
    )
    assert book.source(price) == "A public list"


def test_what_is_not_in_the_book_is_none(tmp_path: Path) -> None:
    book = written(tmp_path, NAT)
    assert book.find(service="AmazonX", region="eu-west-1", usage_type="Hours") is None
    assert book.find(service="AmazonX", region="us-east-1", usage_type="Bytes") is None
    assert book.find(service="AmazonY", region="us-east-1", usage_type="Hours") is None


def test_a_global_price_is_found_from_any_region(tmp_path: Path) -> None:
    book = written(tmp_path, NAT.replace("us-east-1", "global"))
    assert book.find(service="AmazonX", region="eu-west-1", usage_type="Hours") is not None
    assert book.find(service="AmazonX", region="", usage_type="Hours") is not None


def test_attributes_tell_prices_of_one_usage_type_apart(tmp_path: Path) -> None:
    rows = [
        NAT.replace(",,on", f",engine={name},on").replace("0.045", rate)
        for name, rate in (("a", "1"), ("b", "2"))
    ]
    book = written(tmp_path, *rows)
    found = book.find(service="AmazonX", region="us-east-1", usage_type="Hours", engine="b")
    assert found is not None and found.rate == 2
    with pytest.raises(LookupError, match="2 prices fit"):
        book.find(service="AmazonX", region="us-east-1", usage_type="Hours")


def test_s3_storage_is_charged_tier_by_tier(book: PriceBook) -> None:
    """60 TB: the first 51,200 GB at 0.023, the other 10,240 GB at 0.022."""
    price = book.find(service="AmazonS3", region="us-east-1", usage_type="TimedStorage-ByteHrs")
    assert price is not None
    assert price.cost(Decimal(61440)) == 51200 * Decimal("0.023") + 10240 * Decimal("0.022")


tier_prices = st.lists(st.decimals("0.001", 10, places=3), min_size=1, max_size=5)
quantities = st.decimals(0, 10**6, places=2)


def tiered(prices: list[Decimal]) -> Price:
    edges = [Decimal(100 * number) for number in range(len(prices))]
    ends = [*edges[1:], None]
    tiers = tuple(Tier(*row) for row in zip(edges, ends, prices, strict=True))
    return Price("", "", "", "", "GB", tiers)


@given(tier_prices, quantities, quantities)
def test_more_never_costs_less_and_splits_by_tier_add_up(
    prices: list[Decimal], a: Decimal, b: Decimal
) -> None:
    price = tiered(prices)
    low, high = min(a, b), max(a, b)
    assert price.cost(low) <= price.cost(high)
    by_tier = sum(
        (
            max(min(high, tier.end if tier.end is not None else high) - tier.start, Decimal(0)) * tier.price
            for tier in price.tiers
        ),
        Decimal(0),
    )
    assert price.cost(high) == by_tier


@given(st.decimals(0, 100, places=2), tier_prices)
def test_within_the_first_tier_a_cost_is_quantity_times_rate(
    quantity: Decimal, prices: list[Decimal]
) -> None:
    price = tiered(prices)
    assert price.cost(quantity) == quantity * price.rate


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("AmazonX,Gateway,us-east-1,Hours", "14 columns"),
        (NAT.replace("yes", "maybe"), "yes or no"),
        (NAT.replace(",0,,Hrs", ",5,,Hrs"), "begin at 0"),
        (NAT.replace("0.045", "cheap"), "ConversionSyntax"),
    ],
)
def test_a_malformed_row_is_a_problem_with_its_place(tmp_path: Path, row: str, words: str) -> None:
    book = written(tmp_path, row)
    with pytest.raises(InputError, match=words):
        book.find(service="AmazonX", region="us-east-1", usage_type="Hours")


def test_a_file_with_another_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "AmazonX.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(InputError, match="fixed columns"):
        PriceBook(tmp_path).find(service="AmazonX", region="us-east-1", usage_type="Hours")


def test_check_finds_contradictions_holes_old_and_unverified_prices(tmp_path: Path) -> None:
    other = NAT.replace("Hours", "Bytes")
    book = written(
        tmp_path,
        NAT,
        NAT.replace("0.045", "0.050").replace("read,2026-08-21", "read,2025-01-01"),
        other,
        NAT.replace("us-east-1", "eu-west-1").replace("yes", "no"),
    )
    found = check(book, today=date(2026, 11, 23))
    assert [(it.kind, it.region, it.usage_type) for it in found] == [
        ("contradiction", "us-east-1", "Hours"),
        ("hole", "eu-west-1", "Bytes"),
        ("old", "us-east-1", "Hours"),
        ("unverified", "eu-west-1", "Hours"),
    ]


def test_the_bundled_book_contradicts_itself_nowhere(book: PriceBook) -> None:
    findings = check(book, today=date(2026, 11, 23))
    assert [it for it in findings if it.kind == "contradiction"] == []


def test_every_bundled_price_is_positive_in_dollars_and_names_a_known_source(book: PriceBook) -> None:
    for service in book.services():
        for region in book.regions(service):
            for price in book.all(service, region):
                assert price.rate > 0 and price.currency == "USD", price
                assert book.source(price) != price.source, price.source
                assert price.as_of is not None or not price.verified or price.source in UNDATED, price


def test_spot_is_flagged_never_dearer_and_says_how_often_it_is_interrupted(book: PriceBook) -> None:
    spot = list(book.all("AmazonEC2", "us-east-1", purchase_option="spot"))
    assert len(spot) > 300
    for price in spot:
        regular = book.find(service="AmazonEC2", region="us-east-1", usage_type=price.usage_type)
        assert regular is not None and price.rate <= regular.rate
        assert not price.verified
        assert price.attributes["interrupted"] in ("<5%", "5-10%", "10-15%", "15-20%", ">20%")


def test_the_book_agrees_with_figures_known_by_heart(book: PriceBook) -> None:
    """A few figures nobody disputes: the book's rows went through a script."""
    for service, region, usage_type, rate in (
        ("AmazonEC2", "us-east-1", "BoxUsage:p5.48xlarge", "55.04"),
        ("AmazonEC2", "eu-central-1", "BoxUsage:g5.xlarge", "1.258"),
        ("AmazonEC2-NAT", "eu-west-1", "NatGateway-Hours", "0.048"),
        ("AmazonEKS", "eu-west-1", "AmazonEKS-Hours:perCluster", "0.1"),
        ("AWSDataTransfer", "us-east-1", "AWS-Out-Bytes", "0.02"),
    ):
        price = book.find(service=service, region=region, usage_type=usage_type)
        assert price is not None and price.rate == Decimal(rate), usage_type


def test_only_the_files_asked_for_are_read() -> None:
    """Compute prices lie in a file a region: a plan of one region reads none of the others."""
    book = PriceBook.bundled()
    assert book.find(service="AmazonEC2", region="eu-west-1", usage_type="BoxUsage:m5.large")
    assert book.find(service="AmazonS3", region="eu-west-1", usage_type="TimedStorage-ByteHrs")
    assert {file for file in book._read if file[0] == "AmazonEC2"} == {("AmazonEC2", "eu-west-1")}
    assert {service for service, _ in book._read} == {"AmazonEC2", "AmazonS3"}
