"""ARNs and other outputs of planned resources, before AWS has made them.

What follows from a name is written out; an id that AWS assigns becomes a character of its own, equal to
itself only (`policies.iam.texts`); anything else that is not known becomes `FOG`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plan.graph import Graph, Resource
from plan.values import (
    TOKEN,
    Asset,
    Reference,
    ResourceRef,
    Secret,
    Template,
    Unknown,
    Value,
)
from policies.iam.arn_forms import FORMS, IDS
from policies.iam.texts import FOG, identity, letter
from problems import InputError, Problem

__all__ = ["PlannedArns"]

_FIELD = re.compile(r"\{([A-Za-z0-9#]+)\}")
_REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
_KEY = "aws:kms/key:Key"
_PREFIXES = {"name": "namePrefix", "bucket": "bucketPrefix", "clusterIdentifier": "clusterIdentifierPrefix"}
_DEFAULTS = {"path": "/", "groupName": "default"}
_HOPS = 8


class PlannedArns:
    """The texts that values of one graph stand for; `partition` is that of resources without a region."""

    def __init__(self, graph: Graph, account: str, partition: str = "aws") -> None:
        self.graph = graph
        self.account = account
        self.partition = partition
        self._assigned: dict[tuple[str, str], str] = {}

    def arn(self, resource: Resource, region: str = "") -> str:
        """The ARN of `resource`, in `region` where it lives in several (a global table's replica).

        Raises `InputError` for types whose ARN has no form here.
        """
        found = self._arn(resource, region, _HOPS)
        if found is None:
            raise InputError(
                [
                    Problem(
                        resource.source or resource.name,
                        "",
                        resource.type,
                        "the form of this type's ARNs is not known here",
                        "give the ARN as text",
                    )
                ],
                "nothing was decided",
            )
        return found

    def text(self, value: Value, hops: int = _HOPS) -> str:
        """What a value will be as text, with holes where that is not known."""
        if isinstance(value, Template):
            return TOKEN.sub(lambda token: self.output(Reference(token[1], token[2]), hops - 1), value)
        if isinstance(value, Reference):
            return self.output(value, hops - 1)
        if isinstance(value, Unknown | Secret | Asset | ResourceRef) or value is None:
            return FOG
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def structure(self, value: Value) -> Any:
        """`value` with every text in it resolved; whole unknown values become `FOG`."""
        if isinstance(value, Mapping):
            return {key: self.structure(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.structure(item) for item in value]
        if isinstance(value, bool | int | float):
            return value
        return self.text(value)

    def output(self, reference: Reference, hops: int = _HOPS) -> str:
        """What the output that is referred to will be."""
        resource = self.graph.get(reference.urn)
        name = reference.property
        if resource is None or hops <= 0:
            return FOG
        known = resource.outputs.get(name, resource.id if name == "id" else None)
        if isinstance(known, str) and known and not isinstance(known, Template):
            return known
        if name == "id":
            name = IDS.get(resource.type, "id" if "name" not in self._named_by(resource) else "name")
        if name == "arn":
            return self._arn(resource, "", hops) or FOG
        if resource.type in (_KEY, _REPLICA_KEY) and name in ("id", "keyId"):
            return self._key_id(resource, hops)
        if isinstance(resource.inputs.get(name), str | Reference):
            return self.text(resource.inputs[name], hops)
        if name in self._named_by(resource) or name.endswith(("Id", "id")):
            return self._given(resource, name, hops)
        return FOG

    def _named_by(self, resource: Resource) -> set[str]:
        """The inputs that make up the ARN: what is not given there is chosen by the provider."""
        return set(_FIELD.findall(FORMS.get(resource.type, "")))

    def _arn(self, resource: Resource, region: str, hops: int) -> str | None:
        known = resource.outputs.get("arn")
        if isinstance(known, str) and known and not region:
            return known
        form = FORMS.get(resource.type)
        if form is None or hops <= 0:
            return None
        where = region or resource.region
        filled = _FIELD.sub(lambda match: self._field(resource, match[1], where, hops), form)
        return filled if form.startswith("{") else f"arn:{self._partition(where)}:{filled}"

    def _partition(self, region: str) -> str:
        prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), self.partition)

    def _field(self, resource: Resource, name: str, region: str, hops: int) -> str:
        if name == "region":
            return region or FOG
        if name == "account":
            return self.account
        if name.isdigit():
            return "".join(
                self._assign(resource.urn, f"letter {place}", letter) for place in range(int(name))
            )
        if name == "#":
            keys = (_KEY, _REPLICA_KEY)
            return self._key_id(resource, hops) if resource.type in keys else self._assign(resource.urn, "id")
        return self._given(resource, name, hops)

    def _given(self, resource: Resource, name: str, hops: int) -> str:
        value = resource.inputs.get(name)
        if value is not None:
            return self.text(value, hops)
        if name in _DEFAULTS:
            return _DEFAULTS[name]
        prefix = resource.inputs.get(_PREFIXES.get(name, ""))
        start = self.text(prefix, hops) if prefix is not None else ""
        return start + self._assign(resource.urn, name)

    def _key_id(self, key: Resource, hops: int) -> str:
        """A replica has the id of its primary; multi-region ids begin with `mrk-`."""
        if key.type == _REPLICA_KEY:
            primary = self.text(key.inputs.get("primaryKeyArn"), hops)
            return primary.partition(":key/")[2] or FOG
        start = "mrk-" if key.inputs.get("multiRegion") is True else ""
        return start + self._assign(key.urn, "id")

    def _assign(self, urn: str, what: str, made: Any = identity) -> str:
        return self._assigned.setdefault((urn, what), made(len(self._assigned)))

    def by_arn(self) -> Iterator[tuple[str, Resource]]:
        """Every planned resource that has an ARN here, with it; a global table once for each region."""
        for resource in self.graph:
            if resource.is_managed or resource.external:
                found = self._arn(resource, "", _HOPS)
                if found is not None:
                    yield found, resource
                    for replica in resource.inputs.get("replicas") or []:
                        name = replica.get("regionName") if isinstance(replica, Mapping) else None
                        if isinstance(name, str):
                            yield self._arn(resource, name, _HOPS) or found, resource
