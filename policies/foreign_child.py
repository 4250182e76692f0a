"""Runs one CrossGuard pack over resources: the half of `policies.foreign` inside the pack's interpreter.

Started by path, so that it needs nothing but the standard library and what the pack itself needs. It reads
one JSON request from standard input and writes one JSON answer to the file that the request names.

The pack's `PolicyPack(...)` would serve for ever; it is recorded instead, and the SDK's own servicer is asked
in process. Where that private class is missing, the pack is served and asked over the supported protocol.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LEVELS = ("advisory", "mandatory", "disabled", "remediate")
MESSAGE_LIMIT = 400 * 1024 * 1024


def main() -> None:
    request = json.load(sys.stdin)
    # This file's own folder came first on the path; the pack's does instead, as under the engine.
    sys.path[0] = request["pack"]
    os.chdir(request["pack"])
    try:
        answer = _evaluated(request)
    except BaseException as error:  # noqa: BLE001 - a pack may raise anything, SystemExit too: it is all reported
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if request["pack"] in frame.filename
        ]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else request["pack"]
        answer = {"error": f"{type(error).__name__}: {error}", "where": where, "missing": _missing(error)}
    partial = Path(request["answer"] + ".part")
    partial.write_text(json.dumps(answer), encoding="utf-8")
    partial.rename(request["answer"])
    os._exit(0)


def _missing(error: BaseException) -> str:
    return str(error.name or "") if isinstance(error, ModuleNotFoundError) else ""


def _evaluated(request: dict[str, Any]) -> dict[str, Any]:
    import pulumi_policy  # noqa: F401 - its absence is told apart from a pack's own failure

    with contextlib.ExitStack() as stack:
        servicer = stack.enter_context(_in_process(request))
        return _asked(servicer, request)


@contextlib.contextmanager
def _in_process(request: dict[str, Any]) -> Iterator[Any]:
    from pulumi_policy import policy as sdk

    servicer_class = getattr(sdk, "_PolicyAnalyzerServicer", None)
    if servicer_class is None or request.get("protocol"):
        with _served(request["pack"]) as stub:
            yield stub
        return
    packs = _recorded(request["pack"], sdk)
    if not packs:
        raise RuntimeError("the pack's __main__.py constructs no PolicyPack")
    name, policies, level, config = packs[0]
    yield _Direct(servicer_class(name, "0.0.1", policies, level or sdk.EnforcementLevel.ADVISORY, config))


class _Direct:
    """A servicer called as if it were a stub: without the second argument, the call's context."""

    def __init__(self, servicer: Any) -> None:
        self._servicer = servicer

    def __getattr__(self, method: str) -> Any:
        return lambda message: getattr(self._servicer, method)(message, None)


def _recorded(pack: str, sdk: Any) -> list[tuple[Any, Any, Any, Any]]:
    import pulumi_policy

    packs: list[tuple[Any, Any, Any, Any]] = []

    class PolicyPack:
        """Stands for the SDK's class while the pack's `__main__` runs, with the same first arguments."""

        def __init__(
            self,
            name: str,
            policies: Any,
            enforcement_level: Any = None,
            initial_config: Any = None,
            *_: Any,
            **__: Any,
        ) -> None:
            packs.append((name, policies, enforcement_level, initial_config))

    pulumi_policy.PolicyPack = sdk.PolicyPack = PolicyPack
    runpy.run_path(str(Path(pack) / "__main__.py"), run_name="__main__")
    return packs


@contextlib.contextmanager
def _served(pack: str) -> Iterator[Any]:
    """The pack as the engine starts it, and a client of the port that it prints."""
    from pulumi.runtime.proto import analyzer_pb2_grpc

    grpc: Any = importlib.import_module("grpc")

    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", pack]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=pack)
    try:
        assert process.stdout is not None
        # A pack may print before it serves; the port is the first line that is a number.
        lines = iter(process.stdout.readline, b"")
        line = next((line for line in lines if line.strip().isdigit()), None)
        if line is None:
            raise RuntimeError("the pack ended before it served")
        options = [
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.max_send_message_length", MESSAGE_LIMIT),
        ]
        with grpc.insecure_channel(f"127.0.0.1:{int(line)}", options=options) as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.terminate()
        process.wait()


def _asked(analyzer: Any, request: dict[str, Any]) -> dict[str, Any]:
    from pulumi.runtime.proto import analyzer_pb2 as messages

    empty_pb2: Any = importlib.import_module("google.protobuf.empty_pb2")
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    config = _config(request["config"], info)
    analyzer.Configure(messages.ConfigureAnalyzerRequest(policyConfig=config))
    table = {row["urn"]: row for row in request["resources"]}
    found: list[dict[str, Any]] = []
    for row in request["resources"]:
        if row["type"].startswith("pulumi:providers:"):
            continue
        given = messages.AnalyzeRequest(
            type=row["type"], properties=_struct(row["inputs"]), urn=row["urn"], name=row["name"],
            options=_options(row), provider=_provider(row, table),
        )  # fmt: skip
        found += [_diagnostic(one, row["urn"]) for one in analyzer.Analyze(given).diagnostics]
    whole = messages.AnalyzeStackRequest(
        resources=[_stack_resource(row, table) for row in request["resources"]]
    )
    found += [_diagnostic(one, "") for one in analyzer.AnalyzeStack(whole).diagnostics]
    policies = [
        {"name": one.name, "description": one.description, "level": LEVELS[one.enforcementLevel]}
        for one in info.policies
    ]
    return {"name": info.name, "policies": policies, "diagnostics": found}


def _config(given: Mapping[str, Any], info: Any) -> dict[str, Any]:
    """The configuration per policy, with the level of each as it would be: given, for `all`, or its own."""
    messages: Any = importlib.import_module("pulumi.runtime.proto.analyzer_pb2")

    config: dict[str, Any] = {}
    initial = dict(info.initialConfig)
    for policy in info.policies:
        row = given.get(policy.name, given.get("all"))
        settings = {"enforcementLevel": row} if isinstance(row, str) else dict(row or {})
        level = settings.pop("enforcementLevel", None)
        number = LEVELS.index(level) if level in LEVELS else policy.enforcementLevel
        if policy.name in initial and not row:
            config[policy.name] = initial[policy.name]
        else:
            config[policy.name] = messages.PolicyConfig(enforcementLevel=number, properties=_struct(settings))
    return config


def _struct(values: Mapping[str, Any]) -> Any:
    struct_pb2: Any = importlib.import_module("google.protobuf.struct_pb2")
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def _options(row: Mapping[str, Any]) -> Any:
    from pulumi.runtime.proto import analyzer_pb2 as messages

    return messages.AnalyzerResourceOptions(protect=row["protect"], parent=row["parent"])


def _provider(row: Mapping[str, Any], table: Mapping[str, Any]) -> Any:
    from pulumi.runtime.proto import analyzer_pb2 as messages

    found = table.get(row["provider"])
    if found is None:
        return None
    return messages.AnalyzerProviderResource(
        type=found["type"], properties=_struct(found["inputs"]), urn=found["urn"], name=found["name"]
    )


def _stack_resource(row: Mapping[str, Any], table: Mapping[str, Any]) -> Any:
    from pulumi.runtime.proto import analyzer_pb2 as messages

    return messages.AnalyzerResource(
        type=row["type"], properties=_struct(row["inputs"]), urn=row["urn"], name=row["name"],
        options=_options(row), provider=_provider(row, table), parent=row["parent"],
        dependencies=row["dependencies"],
        propertyDependencies={
            key: messages.AnalyzerPropertyDependencies(urns=urns) for key, urns in row["property_dependencies"].items()
        },
    )  # fmt: skip


def _diagnostic(one: Any, urn: str) -> dict[str, Any]:
    return {
        "policy": one.policyName,
        "urn": one.urn or urn,
        "message": one.message,
        "description": one.description,
        "level": LEVELS[one.enforcementLevel],
        "severity": getattr(one, "severity", 0),
    }


if __name__ == "__main__":
    main()
