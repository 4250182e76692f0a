"""One run from request to answer."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from . import computed as computed  # registers its answers
from . import failure, guard
from .assets import Assets
from .data_sources import DataSources
from .monitor import ROOT, Monitor
from .places import Places
from .records import Record
from .redact import Redactor
from .runtime import is_plain_invoke, run_program, tell_plain_invokes
from .secrets_seen import soften_encrypted_settings, watch_secrets
from .shortcuts import cheap_stack_traces
from .symbolic import can_be_token, guard_applies, string_outputs
from .wire import TOKEN, Encoder


def run(request: dict[str, Any]) -> bytes:
    """Runs the program of `request`; the answer as JSON text in UTF-8."""
    places = Places(request["folder"])
    remarks: set[str] = set()
    sources = DataSources(
        lambda: _fixtures(request),
        region=request["config"].get("aws:region", ""),
        placeholder=request["placeholder"],
        remark=remarks.add,
    )
    symbolic = request["answers"] == "symbolic"
    monitor = Monitor(
        project=request["project"],
        stack=request["stack"],
        organization=request["organization"],
        config=request["config"],
        places=places,
        respond=_respond if symbolic else None,
        answer=sources.answer,
        stack_references=sources.stack_references,
        is_plain=is_plain_invoke,
    )
    monitor.remarks = remarks
    redactor = Redactor(lambda text: _stands_in(text, monitor, sources))
    for key in request["secret_keys"]:
        if request["config"].get(key) != request["placeholder"]:
            redactor.add(request["config"].get(key, ""))
    watch_secrets(redactor)
    redactor.add(request["placeholder"])
    soften_encrypted_settings(request["placeholder"])
    guard_applies(symbolic, request["placeholder"], lambda error: _note(error, monitor, places))
    tell_plain_invokes()
    cheap_stack_traces(places, monitor.sources)
    working_folder = _enter(request)
    error = run_program(
        request["main"],
        monitor,
        config=dict(request["config"]),
        secret_keys=list(request["secret_keys"]),
        root=request["folder"],
    )
    if isinstance(error, MemoryError):
        guard.release_reserve()
    if error is not None:
        _collect(monitor, redactor)
        return _clean({"error": failure.description(error, monitor, places)}, redactor)
    _collect(monitor, redactor)
    assets = Assets(
        request["folder"], working_folder, redactor.hides, lambda text: monitor.find("warning", text)
    )
    return _clean(_document(monitor, redactor, assets, request["stack"]), redactor)


def _stands_in(text: str, monitor: Monitor, sources: DataSources) -> bool:
    """Whether `text` is a token that this run made: of a resource of the program, or of an answer."""
    token = TOKEN.fullmatch(text)
    return text in sources.stand_ins or (token is not None and token[1] in monitor.resources)


def _enter(request: dict[str, Any]) -> str:
    """Puts the process where the language host would, and behind its limits; the working folder."""
    main = request["main"]
    folder = str(main if Path(main).is_dir() else Path(main).parent)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = [main]
    guard.leave_folder_clean(request["folder"])
    guard.limit_resources(request["memory_mib"])
    guard.refuse_network()
    # Where it hangs, if it does; written before the time is up and the process is ended.
    stream = Path(request["trace"]).open("w")  # noqa: SIM115 - open as long as the process
    faulthandler.dump_traceback_later(max(0.1, request["until"] - time.time() - 0.4), file=stream)
    return folder


def _respond(found: Record) -> tuple[str, dict[str, str]]:
    urn = found.urn
    if not can_be_token(urn):
        return "", {}
    inputs = found.inputs
    return f"${{{urn}#id}}", {
        name: f"${{{urn}#{name}}}" for name in string_outputs(found.type) if name not in inputs
    }


def _note(error: BaseException, monitor: Monitor, places: Places) -> None:
    monitor.remarks.add(
        "values that the program computes from outputs in ways that need the real value are taken as unknown"
    )
    place = places.of_traceback(error)
    monitor.find("warning", f"not computed before deployment: {failure.summary(error)}", source=place)


def _fixtures(request: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The shipped fixtures and the project's own."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = []
    for path in request["bundled"]:
        with Path(path).open(encoding="utf-8") as stream:
            documents.append(yaml.load(stream, loader) or {})  # noqa: S506 - a safe loader either way
    return documents, request["fixtures"]


def _collect(monitor: Monitor, redactor: Redactor) -> None:
    for found in monitor.resources.values():
        redactor.collect(found.inputs)
        redactor.collect(found.outputs)


def _document(monitor: Monitor, redactor: Redactor, assets: Assets, stack: str) -> dict[str, Any]:
    """The run as the JSON form of a graph, without regions: those take the whole graph."""
    encoder = Encoder(monitor.resources.__contains__, redactor.hides, assets.describe)
    rows, outputs = [], {}
    for found in monitor.resources.values():
        row: dict[str, Any] = {
            "urn": found.urn,
            "type": found.type,
            "name": found.name,
            "inputs": encoder.encode(found.inputs),
        }
        for name in ("parent", "provider", "source", "id", "dependencies", "property_dependencies"):
            if value := getattr(found, name):
                row[name] = value
        if not found.custom:
            row["custom"] = False
        if found.protect:
            row["protect"] = True
        if found.read:
            row["external"] = True
        if found.options:
            row["options"] = encoder.encode(found.options)
        if found.type == ROOT:
            outputs[stack] = encoder.encode(found.outputs)
        elif found.outputs and not found.custom:
            row["outputs"] = encoder.encode(found.outputs)
        rows.append(row)
    return {
        "error": None,
        "resources": rows,
        "outputs": outputs,
        "findings": monitor.findings,
        "assumptions": sorted(monitor.remarks),
    }


def _clean(answer: dict[str, Any], redactor: Redactor) -> bytes:
    """The answer as text, without any secret that slipped in: as a name, a key, part of a message."""
    text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    if redactor.hides(text):
        text = redactor(text)
    return text.encode("utf-8", "replace")
