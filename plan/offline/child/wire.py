"""Property values between Pulumi's wire form and the JSON form of `plan.values`.

The content of a secret is dropped here, before anything leaves the process; it is shown to the
`Redactor` first, which hides it wherever else it turns up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]  # its stubs are a package of their own

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's name of a kind of value
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

TOKEN = re.compile(r"\$\{(urn:pulumi:[^}#]+)#([A-Za-z0-9_.]+)\}")

PART = "_part"
"""Ends the property of a token that stands for some part of an output: see `tokens.py`."""


def plain(value: struct_pb2.Value) -> Any:
    """`value` as Python data, still in wire form; whole numbers as int."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return {key: plain(item) for key, item in value.struct_value.fields.items()}
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None


def plain_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    return {key: plain(item) for key, item in struct.fields.items()}


def unwrapped(value: Any) -> Any:
    """`value` without the wrappers of secrets and outputs; what is not known is `UNKNOWN`."""
    if isinstance(value, dict):
        signature = value.get(SIGNATURE)
        if signature in (SECRET, OUTPUT):
            return unwrapped(value.get("value", UNKNOWN))
        return {key: unwrapped(item) for key, item in value.items()}
    return [unwrapped(item) for item in value] if isinstance(value, list) else value


def has_unknowns(value: Any) -> bool:
    if isinstance(value, str):
        return value == UNKNOWN
    if isinstance(value, dict):
        return any(has_unknowns(item) for item in value.values())
    return isinstance(value, list) and any(has_unknowns(item) for item in value)


def has_tokens(value: Any) -> bool:
    if isinstance(value, str):
        return "${urn:pulumi:" in value
    if isinstance(value, dict):
        return any(has_tokens(item) for item in value.values())
    return isinstance(value, list) and any(has_tokens(item) for item in value)


class Encoder:
    """Wire form to the JSON form of `plan.values`, once all resources are known.

    `known` tells whether a URN is in the graph, `hides` whether a text must not be seen, `asset` gives
    the `where` and `digest` of a file, archive or text.
    """

    def __init__(
        self,
        known: Callable[[str], bool],
        hides: Callable[[str], bool],
        asset: Callable[[dict[str, Any]], tuple[str, str, str]],
    ) -> None:
        self.known, self.hides, self.asset = known, hides, asset

    def encode(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            if SIGNATURE in value:
                return self._special(value)
            if "$" in value:
                return {"$": "map", "items": [[key, self.encode(value[key])] for key in sorted(value)]}
            encode = self.encode
            return {key: encode(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return [self.encode(item) for item in value]
        return value

    def _text(self, text: str) -> Any:
        if text == UNKNOWN:
            return {"$": "unknown"}
        if self.hides(text):
            return {"$": "secret"}
        if "${urn:pulumi:" not in text:
            return text
        tokens = TOKEN.findall(text)
        if not tokens:
            return text
        if not all(self.known(urn) for urn, _ in tokens):
            return {"$": "unknown"}
        if TOKEN.fullmatch(text):
            if tokens[0][1].endswith(PART):
                return {"$": "unknown"}
            return {"$": "reference", "property": tokens[0][1], "urn": tokens[0][0]}
        return {"$": "template", "text": text}

    def _special(self, value: dict[str, Any]) -> Any:
        signature = value[SIGNATURE]
        if signature == SECRET:
            return {"$": "secret"}
        if signature == OUTPUT:
            if value.get("secret"):
                return {"$": "secret"}
            return self.encode(value["value"]) if "value" in value else {"$": "unknown"}
        if signature == RESOURCE:
            return {"$": "resource", "urn": value.get("urn", "")}
        if signature in (ASSET, ARCHIVE):
            kind, where, digest = self.asset(value)
            return {"$": "asset", "digest": digest, "kind": kind, "where": where}
        return {"$": "unknown"}
