"""Anybody's CrossGuard pack in Python over a graph, in a child process with the pack's own interpreter.

This process imports neither Pulumi nor the pack. The child gets a small environment without anybody's
credentials, a home of its own, and a time limit.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from plan.graph import Graph, Resource
from plan.values import Asset, Reference, ResourceRef, Secret, Unknown, Value
from policies.report import Report, Undetermined, Violation, sorted_report
from policies.rule import Level, Rule, Severity
from problems import InputError, Missing, Problem

__all__ = ["run_pack"]

UNDONE = "nothing was checked"
_CHILD = Path(__file__).with_name("foreign_child.py")
_KEPT = ("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH")
_OUTPUT_SHOWN = 2000
# How the SDK writes values that only deployment decides; policies that touch one raise by themselves.
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SEVERITIES: tuple[Severity, ...] = ("medium", "low", "medium", "high", "critical")
"""Severities by the protocol's numbers; a pack that gives none counts as medium."""


def run_pack(
    folder: Path | str,
    graph: Graph,
    *,
    config: Mapping[str, Any] | None = None,
    timeout: float = 120.0,
    protocol: bool = False,
) -> Report:
    """What the pack in `folder` says of `graph`; rules are called `<pack>/<policy>`.

    `config` is a policy pack's configuration by policy name, as in `--policy-pack-config`; `timeout` is in
    seconds; `protocol` asks over gRPC as the engine does, instead of in process. Secrets and outputs of
    resources reach the pack as unknown: what touches them is undetermined.

    Raises `InputError` when the folder is no pack, or the pack fails or hangs, and `Missing` when the
    pack's interpreter lacks the policy SDK.
    """
    pack = Path(folder).resolve()
    python = _interpreter(pack)
    with tempfile.TemporaryDirectory(prefix="tradewind-") as home:
        answer = Path(home) / "answer.json"
        request = {
            "pack": str(pack),
            "answer": str(answer),
            "config": dict(config or {}),
            "protocol": protocol,
            "resources": [_row(resource) for resource in graph if not resource.external],
        }
        output = _ask(python, request, home=home, timeout=timeout)
        if not answer.exists():
            raise _wrong(
                str(pack),
                output[-_OUTPUT_SHOWN:] or "no answer",
                "the pack ended the process",
                "mend the pack",
            )
        document = json.loads(answer.read_text(encoding="utf-8"))
    _refuse_failure(document, pack, python)
    return _report(document, graph)


def _interpreter(pack: Path) -> Path:
    """The Python of the virtual environment that `PulumiPolicy.yaml` names, else the current one."""
    file = pack / "PulumiPolicy.yaml"
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(
            str(pack),
            "no PulumiPolicy.yaml",
            "a pack's folder has one",
            "name the folder of a CrossGuard pack",
        ) from error
    except yaml.YAMLError as error:
        raise _wrong(str(file), str(error), "it is not YAML", "mend the syntax") from error
    runtime = settings.get("runtime") if isinstance(settings, dict) else None
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise _wrong(
            str(file),
            f"runtime {name}",
            "only packs in Python can be run here",
            "run it with `pulumi preview --policy-pack`",
        )
    if not (pack / "__main__.py").is_file():
        raise _wrong(
            str(pack),
            "no __main__.py",
            "a pack in Python begins there",
            "name the folder of a CrossGuard pack",
        )
    options = runtime.get("options") if isinstance(runtime, dict) else None
    named = options.get("virtualenv") if isinstance(options, dict) else None
    if not isinstance(named, str):
        return Path(sys.executable)
    python = pack / named / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        raise Missing(
            f"{pack.name}: the virtual environment {named} is not there; make it with `python -m venv {named}` in the pack's folder and install its requirements"
        )
    return python


def _ask(python: Path, request: dict[str, Any], *, home: str, timeout: float) -> str:
    """Run the child to its end and return what it printed. Raises `InputError` at the time limit."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    with subprocess.Popen(
        [str(python), "-s", "-u", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**kept, "HOME": home, "TMPDIR": home, "PYTHONIOENCODING": "utf-8", "GRPC_VERBOSITY": "NONE"},
        start_new_session=True,
    ) as child:
        try:
            output, _ = child.communicate(json.dumps(request).encode(), timeout=timeout)
        except subprocess.TimeoutExpired as error:
            place = request["pack"]
            raise _wrong(
                place,
                f"no end after {timeout:g} s",
                "the pack hangs, or the plan is large",
                "raise the time limit, or mend the pack",
            ) from error
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
    return output.decode(errors="replace")


def _refuse_failure(document: dict[str, Any], pack: Path, python: Path) -> None:
    if document.get("missing") in ("pulumi_policy", "pulumi", "grpc"):
        raise Missing(
            f"{pack.name}: {document['missing']} is not installed for {python.name}; `pip install pulumi-policy` in the pack's environment"
        )
    if "error" in document:
        raise _wrong(
            document["where"],
            document["error"],
            "the pack failed",
            "mend the pack, or install what it imports",
        )


def _report(document: dict[str, Any], graph: Graph) -> Report:
    name = document["name"]
    levels = {row["name"]: row["level"] for row in document["policies"]}
    violations: list[Violation] = []
    unseen: list[Undetermined] = []
    for row in document["diagnostics"]:
        rule, urn = f"{name}/{row['policy']}", row["urn"]
        resource = graph.get(urn)
        source = resource.source if resource else ""
        level: Level = "advisory" if row["level"] == "advisory" else "mandatory"
        if "during preview: " in row["message"] and "can't run policy" in row["message"]:
            own: Level = "advisory" if levels.get(row["policy"]) == "advisory" else "mandatory"
            why = row["message"].partition("during preview: ")[2]
            unseen.append(
                Undetermined(rule, own, urn, f"{resource.name if resource else name}: {why}", source)
            )
        else:
            text = row["message"].removeprefix(row["description"]).strip() or row["description"]
            message = f"{resource.name}: {text}" if resource else text
            violations.append(
                Violation(rule, _SEVERITIES[row["severity"]], level, urn, message, row["description"], source)
            )
    count = sum(resource.is_managed for resource in graph)
    return sorted_report(Report(tuple(violations), (), tuple(unseen), (), _rules(document), count))


def _rules(document: dict[str, Any]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            id=f"{document['name']}/{row['name']}",
            types=frozenset(),
            severity="medium",
            level="advisory" if row["level"] == "advisory" else "mandatory",
            rationale=row["description"],
            fix=row["description"],
            evaluate=lambda _view: (),
        )
        for row in document["policies"]
        if row["level"] != "disabled"
    )


def _row(resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "inputs": {key: _wire(value) for key, value in resource.inputs.items()},
        "parent": resource.parent,
        "provider": resource.provider,
        "protect": resource.protect,
        "dependencies": list(resource.dependencies),
        "property_dependencies": {key: list(urns) for key, urns in resource.property_dependencies.items()},
    }


def _wire(value: Value) -> Any:
    """A value as the protocol writes it. A template goes as text: documents can be read, tokens and all."""
    if isinstance(value, Unknown | Secret | Reference | ResourceRef):
        return _UNKNOWN
    if isinstance(value, Asset):
        kind = (
            "0def7320c3a5731c473e5ecbe6d01bc7"
            if value.kind == "archive"
            else "c44067f5952c0a294b673a41bacd8c17"
        )
        return {"4dabf18193072939515e22adb298388d": kind, "path": value.where}
    if isinstance(value, Mapping):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _wrong(place: str, got: str, but: str, fix: str) -> InputError:
    return InputError([Problem(place, "", got, but, fix)], UNDONE)
