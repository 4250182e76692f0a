"""Who makes a request, and how far a Principal element reaches to them.

How a resource policy names somebody decides which other policies limit what it grants, so there are three
reaches: the caller directly, the role or user behind a session, the account. Source: IAM User Guide, "AWS
JSON policy elements: Principal", "NotPrincipal", "Policy evaluation for requests within a single account".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from policies.iam.answers import Answer, some, told
from policies.iam.statements import Statement
from policies.iam.texts import FOG, literal, matches, shown
from problems import InputError, Problem

__all__ = ["Caller", "Principal", "Reach", "reach_of"]

_ARN = re.compile(rf"arn:([a-z0-9-]+):(iam|sts)::([\d{FOG}]+):(root|[a-z-]+/.+)")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_ACCOUNT = re.compile(r"\d{12}")


class Caller(Enum):
    """The kinds of callers that AWS's evaluation tells apart."""

    USER = "IAM user"
    ROLE = "role session"
    FEDERATED_USER = "federated user"
    ROOT = "root user"
    SERVICE = "AWS service"
    PROVIDER = "identity provider"
    ANONYMOUS = "anonymous caller"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. `arn` is the session's own where it is a session, `behind` the role or user it stands on."""

    caller: Caller
    arn: str
    account: str = ""
    behind: str = ""

    @classmethod
    def of(cls, text: str, *, behind: str = "") -> Principal:
        """From an ARN, a service (`ec2.amazonaws.com`) or `*` for an anonymous caller.

        A role's ARN means a session of it whose name is not known; `behind` is the ARN of the role whose
        path a session's ARN does not tell, or of the user a federated one came from. Raises `InputError`.
        """
        if text == "*":
            return cls(Caller.ANONYMOUS, text)
        if _SERVICE.fullmatch(text) and not text.startswith("cognito-identity."):
            return cls(Caller.SERVICE, text)
        if _DOMAIN.fullmatch(text):
            return cls(Caller.PROVIDER, text)
        found = _ARN.fullmatch(text)
        if found is None:
            raise _nobody(text)
        partition, service, account, rest = found.groups()
        kind, _, name = rest.partition("/")
        prefix = f"arn:{partition}:iam::{account}"
        match service, kind:
            case "iam", "root":
                return cls(Caller.ROOT, text, account)
            case "iam", "user":
                return cls(Caller.USER, text, account)
            case "iam", "role":
                return cls.session(text)
            case "iam", "saml-provider" | "oidc-provider":
                return cls(Caller.PROVIDER, text)
            case "sts", "assumed-role":
                role = behind or f"{prefix}:role/{name.partition('/')[0]}"
                return cls(Caller.ROLE, text, account, role)
            case "sts", "federated-user":
                return cls(Caller.FEDERATED_USER, text, account, behind)
        raise _nobody(text)

    @classmethod
    def session(cls, role_arn: str, name: str = FOG) -> Principal:
        """A session of the role; without a name, one whose name nobody knows."""
        partition, _, _, account, path = role_arn.split(":", 5)[1:]
        role = path.rpartition("/")[2]
        arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{name}"
        return cls(Caller.ROLE, arn, account, role_arn)

    @property
    def is_service_linked(self) -> bool:
        """Service-linked roles are outside of what an organization's policies restrict."""
        return ":role/aws-service-role/" in self.behind

    def __str__(self) -> str:
        return shown(self.behind or self.arn)


def _nobody(text: str) -> InputError:
    fix = (
        "give an ARN of a user, role, session, root user or identity provider, a service "
        "(ec2.amazonaws.com), a provider's name (accounts.google.com), or * for an anonymous caller"
    )
    return InputError(
        [Problem("the request", "principal", text, "that is no principal", fix)], "nothing was decided"
    )


class Reach(Enum):
    """How a statement's Principal element means the caller."""

    DIRECT = "directly"
    BEHIND = "by its role or user"
    ACCOUNT = "by its account"


def reach_of(statement: Statement, principal: Principal) -> dict[Reach, Answer]:
    """Whether the statement means `principal`, for each reach; a statement without principals does so."""
    names = statement.principals
    if names is None:
        return {Reach.DIRECT: Answer.YES, Reach.BEHIND: Answer.NO, Reach.ACCOUNT: Answer.NO}
    named = {reach: some(_means(pair, principal, reach) for pair in names) for reach in Reach}
    if not statement.principals_negated:
        return named
    return {**dict.fromkeys(Reach, Answer.NO), Reach.DIRECT: _spared(named, statement.allows, principal)}


def _means(pair: tuple[str, str], principal: Principal, reach: Reach) -> Answer:
    kind, name = pair
    if kind == "CanonicalUser":  # nothing tells which account an id of S3 means
        return Answer.MAYBE if reach is Reach.ACCOUNT and principal.account else Answer.NO
    if name == "*" and reach is Reach.DIRECT:
        # The bare * stands for everybody; {"Service": "*"} for services only.
        mine = {Caller.SERVICE: "Service", Caller.PROVIDER: "Federated"}.get(principal.caller, "AWS")
        return told(kind in ("AWS", mine))
    match reach:
        case Reach.ACCOUNT:
            return told(kind == "AWS" and bool(principal.account) and _account_of(name) == principal.account)
        case Reach.BEHIND:
            return _same(name, principal.behind) if kind == "AWS" and principal.behind else Answer.NO
        case Reach.DIRECT:
            if principal.caller is Caller.SERVICE:
                return _same(name, principal.arn) if kind == "Service" else Answer.NO
            if principal.caller is Caller.PROVIDER:
                return _same(name, principal.arn) if kind == "Federated" else Answer.NO
            if principal.caller is Caller.ROOT:
                return told(kind == "AWS" and _account_of(name) == principal.account)
            return _same(name, principal.arn) if kind == "AWS" else Answer.NO


def _same(name: str, arn: str) -> Answer:
    return matches(literal(name), arn)


def _account_of(name: str) -> str:
    """The account that a principal of the form `123456789012` or `arn:aws:iam::123456789012:root` means."""
    if _ACCOUNT.fullmatch(name):
        return name
    parts = name.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root" else ""


def _spared(named: dict[Reach, Answer], allows: bool, principal: Principal) -> Answer:
    """Whether a NotPrincipal leaves the caller inside what the statement is about.

    A Deny spares only whom it names together with their role and account: AWS documents that what happens
    to those it names in part depends on the service. An Allow is not for anybody it names at all.
    """
    if allows or principal.caller in (Caller.SERVICE, Caller.PROVIDER, Caller.ANONYMOUS, Caller.ROOT):
        return Answer(Answer.YES - some(named.values()))
    needed: Sequence[Reach] = [reach for reach in Reach if reach is not Reach.BEHIND or principal.behind]
    answers = [named[reach] for reach in needed]
    if all(answer is Answer.YES for answer in answers):
        return Answer.NO
    return Answer.YES if all(answer is Answer.NO for answer in answers) else Answer.MAYBE
