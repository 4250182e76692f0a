"""What is known of AWS resource types: which live in a region, which take tags.

The lists come from the SDK's classes (`plan/data/aws_types_build.py` makes them anew).
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["is_global", "takes_tags"]

# Regional services whose types the SDK gives no `region` argument: the provider's region decides.
_REGIONAL_ALL_THE_SAME = frozenset({"rolesanywhere/*", "directconnect/hostedConnection"})

# Services of the Cloud Control provider without a region, as it spells them.
_GLOBAL_IN_CLOUD_CONTROL = frozenset(
    {
        "billingconductor", "budgets", "ce", "cloudfront", "globalaccelerator", "iam", "networkmanager",
        "organizations", "route53", "route53recoverycontrol", "route53recoveryreadiness", "shield",
    }
)  # fmt: skip


@cache
def _lists() -> dict[str, Any]:
    text = resources.files("plan").joinpath("data/aws_types.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def _listed(name: str) -> frozenset[str]:
    """The list `name` as `service/type`, or `service/*` for all of a service."""
    return frozenset(f"{service}/{kind}" for service, kinds in _lists()[name].items() for kind in kinds)


@cache
def _short(type: str) -> tuple[str, str]:
    """`aws:sqs/queue:Queue` as `("sqs", "sqs/queue")`, as the lists spell it."""
    path = type.removeprefix("aws:")
    service, _, rest = path.partition("/")
    file, _, name = rest.partition(":")
    return service, f"{service}/{file}" if name == file[:1].upper() + file[1:] else path


@cache
def is_global(type: str) -> bool:
    """Whether an AWS type (either provider's token) lives in no region: roles, DNS zones, budgets."""
    package, _, path = type.partition(":")
    if package == "aws-native":
        return path.partition(":")[0] in _GLOBAL_IN_CLOUD_CONTROL
    service, short = _short(type)
    keys = {f"{service}/*", short}
    return bool(keys & _listed("without_region")) and not keys & _REGIONAL_ALL_THE_SAME


@cache
def takes_tags(type: str) -> bool:
    """Whether the provider puts tags, and its default tags, on resources of this AWS type.

    Not for `aws:autoscaling/group:Group`: its tags are a list, and default tags do not reach them.
    """
    return type.startswith("aws:") and _short(type)[1] in _listed("tags")
