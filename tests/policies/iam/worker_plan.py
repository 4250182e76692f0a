"""The plan that questions about access start from: a role named worker, a bucket named data, policies and keys."""

from __future__ import annotations

import json
from typing import Any

from plan.graph import Graph, Resource
from plan.values import Value
from policies.iam import Access

ACCOUNT = "111122223333"
REGION = "eu-west-1"
KEY = "aws:kms/key:Key"
OBJECT = "arn:aws:s3:::data/k"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:prod::p::{kind}::{name}"


def made(kind: str, title: str, /, *, region: str = "", **inputs: Value) -> Resource:
    return Resource(
        urn=urn(kind, title), type=kind, name=title, region=region, inputs=inputs, source="main.py:7"
    )


def statement(effect: str, action: Value, resource: Value, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


TRUST = json.dumps(
    document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
)
READ = document(statement("Allow", "s3:GetObject", "arn:aws:s3:::data/*"))


def role(**inputs: Value) -> Resource:
    return made("aws:iam/role:Role", "worker", **{"name": "worker", "assumeRolePolicy": TRUST, **inputs})


def inline(policy: Value, of: Value = "worker", name: str = "inline") -> Resource:
    return made("aws:iam/rolePolicy:RolePolicy", name, name=name, role=of, policy=policy)


def bucket(**inputs: Value) -> Resource:
    return made("aws:s3/bucket:Bucket", "data", region=REGION, **{"bucket": "data", **inputs})


def key(name: str = "key", **inputs: Value) -> Resource:
    return made(KEY, name, region=REGION, **inputs)


def access(*resources: Resource, **options: Any) -> Access:
    return Access(Graph.of(resources), account=ACCOUNT, **options)
