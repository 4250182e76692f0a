"""Every role of the model registry, both ways: what its client needs is allowed, its neighbours' things are not."""

from __future__ import annotations

from typing import Any

import pytest

from plan.graph import Graph
from policies.iam import Access
from tests.components.registries_plan import ACCOUNT, HOME, OTHER, REGIONS, of

OBJECT = "arn:aws:s3:::{bucket}/models/{model}/r1/{part}"


def bucket(graph: Graph, tenant: str, region: str) -> str:
    names = [it.inputs["bucket"] for it in of(graph, "Bucket", region)]
    (found,) = [name for name in names if (f"-{tenant}-" if tenant else "-models-1") in name]
    return str(found)


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
