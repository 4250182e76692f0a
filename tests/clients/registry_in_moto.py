"""One region of the registries, provisioned in moto as the graph says: packages, artifacts, evidence, images, aliases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from plan.graph import Graph
from plan.survive.world import rows
from tests.clients.step_functions import Cloud, Execution
from tests.components.registries_plan import ACCOUNT, definition, of

REPOSITORY = "tradewind-prod/search/ranker"


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
