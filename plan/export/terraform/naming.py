"""Names as Terraform writes them: arguments, labels of resources, text that is no template."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

__all__ = ["escaped", "label", "short_hash", "snake"]

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])")
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9_-]+")


@lru_cache(maxsize=50_000)
def snake(name: str) -> str:
    """`visibilityTimeoutSeconds` as `visibility_timeout_seconds`."""
    return _HUMP.sub(lambda hump: "_" + hump[0].lower(), name).lower()


def label(name: str) -> str:
    """`name` as a label: letters, digits, `_` and `-`, not starting with a digit or a hyphen."""
    text = _NOT_IN_LABEL.sub("_", name).strip("_") or "_"
    return text if text[0].isalpha() or text[0] == "_" else f"_{text}"


def escaped(text: str) -> str:
    """`text` so that Terraform reads it as it stands: `${` and `%{` would start an expression."""
    if "${" not in text and "%{" not in text:
        return text
    return text.replace("${", "$${").replace("%{", "%%{")


def short_hash(text: str, length: int = 7) -> str:
    """Hexadecimal digits that are the same in every run, as many as the engine appends to a name."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
