"""The container registry: what each region gets, who may push and pull, and what the gates see."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.container_registry.admission import binding, policy, trust_policy
from components.container_registry.check import problems_of
from components.container_registry.gate import machine, scan_with_findings
from components.container_registry.policies import publisher
from components.container_registry.registry import lifecycle, mutability, replication_rules
from components.container_registry.settings import (
    AdmissionMode,
    ContainerRegistrySettings,
    LowestSeverity,
)
from components.model import Cell
from plan.graph import Graph
from policies.iam import Access
from tests.components.registries_plan import (
    ACCOUNT,
    HOME,
    IMAGES,
    OTHER,
    REGIONS,
    around,
    of,
)

CELL: Cell = around().cell


def test_a_repository_stands_where_its_tenants_images_may_lie(graph: Graph) -> None:
    names = {
        region: sorted(it.inputs["name"] for it in of(graph, "Repository", region)) for region in REGIONS
    }
    shared = ["tradewind-prod/search/ranker", "tradewind-prod/shared/serving"]
    assert names == {HOME: shared, OTHER: ["tradewind-prod/credit/scoring", *shared]}


def test_a_tag_is_pushed_once_but_for_what_is_excepted(graph: Graph) -> None:
    by_name = {it.inputs["name"]: it.inputs for it in of(graph, "Repository", HOME)}
    assert by_name["tradewind-prod/search/ranker"]["imageTagMutability"] == "IMMUTABLE"
    serving = by_name["tradewind-prod/shared/serving"]
    assert serving["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert serving["imageTagMutabilityExclusionFilters"] == [{"filter": "cache-*", "filterType": "WILDCARD"}]
    assert mutability([]) == ("IMMUTABLE", [])


def test_images_are_encrypted_with_the_regions_own_key(graph: Graph) -> None:
    for repository in of(graph, "Repository"):
        (encryption,) = repository.inputs["encryptionConfigurations"]
        assert encryption["encryptionType"] == "KMS"
        assert graph[encryption["kmsKey"].urn].region == repository.region


def test_replication_goes_both_ways_and_never_out_of_a_residency(graph: Graph) -> None:
    for configuration in of(graph, "ReplicationConfiguration"):
        rules = configuration.inputs["replicationConfiguration"]["rules"]
        sent = {
            row["filter"]: [there["region"] for there in rule["destinations"]]
            for rule in rules
            for row in rule["repositoryFilters"]
        }
        other = OTHER if configuration.region == HOME else HOME
        assert sent == {
            "tradewind-prod/search/": [other],
            "tradewind-prod/shared/": [other],
            "tradewind-staging/shared/": [other],
        }


def test_what_exists_once_for_an_account_is_written_by_one_environment() -> None:
    settings = ContainerRegistrySettings.model_validate(IMAGES)
    assert replication_rules(settings, around())
    assert problems_of(settings, around()) == []
    staging = around("staging", environment_class="staging")
    (problem,) = problems_of(settings.model_copy(update={"registry_wide": False}), around())
    assert problem.path == "shared_with" and "registry_wide: true" in problem.fix
    lonely = ContainerRegistrySettings.model_validate({"repositories": IMAGES["repositories"]})
    assert problems_of(lonely, staging) == []


def test_a_cache_waits_for_its_credential_and_no_value_stands_anywhere(graph: Graph) -> None:
    caches = {it.inputs["ecrRepositoryPrefix"]: it.inputs for it in of(graph, "PullThroughCacheRule", OTHER)}
    assert set(caches) == {"tradewind-prod/ecr-public", "tradewind-prod/docker-hub"}
    assert caches["tradewind-prod/docker-hub"]["credentialArn"] == (
        f"arn:aws:secretsmanager:{OTHER}:{ACCOUNT}:secret:ecr-pullthroughcache/tradewind-prod-docker-hub-AbCd12"
    )
    secrets = [it.inputs["name"] for it in of(graph, "Secret")]
    assert secrets == [f"ecr-pullthroughcache/tradewind-prod-{one}" for one in ("docker-hub", "github")]
    assert not of(graph, "SecretVersion")
    templates = {it.inputs["prefix"] for it in of(graph, "RepositoryCreationTemplate", OTHER)}
    assert templates == set(caches)


def test_a_lifecycle_keeps_the_newest_and_ends_quarantine() -> None:
    rules = lifecycle(14, 200)["rules"]
    assert [rule["rulePriority"] for rule in rules] == [1, 2, 3]
    assert rules[0]["selection"]["tagPatternList"] == ["quarantined-*"]
    # ECR wants the rule about all images to come last.
    assert rules[-1]["selection"] == {
        "tagStatus": "any",
        "countType": "imageCountMoreThan",
        "countNumber": 200,
    }


def test_enhanced_scanning_covers_the_environments_that_are_listed(graph: Graph) -> None:
    (configuration,) = of(graph, "RegistryScanningConfiguration", HOME)
    filters = {
        row["filter"]: rule["scanFrequency"]
        for rule in configuration.inputs["rules"]
        for row in rule["repositoryFilters"]
    }
    assert configuration.inputs["scanType"] == "ENHANCED"
    assert filters == {"tradewind-prod/*": "CONTINUOUS_SCAN", "tradewind-staging/*": "SCAN_ON_PUSH"}


@pytest.mark.parametrize(("lowest", "counts"), [(LowestSeverity.CRITICAL, 1), (LowestSeverity.HIGH, 2)])
def test_the_gate_opens_for_findings_of_the_severity_and_above(lowest: LowestSeverity, counts: int) -> None:
    detail = scan_with_findings(CELL, lowest)["detail"]
    found = detail.get("$or") or [{"finding-severity-counts": detail["finding-severity-counts"]}]
    assert len(found) == counts
    assert detail["repository-name"] == [
        {"prefix": f"arn:aws:ecr:{HOME}:{ACCOUNT}:repository/tradewind-prod/"}
    ]


def test_the_quarantine_marks_before_it_untags() -> None:
    """The last tag that goes takes the image along."""
    states = machine(CELL, "arn:aws:sns:x")["States"]
    assert states["Mark"]["Next"] == "Has other tags"
    assert states["Has other tags"]["Choices"][0]["Next"] == "Take the tags away"
    assert [name for name, state in states.items() if state.get("Next") == "Take the tags away"] == []


def test_admission_names_the_regions_own_registry_and_a_digest() -> None:
    own = f"{ACCOUNT}.dkr.ecr.{HOME}.amazonaws.com/tradewind-prod/"
    strict = policy(CELL, require_digest=True)
    first, second = strict["validations"]
    assert f"startsWith('{own}')" in first["expression"]
    assert "@sha256:[0-9a-f]{64}$" in second["expression"]
    assert len(policy(CELL, require_digest=False)["validations"]) == 1
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        assert f"has(object.spec.{kind})" in strict["variables"][0]["expression"]
    bound = binding(AdmissionMode.ENFORCE, ["kube-system"])
    assert bound["validationActions"] == ["Deny", "Audit"]
    assert binding(AdmissionMode.WARN, [])["validationActions"] == ["Warn", "Audit"]


def test_the_trust_policy_trusts_the_environments_own_profiles_only() -> None:
    (trusted,) = trust_policy(CELL, REGIONS, 1)["trustPolicies"]
    assert trusted["signatureVerification"] == {"level": "strict"}
    assert trusted["trustedIdentities"] == [
        f"arn:aws:signer:{region}:{ACCOUNT}:/signing-profiles/tradewind_prod_images" for region in REGIONS
    ]


def test_a_later_profile_signs_and_what_earlier_ones_signed_stays_trusted() -> None:
    (trusted,) = trust_policy(CELL, [HOME], 2)["trustPolicies"]
    first = f"arn:aws:signer:{HOME}:{ACCOUNT}:/signing-profiles/tradewind_prod_images"
    assert trusted["trustedIdentities"] == [first, f"{first}_2"]
    signing = next(
        one for one in publisher(CELL, "search", [HOME], generation=2)["Statement"] if one["Sid"] == "Sign"
    )
    assert signing["Resource"] == [f"{first}_2"]


# Who may what


def repository(name: str, region: str = HOME) -> str:
    return f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{name}"


RANKER = repository("tradewind-prod/search/ranker")
PROFILE = f"arn:aws:signer:{HOME}:{ACCOUNT}:/signing-profiles/tradewind_prod_images"
PUSH = (
    "InitiateLayerUpload",
    "UploadLayerPart",
    "CompleteLayerUpload",
    "PutImage",
    "BatchCheckLayerAvailability",
)


def test_a_publisher_pushes_and_signs_its_own_images(access: Access) -> None:
    role = "tradewind-prod-image-publisher-search"
    for region in REGIONS:
        for action in PUSH:
            answer = access.may(role, f"ecr:{action}", RANKER.replace(HOME, region))
            assert answer.allowed, answer.explanation
        assert access.may(role, "ecr:GetAuthorizationToken", "*", region=region).allowed
        assert access.may(role, "signer:SignPayload", PROFILE.replace(HOME, region)).allowed


REFUSED: list[tuple[str, str]] = [
    ("ecr:PutImage", repository("tradewind-prod/shared/serving")),
    ("ecr:BatchGetImage", repository("tradewind-prod/shared/serving")),
    ("ecr:PutImage", repository("tradewind-prod/credit/scoring", OTHER)),
    ("ecr:PutImage", repository("tradewind-staging/search/ranker")),
    ("ecr:PutImage", repository("tradewind-prod/ecr-public/lambda/python")),
    ("ecr:PutImage", RANKER.replace(HOME, "ap-south-1")),
    ("ecr:BatchDeleteImage", RANKER),
    ("ecr:DeleteRepository", RANKER),
    ("ecr:PutLifecyclePolicy", RANKER),
    ("ecr:SetRepositoryPolicy", RANKER),
    ("ecr:PutImageTagMutability", RANKER),
    ("ecr:CreateRepository", repository("tradewind-prod/search/another")),
    ("signer:SignPayload", f"arn:aws:signer:{HOME}:{ACCOUNT}:/signing-profiles/tradewind_staging_images"),
    ("signer:CancelSigningProfile", PROFILE),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HOME}:{ACCOUNT}:secret:ecr-pullthroughcache/tradewind-prod-github-a"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "resource"), REFUSED, ids=[f"{a}:{r[-30:]}" for a, r in REFUSED])
def test_a_publisher_has_nothing_of_its_neighbours(access: Access, action: str, resource: str) -> None:
    answer = access.may("tradewind-prod-image-publisher-search", action, resource)
    assert answer.denied, answer.explanation


def test_a_tenant_of_one_zone_pushes_in_that_zone_only(access: Access) -> None:
    role = "tradewind-prod-image-publisher-credit"
    scoring = repository("tradewind-prod/credit/scoring", OTHER)
    assert access.may(role, "ecr:PutImage", scoring).allowed
    assert access.may(role, "ecr:PutImage", scoring.replace(OTHER, HOME)).denied
    assert access.may(role, "ecr:GetAuthorizationToken", "*", region=HOME).denied


def test_the_gate_retags_the_environments_images_and_nothing_else(access: Access) -> None:
    role = "tradewind-prod-use1-image-gate"
    topic = f"arn:aws:sns:{HOME}:{ACCOUNT}:tradewind-prod-images"
    for action in ("DescribeImages", "BatchGetImage", "PutImage", "BatchDeleteImage"):
        assert access.may(role, f"ecr:{action}", RANKER).allowed
    assert access.may(role, "sns:Publish", topic).allowed
    refused = [
        ("ecr:BatchDeleteImage", repository("tradewind-staging/shared/serving")),
        ("ecr:BatchDeleteImage", RANKER.replace(HOME, OTHER)),
        ("ecr:DeleteRepository", RANKER),
        ("ecr:SetRepositoryPolicy", RANKER),
        ("ecr:PutLifecyclePolicy", RANKER),
        ("ecr:InitiateLayerUpload", RANKER),
        ("sns:Publish", topic.replace("images", "models")),
        ("sns:Subscribe", topic),
        (
            "states:StartExecution",
            f"arn:aws:states:{HOME}:{ACCOUNT}:stateMachine:tradewind-prod-image-quarantine",
        ),
        ("signer:SignPayload", PROFILE),
        ("kms:Decrypt", access.arn(access.find(f"images-{HOME}", "Key"))),
    ]
    for action, resource in refused:
        answer = access.may(role, action, resource)
        assert answer.denied, (action, answer.explanation)


def test_nodes_fill_the_caches_and_make_no_other_repository(graph: Graph) -> None:
    documents = [
        json.loads(it.inputs["policy"])
        for it in of(graph, "RolePolicy")
        if it.inputs["name"] == "image-caches"
    ]
    assert len(documents) == len(REGIONS)
    for document in documents:
        (statement,) = document["Statement"]
        assert not [
            one for one in statement["Resource"] if not re.search(r"/(ecr-public|docker-hub)/\*$", one)
        ]


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"repositories": [{"name": "a", "tenant": "serch"}]}, "repositories[0].tenant", "no such tenant"),
    ({"repositories": [{"name": "a", "tenant": "shared"}]}, "repositories[0].tenant", "of no tenant"),
    ({"upstreams": [{"registry": "quay", "secret_suffix": "AbCd12"}]}, "upstreams[0].secret_suffix", "without a credential"),
    ({"shared_with": [{"environment": "prod", "regions": [HOME]}]}, "shared_with[0].environment", "itself"),
    ({"shared_with": [{"environment": "dev", "regions": ["eu-north-1"]}]}, "shared_with[0].regions", "is not there"),
    ({"registry_wide": False, "shared_with": [{"environment": "dev", "regions": [HOME]}]}, "shared_with", "writes none"),
    ({"admission": {"mode": "enforce", "exempt_namespaces": []}}, "admission.exempt_namespaces", "no node"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "path", "words"), MISTAKES, ids=[case[2] for case in MISTAKES])
def test_what_does_not_fit_the_environment_is_named_with_its_place(
    given: dict[str, Any], path: str, words: str
) -> None:
    (problem,) = problems_of(ContainerRegistrySettings.model_validate(given), around())
    assert problem.path == path and words in problem.but and problem.fix


def test_a_cache_of_a_long_environments_name_is_refused() -> None:
    settings = ContainerRegistrySettings.model_validate({"upstreams": [{"registry": "docker-hub"}]})
    (problem,) = problems_of(settings, around("a-longer-name-16"))
    assert "30 characters" in problem.but
