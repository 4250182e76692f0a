"""The graph after a change, from the JSON of `pulumi preview --json --show-sames`.

The format is that of the engine's `PreviewDigest`; the document may follow other lines of output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from plan.graph import PROVIDER_PREFIX, Finding, Graph, Resource, name_of
from plan.regions import with_regions
from plan.values import Value
from plan.wire import Rows, kind_of, no_number, resource, value
from problems import InputError, Problem

__all__ = ["digest_of", "graph_of", "read"]

COMMAND = "pulumi preview --json --show-sames"

# Steps after which their resource is no longer there, whatever else the step carries.
_GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"})
_ATTEMPTS = 100


def read(text: str, place: str) -> Graph:
    """The graph that a preview leads to. `place` names the document in errors.

    Default providers, which a preview does not print, are put in from its configuration. Raises
    `InputError` when `text` holds no such document, or one whose preview failed or left out what
    does not change.
    """
    try:
        return graph_of(digest_of(text, place), place)
    except RecursionError as error:
        problem = Problem(
            place, "", "values nested too deep", "nothing real is", f"write it with `{COMMAND}`"
        )
        raise InputError([problem]) from error


def digest_of(text: str, place: str) -> Any:
    """The JSON document in `text`, which may stand after (and before) lines that are none."""
    decoder = json.JSONDecoder(parse_constant=no_number)
    starts = (match.end() - 1 for match in re.finditer(r"(?m)^\s*\{|\{", text))
    for _, start in zip(range(_ATTEMPTS), starts, strict=False):
        try:
            document, _end = decoder.raw_decode(text, start)
        except ValueError:
            continue
        if "steps" in document or "changeSummary" in document:
            return document
    problem = Problem(
        place, "", _beginning(text), "it holds no JSON document of a preview", f"write it with `{COMMAND}`"
    )
    raise InputError([problem])


def graph_of(document: Any, place: str) -> Graph:
    """The graph of a parsed digest; the same errors as `read`."""
    rows = Rows(place)
    if not isinstance(document, dict):
        rows.wrong("", kind_of(document), "a preview is a JSON object", f"write it with `{COMMAND}`")
        raise InputError(rows.problems)
    findings = _diagnostics(rows, rows.take(document, "diagnostics", list, "preview"))
    config = {key: value(item) for key, item in rows.take(document, "config", dict, "preview").items()}
    steps = rows.take(document, "steps", list, "preview")
    table = _after(rows, steps)
    assumptions = _left_out(rows, rows.take(document, "changeSummary", dict, "preview"), steps)
    if rows.problems:
        raise InputError(rows.problems)
    resources = [*_default_providers(table, config), *table.values()]
    return Graph.of(
        with_regions(resources, config.get("aws:region", "")),
        place=place,
        origin="preview",
        assumptions=assumptions,
        findings=findings,
        outputs=stack_outputs(table),
    )


def stack_outputs(table: Mapping[str, Resource]) -> dict[str, Mapping[str, Value]]:
    """What the stacks in `table` export, by stack name."""
    stacks = (resource for resource in table.values() if resource.type == "pulumi:pulumi:Stack")
    return {stack.stack: stack.outputs for stack in stacks}


def _after(rows: Rows, steps: list[Any]) -> dict[str, Resource]:
    """What is there after all steps: a replacement takes several, the last state counts."""
    table: dict[str, Resource] = {}
    for index, step in enumerate(steps):
        path = f"steps[{index}]"
        if not isinstance(step, dict):
            rows.wrong(path, kind_of(step), "a step must be an object")
            continue
        operation = rows.take(step, "op", str, path, required=True)
        state = step.get("newState")
        if operation in _GONE or not operation:
            continue
        if operation == "same":
            state = _unchanged(state, step.get("oldState"))
        if state is None:
            continue
        if made := resource(rows, state, f"{path}.newState"):
            table[made.urn] = made
    return table


def _unchanged(new: Any, old: Any) -> Any:
    """The state of what stays as it is: ids and outputs stand in the old one only."""
    if new is None or not isinstance(new, dict) or not isinstance(old, dict):
        return old if new is None else new
    return {**{name: old[name] for name in ("id", "outputs") if name in old}, **new}


def _left_out(rows: Rows, summary: Mapping[str, Any], steps: list[Any]) -> tuple[str, ...]:
    """A preview without `--show-sames` lacks all that does not change: it is refused."""
    counted = summary.get("same", 0)
    same = sum(1 for step in steps if isinstance(step, dict) and step.get("op") == "same")
    missing = counted - same if type(counted) is int else 0
    if missing <= 0:
        return ()
    # The stack itself is always printed.
    if same <= 1:
        got = f"{counted} unchanged resources, of which the document has {same}"
        but = "a graph without them would be wrong"
        rows.wrong("changeSummary.same", got, but, f"write it with `{COMMAND}`")
    return (f"{missing} unchanged resources are not in the preview's document",)


def _diagnostics(rows: Rows, entries: list[Any]) -> tuple[Finding, ...]:
    findings = []
    for index, entry in enumerate(entries):
        path = f"diagnostics[{index}]"
        if not isinstance(entry, dict):
            rows.wrong(path, kind_of(entry), "a diagnostic must be an object")
            continue
        severity = rows.take(entry, "severity", str, path)
        message = rows.take(entry, "message", str, path).strip()
        urn = rows.take(entry, "urn", str, path)
        if severity == "error":
            where = f"{path} {name_of(urn)}" if urn else path
            rows.wrong(
                where, message[:400], "the preview failed, so its document is not whole", "mend it first"
            )
        elif severity == "warning":
            findings.append(Finding(kind="warning", message=message, urn=urn))
    return tuple(findings)


def _default_providers(table: Mapping[str, Resource], config: Mapping[str, Value]) -> list[Resource]:
    """The default providers that resources name and the document leaves out, made from the configuration."""
    urns = dict.fromkeys(resource.provider for resource in table.values() if resource.provider)
    missing = []
    for urn in urns:
        kind = urn.split("::")[2] if urn.count("::") >= 3 else ""
        if urn in table or not kind.startswith(PROVIDER_PREFIX) or not name_of(urn).startswith("default"):
            continue
        package = kind.removeprefix(PROVIDER_PREFIX) + ":"
        inputs = {key.removeprefix(package): item for key, item in config.items() if key.startswith(package)}
        missing.append(Resource(urn=urn, type=kind, name=name_of(urn), inputs=inputs))
    return missing


def _beginning(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return f"{first[:60]!r}..." if first else "nothing"
