"""A Terraform provider that is asked directly, over the protocol that Terraform itself speaks with it (version 5).

`PlannedResourceChange` is all that is asked: what the provider would do with a resource that has these values
and shall have those. Nothing is validated, read or made; the provider has no credentials, and every way out of
the machine is a proxy that is not there.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tools.replacements.packed import packed, unpacked

__all__ = ["Answer", "Provider", "Refused", "Stopped"]

# What a plugin is told so that it knows who starts it; it holds no secret.
_COOKIE = {"TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
_NOWHERE = "http://127.0.0.1:9"
_SECONDS = 20.0

_TEXT, _BYTES, _NUMBER, _MESSAGE = 9, 12, 3, 11
# The part of the protocol that is used: message -> field -> (number, kind, whether repeated or message type).
_MESSAGES: Mapping[str, Mapping[str, tuple[int, int, str]]] = {
    "Value": {"msgpack": (1, _BYTES, "")},
    "Step": {"attribute_name": (1, _TEXT, ""), "key": (2, _TEXT, ""), "index": (3, _NUMBER, "")},
    "Path": {"steps": (1, _MESSAGE, "*Step")},
    "Diagnostic": {"severity": (1, _NUMBER, ""), "summary": (2, _TEXT, ""), "detail": (3, _TEXT, "")},
    "Settings": {"terraform_version": (1, _TEXT, ""), "config": (2, _MESSAGE, "Value")},
    "Configured": {"diagnostics": (1, _MESSAGE, "*Diagnostic")},
    "Change": {
        "type_name": (1, _TEXT, ""),
        "prior_state": (2, _MESSAGE, "Value"),
        "proposed_new_state": (3, _MESSAGE, "Value"),
        "config": (4, _MESSAGE, "Value"),
    },
    "Planned": {
        "planned_state": (1, _MESSAGE, "Value"),
        "requires_replace": (2, _MESSAGE, "*Path"),
        "diagnostics": (4, _MESSAGE, "*Diagnostic"),
    },
}


class Refused(Exception):
    """The provider cannot plan this change; its own words."""


class Stopped(Exception):
    """The provider died of a question."""


@dataclass(frozen=True)
class Answer:
    """`paths` force another resource, as names without positions in lists; `values` are those planned."""

    paths: frozenset[tuple[str, ...]]
    values: Mapping[str, Any]


class Provider:
    """The running program. `settings` is the schema of its own configuration block."""

    def __init__(self, program: Path, settings: Mapping[str, Any]) -> None:
        self._messages = _messages()
        self._folder = tempfile.TemporaryDirectory(prefix="provider-")
        environment = {
            **_COOKIE,
            "PATH": os.environ.get("PATH", ""),
            "HOME": self._folder.name,
            "TMPDIR": self._folder.name,
            "PLUGIN_PROTOCOL_VERSIONS": "5",
            "HTTPS_PROXY": _NOWHERE,
            "HTTP_PROXY": _NOWHERE,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._process = subprocess.Popen(
            [str(program)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        # "1|5|unix|/tmp/plugin123|grpc|"
        parts = self._process.stdout.readline().strip().split("|")
        if len(parts) < 5:
            raise Stopped(f"{program} does not answer as a Terraform provider")
        self._channel = grpc.insecure_channel(f"{parts[2]}:{parts[3]}")
        self._checker = _Checker()
        values = dict.fromkeys(settings["attributes"]) | {
            name: [] for name in settings.get("block_types", {})
        }
        values |= {
            "region": "us-east-1", "access_key": "none", "secret_key": "none", "max_retries": 1,
            "skip_credentials_validation": True, "skip_requesting_account_id": True,
            "skip_metadata_api_check": "true", "skip_region_validation": True,
        }  # fmt: skip
        endpoints = settings["block_types"]["endpoints"]["block"]["attributes"]
        values["endpoints"] = [{**dict.fromkeys(endpoints), "sfn": self._checker.url}]
        request = self._messages["Settings"](
            terraform_version="1.11.0", config=self._messages["Value"](msgpack=packed(values))
        )
        self._check(self._call("Configure", request, "Configured").diagnostics)

    def __enter__(self) -> Provider:
        return self

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._checker.close()
        self._channel.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def plan(
        self,
        type: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any],
        written: Mapping[str, Any],
    ) -> Answer:
        """What it would do with a resource of `type` whose values are `before` (None: there is none) and shall
        be `after`, of which `written` stands in the program."""
        value = self._messages["Value"]
        request = self._messages["Change"](
            type_name=type,
            prior_state=value(msgpack=packed(before)),
            proposed_new_state=value(msgpack=packed(after)),
            config=value(msgpack=packed(written)),
        )
        answer = self._call("PlanResourceChange", request, "Planned")
        self._check(answer.diagnostics)
        paths = (
            tuple(step.attribute_name for step in path.steps if step.attribute_name)
            for path in answer.requires_replace
        )
        return Answer(frozenset(paths), unpacked(answer.planned_state.msgpack))

    def _call(self, method: str, request: Any, answer: str) -> Any:
        call = self._channel.unary_unary(
            f"/tfplugin5.Provider/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._messages[answer].FromString,
        )
        try:
            return call(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            raise Stopped(str(error.details())) from error

    def _check(self, diagnostics: Iterable[Any]) -> None:
        errors = [f"{it.summary}: {it.detail}" for it in diagnostics if it.severity == 1]
        if errors:
            raise Refused("; ".join(errors))


class _Checker:
    """Says yes to every definition of a state machine: Step Functions is asked about those while planning."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = b'{"result": "OK", "diagnostics": []}'
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _messages() -> dict[str, Any]:
    """The classes of the protocol's messages by name."""
    file = descriptor_pb2.FileDescriptorProto(name="provider.proto", package="asked", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, of) in fields.items():
            message.field.add(
                name=field,
                number=number,
                type=kind,
                label=3 if of.startswith("*") else 1,
                type_name=f".asked.{of.lstrip('*')}" if of else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"asked.{name}"))
        for name in _MESSAGES
    }
