"""What is asked, and the policies that have a say in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from policies.iam.context import Context
from policies.iam.documents import Document
from policies.iam.principals import Caller, Principal
from policies.iam.texts import FOG, shown
from problems import InputError, Problem

__all__ = ["Policies", "Request"]

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ARN_PARTS = 6


@dataclass(frozen=True, slots=True)
class Request:
    """`principal` asks to do `action` with `resource`, an ARN, or `*` for actions that have none.

    `resource_account` is the account that owns the resource, where its ARN does not say (S3); without
    either it is taken to be the principal's own. Raises `InputError` on what is no action or no ARN.
    """

    principal: Principal
    action: str
    resource: str
    context: Context = field(default_factory=Context)
    resource_account: str = ""

    def __post_init__(self) -> None:
        if not _ACTION.fullmatch(self.action):
            raise _wrong("action", self.action, "a request is for one action", "write it as s3:GetObject")
        whole = self.resource == "*" or FOG in self.resource
        if not whole and (self.resource[:4] != "arn:" or len(self.resource.split(":", 5)) != _ARN_PARTS):
            raise _wrong(
                "resource",
                self.resource,
                "a request is about one resource",
                "give its whole ARN, or * for none",
            )

    @property
    def owner(self) -> str:
        """The resource's account, empty where nothing tells."""
        parts = self.resource.split(":", 5)
        said = parts[4] if len(parts) == _ARN_PARTS and parts[4].isdigit() else ""
        return self.resource_account or said or self.principal.account

    @property
    def crosses_accounts(self) -> bool:
        return bool(self.principal.account) and self.owner != self.principal.account

    @property
    def needs_resource_policy(self) -> bool:
        """Keys and roles are nobody's, not even their account's, unless their own policy says so."""
        parts = self.resource.split(":", 5)
        is_key = len(parts) == _ARN_PARTS and parts[2] == "kms" and parts[5].startswith("key/")
        return is_key or self.assumes_role

    @property
    def assumes_role(self) -> bool:
        """Whether it is about becoming a role, which the role's trust policy decides."""
        parts = self.resource.split(":", 5)
        is_role = len(parts) == _ARN_PARTS and parts[2] == "iam" and parts[5].startswith("role/")
        return is_role and self.action.lower().startswith("sts:")

    def known(self) -> Context:
        """The context with the keys that follow from the caller and the resource, where nobody gave them.

        Source: IAM User Guide, "AWS global condition context keys".
        """
        principal, more = self.principal, {}
        if principal.caller is Caller.ANONYMOUS:
            more["aws:PrincipalAccount"] = "anonymous"
        if principal.account:
            more["aws:PrincipalAccount"] = principal.account
            # A session is asked for by the role's ARN.
            more["aws:PrincipalArn"] = principal.behind if principal.caller is Caller.ROLE else principal.arn
            more["aws:PrincipalType"] = {
                Caller.USER: "User",
                Caller.ROLE: "AssumedRole",
                Caller.FEDERATED_USER: "FederatedUser",
                Caller.ROOT: "Account",
            }[principal.caller]
        if principal.caller is Caller.USER:
            more["aws:username"] = principal.arn.rpartition("/")[2]
        more["aws:PrincipalIsAWSService"] = "true" if principal.caller is Caller.SERVICE else "false"
        if principal.caller is Caller.SERVICE:
            more["aws:PrincipalServiceName"] = principal.arn
        if self.owner:
            more["aws:ResourceAccount"] = self.owner
        return self.context.with_defaults(more)

    def __str__(self) -> str:
        return f"{self.principal} {self.action} on {shown(self.resource)}"


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything that applies to a request.

    `identity` are the caller's own policies and their groups'; `resource` the resource's (a role's trust
    policy, a key's policy). `boundary` None means there is none, `session` empty that none were passed.
    `service_control` holds one sequence for each level from the organization's root down to the
    principal's account, `resource_control` the same for the resource's account; empty where there is no
    organization, or for the management account. `endpoint` is the policy of the VPC endpoint on the way.
    """

    identity: Sequence[Document] = ()
    resource: Sequence[Document] = ()
    boundary: Document | None = None
    session: Sequence[Document] = ()
    service_control: Sequence[Sequence[Document]] = ()
    resource_control: Sequence[Sequence[Document]] = ()
    endpoint: Document | None = None


def _wrong(path: str, got: str, but: str, fix: str) -> InputError:
    return InputError([Problem("the request", path, got, but, fix)], "nothing was decided")
