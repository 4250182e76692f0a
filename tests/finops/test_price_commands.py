"""`tradewind prices` and the price options of `tradewind cost`: right answers, and one message for wrong input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from cli.app import app
from cli.exits import GateNotHeld
from finops.prices import PriceBook
from finops.prices.manifest import sealed, tampered
from finops.prices.transfer import INTERNET, ZONES, flow
from problems import InputError
from tests.cli.wrong import graph_text, queue

ROOT = Path(__file__).parents[2]


@pytest.fixture
def graph(tmp_path: Path) -> str:
    file = tmp_path / "graph.json"
    file.write_text(graph_text(resources=[queue("jobs", inputs={"name": "jobs"}, region="us-east-1")]))
    return str(file)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A sealed book of two services."""
    folder = tmp_path / "book"
    folder.mkdir()
    bundled = PriceBook.bundled().folder
    for name in ("sources.csv", "free_tiers.csv", "former.csv", "AWSQueueService.csv", "AmazonDynamoDB.csv"):
        shutil.copy(bundled / name, folder / name)
    (folder / "manifest.json").write_text(sealed(folder))
    return folder


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False).output


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "cli", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done


def document(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--format", "json"))


def test_the_bundled_book_is_what_its_manifest_says() -> None:
    assert list(tampered(PriceBook.bundled().folder)) == []


def test_a_book_that_somebody_changed_is_refused(copy: Path, graph: str) -> None:
    file = copy / "AWSQueueService.csv"
    file.write_text(file.read_text().replace("0.4", "0.04"))
    done = refused("cost", graph, "--prices", str(copy))
    assert done.returncode == 1
    assert "AWSQueueService.csv" in done.stderr and "tradewind prices seal" in done.stderr
    assert done.stderr.count("another checksum") == 1
    with pytest.raises(GateNotHeld, match="changed after the book was sealed"):
        run("prices", "check", "--prices", str(copy))
    run("prices", "seal", "--prices", str(copy))
    assert D(document("cost", graph, "--prices", str(copy))["total"]["expected"]) == D("0.04")


def test_a_manifest_of_nonsense_is_one_message(copy: Path, graph: str) -> None:
    (copy / "manifest.json").write_text("[]")
    done = refused("cost", graph, "--prices", str(copy))
    assert done.returncode == 1 and "manifest" in done.stderr


def test_a_folder_without_prices_is_one_message(tmp_path: Path, graph: str) -> None:
    done = refused("cost", graph, "--prices", str(tmp_path / "nothing"))
    assert done.returncode == 1 and "no price book" in done.stderr


def test_prices_older_than_a_limit_are_exit_code_3(graph: str, copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "cost", graph, "--max-price-age", "1"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 3 and "older than 1 days" in done.stderr
    with pytest.raises(GateNotHeld, match="prices are older than 1 days"):
        run("prices", "check", "--prices", str(copy), "--max-age", "1")


def test_a_region_that_the_book_does_not_have_is_unpriced_loudly(tmp_path: Path, copy: Path) -> None:
    file = tmp_path / "far.json"
    file.write_text(graph_text(resources=[queue("jobs", inputs={}, region="af-south-1")]))
    made = document("cost", str(file), "--prices", str(copy))
    assert made["lines"] == []
    assert "af-south-1" in made["unpriced"][0]["reason"]


def test_a_day_to_come_and_a_wrong_contract_are_one_message(tmp_path: Path, graph: str) -> None:
    done = refused("cost", graph, "--as-of", "2099-01-01")
    assert done.returncode == 1 and "future" in done.stderr
    contract = tmp_path / "contract.yaml"
    contract.write_text("contract: a\npercent: 120\n")
    done = refused("cost", graph, "--discounts", str(contract))
    assert done.returncode == 1 and "contract.yaml:2" in done.stderr
    usage = tmp_path / "usage.yaml"
    usage.write_text("defaults:\n  sqs.Queue: {requests: -5}\n")
    done = refused("cost", graph, "--usage", str(usage))
    assert done.returncode == 1 and "usage.yaml:2" in done.stderr


def test_a_past_day_has_the_prices_of_then() -> None:
    book = PriceBook.bundled()
    for day, rate in ((date(2024, 10, 31), "1.25"), (date(2024, 11, 1), "0.625")):
        found = book.at(day).find(
            service="AmazonDynamoDB", region="us-east-1", usage_type="WriteRequestUnits"
        )
        assert found is not None and found.rate == D(rate)


def test_what_is_newer_than_the_day_asked_for_is_said(graph: str) -> None:
    made = document("cost", graph, "--as-of", "2020-01-31")
    assert made["as_of"] == "2020-01-31"
    assert made["later"] <= len(made["lines"])
    jsonschema.validate(
        {key: made[key] for key in made if key not in ("target", "stacks", "environment", "notes", "source")},
        {**json.loads((ROOT / "finops/schemas/cost.json").read_text()), "additionalProperties": True},
    )


def test_the_free_tier_is_taken_off_when_asked_for(graph: str) -> None:
    made = document("cost", graph, "--free-tiers")
    assert made["credits"][0]["name"] == "SQS requests"
    assert D(made["net"]["expected"]) == D(made["total"]["expected"]) - D(made["credits"][0]["expected"]) == 0
    assert "are left" in run("cost", graph, "--free-tiers")


def test_a_contract_shows_every_use(tmp_path: Path, graph: str) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text("contract: EDP\npercent: 10\n")
    text = run("cost", graph, "--discounts", str(contract))
    assert "EDP: 10 % off 1 charge" in text
    assert "TOTAL IF" in text


def test_moving_data_has_a_price_for_every_pair() -> None:
    book = PriceBook.bundled()
    for origin, destination, rate in (
        ("us-east-1", "us-east-2", "0.01"),
        ("us-east-1", "eu-west-1", "0.02"),
        ("sa-east-1", "us-east-1", "0.138"),
        ("eu-central-1", ZONES, "0.01"),
        ("eu-west-1", INTERNET, "0.09"),
    ):
        price = flow(book, origin, destination).price
        assert price is not None and price.rate == D(rate), (origin, destination)
    made = document("prices", "transfer", "--region", "us-east-1", "--region", "eu-west-1")
    jsonschema.validate(made, json.loads((ROOT / "cli/schemas/prices-transfer.json").read_text()))
    assert len(made["flows"]) == 6


def test_measured_usage_is_written_once_and_priced(
    tmp_path: Path, graph: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3
    from botocore.stub import Stubber

    made = boto3.client(
        "cloudwatch", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )

    class Session:
        def client(self, name: str) -> Any:
            assert name == "cloudwatch"
            return made

    monkeypatch.setattr("deploy.cloud.session", lambda *_: Session())
    file = tmp_path / "measured.yaml"
    with Stubber(made) as stub:
        row = {"Id": "q0", "Label": "q0", "Values": [24_000_000.0] * 30, "StatusCode": "Complete"}
        stub.add_response("get_metric_data", {"MetricDataResults": [row]})
        found = document("cost", graph, "--measure", str(file))
    # 24 million a day are 730 million a month, at 0.40 a million.
    assert found["total"] == {"floor": "146.00", "expected": "292.00", "ceiling": "584.00"}
    assert "requests: {floor: 365000000, expected: 730000000, ceiling: 1460000000}" in file.read_text()
    before = file.read_text()
    done = refused("cost", graph, "--measure", str(file))
    assert done.returncode == 1 and "not overwritten" in done.stderr
    assert file.read_text() == before


def test_prices_of_one_usage_type_by_purchase_option() -> None:
    asked = ["prices", "show", "AmazonEC2", "--region", "us-east-1", "--usage-type"]
    done = CliRunner().invoke(app, [*asked, "BoxUsage:p4d.*", "--format", "json"])
    rows = json.loads(done.stdout)["prices"]
    assert {row["usage_type"] for row in rows} == {"BoxUsage:p4d.24xlarge"}
    options = [row["purchase_option"] for row in rows]
    assert options == ["on_demand", "reserved", "spot", *["spot_zone"] * 4]
    wrong = CliRunner().invoke(app, [*asked, "BoxUsge:p4d.24xlarge"], catch_exceptions=True)
    assert isinstance(wrong.exception, InputError)
    assert "did you mean BoxUsage:p4d" in wrong.exception.problems[0].fix


def test_an_estimate_under_a_commitment_says_so(tmp_path: Path) -> None:
    node = queue("node", inputs={"instanceType": "p4d.24xlarge"}, region="us-east-1")
    node["type"] = "aws:ec2/instance:Instance"
    file, contract = tmp_path / "graph.json", tmp_path / "contract.yaml"
    file.write_text(graph_text(resources=[node]))
    contract.write_text(
        "contract: C\ncommitments:\n  - {plan: reserved, term: 1yr, payment: No Upfront, share: 50, service: AmazonEC2}\n"
    )
    done = CliRunner().invoke(app, ["cost", str(file), "--discounts", str(contract)])
    assert done.exit_code == 0
    assert "C: 50 % reserved, 1yr, No Upfront off 1 charge: $2,933 less" in " ".join(done.stdout.split())
    assert "assumed: a commitment covers its share of whatever runs" in " ".join(done.stdout.split())
