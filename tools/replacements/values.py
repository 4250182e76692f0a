"""Values for a resource's arguments, and those of the resource that a provider would make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.replacements.packed import UNKNOWN

__all__ = [
    "PAIRS",
    "Path",
    "at",
    "block_at",
    "completed",
    "empty",
    "filled",
    "required",
    "sample",
    "with_value",
    "wrapped",
]

Path = tuple[str, ...]
Pair = tuple[str, str]

_ARN = "arn:aws:iam::123456789012:role/"
PAIRS: tuple[Pair, ...] = (
    ("a", "b"),
    (f"{_ARN}a", f"{_ARN}b"),
    ('{"Version":"2012-10-17","Statement":[]}', '{"Version":"2012-10-17","Id":"b","Statement":[]}'),
    ("10.0.0.0/16", "10.1.0.0/16"),
    ("1", "2"),
    ("2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"),
)
"""Two different texts each, as arguments of various kinds want them. The first that the provider takes is used."""


def empty(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block in which nothing is written."""
    blocks = {
        name: None if it["nesting_mode"] == "single" else {} if it["nesting_mode"] == "map" else []
        for name, it in block.get("block_types", {}).items()
    }
    return dict.fromkeys(block.get("attributes", {})) | blocks


def sample(type: Any, which: int, pair: Pair) -> Any:
    """A value of an attribute's type; `which` is 0 or 1, two values that differ."""
    if type == "string" or type == "dynamic":
        return pair[which]
    if type == "number":
        return which + 1
    if type == "bool":
        return bool(which)
    kind, of = type
    if kind in ("list", "set"):
        return [sample(of, which, pair)]
    if kind == "map":
        return {"a": sample(of, which, pair)}
    if kind == "tuple":
        return [sample(one, which, pair) for one in of]
    return {name: sample(one, which, pair) for name, one in of.items()}


def required(block: Mapping[str, Any], pair: Pair, which: int = 0) -> dict[str, Any]:
    """A block with no more than it must have."""
    found = empty(block)
    for name, spec in block.get("attributes", {}).items():
        if spec.get("required"):
            found[name] = sample(spec["type"], which, pair)
    for name, spec in block.get("block_types", {}).items():
        if spec.get("min_items"):
            found[name] = wrapped(spec, required(spec["block"], pair, which))
    return found


def completed(block: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with every field of its nested blocks, as the protocol wants them."""
    found = {}
    for name, value in given.items():
        inner = block.get("block_types", {}).get(name)
        if inner is not None:
            rows = [{**empty(inner["block"]), **completed(inner["block"], one)} for one in value]
            value = rows if inner["nesting_mode"] in ("list", "set") else rows[0]
        found[name] = value
    return found


def wrapped(spec: Mapping[str, Any], inner: Mapping[str, Any]) -> Any:
    mode = spec["nesting_mode"]
    return inner if mode in ("single", "group") else {"a": inner} if mode == "map" else [inner]


def block_at(block: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The schema at `path`: of an attribute, or of a nested block with how often it may occur."""
    for name in path[:-1]:
        block = block["block_types"][name]["block"]
    found: Mapping[str, Any] = block.get("attributes", {}).get(path[-1]) or block["block_types"][path[-1]]
    return found


def with_value(
    block: Mapping[str, Any], values: Mapping[str, Any], path: Path, value: Any, pair: Pair
) -> dict[str, Any]:
    """`values` with `value` at `path`; blocks on the way are made with what they must have."""
    first, *rest = path
    if not rest:
        return {**values, first: value}
    spec = block["block_types"][first]
    held = values.get(first)
    inner = next(iter(_inner(held)), None) or required(spec["block"], pair)
    return {**values, first: wrapped(spec, with_value(spec["block"], inner, tuple(rest), value, pair))}


def _inner(held: Any) -> Iterator[Any]:
    if isinstance(held, list):
        yield from held
    elif isinstance(held, Mapping):
        yield held


def at(values: Any, path: Path) -> Any:
    """What `values` has at `path`, the first of several; None where there is nothing."""
    for name in path:
        values = next(iter(_inner(values)), None)
        if values is None:
            return None
        values = values.get(name)
    return values


def filled(values: Any, block: Mapping[str, Any]) -> dict[str, Any]:
    """Planned values with something in place of what is not known yet, as of a resource that is there."""
    found = {}
    for name, value in values.items():
        spec = block.get("attributes", {}).get(name)
        if spec is not None:
            found[name] = _known(value, spec["type"])
            continue
        inner = block["block_types"][name]
        if value is UNKNOWN:
            found[name] = empty({"block_types": {name: inner}})[name]
        elif isinstance(value, list):
            found[name] = [filled(one, inner["block"]) for one in value]
        elif inner["nesting_mode"] == "map":
            found[name] = {key: filled(one, inner["block"]) for key, one in value.items()}
        else:
            found[name] = None if value is None else filled(value, inner["block"])
    return found


def _known(value: Any, type: Any) -> Any:
    if value is UNKNOWN:
        plain = {"string": "computed", "number": 7, "bool": False, "dynamic": None}
        if isinstance(type, str):
            return plain[type]
        return {"map": {}, "object": None}.get(type[0], [])
    if isinstance(value, list):
        kinds = type[1] if type[0] == "tuple" else [type[1]] * len(value)
        return [_known(one, kind) for one, kind in zip(value, kinds, strict=True)]
    if isinstance(value, dict):
        return {
            key: _known(one, type[1][key] if type[0] == "object" else type[1]) for key, one in value.items()
        }
    return value
