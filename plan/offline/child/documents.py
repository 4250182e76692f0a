"""Documents given as objects where the resource has text: an IAM policy as a dictionary.

The provider turns them into JSON text, and answers with text; the SDK insists on it.
"""

from __future__ import annotations

import json
from typing import Any

from .symbolic import string_outputs
from .wire import SECRET, SIGNATURE, UNKNOWN, has_unknowns, unwrapped


def written_out(token: str, inputs: dict[str, Any]) -> bool:
    """Replaces such objects in `inputs` by their text, or by an unknown; whether there was one.

    Compact, with sorted keys and the escapes of Go's JSON, as the provider's bridge writes it.
    """
    changed = False
    for name in string_outputs(token):
        value = inputs.get(name)
        if not isinstance(value, (dict, list)):
            continue
        inner = value.get("value") if isinstance(value, dict) and SIGNATURE in value else value
        if not isinstance(inner, (dict, list)):
            continue
        plain = unwrapped(inner)
        text = UNKNOWN if has_unknowns(plain) else _json(plain)
        secret = inner is not value or SECRET in repr(inner)
        inputs[name] = {SIGNATURE: SECRET, "value": text} if secret else text
        changed = True
    return changed


def _json(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
