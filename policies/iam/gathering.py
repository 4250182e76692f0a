"""The policies that a plan gives its roles and its resources, as documents."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from plan.graph import Graph, Resource
from plan.joins import Joins, at
from plan.values import TOKEN, Asset, Reference, ResourceRef, Secret, Template, Unknown, Value
from policies.iam.arn_forms import POLICIES, PolicyPlace
from policies.iam.documents import Document, Kind, read_document
from policies.iam.planned_arns import PlannedArns
from policies.iam.texts import FOG, shown
from problems import InputError

__all__ = ["ROLE", "Gathered"]

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
_KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
_KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"


class Gathered:
    """What a plan says about who may do what. `managed` are texts of AWS's own policies by ARN.

    A document that is wrong is refused with an `InputError` when it is first needed.
    """

    def __init__(self, arns: PlannedArns, managed: Mapping[str, Any]) -> None:
        self.arns = arns
        self.graph: Graph = arns.graph
        self.managed = managed
        self.joins = Joins(self.graph)
        self._documents: dict[tuple[str, Kind, str], Document] = {}
        self.roles = {self._role_name(role): role for role in self.graph.of_type(ROLE)}
        self._planned = {arns.arn(policy): policy for policy in self.graph.of_type(POLICY)}
        self._inline = self._inline_policies()
        self._attached = self._attachments()
        self._own = self._resource_policies()

    def _role_name(self, role: Resource) -> str:
        return self.arns.output(Reference(role.urn, "name"))

    def identity(self, role: Resource) -> tuple[Document, ...]:
        """The role's inline and attached policies, and those of which nobody knows whose they are."""
        found = []
        for key, doubt in ((self._role_name(role), ""), (FOG, "whose policy it is")):
            own = [
                self._read(value, Kind.IDENTITY, title, holder) for holder, value, title in self._inline[key]
            ]
            own += [self._managed(arn, Kind.IDENTITY, holder) for arn, holder in self._attached[key]]
            found += [replace(document, doubt=doubt) for document in own] if doubt else own
        return tuple(found)

    def boundary(self, role: Resource) -> Document | None:
        value = role.inputs.get("permissionsBoundary")
        return self._managed(self.arns.text(value), Kind.BOUNDARY, role) if value not in (None, "") else None

    def of_resource(self, arn: str) -> tuple[Document, ...]:
        """The policies of the resource, or of the bucket, catalogue or group that it is part of."""
        found = []
        for target, holder, value in self._own:
            if target == FOG or _covers(target, arn):
                kind = Kind.TRUST if holder.type == ROLE else Kind.RESOURCE
                document = self._read(value, kind, holder.name, holder)
                found.append(replace(document, doubt="whose policy it is") if target == FOG else document)
        return tuple(found)

    def _inline_policies(self) -> defaultdict[str, list[tuple[Resource, Value, str]]]:
        found: defaultdict[str, list[tuple[Resource, Value, str]]] = defaultdict(list)
        for policy in self.graph.of_type("aws:iam/rolePolicy:RolePolicy"):
            owner = _known(self.arns.text(policy.inputs.get("role")))
            title = policy.inputs.get("name")
            title = title if isinstance(title, str) else policy.name
            found[owner].append((policy, policy.inputs.get("policy"), title))
        for name, role in self.roles.items():
            for inline in role.inputs.get("inlinePolicies") or []:
                if isinstance(inline, Mapping) and inline.get("policy"):
                    found[name].append((role, inline["policy"], str(inline.get("name") or "inline")))
        return found

    def _attachments(self) -> defaultdict[str, list[tuple[str, Resource]]]:
        found: defaultdict[str, list[tuple[str, Resource]]] = defaultdict(list)
        for one in self.graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
            found[_known(self.arns.text(one.inputs.get("role")))].append(
                (self.arns.text(one.inputs.get("policyArn")), one)
            )
        for many in self.graph.of_type("aws:iam/policyAttachment:PolicyAttachment"):
            for role in _each(many.inputs.get("roles")):
                found[_known(self.arns.text(role))].append(
                    (self.arns.text(many.inputs.get("policyArn")), many)
                )
        for name, role in self.roles.items():
            for arn in _each(role.inputs.get("managedPolicyArns")):
                found[name].append((self.arns.text(arn), role))
        return found

    def _managed(self, arn: str, kind: Kind, holder: Resource) -> Document:
        planned = self._planned.get(arn)
        if planned is not None:
            return self._read(planned.inputs.get("policy"), kind, arn.rpartition("/")[2], planned)
        name = shown(arn.rpartition("/")[2])
        if arn in self.managed:
            return read_document(self.managed[arn], kind=kind, name=name, place=arn)
        return Document(name, kind, unknown=f"{shown(arn)}: its text was not given")

    def _resource_policies(self) -> tuple[tuple[str, Resource, Value], ...]:
        found: list[tuple[str, Resource, Value]] = []
        for kind, place in POLICIES.items():
            for holder in self.graph.of_type(kind):
                value = at(holder.inputs, place.document)
                if value is None and kind in _KEYS and not self._has_key_policy(holder):
                    value = self._default_key_policy()
                if value is not None:
                    found += [(target, holder, value) for target in self._targets(holder, place)]
        return tuple(found)

    def _targets(self, holder: Resource, place: PolicyPlace) -> Iterator[str]:
        if not place.target:
            yield self.arns.arn(holder)
        elif place.target == "region":  # the account's Glue catalogue
            yield f"arn:{self.arns.partition}:glue:{holder.region}:{self.arns.account}"
        elif place.types and (met := self.joins.find(holder, place.target, place.types).resources):
            yield from (self.arns.arn(resource) for resource in met)
        else:
            text = self.arns.text(at(holder.inputs, place.target))
            yield FOG if FOG in text else text

    def _has_key_policy(self, key: Resource) -> bool:
        policies = self.graph.of_type(_KEY_POLICY)
        return any(key in self.joins.find(policy, "keyId", _KEYS).resources for policy in policies)

    def _default_key_policy(self) -> dict[str, Any]:
        """What KMS gives a key made without a policy: AWS KMS Developer Guide, "Default key policy"."""
        root = f"arn:{self.arns.partition}:iam::{self.arns.account}:root"
        statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _read(self, value: Value, kind: Kind, name: str, holder: Resource) -> Document:
        key = (holder.urn, kind, name)
        if key not in self._documents:
            self._documents[key] = self._parsed(value, kind, name, holder)
        return self._documents[key]

    def _parsed(self, value: Value, kind: Kind, name: str, holder: Resource) -> Document:
        place = f"{holder.source or holder.urn} ({kind.value} {name})"
        if isinstance(value, Unknown | Secret | Asset | ResourceRef):
            return Document(name, kind, unknown="its text is only known after deployment")
        body: str | Mapping[str, Any]
        if isinstance(value, Mapping):
            body = self.arns.structure(value)
        elif isinstance(value, Template):
            body = TOKEN.sub(lambda token: self._spelled(Reference(token[1], token[2])), value)
        else:
            body = self.arns.text(value) if isinstance(value, Reference) else str(value or "")
        try:
            return read_document(body, kind=kind, name=name, place=place)
        except InputError:
            if FOG not in json.dumps(body, ensure_ascii=False):
                raise
            # Where the grammar wants something definite, nothing can be told of the document.
            return Document(name, kind, unknown="a part of its text is only known after deployment")

    def _spelled(self, reference: Reference) -> str:
        """An output inside JSON text: as the content of a JSON string."""
        return json.dumps(self.arns.output(reference), ensure_ascii=False)[1:-1]


def _covers(target: str, arn: str) -> bool:
    if arn == target or arn.startswith((f"{target}/", f"{target}:")):
        return True
    # Versions of a model package are outside of their group's ARN.
    group = target.replace(":model-package-group/", ":model-package/")
    return group != target and arn.startswith(f"{group}/")


def _known(name: str) -> str:
    return FOG if FOG in name else name


def _each(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
