"""Levels, exemptions, skipped rules, and the forms a report is written in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from typing import Any
from xml.etree import ElementTree

import pytest

from plan.graph import Graph, Resource
from plan.values import UNKNOWN
from policies import Config, Exemption, Report, check
from policies.junit import to_junit
from policies.sarif import to_sarif

Plan = dict[str, Any]
MakeGraph = Callable[[Plan], Graph]


@pytest.fixture
def report(happy: Plan, graph: MakeGraph, config: Config) -> Report:
    """One mandatory rule broken, one advisory, one exempt, one undetermined."""
    del happy["lake-block"]
    del happy["logs"].inputs["retentionInDays"]
    happy["key"].inputs["enableKeyRotation"] = False
    happy["jobs"].inputs["policy"] = UNKNOWN
    return check(
        graph(happy), replace(config, exemptions=(Exemption("kms-rotation", "key", "imported", None, "x:3"),))
    )


def test_the_worst_comes_first(report: Report) -> None:
    assert [one.rule for one in report.violations] == ["s3-public-access-block", "log-retention"]
    assert (len(report.mandatory), len(report.advisory), report.holds) == (1, 1, False)


def test_a_disabled_rule_does_not_run_and_an_advisory_one_does_not_gate(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    del happy["lake-block"]
    off = check(graph(happy), replace(config, levels={"s3-public-access-block": "disabled"}))
    assert off.violations == () and "s3-public-access-block" not in {rule.id for rule in off.rules}
    advice = check(graph(happy), replace(config, levels={"s3-public-access-block": "advisory"}))
    assert advice.holds and advice.violations[0].level == "advisory"


@pytest.mark.parametrize("match", ["lake", "la*", "urn:pulumi:prod::shop::aws:s3/bucket:Bucket::lake"])
@pytest.mark.parametrize(("left", "exempt"), [(1, True), (0, True), (-1, False)])
def test_an_exemption_holds_up_to_its_last_day(
    match: str, left: int, exempt: bool, happy: Plan, graph: MakeGraph, config: Config
) -> None:
    del happy["lake-block"]
    today = date(2026, 11, 23)
    exemption = Exemption("s3-public-access-block", match, "a public data set", today + timedelta(days=left))
    report = check(graph(happy), replace(config, exemptions=(exemption,), today=today))
    assert (len(report.exempt), len(report.violations)) == ((1, 0) if exempt else (0, 1))


def test_an_exemption_of_another_rule_or_resource_does_not_help(
    happy: Plan, graph: MakeGraph, config: Config
) -> None:
    del happy["lake-block"]
    others = (Exemption("s3-versioning", "lake", "why"), Exemption("s3-public-access-block", "pond", "why"))
    assert len(check(graph(happy), replace(config, exemptions=others)).violations) == 1


def test_without_a_date_a_dated_exemption_has_expired() -> None:
    assert Exemption("a", "*", "why", date(2030, 1, 1)).expired(None)


def test_rules_without_their_configuration_are_skipped_and_not_passed(happy: Plan, graph: MakeGraph) -> None:
    skipped = {one.rule for one in check(graph(happy), Config()).skipped}
    assert skipped == {
        "required-tags",
        "tag-propagation",
        "cross-residency-replication",
        "residency-location",
    }


def test_the_class_comes_from_the_tag_then_from_the_stack() -> None:
    def database(stack: str, tags: dict[str, str]) -> Graph:
        kind = "aws:neptune/cluster:Cluster"
        inputs = {"storageEncrypted": True, "tags": tags}
        return Graph.of(
            [Resource(f"urn:pulumi:{stack}::shop::{kind}::db", kind, "db", inputs, region="eu-west-1")]
        )

    def rules(graph: Graph) -> set[str]:
        return {one.rule for one in check(graph).violations}

    assert rules(database("blue", {"environment": "dev"})) == set()
    assert rules(database("dev-eu", {})) == set()
    assert rules(database("prod-eu", {})) == {"deletion-protection", "backups"}
    unclear = check(database("blue", {}))
    assert {one.rule for one in unclear.violations} == {"deletion-protection"}
    assert "backups" in {one.rule for one in unclear.skipped}


def test_the_document_is_what_its_schema_says(report: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(resources.files("policies").joinpath("schemas/check.json").read_text())
    document = json.loads(json.dumps(report.to_dict()))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert document["summary"] == {
        "mandatory": 1, "advisory": 1, "exempt": 1, "undetermined": 1,
        "resources": document["summary"]["resources"], "holds": False,
    }  # fmt: skip


def test_sarif_points_at_the_line_and_suppresses_what_is_exempt(report: Report) -> None:
    (run,) = to_sarif(report)["runs"]
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert (first["ruleId"], first["level"]) == ("s3-public-access-block", "error")
    assert place["artifactLocation"]["uri"] == "program.py" and place["region"]["startLine"] == 2
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    assert [one["suppressions"][0]["justification"] for one in run["results"] if "suppressions" in one] == [
        "imported"
    ]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["associatedRule"]["id"] for note in notes] == ["public-resource-policy"]


def test_junit_fails_what_is_mandatory_and_skips_what_is_undetermined(report: Report) -> None:
    suite = ElementTree.fromstring(to_junit(report))
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")
    assert int(suite.get("tests") or 0) == len(report.rules)
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases["s3-public-access-block"] == ["failure"]
    assert cases["log-retention"] == ["system-out"]
    assert cases["public-resource-policy"] == ["skipped"]
    assert cases["kms-rotation"] == []


def test_reports_of_several_packs_become_one(report: Report) -> None:
    both = report.merged(replace(report, exempt=()))
    assert len(both.violations) == 4 and len(both.exempt) == 1 and both.resources == report.resources
    assert [one.level for one in both.violations] == ["mandatory", "mandatory", "advisory", "advisory"]


def test_twenty_thousand_resources_take_about_a_second(happy: Plan, graph: MakeGraph, config: Config) -> None:
    """Linear: the measured rate leaves room for a machine three times slower."""
    copies = {
        f"{name}-{turn}": _copy(one, turn)
        for turn in range(2000 // len(happy))
        for name, one in happy.items()
    }
    plan = graph(copies)
    check(plan, config)
    start = time.process_time()
    check(plan, config)
    assert (time.process_time() - start) / len(plan) < 150e-6


def _copy(resource: Resource, turn: int) -> Resource:
    return replace(resource, urn=f"{resource.urn}-{turn}", name=f"{resource.name}-{turn}")
