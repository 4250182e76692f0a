"""Buckets in moto as a plan has them: made from the graph's resources and nothing else.

moto's S3 replication copies nothing, so `replicate` copies what the plan's replication rules say, object by
object, as S3 would: a stand-in for the service, fed by the real rules.
"""

from __future__ import annotations

from typing import Any

import boto3

from plan.graph import Graph, Resource
from plan.values import references
from policies.iam import Access
from tests.clients.provisioned import provision

__all__ = ["client", "keys_in", "make_buckets", "replicate", "take_away"]

BUCKET = "aws:s3/bucket:Bucket"


def client(service: str, url: str, region: str, key: str = "setup") -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
    )


def make_buckets(graph: Graph, access: Access, url: str) -> None:
    """Every bucket of the plan: as `provision` makes it, and with what the plan says of encryption, public
    access and lifecycle."""
    provision(Graph.of(r for r in graph if r.type.startswith("aws:s3/")), access, url)
    for resource in graph:
        if resource.type.startswith("aws:s3/bucket") and resource.type != BUCKET:
            _settle(client("s3", url, resource.region), resource)


def _settle(s3: Any, part: Resource) -> None:
    kind, inputs, name = part.type.rpartition(":")[2], part.inputs, part.inputs["bucket"]
    if kind == "BucketServerSideEncryptionConfiguration":
        (rule,) = inputs["rules"]
        # The key's ARN is known after deployment; that it is KMS is what a client could notice.
        algorithm = rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
        configuration = {"Rules": [{**default, "BucketKeyEnabled": rule["bucketKeyEnabled"]}]}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=configuration)
    elif kind == "BucketPublicAccessBlock":
        switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        block = {switch[0].upper() + switch[1:]: inputs[switch] for switch in switches}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    elif kind == "BucketLifecycleConfiguration":
        rules = [_pascal(rule) for rule in inputs["rules"]]
        for rule in rules:
            rule["ID"] = rule.pop("Id")
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def _pascal(value: Any) -> Any:
    """`noncurrentVersionExpiration` as S3's API writes it; there, transitions are plural and steps are lists."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: _pascal(item) for key, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


def replicate(graph: Graph, url: str) -> int:
    """Does what the plan's replication rules say, markers of deletion included; how many objects were copied."""
    copied = 0
    for config in graph.of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig"):
        (source,) = [one for one in graph.of_type(BUCKET) if one.inputs["bucket"] == config.inputs["bucket"]]
        for rule in config.inputs["rules"]:
            (reference,) = references(rule["destination"]["bucket"])
            target = graph[reference.urn]
            assert rule["status"] == rule["deleteMarkerReplication"]["status"] == "Enabled"
            assert rule["filter"] == {"prefix": ""}
            copied += _copy(url, source, target)
    return copied


def _copy(url: str, source: Resource, target: Resource) -> int:
    here, there = (client("s3", url, one.region) for one in (source, target))
    origin, copy = source.inputs["bucket"], target.inputs["bucket"]
    known = here.list_object_versions(Bucket=origin)
    received = there.list_object_versions(Bucket=copy)
    gone = {one["Key"] for one in received.get("DeleteMarkers", ())}
    held = {one["Key"] for one in received.get("Versions", ())} | gone
    copied = 0
    for one in known.get("Versions", ()):
        if one["Key"] not in held:
            body = here.get_object(Bucket=origin, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
            there.put_object(Bucket=copy, Key=one["Key"], Body=body)
            copied += 1
    for one in known.get("DeleteMarkers", ()):
        if one["Key"] not in gone:
            there.delete_object(Bucket=copy, Key=one["Key"])
    return copied


def take_away(graph: Graph, url: str, region: str) -> None:
    """Every bucket of `region` with all it holds, as the loss of the region would."""
    for bucket in graph.of_type(BUCKET):
        if bucket.region == region:
            name, s3 = bucket.inputs["bucket"], client("s3", url, region)
            held = s3.list_object_versions(Bucket=name)
            for version in (*held.get("Versions", ()), *held.get("DeleteMarkers", ())):
                s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
            s3.delete_bucket(Bucket=name)


def keys_in(url: str, bucket: Resource) -> list[str]:
    pages = client("s3", url, bucket.region).get_paginator("list_objects_v2")
    return [
        entry["Key"]
        for page in pages.paginate(Bucket=bucket.inputs["bucket"])
        for entry in page.get("Contents", [])
    ]
