"""A provider's configuration: where it works, in which account, with which default tags."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass, field
from typing import Any

from .wire import UNKNOWN, has_unknown, unsecret

DEFAULT_ACCOUNT = "123456789012"
ACCOUNT = "TRADEWIND_AWS_ACCOUNT"
"""Variable with the account that the credentials belong to; without it, whichever the provider allows."""
NO_REGION = (
    "Missing region configuration: set aws:region, e.g. `pulumi config set aws:region us-west-2`, or the "
    "environment variable AWS_REGION"
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/")


class NotAllowed(Exception):
    """The credentials are of an account that the provider does not allow."""


def decoded(arguments: dict[str, Any]) -> dict[str, Any]:
    """Settings as values: whatever is no plain text travels as JSON."""
    found = {}
    for key, value in unsecret(arguments).items():
        if isinstance(value, str) and value[:1] in '[{"tf' and value != UNKNOWN:
            with contextlib.suppress(ValueError):
                value = json.loads(value)
        found[key] = value
    return found


@dataclass(frozen=True)
class Settings:
    region: str
    account: str
    default_tags: dict[str, str] | None = field(default_factory=dict)
    """None where they are not known yet."""
    ignored_keys: frozenset[str] = frozenset()
    ignored_prefixes: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"


def settings_of(arguments: dict[str, Any]) -> Settings:
    """The settings of a provider from what the engine sends with `Configure`.

    Raises `NotAllowed` where `allowedAccountIds` lacks the credentials' account, or
    `forbiddenAccountIds` has it.
    """
    given = decoded(arguments)
    region = given.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    defaults = given.get("defaultTags") or {}
    tags = None if has_unknown(defaults) else dict((defaults or {}).get("tags") or {})
    ignored = given.get("ignoreTags") or {}
    return Settings(
        region=region,
        account=_account(given),
        default_tags=tags,
        ignored_keys=frozenset(ignored.get("keys") or ()) if isinstance(ignored, dict) else frozenset(),
        ignored_prefixes=tuple(ignored.get("keyPrefixes") or ()) if isinstance(ignored, dict) else (),
        raw=given,
    )


def _account(given: dict[str, Any]) -> str:
    roles = _ROLE.findall(json.dumps([given.get("assumeRoles"), given.get("assumeRole")]))
    allowed = [str(item) for item in given.get("allowedAccountIds") or () if isinstance(item, str | int)]
    forbidden = [str(item) for item in given.get("forbiddenAccountIds") or ()]
    known = [item for item in allowed if re.fullmatch(r"\d{12}", item)]
    own = os.environ.get(ACCOUNT) or (known[0] if len(known) == 1 else DEFAULT_ACCOUNT)
    account = roles[-1] if roles else own
    if (known and account not in known) or account in forbidden:
        raise NotAllowed(f"AWS account ID not allowed: {account}")
    return account
