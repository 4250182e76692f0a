"""What forces another resource: the table that Terraform's provider answered, its words, and other voices on it."""

from __future__ import annotations

import importlib.util
import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from plan.changes import Change
from plan.export.terraform.types import PROVIDER_VERSION, mapped
from plan.replacements import Forced, forced, forces, name_property
from tests.plan.test_terraform_table import sdk
from tools.replacements.documentation import documented, says_so

QUEUE, ROLE, BUCKET = "aws:sqs/queue:Queue", "aws:iam/role:Role", "aws:s3/bucket:Bucket"
DATABASE, BALANCER = "aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer"


def table() -> dict[str, Any]:
    text = resources.files("plan").joinpath("data/aws_replacements.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def replaces(type: str, path: str, kind: Any = "update", **inputs: Any) -> bool:
    return forces(Change(path, kind), forced(type, inputs, {}))


# Words


@pytest.mark.parametrize(
    ("word", "path", "kind", "expected"),
    [
        ("vpcId", "vpcId", "update", True),
        ("vpcId", "vpcIds", "update", False),
        ("triggers", "triggers.a", "add", True),
        ("rule.key", "rule", "add", True),
        ("rule.key", "rule.other", "update", False),
        ("rules.key", "rules[0].key", "update", True),
        ("kmsKeyId~", "kmsKeyId", "update", True),
        ("kmsKeyId~", "kmsKeyId", "delete", False),
        ("subnets:su", "subnets[1]", "delete", True),
        ("subnets:su", "subnets[1]", "add", False),
        ("subnets:su", "subnets[0]", "update", True),
        ("groups:a", "groups", "add", True),
        ("groups:a", "groups", "delete", False),
        ("config!d", "config", "delete", True),
        ("config!d", "config", "add", False),
        ("config!ad", "config.key", "add", False),
        ("config.key:u", "config.key", "update", True),
        ("config.key:u", "config", "add", False),
        # An object whose new value nobody knows yet may differ in anything.
        ("config.key:u", "config", "update", True),
    ],
)
def test_words(word: str, path: str, kind: Any, expected: bool) -> None:
    assert forces(Change(path, kind), [Forced.read(word)]) is expected


def test_every_word_can_be_read_and_names_an_argument() -> None:
    found = table()
    assert f"hashicorp/aws {PROVIDER_VERSION}" in found["made_from"]
    rows = [(token, words) for name in ("types", "documented") for token, words in found[name].items()]
    rows += [(token, words) for token, cases in found["when"].items() for _, words in cases]
    assert len(rows) > 1000
    for token, words in rows:
        for rule in map(Forced.read, words.split()):
            assert rule.kinds, (token, words)
            assert rule.path[0] in sdk()[f"aws:{token}"].arguments, (token, rule)


# What is known of single types


def test_names_and_regions_force_replacement() -> None:
    assert all(replaces(QUEUE, name) for name in ("name", "region", "fifoQueue"))
    assert replaces(BUCKET, "bucket") and replaces(ROLE, "path")
    assert not replaces(ROLE, "region")
    assert not replaces(QUEUE, "delaySeconds")
    # An instance of RDS is the one whose name may change.
    assert not replaces(DATABASE, "identifier")


def test_what_forces_under_a_condition() -> None:
    """A network load balancer keeps its addresses in its zones; it has security groups from the start or never."""
    for path, kind in (("subnets[1]", "delete"), ("securityGroups", "add")):
        assert replaces(BALANCER, path, kind, loadBalancerType="network")
        assert not replaces(BALANCER, path, kind, loadBalancerType="application")
        assert not replaces(BALANCER, path, kind)
    assert not replaces(BALANCER, "subnets[2]", "add", loadBalancerType="network")


def test_what_is_computed_stays_when_nobody_writes_it() -> None:
    assert replaces(DATABASE, "kmsKeyId") and replaces(DATABASE, "kmsKeyId", "add")
    assert not replaces(DATABASE, "kmsKeyId", "delete")


def test_a_type_that_the_provider_does_not_know_has_a_name_and_a_region() -> None:
    newer = [token for token in sdk() if mapped(token) is None and "name" in sdk()[token].arguments]
    assert newer
    for token in newer:
        assert replaces(token, name_property(token))


# The documentation


def test_the_documentation_speaks_only_where_the_provider_was_not_asked() -> None:
    """And says the same there as the installed SDK does."""
    spec = importlib.util.find_spec("pulumi_aws")
    assert spec is not None and spec.origin is not None
    said = documented(Path(spec.origin).parent)
    kept = table()["documented"]
    for token, words in kept.items():
        assert set(words.split()) <= set(said[token]), token
    for token, names in said.items():
        if mapped(f"aws:{token}") is None:
            assert set(kept.get(token, "").split()) == set(names), token


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Changing this forces a new resource to be created.", True),
        ("The engine. Forces replacement of the cluster.", True),
        ("Whether to force a new deployment of the service.", False),
        ("Can be changed without forcing a new resource.", False),
    ],
)
def test_what_documentation_says(said: str, expected: bool) -> None:
    assert says_so(said) is expected
