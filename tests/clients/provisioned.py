"""What a graph plans, made in moto by AWS's own API: the types that clients in these tests meet.

Nothing is made by hand: name, keys, indexes, tags, switches of each resource are the graph's inputs. moto
keeps each region by itself, so a replica of a global table is made as the table that AWS would make there,
and `copy_items` stands in for the replication between them. Types not in `MAKERS` are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3

from plan.graph import Graph, Resource
from plan.values import Reference, Template, Value
from policies.iam import Access

__all__ = ["copy_items", "provision"]

Maker = Callable[[Mapping[str, Any], Callable[..., Any], str], None]
"""(known inputs, client of a service in a region, region)"""


def provision(graph: Graph, access: Access, endpoint: str) -> dict[str, int]:
    """Makes what it can, in the graph's order; how many of each type."""

    def client(service: str, region: str) -> Any:
        keys = {"aws_access_key_id": "provisioner", "aws_secret_access_key": "x"}
        return boto3.client(service, region_name=region, endpoint_url=endpoint, **keys)

    made: dict[str, int] = {}
    for resource in graph:
        maker = MAKERS.get(resource.type)
        if maker is not None:
            inputs = {key: _known(value, graph, access) for key, value in resource.inputs.items()}
            maker(inputs, client, resource.region)
            made[resource.type] = made.get(resource.type, 0) + 1
    return made


def copy_items(table: str, endpoint: str, source: str, target: str) -> int:
    """Stands in for global tables, which moto does not replicate: each item of one replica into another."""
    keys = {"aws_access_key_id": "replication", "aws_secret_access_key": "x", "endpoint_url": endpoint}
    items = boto3.client("dynamodb", region_name=source, **keys).scan(TableName=table)["Items"]
    there = boto3.client("dynamodb", region_name=target, **keys)
    for item in items:
        there.put_item(TableName=table, Item=item)
    return len(items)


def _known(value: Value, graph: Graph, access: Access) -> Any:
    """A reference becomes what the other resource's inputs say, or the ARN it would have."""
    if isinstance(value, Reference):
        target = graph[value.urn]
        if value.property in target.inputs:
            return _known(target.inputs[value.property], graph, access)
        return access.arn(target) if value.property.endswith("arn") else _named(target)
    if isinstance(value, Template):
        return "".join(str(_known(part, graph, access)) for part in value.parts)
    if isinstance(value, Mapping):
        return {key: _known(item, graph, access) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item, graph, access) for item in value]
    return value


def _named(target: Resource) -> Any:
    return target.inputs.get("name") or target.inputs.get("bucket") or target.name


def _table(it: Mapping[str, Any], client: Callable[..., Any], region: str) -> None:
    """The table in its home region, and the same in each replica's."""
    for place in (region, *(replica["regionName"] for replica in it.get("replicas") or ())):
        limits = it["onDemandThroughput"]
        dynamodb = client("dynamodb", place)
        dynamodb.create_table(
            TableName=it["name"],
            BillingMode=it["billingMode"],
            KeySchema=[{"AttributeName": it["hashKey"], "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": one["name"], "AttributeType": one["type"]} for one in it["attributes"]
            ],
            DeletionProtectionEnabled=it["deletionProtectionEnabled"],
            OnDemandThroughput={
                "MaxReadRequestUnits": limits["maxReadRequestUnits"],
                "MaxWriteRequestUnits": limits["maxWriteRequestUnits"],
            },
            Tags=[{"Key": key, "Value": value} for key, value in it["tags"].items()],
        )
        if it.get("ttl"):
            specification = {"AttributeName": it["ttl"]["attributeName"], "Enabled": it["ttl"]["enabled"]}
            dynamodb.update_time_to_live(TableName=it["name"], TimeToLiveSpecification=specification)
        if it["pointInTimeRecovery"]["enabled"]:
            on = {"PointInTimeRecoveryEnabled": True}
            dynamodb.update_continuous_backups(TableName=it["name"], PointInTimeRecoverySpecification=on)


def _bucket(it: Mapping[str, Any], client: Callable[..., Any], region: str) -> None:
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client("s3", region).create_bucket(Bucket=it["bucket"], **place)


def _versioning(it: Mapping[str, Any], client: Callable[..., Any], region: str) -> None:
    status = {"Status": it["versioningConfiguration"]["status"]}
    client("s3", region).put_bucket_versioning(Bucket=it["bucket"], VersioningConfiguration=status)


def _workgroup(it: Mapping[str, Any], client: Callable[..., Any], region: str) -> None:
    asked = it["configuration"]
    client("athena", region).create_work_group(
        Name=it["name"],
        Configuration={
            "EnforceWorkGroupConfiguration": asked["enforceWorkgroupConfiguration"],
            "ResultConfiguration": {"OutputLocation": asked["resultConfiguration"]["outputLocation"]},
        },
    )


def _database(it: Mapping[str, Any], client: Callable[..., Any], region: str) -> None:
    given = {"Name": it["name"], "LocationUri": it["locationUri"]}
    client("glue", region).create_database(DatabaseInput=given)


def _glue_table(it: Mapping[str, Any], client: Callable[..., Any], region: str) -> None:
    table = it["openTableFormatInput"]["icebergInput"]["icebergTableInput"]
    columns = [
        {"Name": field["name"], "Type": field["type"].strip('"')} for field in table["schema"]["fields"]
    ]
    client("glue", region).create_table(
        DatabaseName=it["databaseName"],
        TableInput={
            "Name": it["name"],
            "TableType": it["tableType"],
            "StorageDescriptor": {"Columns": columns, "Location": table["location"]},
        },
    )


MAKERS: dict[str, Maker] = {
    "aws:athena/workgroup:Workgroup": _workgroup,
    "aws:dynamodb/table:Table": _table,
    "aws:glue/catalogDatabase:CatalogDatabase": _database,
    "aws:glue/catalogTable:CatalogTable": _glue_table,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketVersioning:BucketVersioning": _versioning,
}
