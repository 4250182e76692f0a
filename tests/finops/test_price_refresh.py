"""A newer book from AWS's price list: answers in the shapes of the documented API, through botocore's Stubber."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner

from cli.app import app
from finops.prices import Price, PriceBook
from finops.prices.book import COLUMNS
from finops.prices.edition import written
from finops.prices.manifest import sealed, tampered
from finops.prices.refresh import Refreshed, products, refreshed
from problems import InputError

TODAY = date(2026, 11, 23)
ROWS = [
    "AmazonEC2,Compute Instance,eu-central-1,BoxUsage:m5.large,instanceType=m5.large,on_demand,0,,Hrs,0.115,USD,read,2025-01-01,yes",
    "AmazonEC2,Compute Instance,eu-central-1,BoxUsage:c5.large,instanceType=c5.large,on_demand,0,,Hrs,0.097,USD,read,2025-01-01,yes",
    "AmazonEC2,Compute Instance,eu-central-1,BoxUsage:t9.large,instanceType=t9.large,on_demand,0,,Hrs,0.5,USD,read,2025-01-01,no",
    "AmazonEC2,Compute Instance,eu-central-1,BoxUsage:x1.large,instanceType=x1.large,on_demand,0,,Hrs,1,USD,read,2025-01-01,yes",
]
QUEUE = "AWSQueueService,API Request,eu-central-1,Requests-Tier1,,on_demand,0,,million,0.5,USD,memory,,no"


@pytest.fixture
def book(tmp_path: Path) -> PriceBook:
    folder = tmp_path / "old"
    folder.mkdir()
    header = ",".join(COLUMNS)
    (folder / "AmazonEC2.csv").write_text("\n".join([header, *ROWS]) + "\n")
    (folder / "AWSQueueService.csv").write_text(f"{header}\n{QUEUE}\n")
    (folder / "sources.csv").write_text("source,text\nread,A list\nmemory,Nowhere\n")
    (folder / "manifest.json").write_text(sealed(folder))
    return PriceBook(folder)


def product(usage_type: str, *steps: tuple[str, str, str], unit: str = "Hrs", **attributes: str) -> str:
    """One product as `GetProducts` gives it: a JSON text."""
    dimensions = {
        f"S.T.{number}": {
            "unit": unit, "beginRange": begin, "endRange": end, "rateCode": f"S.T.{number}",
            "description": "", "appliesTo": [], "pricePerUnit": {"USD": price},
        }
        for number, (begin, end, price) in enumerate(steps)
    }  # fmt: skip
    return json.dumps(
        {
            "product": {
                "productFamily": "Compute Instance",
                "attributes": {"usagetype": usage_type, "regionCode": "eu-central-1", **attributes},
                "sku": "S",
            },
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {"S.T": {"priceDimensions": dimensions, "effectiveDate": "2026-11-01T00:00:00Z"}}
            },
            "version": "20261101000000",
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


def ec2(kind: str, price: str, **other: str) -> str:
    plain = {
        "instanceType": kind, "operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared",
        "capacitystatus": "Used", "licenseModel": "No License required",
    }  # fmt: skip
    return product(f"EUC1-BoxUsage:{kind}", ("0", "Inf", price), **{**plain, **other})


PAGES = [
    [
        ec2("m5.large", "0.1150000000"),
        ec2("c5.large", "0.1020000000"),
        ec2("c5.large", "0.2", operatingSystem="Windows"),
    ],
    [ec2("x1.large", "10.0000000000")],
]
QUEUES = [
    product("EUC1-Requests-Tier1", ("0", "1000000", "0"), ("1000000", "Inf", "0.0000004"), unit="Requests")
]


def filters(region: str) -> list[dict[str, str]]:
    return [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]


def expected(service: str, token: str = "") -> dict[str, Any]:
    call: dict[str, Any] = {
        "ServiceCode": service,
        "Filters": filters("eu-central-1"),
        "FormatVersion": "aws_v1",
    }
    return {**call, "NextToken": token} if token else call


@pytest.fixture
def client() -> Iterator[Any]:
    made = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(made) as stub:
        stub.add_response(
            "get_products", {"FormatVersion": "aws_v1", "PriceList": QUEUES}, expected("AWSQueueService")
        )
        stub.add_response(
            "get_products",
            {"FormatVersion": "aws_v1", "PriceList": PAGES[0], "NextToken": "more"},
            expected("AmazonEC2"),
        )
        stub.add_response(
            "get_products", {"FormatVersion": "aws_v1", "PriceList": PAGES[1]}, expected("AmazonEC2", "more")
        )
        yield made
        stub.assert_no_pending_responses()


def run(book: PriceBook, client: Any, **rest: Any) -> Refreshed:
    ask = lambda service, region: products(client, service, region)  # noqa: E731
    return refreshed(book, ask, today=TODAY, services=book.services(), **rest)


def rate(book: PriceBook, usage_type: str, service: str = "AmazonEC2") -> Price:
    found = book.find(service=service, region="eu-central-1", usage_type=usage_type)
    assert found is not None
    return found


def test_moves_are_found_biggest_first_and_suspicious_ones_not_taken(book: PriceBook, client: Any) -> None:
    result = run(book, client)
    moves = [(it.new.usage_type, it.old.rate, it.new.rate, it.is_suspicious) for it in result.sorted_moves()]
    assert moves == [
        ("BoxUsage:x1.large", D(1), D(10), True),
        ("Requests-Tier1", D("0.5"), D("0.4"), False),
        ("BoxUsage:c5.large", D("0.097"), D("0.102"), False),
    ]
    assert {it.usage_type for it in result.prices} == {
        "BoxUsage:m5.large",
        "BoxUsage:c5.large",
        "Requests-Tier1",
    }
    assert [it.usage_type for it in result.absent] == ["BoxUsage:t9.large"]


def test_a_new_book_stands_beside_the_old_one_and_knows_the_past(
    book: PriceBook, client: Any, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in book.folder.iterdir()}
    written(book, run(book, client), tmp_path / "new", today=TODAY)
    assert {path.name: path.read_bytes() for path in book.folder.iterdir()} == before
    new = PriceBook(tmp_path / "new")
    moved = rate(new, "BoxUsage:c5.large")
    assert (moved.rate, moved.as_of, moved.verified) == (D("0.102"), TODAY, True)
    assert "price list" in new.source(moved).lower()
    assert rate(new, "BoxUsage:m5.large").as_of == TODAY
    assert rate(new, "BoxUsage:t9.large").as_of == date(2025, 1, 1)
    assert rate(new, "BoxUsage:x1.large").rate == 1
    assert rate(new.at(date(2026, 11, 22)), "BoxUsage:c5.large").rate == D("0.097")
    assert rate(new.at(TODAY), "BoxUsage:c5.large").rate == D("0.102")
    assert list(tampered(new.folder)) == []


def test_a_jump_is_taken_when_asked_for(book: PriceBook, client: Any) -> None:
    assert len(run(book, client, take_jumps=True).prices) == 4


def test_two_prices_for_one_thing_keep_the_old_one(book: PriceBook) -> None:
    two = [json.loads(ec2("m5.large", price)) for price in ("0.1", "0.2")]
    result = refreshed(book, lambda *_: two, today=TODAY, services=["AmazonEC2"])
    assert [it.usage_type for it in result.ambiguous] == ["BoxUsage:m5.large"]
    assert result.prices == []


def test_a_folder_that_is_there_is_never_replaced(book: PriceBook, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    with pytest.raises(InputError, match="there already"):
        written(book, Refreshed(), tmp_path / "new", today=TODAY)
    assert list((tmp_path / "new").iterdir()) == []


def test_the_command_writes_the_book_and_says_what_moved(
    book: PriceBook, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Session:
        def client(self, name: str) -> Any:
            assert name == "pricing"
            return client

    monkeypatch.setattr("deploy.cloud.session", lambda *_: Session())
    call = [
        "prices",
        "refresh",
        "-o",
        str(tmp_path / "new"),
        "--prices",
        str(book.folder),
        "--format",
        "json",
    ]
    done = CliRunner().invoke(app, call, standalone_mode=False, catch_exceptions=False)
    document = json.loads(done.stdout)
    schema = Path(__file__).parents[2] / "cli" / "schemas" / "prices-refresh.json"
    jsonschema.validate(document, json.loads(schema.read_text()))
    assert [it["percent"] for it in document["moves"]] == ["900.0", "-20.0", "5.2"]
    assert (document["confirmed"], document["absent"]) == (3, 1)


def test_nothing_is_written_where_aws_refuses(
    book: PriceBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from problems import Missing

    made = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")

    class Session:
        def client(self, _: str) -> Any:
            return made

    monkeypatch.setattr("deploy.cloud.session", lambda *_: Session())
    with Stubber(made) as stub:
        stub.add_client_error("get_products", "AccessDeniedException", "no", 400)
        call = ["prices", "refresh", "-o", str(tmp_path / "new"), "--prices", str(book.folder)]
        with pytest.raises(Missing, match="AccessDenied"):
            CliRunner().invoke(app, call, standalone_mode=False, catch_exceptions=False)
    assert not (tmp_path / "new").exists()


RESERVED = (
    "AmazonEC2,Compute Instance,eu-central-1,BoxUsage:m5.large,instanceType=m5.large;lease={};payment={},reserved,0,,"
    "Hrs,{},USD,read,2025-01-01,yes"
)
OFFERS = [
    ("1yr", "No Upfront", "standard", "0.319", ""),
    ("1yr", "No Upfront", "convertible", "0.361", ""),
    ("1yr", "Partial Upfront", "standard", "0.156", "1368"),
    ("3yr", "All Upfront", "standard", "0", "6950"),
]
"""What AWS's calculator said of one instance in September 2025: hourly and upfront."""


def test_reservations_are_refreshed_with_upfront_fees_spread_over_the_term(tmp_path: Path) -> None:
    kept = [("1yr", "No Upfront", "0.3"), ("1yr", "Partial Upfront", "0.3"), ("3yr", "All Upfront", "0.3"),
            ("3yr", "No Upfront", "0.3")]  # fmt: skip
    rows = [",".join(COLUMNS), *(RESERVED.format(*it) for it in kept)]
    (tmp_path / "AmazonEC2.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "sources.csv").write_text("source,text\nread,A list\n")
    answer = json.loads(ec2("m5.large", "0.398"))
    answer["terms"]["Reserved"] = {
        str(place): {
            "termAttributes": {
                "LeaseContractLength": lease,
                "PurchaseOption": payment,
                "OfferingClass": kind,
            },
            "priceDimensions": {
                "h": {"unit": "Hrs", "pricePerUnit": {"USD": hourly}},
                **({"u": {"unit": "Quantity", "pricePerUnit": {"USD": upfront}}} if upfront else {}),
            },
        }
        for place, (lease, payment, kind, hourly, upfront) in enumerate(OFFERS)
    }
    found = refreshed(
        PriceBook(tmp_path), lambda *_: [answer], today=TODAY, services=["AmazonEC2"], take_jumps=True
    )
    rates = {tuple(it.attributes.values())[1:]: it.rate for it in found.prices}
    assert rates == {
        ("1yr", "No Upfront"): D("0.319"),
        ("1yr", "Partial Upfront"): D("0.312164"),  # 0.156 + 1368 / 8760; a Savings Plan's rate is 0.312
        ("3yr", "All Upfront"): D("0.264460"),  # 6950 / 26280; 0.264
    }
    assert [tuple(it.attributes.values())[1:] for it in found.absent] == [("3yr", "No Upfront")]
    assert all(it.verified and it.as_of == TODAY for it in found.prices)
