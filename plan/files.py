"""A graph from a file, whichever of the three kinds it is: found out from its content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from plan import preview, state
from plan.graph import SCHEMA, Graph
from plan.wire import kind_of, parse
from problems import InputError, Problem
from problems.text import read_text

__all__ = ["LIMIT_MIB", "read"]

LIMIT_MIB = 100

_WRITE = f"`tradewind plan TARGET -o FILE`, `{preview.COMMAND} > FILE` or `{state.COMMAND} > FILE`"


def read(path: Path | str) -> Graph:
    """The graph in a file: one of `tradewind plan -o`, of a preview, or of an exported stack.

    Raises `InputError` for what is no file, too large, no text, no JSON (with line and column) or
    none of the three.
    """
    place = str(path)
    text = read_text(Path(path), limit_mib=LIMIT_MIB, fix=f"name a file written with {_WRITE}")
    if not text.strip():
        _refuse(place, "an empty file", "it holds no graph", f"write it with {_WRITE}")
    try:
        document = parse(text)
    except RecursionError:
        _refuse(place, "values nested too deep", "nothing real is", f"write it with {_WRITE}")
    except ValueError as error:
        if not text.lstrip().startswith("{") and "{" in text:
            # Other lines of output may stand before the document of a preview.
            return preview.read(text, place)
        position = (
            f"{place}:{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else place
        )
        _refuse(
            position, getattr(error, "msg", str(error)), "it is not JSON", f"write it again with {_WRITE}"
        )
    try:
        return _graph(document, text, place)
    except RecursionError:
        _refuse(place, "values nested too deep", "nothing real is", f"write it with {_WRITE}")


def _graph(document: Any, text: str, place: str) -> Graph:
    if isinstance(document, dict):
        if str(document.get("schema", "")).startswith(SCHEMA.partition("/")[0]):
            return Graph.from_json(text, place)
        if "deployment" in document:
            return state.graph_of(document, place)
        if "steps" in document or "changeSummary" in document:
            return preview.graph_of(document, place)
    return _refuse(place, _looks_like(document), "it holds no graph", f"write one with {_WRITE}")


# What people hold in their hands instead, by the keys that give it away.
_OTHERS = (
    ({"planned_values", "resource_changes"}, "a plan of Terraform"),
    ({"terraform_version", "serial"}, "a state of Terraform"),
    ({"resourcePlans"}, "an update plan of `pulumi preview --save-plan`"),
    ({"AWSTemplateFormatVersion"}, "a template of CloudFormation"),
    ({"sequence", "timestamp"}, "one event of the engine's event log"),
    ({"projects", "totalMonthlyCost"}, "an estimate of Infracost"),
    ({"resources", "manifest"}, "the inside of an exported stack, without its `deployment`"),
    ({"schema"}, "another document of this project"),
)


def _looks_like(document: Any) -> str:
    if not isinstance(document, dict):
        return f"{kind_of(document)} as JSON"
    for keys, name in _OTHERS:
        if keys <= document.keys():
            return f"{name}, {document['schema']}" if keys == {"schema"} else name
    listed = ", ".join(sorted(document)[:5])
    return f"a JSON object with {listed}" if listed else "an empty JSON object"


def _refuse(place: str, got: str, but: str, fix: str) -> NoReturn:
    raise InputError([Problem(place, "", got, but, fix)])
