"""AWS's decision about one request.

Source: IAM User Guide, "Policy evaluation logic" with its pages "How AWS enforcement code logic evaluates
requests to allow or deny access", "Policy evaluation for requests within a single account",
"Cross-account policy evaluation logic"; AWS Organizations User Guide, "SCP evaluation", "RCP evaluation".
Not modelled: KMS grants, S3 access control lists, object ownership and access points, Lake Formation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.iam.answers import Answer, every, some
from policies.iam.applying import Match, statements_about
from policies.iam.decision import Applied, Decision, Layer, Outcome
from policies.iam.documents import Document
from policies.iam.principals import Caller, Reach
from policies.iam.request import Policies, Request

__all__ = ["decide"]

# Needs no permission and cannot be denied: AWS STS API Reference, "GetCallerIdentity".
_FREE = ("sts:getcalleridentity",)


def decide(request: Request, policies: Policies) -> Decision:
    """What AWS answers to `request` under `policies`, and why.

    Raises `InputError` when a value of the request's context cannot be compared.
    """
    if request.action.lower() in _FREE:
        return Decision(Outcome.ALLOWED, str(request), layers=(Layer("everybody may do this", Answer.YES),))
    scene = _Scene(request, policies)
    denials = scene.denials()
    certain = tuple(each for each in denials if each.answer is Answer.YES)
    if certain:
        return Decision(Outcome.DENIED, str(request), explicit=True, by=certain)
    layers, answer = scene.allowance()
    if answer is Answer.NO:
        return Decision(Outcome.DENIED, str(request), layers=layers)
    undecided = answer is Answer.MAYBE or bool(denials)
    outcome = Outcome.UNDECIDED if undecided else Outcome.ALLOWED
    return Decision(outcome, str(request), by=denials, layers=layers)


@dataclass(frozen=True, slots=True)
class _Grants:
    """What the resource's own policy allows, by how it names the caller."""

    direct: Layer
    behind: Layer
    account: Layer

    @property
    def any(self) -> Answer:
        return some((self.direct.answer, self.behind.answer, self.account.answer))

    def layer(self) -> Layer:
        best = max((self.direct, self.behind, self.account), key=lambda layer: layer.answer)
        return Layer("the resource's policies", best.answer, best.by, best.near)


class _Scene:
    """A request and its policies, every statement held against it once."""

    def __init__(self, request: Request, policies: Policies) -> None:
        self.request = request
        self.policies = policies
        context = request.known()
        # An organization's policies bind principals of its accounts, but for service-linked roles.
        linked = request.principal.is_service_linked
        bound = bool(request.principal.account) and not linked
        self.service_control = policies.service_control if bound else ()
        self.resource_control = () if linked else policies.resource_control
        self.matched: dict[int, tuple[Match, ...]] = {
            id(document): tuple(statements_about(document, request, context))
            for document in self._documents()
        }

    def _documents(self) -> list[Document]:
        policies = self.policies
        single = [document for document in (policies.boundary, policies.endpoint) if document]
        levels = [*self.service_control, *self.resource_control]
        return [
            *policies.identity,
            *policies.resource,
            *policies.session,
            *single,
            *(document for level in levels for document in level),
        ]

    def denials(self) -> tuple[Applied, ...]:
        """Every Deny that applies or may apply."""
        return self._statements(self._documents(), allow=False)

    def _statements(
        self, documents: Iterable[Document], *reaches: Reach, allow: bool = True, near: bool = False
    ) -> tuple[Applied, ...]:
        found = []
        for document in documents:
            if document.unknown and not near:
                found.append(Applied(document, None, Answer.MAYBE))
            for match in self.matched[id(document)]:
                if match.statement.allows is allow:
                    applied = match.applied(*reaches)
                    wanted = applied.answer is Answer.NO and match.parts["action"] is not Answer.NO
                    if wanted if near else applied.answer is not Answer.NO:
                        found.append(applied)
        return tuple(found)

    def _layer(self, name: str, documents: Sequence[Document], *reaches: Reach) -> Layer:
        found = self._statements(documents, *reaches)
        answer = some(each.answer for each in found)
        by = tuple(each for each in found if each.answer is answer)
        near = () if answer is Answer.YES else self._statements(documents, *reaches, near=True)
        return Layer(name, answer, by, near)

    def allowance(self) -> tuple[tuple[Layer, ...], Answer]:
        """Whether the request is allowed when no Deny is about it, and the gates that say so."""
        layers = [*self._organization(), *self._way()]
        granted, answer = self._granted()
        return (*layers, *granted), every((*(layer.answer for layer in layers), answer))

    def _organization(self) -> list[Layer]:
        """Every level must allow."""
        kinds = (("resource", self.resource_control), ("service", self.service_control))
        return [
            self._layer(f"{kind} control policies of level {number}", level)
            for kind, levels in kinds
            for number, level in enumerate(levels, 1)
        ]

    def _way(self) -> list[Layer]:
        endpoint = self.policies.endpoint
        return [self._layer("the VPC endpoint's policy", [endpoint])] if endpoint else []

    def _granted(self) -> tuple[list[Layer], Answer]:
        direct, behind, account = (
            self._layer("the resource's policies", self.policies.resource, reach) for reach in Reach
        )
        grants = _Grants(direct, behind, account)
        request = self.request
        if not request.principal.account:
            # A service, a provider's identity or nobody: only the resource can let them in.
            return [grants.layer()], grants.direct.answer
        own, limits = self._own()
        if request.crosses_accounts:
            layers = [grants.layer(), *own, *limits]
            return layers, every(layer.answer for layer in layers)
        return self._within_account(grants, own, limits)

    def _own(self) -> tuple[list[Layer], list[Layer]]:
        """What the caller's own policies say, and what limits them."""
        policies, caller = self.policies, self.request.principal.caller
        if caller is Caller.ROOT:
            return [], []
        limits = []
        if policies.boundary:
            limits.append(self._layer("the permissions boundary", [policies.boundary]))
        if policies.session or caller is Caller.FEDERATED_USER:
            limits.append(self._layer("the session policies", policies.session))
        return [self._layer("the identity policies", policies.identity)], limits

    def _within_account(
        self, grants: _Grants, own: list[Layer], limits: list[Layer]
    ) -> tuple[list[Layer], Answer]:
        """One side is enough, but for keys and roles, which have to be opened by their own policy.

        A grant to the caller directly is not limited by what only lacks an Allow; one to the role or user
        behind a session is limited by boundary and session policies; one to the account only lets its
        administrators decide.
        """
        limited = every(layer.answer for layer in limits)
        opened = grants.any if self.request.needs_resource_policy else Answer.YES
        by_identity = every((opened, limited, *(layer.answer for layer in own)))
        by_role = every((grants.behind.answer, limited))
        direct = grants.direct.answer
        if self.request.assumes_role and self.request.principal.caller is Caller.USER:
            direct = every((direct, limited))  # "Update a role trust policy": the boundary has to allow it
        answer = some((by_identity, by_role, direct))
        shown = []
        if self.request.needs_resource_policy or grants.direct.answer or grants.behind.answer:
            shown.append(grants.layer())
        if direct is not Answer.YES:
            if by_role is not Answer.YES or by_identity is Answer.YES:
                shown += own
            shown += limits
        return shown, answer
