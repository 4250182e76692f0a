"""The true Infracost beside our estimate, at the same prices: on prod, on every program, on every type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from cli.app import app
from cli.target import resolve
from finops.estimate import Estimate, estimate
from finops.infracost import Comparison, binary, compare
from finops.infracost.comparison import Row
from finops.infracost.reasons import agree, reasons
from finops.infracost.run import breakdown
from finops.prices import PriceBook
from finops.usage import Usage, known, load
from finops.usage_file import Entry, Stated
from plan.export.terraform import export, plan_json
from plan.graph import Graph
from problems import Missing
from tests.clients.infracost_types import every_type
from tests.plan.planned import NAMES, planned

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(binary.find() is None, reason="Infracost is not installed or built here: make tools"),
]

ROOT = Path(__file__).parents[2]
# Those of the table's reasons that are about a price which the book lacks: the type is then not priced by both.
UNPRICED = {"fixed-usage-type"}


@dataclass(frozen=True)
class Case:
    graph: Graph
    usage: Usage
    estimate: Estimate
    comparison: Comparison


@cache
def prod() -> tuple[Graph, Path | None]:
    plan = resolve("prod", stack=None, timeout=300.0, memory=4096, fixtures=None, python=None)
    return plan.graph, plan.usage


def heavy() -> Usage:
    """A thousand times the default of everything that nothing bounds: where prices fall with the quantity."""
    entries = [
        Entry(type, "", {key: Stated(default.stated.expected * 1000)}, "", "")
        for type, keys in known().types.items()
        for key, default in keys.items()
        if default.maximum is None and not key.startswith("average")
    ]
    return Usage(types=tuple(entries))


@cache
def case(name: str) -> Case:
    """One run of Infracost: `prod`, a program, or every type at default or heavy usage."""
    usage = heavy() if name == "heavy" else Usage()
    if name == "prod":
        graph, path = prod()
        usage = load(path, graph)
    else:
        graph = planned()[name] if name in NAMES else every_type()
    book = PriceBook.bundled()
    ours = estimate(graph, usage, book)
    return Case(graph, usage, ours, compare(graph, ours, usage, book))


CASES = ["prod", "types", "heavy", *NAMES]


@pytest.mark.parametrize("name", CASES)
def test_both_agree_within_a_hundredth_or_for_a_named_reason(name: str) -> None:
    found = case(name).comparison
    assert found.both
    left = [(row.address, row.expected, row.theirs, row.reasons) for row in found.of("unexplained")]
    assert left == []
    for row in found.of("same"):
        assert agree(row.expected, row.theirs)
    for row in found.of("explained"):
        parts = sum((part for _, part in row.reasons), Decimal(0))
        # What the reasons leave is within the tolerance of the larger sum.
        assert agree(row.expected - parts, row.theirs) or abs(row.difference - parts) <= Decimal("0.02")


def test_every_type_that_infracost_prices_is_compared() -> None:
    """Of the types made by hand: what only one side prices is known by name, the rest agrees or is explained."""
    rows = case("types").comparison.rows
    compared = {row.type for row in rows if row.ours == row.state == "priced"}
    assert len(compared) >= 65
    one_sided = {row.type for row in rows if row.verdict in ("ours only", "theirs only")} - compared
    assert one_sided == {
        # Idle addresses alone have a price query, storage of a DocumentDB cluster is with its instances.
        "aws_eip",
        "aws_docdb_cluster",
    }


def test_agreement_is_the_rule() -> None:
    rows = case("types").comparison.both
    same = {row.type for row in rows if row.verdict == "same"}
    assert len(same) >= 55


def test_every_reason_of_the_table_explains_something() -> None:
    used = {reason.name for name in CASES for row in case(name).comparison.rows for reason, _ in row.reasons}
    assert used == {reason.name for reason in reasons()}


def test_a_reason_alone_does_not_make_two_sums_agree() -> None:
    """The rules do account for the difference: with any other amount of ours, it is unexplained again."""
    from finops.infracost.reasons import explained
    from finops.infracost.results import Component

    rows = [row for row in case("types").comparison.of("explained") if row.type == "aws_kms_key"]
    lines = [line for line in case("types").estimate.lines if line.urn == rows[0].urn]
    for cost, whole in (("1", True), ("1.05", False)):
        part = Component("Customer master key", "months", Decimal(1), Decimal(1), Decimal(cost), True)
        assert explained("aws_kms_key", rows[0].region, lines, [part])[0] is whole


def test_a_fixed_usage_type_is_found_in_its_own_region_only() -> None:
    rows = {row.region: row for row in case("types").comparison.rows if row.type == "aws_ecr_repository"}
    assert rows["us-east-1"].verdict == "same"
    assert (rows["eu-west-1"].state, _names(rows["eu-west-1"])) == ("no price", ["fixed-usage-type"])
    assert "AmazonECR / EC2 Container Registry / eu-west-1: usagetype = TimedStorage-ByteHrs" in (
        case("types").comparison.unanswered
    )


def _names(row: Row) -> list[str]:
    return [reason.name for reason, _ in row.reasons]


def test_what_is_not_in_the_plan_document_is_not_sent() -> None:
    states = {row.type: row.state for row in case("prod").comparison.rows}
    assert states["kubernetes:karpenter.sh/v1:NodePool"] == "not sent"
    assert states["aws_kms_replica_key"] == "unsupported"
    assert states["aws_iam_role"] == "free"


def test_coverage_counts_every_managed_resource_once() -> None:
    found = case("prod")
    managed = [resource for resource in found.graph if resource.is_managed]
    assert sum(it.resources for it in found.comparison.coverage) == len(managed)
    for it in found.comparison.coverage:
        assert sum(it.ours.values()) == sum(it.theirs.values()) == it.resources


def test_both_see_the_same_prices() -> None:
    """Twice the price of a NAT gateway in the book is twice the price for both."""
    found = case("types")

    class Dear(PriceBook):
        def all(self, service: str, region: str, **options: Any) -> Any:
            for price in super().all(service, region, **options):
                yield _twice(price) if service == "AmazonEC2-NAT" else price

        def find(self, **what: Any) -> Any:
            price = super().find(**what)
            return _twice(price) if price is not None and what["service"] == "AmazonEC2-NAT" else price

    graph = Graph.of([it for it in found.graph if it.type.endswith(":NatGateway")])
    book = Dear(PriceBook.bundled().folder)
    dear = compare(graph, estimate(graph, Usage(), book), Usage(), book)
    before = {row.urn: row for row in found.comparison.rows}
    assert len(dear.rows) == 2
    for row in dear.rows:
        assert row.verdict == "same"
        assert abs(row.theirs - 2 * before[row.urn].theirs) < Decimal("0.01")


def _twice(price: Any) -> Any:
    import dataclasses

    tiers = tuple(dataclasses.replace(tier, price=tier.price * 2) for tier in price.tiers)
    return dataclasses.replace(price, tiers=tiers)


def test_without_its_prices_there_is_no_estimate() -> None:
    """Nobody listens: the true Infracost ends with 0, and a total of nothing."""
    plan = plan_json(export(planned()["web-server"]))
    with pytest.raises(Missing, match="reported an error, although it ended with 0"):
        breakdown(plan, '{"version": "0.1"}', "http://127.0.0.1:9", seconds=60)


def test_a_document_that_is_no_plan_is_one_message() -> None:
    with pytest.raises(Missing, match="Infracost"):
        breakdown("{}", '{"version": "0.1"}', "http://127.0.0.1:9", seconds=60)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "graph.json"
    path.write_text(planned()["serverless-orders"].to_json(), encoding="utf-8")
    return path


def run(file: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["cost", str(file), "--infracost", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_document_is_what_its_schema_says(file: Path) -> None:
    document: Mapping[str, Any] = json.loads(run(file, "--format", "json"))
    schema = json.loads((ROOT / "finops/schemas/infracost.json").read_text(encoding="utf-8"))
    jsonschema.validate(document["infracost"], schema)
    jsonschema.validate(case("prod").comparison.to_dict(), schema)
    whole = json.loads((ROOT / "finops/schemas/cost.json").read_text(encoding="utf-8"))
    jsonschema.validate({key: it for key, it in document.items() if key in whole["properties"]}, whole)


def test_the_page_has_both_sums_the_reasons_and_the_coverage(file: Path) -> None:
    page = run(file)
    assert "SIDE BY SIDE" in page
    assert "aws_sns_topic" in page
    assert "first-million-free" in page
    assert "COVERAGE" in page
    assert "0 unexplained" in " ".join(page.split())


def test_the_other_formats(file: Path) -> None:
    head, *rows = run(file, "--format", "csv").splitlines()
    assert head.startswith("region,type,resource,ours,floor,expected,infracost,infracost_expected")
    assert any(",same," in row for row in rows)
    assert "| type | resources | here | infracost |" in run(file, "--format", "markdown")
