"""The values a resource's inputs are made of, beyond what JSON knows.

    Unknown                 decided by the provider during deployment
    Secret                  hidden; the content is not kept, so it cannot leak
    Reference(urn, prop)    exactly the output `prop` of the resource `urn`
    Template(text)          text with references inside: "arn:...${urn:pulumi:...#name}/*"; a property
                            that ends in `_part` is a piece which the program cut out of that output
    Asset(kind, where, digest)  a file, an archive or text that goes along
    ResourceRef(urn)        a whole resource passed as a value

Everything else is `None`, `bool`, `int`, `float`, `str`, `list` or `dict`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "SECRET",
    "UNKNOWN",
    "Asset",
    "Reference",
    "ResourceRef",
    "Secret",
    "Template",
    "Unknown",
    "Value",
    "decode",
    "encode",
    "is_known",
    "references",
]

Value: TypeAlias = Any
"""One input value. `Any`, because readers of inputs take what they find and test it by type."""

TOKEN = re.compile(r"\$\{(urn:pulumi:[^}#]+)#([A-Za-z0-9_.]+)\}")


class Unknown:
    """Decided by the provider during deployment. One value only: `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unknown>"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false: test `is UNKNOWN` first")


class Secret:
    """A value nobody may see. Its content is dropped where it enters. One value only: `SECRET`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[secret]"


UNKNOWN = Unknown()
SECRET = Secret()


@dataclass(frozen=True, slots=True)
class Reference:
    """Exactly the output `property` of the resource `urn` (Pulumi's camelCase name)."""

    urn: str
    property: str

    def __str__(self) -> str:
        return f"${{{self.urn}#{self.property}}}"


class Template(str):
    """Text in which `${urn#property}` stands for outputs of other resources."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, archive or text given to a resource. `digest` is the SHA-256 of what was read, or empty."""

    kind: str
    where: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """A whole resource passed as a value."""

    urn: str


def is_known(value: Value) -> bool:
    """Whether `value` is decided before deployment, all the way down (a secret is not)."""
    if isinstance(value, Unknown | Secret | Reference | Template):
        return False
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return True


def references(value: Value) -> Iterator[Reference]:
    """Every output that `value` mentions, in order of appearance, duplicates kept."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Template):
        for urn, prop in TOKEN.findall(value):
            yield Reference(urn, prop)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def encode(value: Value) -> Any:
    """`value` as plain JSON: what JSON lacks becomes `{"$": kind, ...}`."""
    if isinstance(value, Unknown):
        return {"$": "unknown"}
    if isinstance(value, Secret):
        return {"$": "secret"}
    if isinstance(value, Template):
        return {"$": "template", "text": str(value)}
    if isinstance(value, Reference):
        return {"$": "reference", "property": value.property, "urn": value.urn}
    if isinstance(value, Asset):
        return {"$": "asset", "digest": value.digest, "kind": value.kind, "where": value.where}
    if isinstance(value, ResourceRef):
        return {"$": "resource", "urn": value.urn}
    if isinstance(value, dict):
        plain = {key: encode(item) for key, item in value.items()}
        # A user's own key "$" goes as pairs: readers decode inner objects first.
        return {"$": "map", "items": [[key, item] for key, item in plain.items()]} if "$" in plain else plain
    if isinstance(value, list):
        return [encode(item) for item in value]
    return value


def decode(value: dict[str, Any]) -> Value:
    """The inverse of `encode` for one JSON object; made for `json.loads(text, object_hook=decode)`.

    Raises `ValueError` on a `$` kind that does not exist.
    """
    kind = value.get("$")
    if kind is None:
        return value
    match kind:
        case "unknown":
            return UNKNOWN
        case "secret":
            return SECRET
        case "template":
            return Template(value["text"])
        case "reference":
            return Reference(value["urn"], value["property"])
        case "asset":
            return Asset(value["kind"], value["where"], value["digest"])
        case "resource":
            return ResourceRef(value["urn"])
        case "map":
            return dict(value["items"])
    raise ValueError(f"a value of kind {kind!r}, which this version does not know")
