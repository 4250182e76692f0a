"""Automatic names, as the Terraform bridge gives them."""

from __future__ import annotations

import hashlib
from typing import Any

from .catalogue import Type
from .forced import AUTONAMED, Naming
from .wire import DEFAULTS

DISABLE, PROPOSE, ENFORCE = 2, 0, 1
"""`AutonamingOptions.Mode` of the provider protocol."""


def filled_name(
    type: Type, name: str, inputs: dict[str, Any], old: dict[str, Any], seed: bytes, options: Any
) -> tuple[str, str]:
    """The property to fill in and the automatic name of the resource `name`; ("", "") where none is due.

    A name that was given automatically before is kept. Raises `ValueError` for one that is too long.
    """
    wanted = type.autonamed
    if not wanted or inputs.get(wanted) is not None or inputs.get(f"{wanted}Prefix") is not None:
        return "", ""
    if wanted in (old.get(DEFAULTS) or ()) and old.get(wanted):
        return wanted, str(old[wanted])
    naming = AUTONAMED.get(type.token, Naming(wanted))
    if options is not None and options.mode == DISABLE:
        return "", ""
    if options is not None and options.proposed_name:
        if options.mode == ENFORCE:
            return wanted, str(options.proposed_name)
        return wanted, _finished(naming, options.proposed_name, inputs)
    start = name.lower() if naming.lower else name
    if naming.suffix:
        digits = hashlib.sha256(seed + b"\0" + start.encode()).hexdigest()[: naming.suffix]
        start = f"{start}-{digits}"
        if len(start) > naming.longest:
            raise ValueError(
                f"name '{name}-' plus {naming.suffix} random chars is longer than maximum length {naming.longest}"
            )
    return wanted, _finished(naming, start, inputs)


def _finished(naming: Naming, name: str, inputs: dict[str, Any]) -> str:
    if naming.lower:
        name = name.lower()
    if naming.prefix and not name.startswith(naming.prefix):
        name = naming.prefix + name
    fifo = inputs.get("fifoQueue") is True or inputs.get("fifoTopic") is True
    return f"{name}.fifo" if fifo and not name.endswith(".fifo") else name
