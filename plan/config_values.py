"""Values of a stack's configuration as a program gets them: namespaced, as text, nothing decrypted."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["PLACEHOLDER", "is_secure", "namespaced", "text"]

PLACEHOLDER = "tradewind-encrypted-value"
"""Stands for every encrypted configuration value; recognised, and hidden, wherever it turns up."""


def namespaced(key: str, project: str) -> str:
    """`key` with the namespace it has in a run: the project's own where none is written."""
    if ":config:" in key:  # the form of old: `aws:config:region`
        return key.replace(":config:", ":", 1)
    return key if ":" in key else f"{project}:{key}"


def is_secure(value: Any) -> bool:
    """Whether something in `value` is encrypted."""
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(is_secure(item) for item in value.values())
    return isinstance(value, list) and any(is_secure(item) for item in value)


def _opened(value: Any) -> Any:
    """`value` with the placeholder for everything encrypted."""
    if isinstance(value, dict):
        return (
            PLACEHOLDER
            if set(value) == {"secure"}
            else {str(key): _opened(item) for key, item in value.items()}
        )
    return [_opened(item) for item in value] if isinstance(value, list) else value


def text(value: Any) -> str:
    """`value` as the command line interface passes it: text as it is, all else as JSON."""
    value = _opened(value)
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
