"""What a request to AWS asks for: action, resource and the context keys that policies here look at.

From AWS's Service Authorization Reference, for the calls that clients in these tests make: S3's objects and
buckets, DynamoDB's items and tables, Athena, RDS. A call that is not known is an error, never allowed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from werkzeug.wrappers import Request

__all__ = ["ACCOUNT", "Asked", "Call", "asked_of", "call_of"]

ACCOUNT = "123456789012"
_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


@dataclass(frozen=True)
class Call:
    """A request as far as it says what it wants."""

    access_key: str
    region: str
    service: str
    method: str
    path: str
    query: Mapping[str, str]
    operation: str
    """Name of the operation, for services that have it in a header."""
    parameters: Mapping[str, Any]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Asked:
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def call_of(request: Request, body: bytes) -> Call:
    signed = _CREDENTIAL.search(request.headers.get("Authorization", ""))
    target = request.headers.get("X-Amz-Target", "")
    return Call(
        access_key=signed["key"] if signed else "",
        region=signed["region"] if signed else "",
        service=signed["service"] if signed else "",
        method=request.method,
        path=unquote(request.path),
        query=request.args.to_dict(),
        operation=target.rpartition(".")[2],
        parameters=json.loads(body) if target and body else {},
        body=body,
    )


def asked_of(call: Call) -> list[Asked]:
    """Everything that must be allowed for the call. Raises `NotImplementedError` for a call not known here."""
    if call.service == "s3":
        return list(_s3(call))
    if call.service == "dynamodb":
        return [Asked(f"dynamodb:{call.operation}", resource) for resource in _tables(call)]
    if call.service == "athena":
        return [_athena(call)]
    raise NotImplementedError(
        f"what {call.service} {call.operation or call.path} asks for is not written down"
    )


def _tables(call: Call) -> Iterator[str]:
    if "ResourceArn" in call.parameters:
        yield call.parameters["ResourceArn"]
        return
    names = call.parameters.get("RequestItems") or [call.parameters.get("TableName", "*")]
    for name in names:
        yield f"arn:aws:dynamodb:{call.region}:{ACCOUNT}:table/{name}"


_QUERIES: dict[str, str] = {}
"""Workgroup by token of the query: later calls name the query only."""


def _athena(call: Call) -> Asked:
    arn = f"arn:aws:athena:{call.region}:{ACCOUNT}"
    if call.operation == "GetTableMetadata":
        return Asked("athena:GetTableMetadata", f"{arn}:datacatalog/{call.parameters['CatalogName']}")
    # AWS finds the workgroup of a query by its id; each role here works in one.
    workgroup = call.parameters.get("WorkGroup") or _QUERIES.get(call.access_key, "primary")
    _QUERIES[call.access_key] = workgroup
    return Asked(f"athena:{call.operation}", f"{arn}:workgroup/{workgroup}")


OBJECTS = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}


def _s3(call: Call) -> Iterator[Asked]:
    bucket, _, key = call.path.lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if not bucket:
        yield Asked("s3:ListAllMyBuckets", "*")
    elif key:
        parts = "uploadId" in call.query or "uploads" in call.query
        action = "s3:PutObject" if call.method == "POST" and parts else OBJECTS[call.method]
        yield Asked(
            "s3:AbortMultipartUpload" if parts and call.method == "DELETE" else action, f"{arn}/{key}"
        )
    elif "delete" in call.query:
        for entry in ElementTree.fromstring(call.body).iter():
            if entry.tag.rpartition("}")[2] == "Key":
                yield Asked("s3:DeleteObject", f"{arn}/{entry.text}")
    elif "location" in call.query:
        yield Asked("s3:GetBucketLocation", arn)
    elif call.method in ("GET", "HEAD"):
        prefix = {"s3:prefix": call.query["prefix"]} if call.query.get("prefix") else {}
        yield Asked("s3:ListBucket", arn, prefix)
    else:
        raise NotImplementedError(f"{call.method} {call.path} of S3")
