"""Outputs inside of objects that programs give in part: a cluster's own security group, replicas' ARNs."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

from .wire import UNKNOWN

Fill = Callable[[Any], Any]
"""Turns a form into a value; in a preview, always into the unknown."""


def deepened(token: str, values: dict[str, Any], fill: Fill) -> dict[str, Any]:
    """`values` of the type `token` with what the service adds inside of them."""
    function = _DEEPER.get(token)
    return function(values, fill) if function else values


def _cluster(values: dict[str, Any], fill: Fill) -> dict[str, Any]:
    config = values.get("vpcConfig")
    unknown = fill("{x17}") == UNKNOWN
    if isinstance(config, dict):
        config = {"clusterSecurityGroupId": fill("sg-{x17}"), "vpcId": fill("{of_subnets}"), **config}
        values = {**values, "vpcConfig": config}
    if unknown or values.get("endpoint"):
        return values
    digest = secrets.token_hex(16).upper()
    region = values.get("region", "")
    authority = base64.b64encode(b"stand-in").decode()
    return {
        **values,
        "endpoint": fill("{cluster_endpoint}") or f"https://{digest}.gr7.{region}.eks.amazonaws.com",
        "certificateAuthority": {"data": fill("{cluster_authority}") or authority},
        "identities": [{"oidcs": [{"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{digest}"}]}],
        "kubernetesNetworkConfig": {
            "ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16", **(values.get("kubernetesNetworkConfig") or {}),
        },
    }  # fmt: skip


def _table(values: dict[str, Any], fill: Fill) -> dict[str, Any]:
    arn, stream = values.get("arn") or "", values.get("streamEnabled")
    unknown = fill("{x17}") == UNKNOWN
    if unknown:
        found = dict(values)
        if not stream:
            found.pop("streamArn", None), found.pop("streamLabel", None)
    elif values.get("streamArn") and stream:
        found = dict(values)
    else:
        label = fill("{now}")
        found = {
            **values,
            "streamLabel": label if stream else "",
            "streamArn": f"{arn}/stream/{label}" if stream else "",
        }
    if isinstance(values.get("replicas"), list):
        found["replicas"] = [_replica(item, arn, values, fill) for item in values["replicas"]]
    return found


def _replica(item: Any, arn: str, values: dict[str, Any], fill: Fill) -> Any:
    if not isinstance(item, dict) or item.get("arn"):
        return item
    if fill("{x17}") == UNKNOWN:
        return {**item, "arn": UNKNOWN, "streamArn": UNKNOWN, "streamLabel": UNKNOWN}
    head, _, tail = arn.partition(":dynamodb:")
    own = f"{head}:dynamodb:{item.get('regionName')}:{tail.partition(':')[2]}"
    label = fill("{now}")
    return {**item, "arn": own, "streamArn": f"{own}/stream/{label}", "streamLabel": label}


def _database(values: dict[str, Any], fill: Fill) -> dict[str, Any]:
    if not values.get("manageMasterUserPassword"):
        return {**values, "masterUserSecrets": []}
    if fill("{x17}") == UNKNOWN or values.get("masterUserSecrets"):
        return values
    secret = fill("arn:{partition}:secretsmanager:{region}:{account}:secret:rds!{uuid}-{a6}")
    key = values.get("masterUserSecretKmsKeyId") or fill("arn:{partition}:kms:{region}:{account}:key/{uuid}")
    return {**values, "masterUserSecrets": [{"kmsKeyId": key, "secretArn": secret, "secretStatus": "active"}]}


def _network(values: dict[str, Any], fill: Fill) -> dict[str, Any]:
    if values.get("assignGeneratedIpv6CidrBlock") and not values.get("ipv6CidrBlock"):
        digits = secrets.token_hex(4)
        return {**values, "ipv6CidrBlock": f"2600:{digits[:4]}:{digits[4:]}:7f00::/56"}
    return values


_DEEPER: dict[str, Callable[[dict[str, Any], Fill], dict[str, Any]]] = {
    "aws:ec2/vpc:Vpc": _network,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:dynamodb/table:Table": _table,
    "aws:rds/cluster:Cluster": _database,
    "aws:rds/instance:Instance": _database,
}
