"""The machines of the registries as the graph provisions them, executed through boto3.

Packages, artifacts, evidence, images and aliases are real ones of moto's; see `step_functions` for what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plan.graph import Graph
from tests.clients.registry_in_moto import REPOSITORY, Registry
from tests.clients.step_functions import cloud
from tests.components.registries_plan import ACCOUNT, HOME, OTHER, planned

pytestmark = pytest.mark.clients

EVIDENCE = ("model-card", "evaluation", "bias", "privacy")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("registries"))


@pytest.fixture
def registry(graph: Graph) -> Iterator[Registry]:
    with cloud() as made:
        here = Registry(made, graph, HOME)
        here.provision()
        yield here


def served(registry: Registry, release: str) -> tuple[str, str]:
    """A release that went all the way to production."""
    package, version = registry.release(release)
    registry.evidence(release, version, *EVIDENCE)
    for stage in ("staging", "production"):
        done = registry.promote(package, stage)
        assert done.status == "SUCCEEDED", done
    return package, version


def test_without_evidence_a_release_is_refused_and_nothing_changes(registry: Registry) -> None:
    package, _ = registry.release("r1")
    assert registry.promote(package, "development").status == "SUCCEEDED"
    done = registry.promote(package, "staging")
    assert (done.status, done.error) == ("FAILED", "Refused")
    assert "model-card is missing" in done.cause and "evaluation is missing" in done.cause
    assert registry.item("alias#staging") == {}


def test_with_evidence_it_is_approved_and_the_alias_points_at_it(registry: Registry) -> None:
    package, version = registry.release("r1")
    assert registry.status(package) == "PendingManualApproval"
    registry.evidence("r1", version, "model-card", "evaluation")
    done = registry.promote(package, "staging")
    assert done.output["release"] == "r1", done
    assert registry.status(package) == "Approved"
    assert registry.item("alias#staging")["release"] == "r1"
    assert registry.item("promoted#staging#r1")["package_arn"] == package

    refused = registry.promote(package, "production")
    assert "bias is missing" in refused.cause and "privacy is missing" in refused.cause
    registry.evidence("r1", version, "bias", "privacy")
    assert registry.promote(package, "production").status == "SUCCEEDED"
    assert registry.item("alias#production")["release"] == "r1"


def test_production_takes_what_was_in_staging_only(registry: Registry) -> None:
    package, version = registry.release("r1")
    registry.evidence("r1", version, *EVIDENCE)
    done = registry.promote(package, "production")
    assert done.cause == "r1 never was in staging"
    assert registry.status(package) == "PendingManualApproval"


def test_a_rollback_points_back_and_rejects_what_it_leaves(registry: Registry) -> None:
    first, _ = served(registry, "r1")
    second, _ = served(registry, "r2")
    assert registry.item("alias#production")["previous_release"] == "r1"
    done = registry.rollback()
    assert (done.status, done.output["model_package_arn"]) == ("SUCCEEDED", first)
    assert registry.item("alias#production")["release"] == "r1"
    assert (registry.status(first), registry.status(second)) == ("Approved", "Rejected")
    assert registry.item("alias#staging")["release"] == "r2"

    again = registry.rollback()
    assert again.error == "NothingToGoBackTo"
    assert registry.item("alias#production")["release"] == "r1"


def test_a_release_promoted_twice_is_not_its_own_predecessor(registry: Registry) -> None:
    served(registry, "r1")
    package, _ = served(registry, "r2")
    assert registry.promote(package, "production").status == "SUCCEEDED"
    assert registry.item("alias#production")["previous_release"] == "r1"


OLD = (datetime.now(UTC) - timedelta(days=31)).isoformat(timespec="seconds").replace("+00:00", "Z")
LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"passed": False}, "did not pass"),
        ({"passed": "true"}, "did not pass"),
        ({"release": "r0"}, "another release"),
        ({"artifact_version": "v0"}, "another artifact"),
        ({"at": OLD}, "older than 30 days"),
        ({"at": LATER}, "from after it was stored"),
        ({"at": "yesterday"}, "does not say"),
    ],
)
def test_evidence_that_shows_nothing_is_refused(
    registry: Registry, changes: dict[str, Any], words: str
) -> None:
    package, version = registry.release("r1")
    registry.evidence("r1", version, "model-card")
    registry.evidence("r1", version, "evaluation", **changes)
    done = registry.promote(package, "staging")
    assert done.error == "Refused" and "evaluation " in done.cause and words in done.cause
    assert "model-card" not in done.cause


@pytest.mark.parametrize(
    ("field", "value"),
    [("commit", "main"), ("commit", ""), ("data_version", ""), ("image_digest", "latest"), ("seed", "lucky")],
)
def test_a_release_of_unknown_origin_is_refused_from_the_first_stage_on(
    registry: Registry, field: str, value: str
) -> None:
    package, _ = registry.release("r1", **{field: value})
    done = registry.promote(package, "development")
    assert done.error == "Refused" and f"{field} is missing or has another form" in done.cause


def test_an_image_that_nobody_scanned_is_refused(registry: Registry) -> None:
    package, version = registry.release("r1", scanned=False)
    registry.evidence("r1", version, *EVIDENCE)
    assert "the image has no scan" in registry.promote(package, "staging").cause


def test_an_artifact_replaced_after_its_evaluation_is_refused(registry: Registry) -> None:
    package, version = registry.release("r1")
    registry.evidence("r1", version, "model-card", "evaluation")
    key = "models/ranker/r1/artifact/model.tar.gz"
    registry.client("s3").put_object(Bucket=registry.bucket, Key=key, Body=b"another")
    assert "about another artifact" in registry.promote(package, "staging").cause


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"action": "promote", "stage": "production"},
        {"action": "promote", "stage": "moon", "model_package_arn": "x"},
        {"action": "rollback", "stage": "production"},
        {"action": "destroy", "stage": "production", "model": "ranker"},
    ],
)
def test_what_is_not_understood_is_refused(registry: Registry, given: dict[str, Any]) -> None:
    done = registry.cloud.run(registry.machines["promotion"], given)
    assert (done.status, done.error) == ("FAILED", "NotUnderstood"), done


def told(registry: Registry, package: str, name: str, kind: str = "Model Promoted", **changes: Any) -> Any:
    """The event as the promotion machine sends it: moto takes it, and has no other regions' buses to send it to."""
    described = registry.client("sagemaker").describe_model_package(ModelPackageName=package)
    head = registry.client("s3").head_object(
        Bucket=registry.bucket, Key=f"models/ranker/{name}/artifact/model.tar.gz"
    )
    return {
        "detail-type": kind,
        "detail": {
            "model": "ranker",
            "stage": "production",
            "release": name,
            "left": "",
            "place": f"{ACCOUNT}/{registry.region}",
            "account": ACCOUNT,
            "region": registry.region,
            "bucket": registry.bucket,
            "repositories": "tradewind-prod",
            "artifact_version": head["VersionId"],
            "lineage": described["CustomerMetadataProperties"],
            "inference": described["InferenceSpecification"],
            **changes,
        },
    }


def packages(registry: Registry) -> list[dict[str, Any]]:
    client = registry.client("sagemaker")
    listed = client.list_model_packages(
        ModelPackageGroupName="tradewind-prod-ranker", ModelPackageType="Versioned"
    )
    return [
        client.describe_model_package(ModelPackageName=row["ModelPackageArn"])
        for row in listed["ModelPackageSummaryList"]
    ]


@pytest.fixture
def elsewhere(registry: Registry) -> Registry:
    there = Registry(registry.cloud, registry.graph, OTHER)
    there.provision()
    return there


def test_another_region_registers_what_was_promoted_and_rejects_what_was_rolled_back(
    registry: Registry, elsewhere: Registry
) -> None:
    package, _ = registry.release("r1")
    # What replication would have brought.
    key = "models/ranker/r1/artifact/model.tar.gz"
    elsewhere.client("s3").put_object(Bucket=elsewhere.bucket, Key=key, Body=b"r1")
    done = registry.cloud.run(elsewhere.machines["following"], told(registry, package, "r1"))
    assert done.status == "SUCCEEDED", done
    (made,) = packages(elsewhere)
    (container,) = made["InferenceSpecification"]["Containers"]
    assert made["ModelApprovalStatus"] == "Approved"
    assert container["ModelDataUrl"] == f"s3://{elsewhere.bucket}/{key}"
    assert container["Image"].startswith(f"{ACCOUNT}.dkr.ecr.{OTHER}.amazonaws.com/{REPOSITORY}@sha256:")
    assert made["CustomerMetadataProperties"]["release"] == "r1"
    assert elsewhere.item(f"package#r1#{OTHER}")["package_arn"] == made["ModelPackageArn"]

    event = told(registry, package, "r1", "Model Rolled Back", left="r1", release="r0")
    assert registry.cloud.run(elsewhere.machines["following"], event).status == "SUCCEEDED"
    assert elsewhere.status(made["ModelPackageArn"]) == "Rejected"


def test_what_comes_from_another_account_is_copied_and_waits_for_this_ones_decision(
    registry: Registry, elsewhere: Registry
) -> None:
    package, version = registry.release("r1")
    registry.evidence("r1", version, "model-card", "evaluation")
    # Two accounts are two buckets here; moto asks nobody's policies. And where a bucket locks by default, it
    # wants a header of a copy that S3's own API of copies does not have.
    elsewhere.client("s3").put_object_lock_configuration(
        Bucket=elsewhere.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
    )
    event = told(registry, package, "r1", account="444444444444", place=f"444444444444/{HOME}")
    done = registry.cloud.run(elsewhere.machines["following"], event)
    assert done.status == "SUCCEEDED", done
    (made,) = packages(elsewhere)
    assert made["ModelApprovalStatus"] == "PendingManualApproval"
    keys = elsewhere.client("s3").list_objects_v2(Bucket=elsewhere.bucket)["Contents"]
    assert {row["Key"].rpartition("/")[2] for row in keys} == {
        "model.tar.gz", "model-card.json", "evaluation.json",
    }  # fmt: skip
    noted = elsewhere.item(f"package#r1#{OTHER}")
    assert noted["original_version"] == version != noted["copied_version"]


def test_a_model_of_another_residency_is_left_alone(registry: Registry, elsewhere: Registry) -> None:
    package, _ = registry.release("r1")
    event = told(registry, package, "r1", model="credit-score")
    assert registry.cloud.run(registry.machines["following"], event).status == "SUCCEEDED"
    assert len(packages(registry)) == 1


def test_an_image_with_findings_loses_its_tags_but_for_one_that_says_so(registry: Registry) -> None:
    digest = registry.image("1.0")
    client = registry.client("ecr")
    event = {
        "detail": {
            "repository-name": f"arn:aws:ecr:{HOME}:{ACCOUNT}:repository/{REPOSITORY}",
            "image-digest": digest,
            "image-tags": ["1.0"],
            "finding-severity-counts": {"CRITICAL": 2, "TOTAL": 2},
        }
    }
    for _ in range(2):
        done = registry.cloud.run(registry.machines["quarantine"], event)
        assert done.status == "SUCCEEDED", done
        (left,) = client.describe_images(repositoryName=REPOSITORY)["imageDetails"]
        assert left["imageTags"] == [f"quarantined-{digest.removeprefix('sha256:')[:12]}"]
