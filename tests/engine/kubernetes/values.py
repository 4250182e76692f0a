"""Property values between the engine's wire form and plain Python, with secrets and unknowns kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a value of a special kind; the next line is the mark of a secret."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True)
class Secret:
    value: Any


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Plain Python of what the engine sent; whole numbers are integers, secrets are `Secret`."""
    decoded: dict[str, Any] = _decode(json_format.MessageToDict(struct))
    return decoded


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return Secret(_decode(value.get("value")))
        return {key: _decode(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_decode(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def encode(value: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(_encode(value))
    return struct


def _encode(value: Any) -> Any:
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": _encode(value.value)}
    if isinstance(value, Mapping):
        return {key: _encode(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(each) for each in value]
    return value


def plain(value: Any) -> Any:
    """`value` without the marks of secrets; nulls in objects are left out."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def has_unknown(value: Any) -> bool:
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return bool(value == UNKNOWN)


def has_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_secret, value.values()))
    if isinstance(value, list):
        return any(map(has_secret, value))
    return isinstance(value, Secret)


def as_secret_as(result: Any, given: Any) -> Any:
    """`result` with every value secret that is secret in `given`, and what a Secret of Kubernetes holds.

    Objects are gone through key by key; of a list, one secret makes the whole secret.
    """
    if isinstance(given, Secret):
        return result if isinstance(result, Secret) else Secret(result)
    if not isinstance(result, dict):
        return Secret(result) if has_secret(given) else result
    known = given if isinstance(given, dict) else {}
    marked = {key: as_secret_as(each, known.get(key)) for key, each in result.items()}
    if result.get("kind") == "Secret":
        for key in {"data", "stringData"} & marked.keys():
            marked[key] = Secret(plain(marked[key]))
    return marked
