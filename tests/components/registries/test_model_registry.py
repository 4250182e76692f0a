"""The model registry: where models lie, who may decide about them, and what its machines are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.model_registry.check import problems_of
from components.model_registry.choices import choices
from components.model_registry.following import following
from components.model_registry.promotion import promotion
from components.model_registry.settings import ModelRegistrySettings
from plan.graph import Graph
from tests.components.registries_plan import (
    ACCOUNT,
    HOME,
    MODELS,
    OTHER,
    REGIONS,
    around,
    definition,
    of,
    planned,
)


def test_a_model_lies_in_the_regions_of_its_residency_only(graph: Graph) -> None:
    groups = {
        region: sorted(it.inputs["modelPackageGroupName"] for it in of(graph, "ModelPackageGroup", region))
        for region in REGIONS
    }
    shared = ["tradewind-prod-encoder", "tradewind-prod-ranker"]
    assert groups == {HOME: shared, OTHER: ["tradewind-prod-credit-score", *shared]}
    assert [it.region for it in of(graph, "Bucket") if "credit" in it.inputs["bucket"]] == [OTHER]


def test_every_bucket_is_locked_versioned_and_copied_where_it_may(graph: Graph) -> None:
    locks = {
        it.inputs["bucket"]: it.inputs["rule"]["defaultRetention"]
        for it in of(graph, "BucketObjectLockConfiguration")
    }
    buckets = {it.inputs["bucket"] for it in of(graph, "Bucket")}
    assert set(locks) == buckets
    assert {lock["mode"] for lock in locks.values()} == {"GOVERNANCE"}
    assert {int(lock["days"]) for lock in locks.values()} == {365}
    assert all(it.inputs["objectLockEnabled"] and not it.inputs["forceDestroy"] for it in of(graph, "Bucket"))
    replicated = {it.inputs["bucket"] for it in of(graph, "BucketReplicationConfig")}
    assert replicated == {name for name in buckets if "credit" not in name}


def test_the_aliases_are_one_table_in_every_region(graph: Graph) -> None:
    (table,) = of(graph, "Table")
    assert [row["regionName"] for row in table.inputs["replicas"]] == [OTHER]
    assert table.inputs["deletionProtectionEnabled"] and table.protect
    assert table.inputs["pointInTimeRecovery"]["enabled"]


def test_only_the_regions_machines_change_the_status_of_a_package(graph: Graph) -> None:
    for policy in of(graph, "ModelPackageGroupPolicy"):
        denial = json.loads(policy.inputs["resourcePolicy"])["Statement"][0]
        assert denial["Effect"] == "Deny" and denial["Action"] == ["sagemaker:UpdateModelPackage"]
        code = {"us-east-1": "use1", "eu-west-1": "euw1"}[policy.region]
        assert denial["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] == [
            f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-{code}-model-{kind}"
            for kind in ("promotion", "following")
        ]


def test_production_asks_for_more_than_staging_and_a_limit_of_age(graph: Graph) -> None:
    machine = definition(graph, "promotion", HOME)
    required = machine["States"]["What is asked"]["Assign"]["required"]
    assert '"staging": ["model-card", "evaluation"]' in required
    assert '"production": ["model-card", "evaluation", "bias", "privacy"]' in required
    read = machine["States"]["Evidence"]["ItemProcessor"]["States"]["Read"]["Output"]
    assert str(30 * 86_400_000) in read


@pytest.mark.parametrize("make", [promotion, following], ids=["promotion", "following"])
def test_every_state_of_a_machine_can_be_reached_and_exists(make: Any) -> None:
    settings = ModelRegistrySettings.model_validate(MODELS)
    given = [settings, around()]
    machine = make(*given, choices(settings, around().cell)) if make is promotion else make(*given)
    states = machine["States"]
    reached = {machine["StartAt"]}
    for state in states.values():
        reached |= {state[key] for key in ("Next", "Default") if key in state}
        for row in [*state.get("Choices", []), *state.get("Catch", [])]:
            reached.add(row["Next"])
    assert reached == set(states)
    assert len(json.dumps(machine)) < 1_000_000, "the limit of a definition is 1 MiB"


def test_promotions_go_to_the_regions_and_accounts_that_follow(graph: Graph) -> None:
    targets = {
        (it.region, it.inputs["arn"])
        for it in of(graph, "EventTarget")
        if isinstance(it.inputs["arn"], str) and ":event-bus/" in it.inputs["arn"]
    }
    own = "event-bus/tradewind-prod-models"
    there = "333333333333:event-bus/tradewind-live-models"
    assert targets == {
        (HOME, f"arn:aws:events:{OTHER}:{ACCOUNT}:{own}"),
        (OTHER, f"arn:aws:events:{HOME}:{ACCOUNT}:{own}"),
        (HOME, f"arn:aws:events:{HOME}:{there}"),
        (OTHER, f"arn:aws:events:{OTHER}:{there}"),
    }
    for rule in of(graph, "EventRule"):
        pattern = json.loads(rule.inputs["eventPattern"])
        if "onward" in rule.name and "stage" not in pattern["detail"]:
            assert "credit-score" not in pattern["detail"]["model"]
            # What came from elsewhere is not sent on: two regions would tell each other for ever.
            assert pattern["detail"]["place"] == [f"{ACCOUNT}/{rule.region}"]


def test_development_in_one_region_copies_nothing_and_protects_nothing(tmp_path: Path) -> None:
    graph = planned(
        tmp_path,
        environment_class="development",
        regions=[HOME],
        models={"models": [{"name": "encoder"}]},
        images={"repositories": [{"name": "serving"}]},
    )
    kinds = {it.type.rpartition(":")[2] for it in graph}
    assert not kinds & {"ReplicaKey", "BucketReplicationConfig", "ReplicationConfiguration", "SigningProfile"}
    assert not [it.urn for it in graph if it.protect]


MISTAKES = [
    ({"models": [{"name": "a", "tenant": "serch"}]}, "models[0].tenant", "no such tenant", "search"),
    ({"models": [{"name": "a", "residency": "mars"}]}, "models[0].residency", "no such zone", ""),
    ({"models": [{"name": "a", "tenant": "credit", "residency": "us"}]}, "models[0].residency", "whose residency is eu", "leave"),
    ({"sends_to": [{"environment": "live", "account_id": ACCOUNT}]}, "sends_to[0].account_id", "own account", ""),
    ({"takes_from": [{"environment": "lab", "account_id": ACCOUNT}]}, "takes_from[0].account_id", "own account", ""),
    ({"reader_accounts": [ACCOUNT]}, "reader_accounts[0]", "own account", "leave it out"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "path", "words", "fix"), MISTAKES)
def test_what_does_not_fit_the_environment_is_named_with_its_place(
    given: dict[str, Any], path: str, words: str, fix: str
) -> None:
    settings = ModelRegistrySettings.model_validate({"models": [{"name": "a"}], **given})
    (problem,) = problems_of(settings, around())
    assert (problem.path, words in problem.but, fix in problem.fix) == (path, True, True)


def test_compliance_mode_is_for_production_only() -> None:
    given = {"models": [{"name": "a"}], "artifacts": {"lock_mode": "compliance"}}
    settings = ModelRegistrySettings.model_validate(given)
    assert problems_of(settings, around()) == []
    (problem,) = problems_of(settings, around(environment_class="staging"))
    assert "30 days" in problem.but
