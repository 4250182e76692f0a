"""Calls the provider as the engine does, for tests without an engine: plain values in and out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from .serve import start
from .wire import from_struct, to_struct
from .world import World


@dataclass
class Client:
    """One configured provider over the world in `folder`."""

    stub: Any
    world: World
    server: grpc.Server

    @staticmethod
    def over(folder: Path, **settings: Any) -> Client:
        """A provider of its own with these settings; `region` is us-east-1 unless said."""
        server, port = start(folder)
        client = Client(
            provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}")),
            World(folder),
            server,
        )
        given = {"region": "us-east-1", **settings}
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in given.items()
            if value
        }
        client.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(texts)))
        return client

    def stop(self) -> None:
        self.server.stop(None)

    @staticmethod
    def urn(token: str, name: str) -> str:
        return f"urn:pulumi:dev::test::{token}::{name}"

    def check(
        self,
        token: str,
        name: str,
        news: dict[str, Any],
        olds: dict[str, Any] | None = None,
        seed: bytes = b"1",
        **options: Any,
    ) -> dict[str, Any]:
        """The checked inputs; raises `AssertionError` with the failures."""
        answer = self.check_answer(token, name, news, olds, seed, **options)
        assert not answer.failures, [(failure.property, failure.reason) for failure in answer.failures]
        return from_struct(answer.inputs)

    def check_answer(
        self,
        token: str,
        name: str,
        news: dict[str, Any],
        olds: dict[str, Any] | None = None,
        seed: bytes = b"1",
        **options: Any,
    ) -> Any:
        autonaming = provider_pb2.CheckRequest.AutonamingOptions(**options) if options else None
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=self.urn(token, name), name=name, type=token, olds=to_struct(olds or {}), news=to_struct(news),
                randomSeed=seed, autonaming=autonaming,
            )
        )  # fmt: skip

    def diff(
        self, token: str, olds: dict[str, Any], news: dict[str, Any], ignore: list[str] | None = None
    ) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=self.urn(token, "x"), type=token, id="x", old_inputs=to_struct(olds), olds=to_struct(olds),
                news=to_struct(news), ignoreChanges=ignore or [],
            )
        )  # fmt: skip

    def create(
        self, token: str, name: str = "x", inputs: dict[str, Any] | None = None, *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """Check, then create: id and outputs."""
        checked = self.check(token, name, inputs or {}, seed=name.encode())
        answer = self.stub.Create(
            provider_pb2.CreateRequest(
                urn=self.urn(token, name),
                name=name,
                type=token,
                properties=to_struct(checked),
                preview=preview,
            )
        )
        return answer.id, from_struct(answer.properties)

    def update(
        self, token: str, id: str, olds: dict[str, Any], news: dict[str, Any], state: dict[str, Any]
    ) -> dict[str, Any]:
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=self.urn(token, "x"),
                type=token,
                id=id,
                olds=to_struct(state),
                old_inputs=to_struct(olds),
                news=to_struct(news),
            )
        )
        return from_struct(answer.properties)

    def read(
        self, token: str, id: str, state: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id ("" when it is gone), outputs and inputs."""
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                urn=self.urn(token, "x"),
                type=token,
                id=id,
                properties=to_struct(state or {}),
                inputs=to_struct(inputs or {}),
            )
        )
        return answer.id, from_struct(answer.properties), from_struct(answer.inputs)

    def delete(self, token: str, id: str, state: dict[str, Any] | None = None) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                urn=self.urn(token, "x"), type=token, id=id, properties=to_struct(state or {})
            )
        )

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)))
        assert not answer.failures, [failure.reason for failure in answer.failures]
        return from_struct(getattr(answer, "return"))


def partial_state(error: grpc.RpcError) -> Any:
    """The `ErrorResourceInitFailed` inside of an error, None when there is none."""
    for name, value in error.trailing_metadata() or ():  # type: ignore[attr-defined]
        if name == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            found = provider_pb2.ErrorResourceInitFailed()
            if status.details and status.details[0].Unpack(found):
                return found
    return None
