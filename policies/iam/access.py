"""May a planned role do this with that? The evaluator over a plan.

A plan is taken at its word: a resource that is not in it is taken to have no policy of its own (a key: to
be open to its account's policies), and the decision says so. What the plan cannot tell makes a decision
undecided, never allowed or denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from plan.graph import Graph, Resource
from plan.tags import effective
from plan.values import Reference, Unknown
from policies.iam.context import Context, Given
from policies.iam.decision import Decision
from policies.iam.documents import Document, Kind, read_document
from policies.iam.evaluate import decide
from policies.iam.gathering import Gathered
from policies.iam.planned_arns import PlannedArns
from policies.iam.principals import Principal
from policies.iam.request import Policies, Request
from policies.iam.texts import FOG
from problems import InputError, Problem

__all__ = ["Access"]

_ALIAS = "aws:kms/alias:Alias"
_KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
_EVERY_TAG = "aws:resourcetag/*"
_REGION = "aws:requestedregion"
# Where the region of a request is always that of the partition's control plane.
_GLOBAL_REGIONS = {"iam": "us-east-1", "cloudfront": "us-east-1", "organizations": "us-east-1"}


class Access:
    """Questions to the roles of one plan, all of them in `account`.

    `managed` are documents of AWS managed policies by ARN: one that is attached and not given makes
    answers undecided that hang on it. `service_control` and `resource_control` are the organization's
    documents, one sequence for each level from the root to the account. `context` goes with every question.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        account: str,
        partition: str = "aws",
        managed: Mapping[str, Any] | None = None,
        service_control: Sequence[Sequence[Any]] = (),
        resource_control: Sequence[Sequence[Any]] = (),
        context: Given | None = None,
    ) -> None:
        self.graph = graph
        self.account = account
        self.arns = PlannedArns(graph, account, partition)
        self.gathered = Gathered(self.arns, managed or {})
        self.context = dict(context or {})
        self._service_control = _levels(service_control, Kind.SERVICE_CONTROL)
        self._resource_control = _levels(resource_control, Kind.RESOURCE_CONTROL)

    @property
    def roles(self) -> Mapping[str, Resource]:
        """Every planned role by its name; a name that AWS will choose is a character of its own."""
        return self.gathered.roles

    def find(self, name: str, type: str = "") -> Resource:
        """The planned resource of that URN, or of that name in the program; `type` is as in `ReplicaKey`.

        Raises `InputError` when not exactly one is meant.
        """
        if name in self.graph:
            return self.graph[name]
        found = [
            each
            for each in self.graph
            if each.name == name
            and each.is_managed
            and each.type.rpartition(":")[2] == (type or each.type.rpartition(":")[2])
        ]
        if len(found) != 1:
            kinds = ", ".join(each.type.rpartition(":")[2] for each in found)
            but = f"{len(found)} planned resources have that name" + (f": {kinds}" if kinds else "")
            problem = Problem("the request", "resource", name, but, "give the URN, or the name and the type")
            raise InputError([problem], "nothing was decided")
        return found[0]

    def arn(self, resource: Resource | str, region: str = "", *, type: str = "") -> str:
        """The ARN of a planned resource, given itself or as `find` takes it; `region` for one of several."""
        return self.arns.arn(self._resource(resource, type), region)

    def output(self, resource: Resource | str, name: str) -> str:
        """Another output of a planned resource, such as a cluster's `clusterResourceId`."""
        return self.arns.output(Reference(self._resource(resource).urn, name))

    def may(
        self,
        role: Resource | str,
        action: str,
        resource: Resource | str,
        *,
        context: Given | None = None,
        undecided: Iterable[str] = (),
        region: str = "",
        session: str = FOG,
        session_policies: Sequence[Any] = (),
    ) -> Decision:
        """Whether `role` may do `action` with `resource` (an ARN, `*`, or a planned resource).

        What `context` does not say is not in the request, except what follows from the plan; `undecided`
        names keys of which nobody knows. `region` is the one asked, by default the resource's. Raises
        `InputError` on an unknown role, a wrong document, or a value of the context that has no sense.
        """
        asked = self._role(role)
        principal = Principal.session(self.arns.arn(asked), session)
        tags, unknown = self._tags(asked, "aws:PrincipalTag")
        passed = [
            read_document(text, kind=Kind.SESSION, name=str(number))
            for number, text in enumerate(session_policies, 1)
        ]
        policies = Policies(
            identity=self.gathered.identity(asked),
            boundary=self.gathered.boundary(asked),
            session=passed,
            service_control=self._service_control,
        )
        given = {**tags, **self.context, **(context or {})}
        return self._ask(principal, action, resource, policies, given, (*undecided, *unknown), region)

    def may_assume(
        self,
        principal: str,
        role: Resource | str,
        action: str = "sts:AssumeRole",
        *,
        context: Given | None = None,
        undecided: Iterable[str] = (),
    ) -> Decision:
        """Whether `principal` (a service, a provider, an ARN, `*`) may assume the planned `role`.

        A planned role asks with its own policies; of other callers of this account nothing is known, so
        only what the trust policy says of them counts.
        """
        asked = self._role(role)
        target = self.arns.arn(asked)
        if principal in self.roles or principal in self._role_arns:
            return self.may(principal, action, target, context=context, undecided=undecided)
        given = {**self.context, **(context or {})}
        return self._ask(Principal.of(principal), action, target, Policies(), given, tuple(undecided), "")

    def _ask(
        self,
        principal: Principal,
        action: str,
        resource: Resource | str,
        policies: Policies,
        given: Given,
        undecided: tuple[str, ...],
        region: str,
    ) -> Decision:
        target = self.arns.arn(resource) if isinstance(resource, Resource) else resource
        planned = self._planned(target)
        more, unknown = self._known(action, target, planned, region)
        context = Context.of(given, (*undecided, *unknown)).with_defaults(more)
        request = Request(principal, action, target, context, resource_account=_owner(target) or self.account)
        own = self.gathered.of_resource(target)
        outside = planned is None and not own and target != "*"
        if outside and request.needs_resource_policy and ":kms:" in target:
            own = (self._open_key(target),)
        resourced = replace(policies, resource=own, resource_control=self._resource_control)
        decision = decide(request, resourced)
        if not outside:
            return decision
        return replace(decision, question=f"{decision.question} (not planned: as if it had no own policy)")

    def _known(
        self, action: str, target: str, planned: Resource | None, region: str
    ) -> tuple[dict[str, str | tuple[str, ...]], list[str]]:
        """What follows from the plan about a request, and what it leaves open."""
        more: dict[str, str | tuple[str, ...]] = {"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}
        unknown: list[str] = []
        parts = target.split(":", 5)
        service = action.partition(":")[0].lower()
        where = region or (parts[3] if len(parts) == 6 else "") or (planned.region if planned else "")
        where = where or _GLOBAL_REGIONS.get(service, "")
        if where:
            more["aws:RequestedRegion"] = where
        else:
            unknown.append(_REGION)
        if planned is None or service == "s3":
            unknown += [_EVERY_TAG] if target != "*" else []
        else:
            tags, open_tags = self._tags(planned, "aws:ResourceTag")
            more |= tags
            unknown += open_tags
        if service == "kms":
            more["kms:CallerAccount"] = self.account
            if planned is not None and planned.type in _KEYS:
                more["kms:ResourceAliases"] = self._aliases(planned)
            elif target != "*":
                unknown.append("kms:resourcealiases")
        return more, unknown

    def _tags(self, resource: Resource, key: str) -> tuple[dict[str, str], list[str]]:
        tags = effective(self.graph, resource)
        if isinstance(tags, Unknown):
            return {}, [f"{key.lower()}/*"]
        texts = {f"{key}/{name}": self.arns.text(value) for name, value in (tags or {}).items()}
        return texts, []

    def _aliases(self, key: Resource) -> tuple[str, ...]:
        joins = self.gathered.joins
        return tuple(
            self.arns.output(Reference(alias.urn, "name"))
            for alias in self.graph.of_type(_ALIAS)
            if key in joins.find(alias, "targetKeyId", _KEYS).resources
        )

    @cached_property
    def _by_arn(self) -> Mapping[str, Resource]:
        return dict(self.arns.by_arn())

    @cached_property
    def _role_arns(self) -> Mapping[str, str]:
        return {self.arns.arn(role): name for name, role in self.roles.items()}

    def _planned(self, target: str) -> Resource | None:
        """The planned resource that `target` is, or is part of (an object's bucket, an index's table)."""
        while target.count(":") >= 5:
            found = self._by_arn.get(target)
            if found is not None:
                return found
            shorter = max(target.rfind("/"), target.rfind(":"))
            target = target[:shorter]
        return None

    def _open_key(self, target: str) -> Document:
        root = f"arn:{self.arns.partition}:iam::{_owner(target) or self.account}:root"
        statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
        text = {"Version": "2012-10-17", "Statement": [statement]}
        return read_document(text, kind=Kind.RESOURCE, name="assumed for a key that is not planned")

    def _role(self, role: Resource | str) -> Resource:
        if isinstance(role, Resource):
            return role
        name = self._role_arns.get(role, role)
        found = self.roles.get(name) or next((each for each in self.roles.values() if each.urn == role), None)
        if found is None:
            names = ", ".join(sorted(self.roles)[:20])
            raise InputError(
                [
                    Problem(
                        "the request",
                        "role",
                        role,
                        "the plan has no such role",
                        f"use one of {names or 'none'}",
                    )
                ],
                "nothing was decided",
            )
        return found

    def _resource(self, resource: Resource | str, type: str = "") -> Resource:
        return resource if isinstance(resource, Resource) else self.find(resource, type)


def _owner(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""


def _levels(levels: Sequence[Sequence[Any]], kind: Kind) -> tuple[tuple[Document, ...], ...]:
    return tuple(
        tuple(read_document(text, kind=kind, name=f"{number}.{place}") for place, text in enumerate(level, 1))
        for number, level in enumerate(levels, 1)
    )
