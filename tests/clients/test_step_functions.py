"""The machines of the registries as the graph provisions them, executed through boto3.

Packages, artifacts, evidence, images and aliases are real ones of moto's; see `step_functions` for what it lacks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plan.graph import Graph
from plan.survive.world import rows
from tests.clients.step_functions import Cloud, Execution, cloud
from tests.components.registries_plan import ACCOUNT, HOME, OTHER, definition, of, planned

pytestmark = pytest.mark.clients

EVIDENCE = ("model-card", "evaluation", "bias", "privacy")
REPOSITORY = "tradewind-prod/search/ranker"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return planned(tmp_path_factory.mktemp("registries"))


@dataclass
class Registry:
    """One region of the registry: what the graph provisions there, made in moto."""

    cloud: Cloud
    graph: Graph
    region: str
    machines: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.cloud.client(service, self.region)

    @property
    def bucket(self) -> str:
        (found,) = [it for it in of(self.graph, "Bucket", self.region) if "search" in it.inputs["bucket"]]
        return str(found.inputs["bucket"])

    @property
    def table(self) -> str:
        (found,) = of(self.graph, "Table")
        return str(found.inputs["name"])

    def provision(self) -> None:
        for bucket in of(self.graph, "Bucket", self.region):
            self._bucket(bucket.inputs["bucket"])
        for group in of(self.graph, "ModelPackageGroup", self.region):
            name = group.inputs["modelPackageGroupName"]
            self.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
        for repository in of(self.graph, "Repository", self.region):
            self.client("ecr").create_repository(repositoryName=repository.inputs["name"])
        for bus in of(self.graph, "EventBus", self.region):
            self.client("events").create_event_bus(Name=bus.inputs["name"])
        for topic in of(self.graph, "Topic", self.region):
            self.client("sns").create_topic(Name=topic.inputs["name"])
        table = of(self.graph, "Table")[0].inputs
        self.client("dynamodb").create_table(
            TableName=table["name"],
            BillingMode=table["billingMode"],
            KeySchema=[
                {"AttributeName": table["hashKey"], "KeyType": "HASH"},
                {"AttributeName": table["rangeKey"], "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": row["name"], "AttributeType": row["type"]}
                for row in rows(table["attributes"])
            ],
        )
        for kind in ("promotion", "following", "quarantine"):
            machine = definition(self.graph, kind, self.region)
            self.machines[kind] = self.cloud.machine(kind, machine, self.region)

    def _bucket(self, name: str) -> None:
        place = {} if self.region == "us-east-1" else {"LocationConstraint": self.region}
        client = self.client("s3")
        where: dict[str, Any] = {"CreateBucketConfiguration": place} if place else {}
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, **where)
        (lock,) = [
            it
            for it in of(self.graph, "BucketObjectLockConfiguration", self.region)
            if it.inputs["bucket"] == name
        ]
        kept = lock.inputs["rule"]["defaultRetention"]
        client.put_object_lock_configuration(
            Bucket=name,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": kept["mode"], "Days": int(kept["days"])}},
            },
        )

    def image(self, name: str, *, scanned: bool = True) -> str:
        """The digest of an image in the ranker's repository."""
        config = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": config},
            "layers": [],
        }  # fmt: skip
        client = self.client("ecr")
        text = json.dumps(manifest)
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        client.put_image(repositoryName=REPOSITORY, imageManifest=text, imageTag=name, imageDigest=digest)
        if scanned:
            client.start_image_scan(repositoryName=REPOSITORY, imageId={"imageTag": name})
        found = client.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": name}])
        made: str = found["imageDetails"][0]["imageDigest"]
        return made

    def release(self, name: str, *, scanned: bool = True, **changes: Any) -> tuple[str, str]:
        """(package, version of its artifact) of a release of the ranker, waiting for approval."""
        key = f"models/ranker/{name}/artifact/model.tar.gz"
        stored = self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=name.encode())
        digest = self.image(name, scanned=scanned)
        host = f"{ACCOUNT}.dkr.ecr.{self.region}.amazonaws.com"
        lineage = {
            "release": name,
            "commit": hashlib.sha1(name.encode()).hexdigest(),
            "data_version": "lake@2026-11-20",
            "image_digest": digest,
            "seed": "17",
            **changes,
        }
        made = self.client("sagemaker").create_model_package(
            ModelPackageGroupName="tradewind-prod-ranker",
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [
                    {"Image": f"{host}/{REPOSITORY}@{digest}", "ModelDataUrl": f"s3://{self.bucket}/{key}"}
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties={key: value for key, value in lineage.items() if value},
        )
        return made["ModelPackageArn"], stored["VersionId"]

    def evidence(self, name: str, version: str, *kinds: str, **changes: Any) -> None:
        for kind in kinds:
            said = {
                "release": name,
                "artifact_version": version,
                "passed": True,
                "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                **changes,
            }
            key = f"models/ranker/{name}/evidence/{kind}.json"
            self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=json.dumps(said))

    def promote(self, package: str, stage: str) -> Execution:
        given = {"action": "promote", "stage": stage, "model_package_arn": package}
        return self.cloud.run(self.machines["promotion"], given)

    def rollback(self, stage: str = "production") -> Execution:
        given = {"action": "rollback", "stage": stage, "model": "ranker"}
        return self.cloud.run(self.machines["promotion"], given)

    def item(self, item: str) -> dict[str, str]:
        key = {"model": {"S": "ranker"}, "item": {"S": item}}
        found = self.client("dynamodb").get_item(TableName=self.table, Key=key).get("Item", {})
        return {name: next(iter(value.values())) for name, value in found.items()}

    def status(self, package: str) -> str:
        told = self.client("sagemaker").describe_model_package(ModelPackageName=package)
        return str(told["ModelApprovalStatus"])


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
