"""What the stand-ins answer to data sources: the same facts that an offline plan assumes.

A comparison of graphs is about programs, not about what an account happens to hold: both sides are told
the same account, zones and images. What follows from arguments alone (policy documents, ARNs, parts of
YAML) is worked out; anything else comes from the fixtures that `plan.offline` ships.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from plan.offline.child import computed as computed  # registers its answers
from plan.offline.child.data_sources import DataSources
from plan.offline.child.wire import SECRET, SIGNATURE

MADE_UP = "made-up-by-the-stand-in"
"""Stands where a fixture says that an answer is secret or not known before deployment."""

_FIXTURES = Path(computed.__file__).parents[1] / "fixtures"
_NOT_KNOWN = re.compile(r"\$\{urn:pulumi:elsewhere::[^}]+\}")


def answer(token: str, arguments: dict[str, Any], provider: dict[str, Any]) -> dict[str, Any] | None:
    """The outputs of the data source `token`, secrets in wire form; None where nobody knows them.

    `provider` is the provider's configuration; only its `region` and account settings count.
    """
    sources = DataSources(
        lambda: (_documents(), []), region="", placeholder=MADE_UP, remark=lambda text: None
    )
    found = sources.answer(token, arguments, provider, plain=True)
    return None if found is None else _settled(found)


def secret(value: str) -> dict[str, str]:
    """`value` as a secret on the wire."""
    return {SIGNATURE: SECRET, "value": value}


@cache
def _documents() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(_FIXTURES.glob("*.yaml"))]


def _settled(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_KNOWN.sub(MADE_UP, value)
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items()}
    return [_settled(item) for item in value] if isinstance(value, list) else value
