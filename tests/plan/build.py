"""Small graphs for tests: resources by type, name, region and inputs."""

from __future__ import annotations

import json
from typing import Any

from plan.graph import Graph, Resource
from plan.values import Reference, Value

STACK = "prod"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def urn_of(type: str, name: str, stack: str = STACK) -> str:
    return f"urn:pulumi:{stack}::shop::{type}::{name}"


def made(type: str, name: str, region: str = "", /, *, stack: str = STACK, **rest: Any) -> Resource:
    """A resource; keyword arguments that `Resource` does not know are its inputs."""
    known = {
        key: rest.pop(key) for key in list(rest) if key in Resource.__slots__ and key not in ("name", "type")
    }
    inputs = {**known.pop("inputs", {}), **rest}
    known.setdefault("source", f"{name}.py:1")
    return Resource(
        urn=urn_of(type, name, stack), type=type, name=name, region=region, inputs=inputs, **known
    )


def ref(resource: Resource, prop: str = "arn") -> Reference:
    return Reference(resource.urn, prop)


def graph(*resources: Resource) -> Graph:
    return Graph.of(resources)


def row(type: str, name: str, **rest: Value) -> dict[str, Any]:
    """A resource in the engine's JSON form."""
    return {"urn": urn_of(type, name), "custom": True, "type": type, **rest}


def stack_row(**outputs: Value) -> dict[str, Any]:
    return {**row("pulumi:pulumi:Stack", f"shop-{STACK}"), "custom": False, "outputs": outputs}


def export(*rows: dict[str, Any], version: int = 3) -> str:
    return json.dumps({"version": version, "deployment": {"manifest": {}, "resources": list(rows)}})


def step(op: str, state: dict[str, Any] | None, old: dict[str, Any] | None = None) -> dict[str, Any]:
    urn = (state or old or {}).get("urn")
    return {
        "op": op,
        "urn": urn,
        **({"newState": state} if state else {}),
        **({"oldState": old} if old else {}),
    }


def digest(*steps: dict[str, Any], config: dict[str, str] | None = None, **rest: Any) -> str:
    return json.dumps({"config": config or {}, "steps": list(steps), **rest})
