"""Values as they travel: protobuf structs, the engine's mark for what is not known yet, plain Python."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a value that only a deployment brings."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
DEFAULTS = "__defaults"


def plain(value: struct_pb2.Value) -> Any:
    """A protobuf value as Python's; whole numbers as `int`."""
    which = value.WhichOneof("kind")
    if which == "string_value":
        return value.string_value
    if which == "struct_value":
        return from_struct(value.struct_value)
    if which == "list_value":
        return [plain(item) for item in value.list_value.values]
    if which == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if which == "bool_value" else None


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    return {key: plain(value) for key, value in struct.fields.items()}


def to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def has_unknown(value: Any) -> bool:
    if isinstance(value, str):
        return value == UNKNOWN
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)


def unsecret(value: Any) -> Any:
    """`value` without the marks of secrets. The engine takes them off on its own where a provider says that
    it does not know them; what comes from a provider's settings may still have them."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return unsecret(value.get("value"))
        return {key: unsecret(item) for key, item in value.items()}
    return [unsecret(item) for item in value] if isinstance(value, list) else value


def without_defaults(value: Any) -> Any:
    """`value` without the lists of what a provider filled in, at any depth."""
    if isinstance(value, dict):
        return {key: without_defaults(item) for key, item in value.items() if key != DEFAULTS}
    return [without_defaults(item) for item in value] if isinstance(value, list) else value


def without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
