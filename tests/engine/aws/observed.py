"""What a refresh or an import says of inputs: those of the program, as they are in the cloud now."""

from __future__ import annotations

from typing import Any

from .catalogue import Type, type_of
from .wire import DEFAULTS, without_defaults
from .world import Thing


def observed(thing: Thing, inputs: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """The inputs of `thing` seen now. `inputs` and `state` are those of the last deployment; both are
    empty for an import."""
    type = type_of(thing.type)
    if not inputs:
        return _imported(type, thing)
    found = {DEFAULTS: inputs.get(DEFAULTS) or []}
    for name, value in inputs.items():
        if name == DEFAULTS or name not in thing.properties:
            continue
        found[name] = _seen(type, value, thing.properties[name], type.objects.get(name, ""))
    for name, kind in type.inputs.items():
        now = thing.properties.get(name)
        if name not in inputs and kind.endswith("?") and now is not None and now != state.get(name):
            found[name] = now
    return found


def _seen(type: Type, asked: Any, now: Any, name: str) -> Any:
    """`asked` with the values of now; of an object with a schema, only the properties that were asked for."""
    if isinstance(asked, dict) and isinstance(now, dict):
        if not name:
            return now
        children = type.children(f"{type.service}/{name}")
        return {
            key: value if key == DEFAULTS else _seen(type, value, now[key], children.get(key, ""))
            for key, value in asked.items()
            if key == DEFAULTS or key in now
        }
    if isinstance(asked, list) and isinstance(now, list) and len(asked) == len(now):
        return [_seen(type, *pair, name) for pair in zip(asked, now, strict=True)]
    return asked if without_defaults(asked) == now else now


def _imported(type: Type, thing: Thing) -> dict[str, Any]:
    if thing.inputs:
        return {**thing.inputs, DEFAULTS: []}
    names = type.inputs or thing.properties
    found = {
        name: thing.properties[name] for name in names if thing.properties.get(name) not in (None, "", [], {})
    }
    return {DEFAULTS: [], **{name: value for name, value in found.items() if name not in ("id", "arn")}}
