"""The stores of a plan as moto carries them, one `Kind` for each sort: all from the inputs of the plan's resources.

Aurora's are in `clusters_on_moto`.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from moto.events.models import EventPattern

from plan.graph import Resource
from plan.values import references
from tests.clients.clusters_on_moto import Clusters
from tests.clients.region_loss import ACCOUNT, DOCUMENTED, Kind, Route, backup_routes, bucket_region, key_urn

__all__ = ["KINDS"]

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:0", "size": 2},
    "layers": [],
}


class Buckets(Kind):
    types = ("aws:s3/bucket:Bucket",)

    def make(self) -> None:
        for store in self.stores:
            place = {"LocationConstraint": store.region}
            asked = {} if store.region == "us-east-1" else {"CreateBucketConfiguration": place}
            self.aws.client("s3", store.region).create_bucket(Bucket=store.inputs["bucket"], **asked)
        for part in self.graph.of_type("aws:s3/bucketVersioning:BucketVersioning"):
            status = {"Status": part.inputs["versioningConfiguration"]["status"]}
            s3 = self.aws.client("s3", part.region)
            s3.put_bucket_versioning(Bucket=part.inputs["bucket"], VersioningConfiguration=status)
        # S3 replicates from and to no others.
        self.versioned = {store.urn for store in self.stores if self._is_versioned(store)}

    def _is_versioned(self, store: Resource) -> bool:
        s3 = self.aws.client("s3", store.region)
        return bool(s3.get_bucket_versioning(Bucket=store.inputs["bucket"]).get("Status") == "Enabled")

    def _parts(self, store: Resource, kind: str) -> list[Mapping[str, Any]]:
        """The rules of another resource of the bucket."""
        parts = self.graph.of_type(f"aws:s3/bucket{kind}:Bucket{kind}")
        return [r for p in parts if p.inputs["bucket"] == store.inputs["bucket"] for r in p.inputs["rules"]]

    def routes(self, store: Resource, origin: str) -> list[Route]:
        found = []
        for rule in self._parts(store, "ReplicationConfig"):
            if rule["status"] != "Enabled" or store.urn not in self.versioned:
                continue
            assert rule["filter"] == {"prefix": ""}, "a rule for a part is not understood here"
            to = rule["destination"]
            (reference,) = references(to["bucket"])
            target = self.graph[reference.urn]
            limit = to.get("replicationTime") or {"status": "Disabled"}
            lag = limit["time"]["minutes"] * 60.0 if limit["status"] == "Enabled" else None
            if target.urn not in self.versioned:
                continue
            key = key_urn(to["encryptionConfiguration"]["replicaKmsKeyId"])
            found.append(Route(target.region, lag, key, target=target))
        arn = f"arn:aws:s3:::{store.inputs['bucket']}"
        assert found or not backup_routes(self.graph, arn), "backups without a replica are not understood"
        return found

    def expiry(self, store: Resource) -> float:
        rules = [r for r in self._parts(store, "LifecycleConfiguration") if r["status"] == "Enabled"]
        whole = [r["expiration"]["days"] for r in rules if r.get("expiration", {}).get("days") and not r["filter"]["prefix"]]  # fmt: skip
        return min(whole, default=math.inf) * 86400

    def write(self, store: Resource, region: str, age: float) -> None:
        """At home only: in another region, a bucket of another name takes the writes."""
        bucket, key = store, ""
        if region != store.region:
            (route,) = [one for one in self.routes(store, store.region) if one.region == region]
            assert route.target is not None
            bucket, key = route.target, route.key
        for rule in () if key else self._parts(bucket, "ServerSideEncryptionConfiguration"):
            key = key_urn(rule["applyServerSideEncryptionByDefault"].get("kmsMasterKeyId"))
        by_key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.aws.keys[key]} if key else {}
        s3 = self.aws.client("s3", bucket.region)
        body = json.dumps([store.urn, age]).encode()
        s3.put_object(Bucket=bucket.inputs["bucket"], Key=f"{store.name}/{age}", Body=body, **by_key)

    def read(self, region: str) -> Mapping[str, set[float]]:
        s3 = self.aws.client("s3", region)
        held: defaultdict[str, set[float]] = defaultdict(set)
        for bucket in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
            if bucket_region(s3, bucket) != region:
                continue
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for key in [one["Key"] for page in pages for one in page.get("Contents", ())]:
                got = s3.get_object(Bucket=bucket, Key=key)
                if self.aws.works(got.get("SSEKMSKeyId", "")):
                    urn, age = json.loads(got["Body"].read())
                    held[urn].add(age)
        return held


class Tables(Kind):
    types = ("aws:dynamodb/table:Table",)

    def make(self) -> None:
        for store in self.stores:
            it = store.inputs
            keys = [(it["hashKey"], "HASH"), *([(it["rangeKey"], "RANGE")] if "rangeKey" in it else [])]
            for region in self.writers(store):
                encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": self._key(store, region)}
                self.aws.client("dynamodb", region).create_table(
                    TableName=it["name"],
                    BillingMode=it["billingMode"],
                    KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
                    AttributeDefinitions=[
                        {"AttributeName": one["name"], "AttributeType": one["type"]}
                        for one in it["attributes"]
                    ],
                    SSESpecification=encryption,
                )

    def _key(self, store: Resource, region: str) -> str:
        rows = {one["regionName"]: one["kmsKeyArn"] for one in store.inputs.get("replicas") or ()}
        return self.aws.keys[key_urn(rows.get(region) or store.inputs["serverSideEncryption"]["kmsKeyArn"])]

    def writers(self, store: Resource) -> tuple[str, ...]:
        """Every replica takes writes."""
        return (store.region, *(one["regionName"] for one in store.inputs.get("replicas") or ()))

    def routes(self, store: Resource, origin: str) -> list[Route]:
        modes = {one.get("consistencyMode", "EVENTUAL") for one in store.inputs.get("replicas") or ()}
        lag = 0.0 if modes == {"STRONG"} else DOCUMENTED["DynamoDB global tables"]
        return [Route(region, lag) for region in self.writers(store) if region != origin]

    def write(self, store: Resource, region: str, age: float) -> None:
        it = store.inputs
        keys = {it[key]: {"S": str(age)} for key in ("hashKey", "rangeKey") if key in it}
        item = {**keys, "age_of_write": {"N": str(age)}}
        self.aws.client("dynamodb", region).put_item(TableName=it["name"], Item=item)

    def read(self, region: str) -> Mapping[str, set[float]]:
        dynamodb = self.aws.client("dynamodb", region)
        held: dict[str, set[float]] = {}
        for store in self.stores:
            if store.inputs["name"] not in dynamodb.list_tables()["TableNames"]:
                continue
            told = dynamodb.describe_table(TableName=store.inputs["name"])["Table"]
            if self.aws.works(told["SSEDescription"]["KMSMasterKeyArn"]):
                items = dynamodb.scan(TableName=store.inputs["name"])["Items"]
                held[store.urn] = {float(item["age_of_write"]["N"]) for item in items}
        return held


class Images(Kind):
    types = ("aws:ecr/repository:Repository",)

    def make(self) -> None:
        for store in self.stores:
            (asked,) = store.inputs["encryptionConfigurations"]
            key = {"encryptionType": "KMS", "kmsKey": self.aws.keys[key_urn(asked["kmsKey"])]}
            self.aws.client("ecr", store.region).create_repository(
                repositoryName=store.inputs["name"], encryptionConfiguration=key
            )

    def routes(self, store: Resource, origin: str) -> list[Route]:
        found = []
        for config in self.graph.of_type("aws:ecr/replicationConfiguration:ReplicationConfiguration"):
            for rule in config.inputs["replicationConfiguration"]["rules"] if config.region == origin else ():
                prefixes = [one["filter"] for one in rule.get("repositoryFilters") or ()] or [""]
                if any(store.inputs["name"].startswith(prefix) for prefix in prefixes):
                    lag = DOCUMENTED["ECR replication"]
                    found += [Route(to["region"], lag) for to in rule["destinations"]]
        return found

    def write(self, store: Resource, region: str, age: float) -> None:
        """An image for each age; its manifest says where it was pushed."""
        said = {"origin": store.urn, "age": str(age)}
        manifest = json.dumps({**MANIFEST, "annotations": said})
        tag = f"from-{store.region}-{age}"
        name = store.inputs["name"]
        self.aws.client("ecr", region).put_image(repositoryName=name, imageManifest=manifest, imageTag=tag)

    def read(self, region: str) -> Mapping[str, set[float]]:
        ecr = self.aws.client("ecr", region)
        held: defaultdict[str, set[float]] = defaultdict(set)
        for one in ecr.describe_repositories()["repositories"]:
            name = one["repositoryName"]
            ids = ecr.list_images(repositoryName=name)["imageIds"]
            if not ids or not self.aws.works(one["encryptionConfiguration"]["kmsKey"]):
                continue
            for image in ecr.batch_get_image(repositoryName=name, imageIds=ids)["images"]:
                said = json.loads(image["imageManifest"])["annotations"]
                held[said["origin"]].add(float(said["age"]))
        return held


class Secrets(Kind):
    """moto's replicas show what the primary holds at once, and refuse writes."""

    types = ("aws:secretsmanager/secret:Secret",)
    copied_at_once = True

    def make(self) -> None:
        for store in self.stores:
            key = key_urn(store.inputs.get("kmsKeyId"))
            replicas = [{"Region": one["region"]} for one in store.inputs.get("replicas") or ()]
            assert not any("kmsKeyId" in one for one in store.inputs.get("replicas") or ())
            self.aws.client("secretsmanager", store.region).create_secret(
                Name=store.inputs["name"],
                SecretString="[]",
                **({"AddReplicaRegions": replicas} if replicas else {}),
                **({"KmsKeyId": self.aws.keys[key]} if key else {}),
            )

    def routes(self, store: Resource, origin: str) -> list[Route]:
        return [Route(one["region"], None) for one in store.inputs.get("replicas") or ()]

    def copy(self, store: Resource, route: Route, ages: Iterable[float]) -> None:
        """moto did."""

    def write(self, store: Resource, region: str, age: float) -> None:
        client, name = self.aws.client("secretsmanager", region), store.inputs["name"]
        ages = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
        client.put_secret_value(SecretId=name, SecretString=json.dumps([*ages, age]))

    def read(self, region: str) -> Mapping[str, set[float]]:
        client = self.aws.client("secretsmanager", region)
        there = {one["Name"]: one for one in client.list_secrets()["SecretList"]}
        held = {}
        for store in self.stores:
            name = store.inputs["name"]
            # A replica's key is that of the service: the plan names none for them.
            key = there.get(name, {}).get("KmsKeyId", "") if store.region == region else ""
            if name in there and self.aws.works(key):
                held[store.urn] = set(json.loads(client.get_secret_value(SecretId=name)["SecretString"]))
        return held


class Packages(Kind):
    """Models: another region registers what the plan's rules of events send there, and a rule there takes up."""

    types = ("aws:sagemaker/modelPackageGroup:ModelPackageGroup",)
    prefix = "tradewind-prod-"

    def make(self) -> None:
        for store in self.stores:
            client = self.aws.client("sagemaker", store.region)
            client.create_model_package_group(ModelPackageGroupName=store.inputs["modelPackageGroupName"])

    def routes(self, store: Resource, origin: str) -> list[Route]:
        name = store.inputs["modelPackageGroupName"]
        detail = {"place": f"{ACCOUNT}/{origin}", "model": name.removeprefix(self.prefix)}
        event = {"source": "tradewind.models", "detail-type": "Model Promoted", "detail": detail}
        groups = {one.region for one in self.stores if one.inputs["modelPackageGroupName"] == name}
        regions = {
            arn.split(":")[3]
            for arn in self._targets(origin, event)
            if ":event-bus/" in arn and self._targets(arn.split(":")[3], event)
        }
        return [Route(region, None) for region in sorted(regions & groups - {origin})]

    def _targets(self, region: str, event: Any) -> list[str]:
        """Where the rules of `region` send `event`."""
        sent = []
        for rule in self.graph.of_type("aws:cloudwatch/eventRule:EventRule"):
            raw = rule.inputs.get("eventPattern")
            if rule.region != region or not raw:
                continue
            if EventPattern(str(raw), json.loads(str(raw))).matches_event(event):
                sent += [
                    str(one.inputs["arn"])
                    for one in self.graph.of_type("aws:cloudwatch/eventTarget:EventTarget")
                    if one.region == region and one.inputs["rule"] == rule.inputs["name"]
                ]
        return sent

    def write(self, store: Resource, region: str, age: float) -> None:
        self.aws.client("sagemaker", region).create_model_package(
            ModelPackageGroupName=store.inputs["modelPackageGroupName"],
            ModelPackageDescription=json.dumps([store.urn, age]),
            ModelApprovalStatus="Approved",
        )

    def read(self, region: str) -> Mapping[str, set[float]]:
        client = self.aws.client("sagemaker", region)
        held: defaultdict[str, set[float]] = defaultdict(set)
        for one in client.list_model_packages(ModelPackageType="Versioned", MaxResults=100)["ModelPackageSummaryList"]:  # fmt: skip
            urn, age = json.loads(one["ModelPackageDescription"])
            held[urn].add(age)
        return held


KINDS = (Buckets, Tables, Images, Secrets, Clusters, Packages)
