"""What a preview knows of a resource's outputs besides its inputs: its region, and which are secret."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .symbolic import string_outputs
from .wire import SECRET, SIGNATURE, UNKNOWN

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")


def add_region(token: str, settings: dict[str, Any], answer: Any) -> None:
    """Adds `region` to `answer`, the properties of an AWS resource as a `Struct`, from its provider's settings.

    The provider fills it in before anything is created. Nothing where the provider does not say it plainly.
    """
    if not token.startswith("aws:") or "region" in answer.fields:
        return
    region = settings.get("region")
    region = region.strip('"') if isinstance(region, str) else ""
    if _REGION.fullmatch(region) and "region" in string_outputs(token):
        answer.fields["region"].string_value = region


def hide(token: str, names: Iterable[str], answer: Any) -> None:
    """Makes the outputs `names` of `answer` secret.

    The AWS provider lists in a preview what it does not know yet, so that becomes secret too; others,
    those written in Python among them, leave it out.
    """
    for name in names:
        if name not in answer.fields and not token.startswith("aws:"):
            continue
        held = answer.fields[name]
        if held.WhichOneof("kind") is None:
            held.string_value = UNKNOWN
        if held.WhichOneof("kind") == "struct_value" and SIGNATURE in held.struct_value.fields:
            continue
        wrapped = type(held)()
        wrapped.struct_value.fields[SIGNATURE].string_value = SECRET
        wrapped.struct_value.fields["value"].CopyFrom(held)
        held.CopyFrom(wrapped)
