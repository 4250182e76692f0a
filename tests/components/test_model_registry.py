"""The model registry: where models lie, who may decide about them, and what its machines are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.data_plane.surroundings import Surroundings
from components.model_registry.check import problems_of
from components.model_registry.choices import choices
from components.model_registry.following import following
from components.model_registry.promotion import promotion
from components.model_registry.settings import ModelRegistrySettings
from plan.graph import Graph
from policies.iam import Access
from tests.components.registries_plan import (
    ACCOUNT,
    HOME,
    MODELS,
    OTHER,
    REGIONS,
    TENANTS,
    ZONES,
    definition,
    of,
    planned,
)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def access(graph: Graph) -> Access:
    return Access(graph, account=ACCOUNT)


def around(environment_class: str = "production", account: str = ACCOUNT) -> Surroundings:
    cell = {
        "environment": "prod",
        "environment_class": environment_class,
        "region": HOME,
        "regions": REGIONS,
        "account_id": account,
    }
    return Surroundings.model_validate({"cell": cell, "residency": ZONES, "tenants": TENANTS})


def bucket(graph: Graph, tenant: str, region: str) -> str:
    names = [it.inputs["bucket"] for it in of(graph, "Bucket", region)]
    (found,) = [name for name in names if (f"-{tenant}-" if tenant else "-models-1") in name]
    return str(found)


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


# Who may what: what its client needs, and what is its neighbours'

OBJECT = "arn:aws:s3:::{bucket}/models/{model}/r1/{part}"


def s3_key(region: str) -> dict[str, str]:
    return {"kms:ViaService": f"s3.{region}.amazonaws.com"}


def of_group(access: Access, group: str, region: str) -> str:
    return access.arn(access.find(f"models-{group}" + ("" if region == home_of(group) else f"-{region}"), "Key" if region == home_of(group) else "ReplicaKey"))  # fmt: skip


def home_of(group: str) -> str:
    return OTHER if "credit" in group else HOME


def package(model: str, region: str = HOME) -> str:
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:model-package/tradewind-prod-{model}/1"


def group_arn(model: str, region: str = HOME) -> str:
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:model-package-group/tradewind-prod-{model}"


def stored(graph: Graph, tenant: str, model: str, part: str, region: str = HOME) -> str:
    return OBJECT.format(bucket=bucket(graph, tenant, region), model=model, part=part)


TABLE = f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/tradewind-prod-model-aliases"
PROMOTION = f"arn:aws:states:{HOME}:{ACCOUNT}:stateMachine:tradewind-prod-model-promotion"


def test_a_publisher_stores_and_registers_its_own_models(graph: Graph, access: Access) -> None:
    role = "tradewind-prod-models-publisher-search"
    for region in REGIONS:
        artifact = stored(graph, "search", "ranker", "artifact/model.tar.gz", region)
        for action in ("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"):
            answer = access.may(role, action, artifact, region=region)
            assert answer.allowed, answer.explanation
        for resource in (package("ranker", region), group_arn("ranker", region)):
            answer = access.may(role, "sagemaker:CreateModelPackage", resource)
            assert answer.allowed, answer.explanation
        key = of_group(access, "search", region)
        answer = access.may(role, "kms:GenerateDataKey", key, context=s3_key(region), region=region)
        assert answer.allowed, answer.explanation


def test_a_publisher_has_nothing_of_its_neighbours(graph: Graph, access: Access) -> None:
    role = "tradewind-prod-models-publisher-search"
    own = stored(graph, "search", "ranker", "artifact/model.tar.gz")
    refused: list[tuple[str, str]] = [
        ("s3:PutObject", stored(graph, "search", "ranker", "evidence/evaluation.json")),
        ("s3:GetObject", stored(graph, "search", "ranker", "evidence/evaluation.json")),
        ("s3:PutObject", stored(graph, "", "encoder", "artifact/model.tar.gz")),
        ("s3:GetObject", stored(graph, "", "encoder", "artifact/model.tar.gz")),
        ("s3:GetObject", stored(graph, "credit", "credit-score", "artifact/model.tar.gz", OTHER)),
        ("s3:DeleteObject", own),
        ("s3:DeleteObjectVersion", own),
        ("s3:BypassGovernanceRetention", own),
        ("s3:PutObjectRetention", own),
        ("sagemaker:UpdateModelPackage", package("ranker")),
        ("sagemaker:DeleteModelPackage", package("ranker")),
        ("sagemaker:CreateModelPackage", package("encoder")),
        ("sagemaker:DescribeModelPackage", package("credit-score", OTHER)),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:GetItem", TABLE),
        ("states:StartExecution", PROMOTION),
        ("kms:Decrypt", of_group(access, "shared", HOME)),
    ]
    for action, resource in refused:
        answer = access.may(role, action, resource, context=s3_key(HOME) if "kms" in action else {})
        assert answer.denied, (action, resource, answer.explanation)
    # Its own key, but not through S3.
    assert access.may(role, "kms:Decrypt", of_group(access, "search", HOME)).denied


def test_an_evaluator_stores_evidence_and_never_artifacts(graph: Graph, access: Access) -> None:
    role = "tradewind-prod-models-evaluator-search"
    evidence = stored(graph, "search", "ranker", "evidence/evaluation.json")
    artifact = stored(graph, "search", "ranker", "artifact/model.tar.gz")
    for action, resource in (
        ("s3:PutObject", evidence),
        ("s3:GetObject", artifact),
        ("s3:GetObject", evidence),
    ):
        answer = access.may(role, action, resource, region=HOME)
        assert answer.allowed, answer.explanation
    refused = [
        ("s3:PutObject", artifact),
        ("s3:PutObject", stored(graph, "", "encoder", "evidence/evaluation.json")),
        ("s3:GetObject", stored(graph, "", "encoder", "artifact/model.tar.gz")),
        ("s3:GetObject", stored(graph, "credit", "credit-score", "artifact/model.tar.gz", OTHER)),
        ("s3:DeleteObjectVersion", evidence),
        ("s3:PutObjectRetention", evidence),
        ("sagemaker:CreateModelPackage", package("ranker")),
        ("sagemaker:UpdateModelPackage", package("ranker")),
        ("sagemaker:DescribeModelPackage", package("encoder")),
        ("dynamodb:PutItem", TABLE),
        ("states:StartExecution", PROMOTION),
    ]
    for action, resource in refused:
        answer = access.may(role, action, resource, region=OTHER if "credit" in resource else HOME)
        assert answer.denied, (action, resource, answer.explanation)


def test_a_reader_serves_its_own_models_and_changes_nothing(graph: Graph, access: Access) -> None:
    role = "tradewind-prod-models-reader-search"
    artifact = stored(graph, "search", "ranker", "artifact/model.tar.gz")
    own = {"dynamodb:LeadingKeys": ["ranker"]}
    allowed: list[tuple[str, str, dict[str, Any]]] = [
        ("s3:GetObject", artifact, {}),
        ("sagemaker:DescribeModelPackage", package("ranker"), {}),
        ("dynamodb:GetItem", TABLE, own),
        ("kms:Decrypt", of_group(access, "search", HOME), s3_key(HOME)),
        (
            "kms:Decrypt",
            of_group(access, "shared", HOME),
            {"kms:ViaService": f"dynamodb.{HOME}.amazonaws.com"},
        ),
    ]
    for action, resource, context in allowed:
        answer = access.may(role, action, resource, context=context, region=HOME)
        assert answer.allowed, (action, answer.explanation)
    refused: list[tuple[str, str, dict[str, Any]]] = [
        ("dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": ["credit-score"]}),
        ("dynamodb:GetItem", TABLE, {"dynamodb:LeadingKeys": ["ranker", "encoder"]}),
        ("dynamodb:Scan", TABLE, {}),
        ("dynamodb:PutItem", TABLE, own),
        ("dynamodb:UpdateItem", TABLE, own),
        ("s3:PutObject", artifact, {}),
        ("s3:GetObject", stored(graph, "search", "ranker", "evidence/evaluation.json"), {}),
        ("s3:GetObject", stored(graph, "", "encoder", "artifact/model.tar.gz"), {}),
        ("sagemaker:UpdateModelPackage", package("ranker"), {}),
        ("sagemaker:CreateModelPackage", package("ranker"), {}),
        ("sagemaker:DescribeModelPackage", package("encoder"), {}),
        ("kms:Encrypt", of_group(access, "search", HOME), s3_key(HOME)),
        ("states:StartExecution", PROMOTION, {}),
    ]
    for action, resource, context in refused:
        answer = access.may(role, action, resource, context=context, region=HOME)
        assert answer.denied, (action, resource, answer.explanation)


def test_the_promoter_starts_the_machine_and_can_nothing_that_the_machine_can(access: Access) -> None:
    role = "tradewind-prod-model-promoter"
    for region in REGIONS:
        assert access.may(role, "states:StartExecution", PROMOTION.replace(HOME, region)).allowed
    following = PROMOTION.replace("promotion", "following")
    refused = [
        ("states:StartExecution", following),
        ("states:UpdateStateMachine", PROMOTION),
        ("states:DeleteStateMachine", PROMOTION),
        ("states:StopExecution", PROMOTION.replace("stateMachine", "execution") + ":x"),
        ("sagemaker:UpdateModelPackage", package("ranker")),
        ("sagemaker:DescribeModelPackage", package("ranker")),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:GetItem", TABLE),
        ("events:PutEvents", f"arn:aws:events:{HOME}:{ACCOUNT}:event-bus/tradewind-prod-models"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/tradewind-prod-use1-model-promotion"),
        ("s3:PutObject", "arn:aws:s3:::any/models/ranker/r1/evidence/evaluation.json"),
    ]
    for action, resource in refused:
        answer = access.may(role, action, resource)
        assert answer.denied, (action, resource, answer.explanation)


def test_the_promotion_machine_decides_in_its_region_and_stores_nothing(graph: Graph, access: Access) -> None:
    role = "tradewind-prod-use1-model-promotion"
    evidence = stored(graph, "search", "ranker", "evidence/evaluation.json")
    allowed: list[tuple[str, str, dict[str, Any]]] = [
        ("sagemaker:DescribeModelPackage", package("ranker"), {}),
        ("sagemaker:UpdateModelPackage", package("ranker"), {}),
        ("sagemaker:UpdateModelPackage", package("encoder"), {}),
        ("s3:GetObject", evidence, {}),
        ("dynamodb:GetItem", TABLE, {}),
        ("dynamodb:PutItem", TABLE, {}),
        ("dynamodb:UpdateItem", TABLE, {}),
        ("ecr:DescribeImageScanFindings", f"arn:aws:ecr:{HOME}:{ACCOUNT}:repository/tradewind-prod/search/ranker", {}),
        ("events:PutEvents", f"arn:aws:events:{HOME}:{ACCOUNT}:event-bus/tradewind-prod-models", {}),
        ("kms:Decrypt", of_group(access, "search", HOME), s3_key(HOME)),
    ]  # fmt: skip
    for action, resource, context in allowed:
        answer = access.may(role, action, resource, context=context, region=HOME)
        assert answer.allowed, (action, answer.explanation)
    refused: list[tuple[str, str]] = [
        ("sagemaker:UpdateModelPackage", package("ranker", OTHER)),
        ("sagemaker:UpdateModelPackage", package("credit-score", OTHER)),
        ("sagemaker:CreateModelPackage", package("ranker")),
        ("sagemaker:DeleteModelPackage", package("ranker")),
        ("s3:PutObject", evidence),
        ("s3:DeleteObject", evidence),
        ("s3:GetObject", stored(graph, "credit", "credit-score", "evidence/evaluation.json", OTHER)),
        ("dynamodb:DeleteItem", TABLE),
        ("dynamodb:PutItem", TABLE.replace(HOME, OTHER)),
        ("ecr:PutImage", f"arn:aws:ecr:{HOME}:{ACCOUNT}:repository/tradewind-prod/search/ranker"),
        ("events:PutEvents", f"arn:aws:events:{OTHER}:{ACCOUNT}:event-bus/tradewind-prod-models"),
        ("states:StartExecution", PROMOTION),
    ]
    for action, resource in refused:
        answer = access.may(role, action, resource)
        assert answer.denied, (action, resource, answer.explanation)


def test_the_following_machine_copies_from_the_accounts_it_takes_from_only(
    graph: Graph, access: Access
) -> None:
    role = "tradewind-prod-use1-model-following"
    theirs = "arn:aws:s3:::tradewind-lab-use1-models-search-444444444444/models/ranker/r1/artifact/x"
    copy = stored(graph, "search", "ranker", "artifact/x")
    for action, resource in (
        ("sagemaker:CreateModelPackage", package("ranker")),
        ("sagemaker:UpdateModelPackage", package("ranker")),
        ("s3:PutObject", copy),
        ("dynamodb:PutItem", TABLE),
    ):
        answer = access.may(role, action, resource, region=HOME)
        assert answer.allowed, (action, answer.explanation)
    document = [it for it in of(graph, "RolePolicy") if it.name == f"models-{HOME}-following"]
    assert theirs.partition("/models")[0] + "/models/*" in document[0].inputs["policy"]
    refused = [
        ("s3:DeleteObject", copy),
        ("s3:BypassGovernanceRetention", copy),
        ("s3:GetObject", stored(graph, "credit", "credit-score", "artifact/x", OTHER)),
        ("s3:PutObject", stored(graph, "credit", "credit-score", "artifact/x", OTHER)),
        ("s3:PutObject", theirs),
        ("sagemaker:CreateModelPackage", package("ranker", OTHER)),
        ("sagemaker:CreateModelPackage", package("credit-score", OTHER)),
        ("sagemaker:DeleteModelPackage", package("ranker")),
        ("dynamodb:DeleteItem", TABLE),
        ("dynamodb:PutItem", TABLE.replace(HOME, OTHER)),
        ("events:PutEvents", f"arn:aws:events:{HOME}:{ACCOUNT}:event-bus/tradewind-prod-models"),
        ("ecr:PutImage", f"arn:aws:ecr:{HOME}:{ACCOUNT}:repository/tradewind-prod/search/ranker"),
    ]
    for action, resource in refused:
        answer = access.may(role, action, resource, region=OTHER if "credit" in resource else "")
        assert answer.denied, (action, resource, answer.explanation)


@pytest.mark.parametrize("role", ["promotion", "following"])
def test_a_machines_role_is_taken_by_that_machine_only(access: Access, role: str) -> None:
    own = PROMOTION.replace("promotion", role)
    name, service = f"tradewind-prod-use1-model-{role}", "states.amazonaws.com"

    def may(**context: str) -> bool:
        keys = {f"aws:{key}": value for key, value in context.items()}
        return access.may_assume(service, name, action="sts:AssumeRole", context=keys).allowed

    assert may(SourceAccount=ACCOUNT, SourceArn=own)
    assert not may(SourceAccount="999999999999", SourceArn=own)
    assert not may(SourceAccount=ACCOUNT, SourceArn=own + "-copy")
    assert not may(SourceAccount=ACCOUNT)


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
    (problem,) = problems_of(settings, around("staging"))
    assert "30 days" in problem.but
