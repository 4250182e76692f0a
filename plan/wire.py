"""How the engine writes resources into JSON, and what a graph makes of it.

`pulumi preview --json` and `pulumi stack export` share one form of a resource. Secrets, in whatever
form they come, are dropped here and nowhere later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from plan.graph import PROVIDER_PREFIX, Resource, name_of
from plan.values import SECRET, UNKNOWN, Asset, ResourceRef, Value
from problems import Problem

__all__ = ["Rows", "kind_of", "parse", "resource", "source_of", "value"]

SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a marker of the format, no secret
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

# What an asset is, by the key it comes with.
_ASSETS = {"path": "file", "uri": "uri", "text": "text"}

# One sentinel per kind of value: text, flag, number, list, asset, archive, object.
UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

# Confidential by nature, also where a program forgot to say so: their content never enters a graph.
_CONFIDENTIAL_TYPES = {
    "kubernetes:core/v1:Secret": ("data", "stringData"),
    "kubernetes:core/v1:SecretPatch": ("data", "stringData"),
}
_CONFIDENTIAL_SETTINGS = ("accessKey", "secretKey", "token", "password", "clientKey")
_CREDENTIALS_IN_KUBECONFIG = re.compile(r"client-key-data|\btoken\b[\"']?\s*:|\bpassword\b[\"']?\s*:")

# Resource options worth keeping, under the engine's names.
_OPTIONS = (
    "additionalSecretOutputs", "aliases", "customTimeouts", "deletedWith", "hideDiff", "ignoreChanges",
    "importID", "replaceOnChanges", "retainOnDelete",
)  # fmt: skip


def parse(text: str) -> Any:
    """`text` as JSON. Raises `ValueError` for what is none, `NaN` and `Infinity` included."""
    return json.loads(text, parse_constant=no_number)


def no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def value(raw: Any) -> Value:
    """One JSON value as a graph holds it: markers resolved, secrets dropped, `__defaults` left out."""
    if isinstance(raw, str):
        if raw in UNKNOWNS:
            return UNKNOWN
        return SECRET if raw == "[secret]" else raw
    if isinstance(raw, list):
        return [value(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    if SIGNATURE in raw:
        return _marked(raw)
    return {key: value(item) for key, item in raw.items() if key != "__defaults"}


def _marked(raw: dict[str, Any]) -> Value:
    match raw[SIGNATURE]:
        case s if s in (_ASSET, _ARCHIVE):
            given = [kind for kind in _ASSETS if isinstance(raw.get(kind), str)]
            where = raw[given[0]] if given and given != ["text"] else ""
            kind = "archive" if s == _ARCHIVE else _ASSETS[given[0]] if given else "file"
            digest = raw.get("hash")
            return Asset(kind, where, digest if isinstance(digest, str) else "")
        case s if s == _RESOURCE:
            urn = raw.get("urn")
            return ResourceRef(urn) if isinstance(urn, str) else UNKNOWN
        case s if s == _OUTPUT:
            if raw.get("secret"):
                return SECRET
            return value(raw["value"]) if "value" in raw else UNKNOWN
    # A secret, or a marker this version does not know: dropping it is the safe reading of both.
    return SECRET


def source_of(row: Mapping[str, Any]) -> str:
    """`stacks/x.py:12` of `project:///stacks/x.py#12,3`, or "" where the engine did not say."""
    position = row.get("sourcePosition")
    if not isinstance(position, str):
        return ""
    place, _, line = position.partition("#")
    path = unquote(place.removeprefix("project:///").removeprefix("file://"))
    return f"{path}:{line.partition(',')[0]}" if line else path


class Rows:
    """Reads the fields of one JSON document and gathers what is wrong with it.

    A field of the wrong type is a problem, not an exception: `problems` has them all at the end.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.problems: list[Problem] = []

    def wrong(self, path: str, got: str, but: str, fix: str = "export the document again") -> None:
        self.problems.append(Problem(self.place, path, got, but, fix))

    def take(self, row: Mapping[str, Any], name: str, kind: type, path: str, required: bool = False) -> Any:
        """`row[name]`, which must be a `kind`; the empty `kind()` where it is absent or wrong."""
        found = row.get(name)
        if isinstance(found, kind) and (found or not required):
            return found
        if found is not None or required:
            self.wrong(f"{path}.{name}", kind_of(found), f"it must be {_KINDS[kind]}")
        return kind()

    def texts(self, row: Mapping[str, Any], name: str, path: str) -> tuple[str, ...]:
        """`row[name]` as a tuple of texts."""
        found = self.take(row, name, list, path)
        if not all(isinstance(item, str) for item in found):
            self.wrong(f"{path}.{name}", "a list with something else in it", "it must be a list of texts")
            return ()
        return tuple(found)


_KINDS: dict[type, str] = {
    dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number",
}  # fmt: skip


def kind_of(found: object) -> str:
    """What a JSON value is, in words. Not the value itself: it may be confidential."""
    if isinstance(found, str) and not found:
        return "an empty text"
    return "nothing" if found is None else _KINDS.get(type(found), type(found).__name__)


def resource(rows: Rows, row: object, path: str) -> Resource | None:
    """One resource in the engine's form, without its region; None when it is too wrong to be one."""
    if not isinstance(row, dict):
        rows.wrong(path, kind_of(row), "a resource must be an object")
        return None
    found = len(rows.problems)
    urn: str = rows.take(row, "urn", str, path, required=True)
    kind: str = rows.take(row, "type", str, path, required=True)
    if urn and urn.count("::") < 3:
        rows.wrong(f"{path}.urn", urn, "a URN is `urn:pulumi:STACK::PROJECT::TYPE::NAME`")
    by_property = rows.take(row, "propertyDependencies", dict, path)
    inputs = _properties(rows.take(row, "inputs", dict, path), kind)
    outputs = {} if kind in _CONFIDENTIAL_TYPES else _properties(rows.take(row, "outputs", dict, path), kind)
    for name in rows.texts(row, "additionalSecretOutputs", path):
        if name in outputs:
            outputs[name] = SECRET
    made = Resource(
        urn=urn,
        type=kind,
        name=name_of(urn),
        inputs=inputs,
        outputs=outputs,
        parent=rows.take(row, "parent", str, path),
        # `urn::id`: a provider is named together with the id it was created under.
        provider=rows.take(row, "provider", str, path).rpartition("::")[0],
        dependencies=rows.texts(row, "dependencies", path),
        property_dependencies={name: rows.texts(by_property, name, path) for name in by_property if by_property[name]},
        custom=rows.take(row, "custom", bool, path),
        protect=rows.take(row, "protect", bool, path),
        external=rows.take(row, "external", bool, path),
        source=source_of(row),
        id=_id(rows.take(row, "id", str, path)),
        options=_options(row),
    )  # fmt: skip
    return made if len(rows.problems) == found else None


def _options(row: Mapping[str, Any]) -> dict[str, Value]:
    options = {name: value(row[name]) for name in _OPTIONS if row.get(name)}
    if filled := sorted(_filled_in(row.get("inputs"), "")):
        options["defaults"] = filled
    return options


def _filled_in(inputs: Any, path: str) -> Iterator[str]:
    """Dotted paths of the inputs that the provider filled in, as it noted in `__defaults`."""
    if isinstance(inputs, dict) and SIGNATURE not in inputs:
        noted = inputs.get("__defaults")
        for name in noted if isinstance(noted, list) else ():
            yield f"{path}{name}"
        for name, item in inputs.items():
            yield from _filled_in(item, f"{path}{name}.")
    elif isinstance(inputs, list):
        for index, item in enumerate(inputs):
            yield from _filled_in(item, f"{path}{index}.")


def _id(text: str) -> str:
    return "" if text in UNKNOWNS or text == "[secret]" else text


def _properties(raw: dict[str, Any], kind: str) -> dict[str, Value]:
    """Inputs or outputs: names with `__` are the engine's and the providers' own bookkeeping."""
    properties = {name: value(item) for name, item in raw.items() if not name.startswith("__")}
    for name in _CONFIDENTIAL_TYPES.get(kind, ()):
        content = properties.get(name)
        if isinstance(content, dict):
            properties[name] = dict.fromkeys(content, SECRET)
        elif content is not None:
            properties[name] = SECRET
    if kind.startswith(PROVIDER_PREFIX):
        for name, content in properties.items():
            credentials = name == "kubeconfig" and _CREDENTIALS_IN_KUBECONFIG.search(str(content))
            if name in _CONFIDENTIAL_SETTINGS or credentials:
                properties[name] = SECRET
    return properties
