"""The stand-in for `pulumi-resource-aws`, served to the engine.

It stands in because the true plugin cannot be built from public modules, and because a test must not need
an account. It behaves as the true one where a plan, a deployment or a teardown depends on it; what it
leaves out is said where it is left out (`check.py`: Terraform's own defaults).
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from . import cloud
from .check import checked
from .differences import difference
from .faults import Refused
from .imports import own_id
from .lookups import Lookups, NotKnown
from .observed import observed
from .outputs import previewed, updated
from .settings import NO_REGION, NotAllowed, Settings, decoded, settings_of
from .wire import from_struct, to_struct, without_nulls
from .world import World

VERSION = "7.51.1"


def answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turns refusals of the cloud into the errors of the protocol."""

    @functools.wraps(function)
    def answer(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return function(self, request)
        except cloud.Unready as unready:
            _partial(unready, context)
        except (Refused, NotAllowed, NotKnown) as refused:
            context.abort(grpc.StatusCode.UNKNOWN, str(refused))
        except Exception:  # noqa: BLE001 - a defect of the stand-in must be seen in the engine's output
            context.abort(grpc.StatusCode.INTERNAL, f"defect of the stand-in:\n{traceback.format_exc()}")
        return None

    return answer


def _partial(unready: cloud.Unready, context: grpc.ServicerContext) -> None:
    thing = unready.thing
    failed = provider_pb2.ErrorResourceInitFailed(
        id=thing.id,
        properties=to_struct(without_nulls(thing.properties)),
        inputs=to_struct(thing.inputs),
        reasons=[unready.reason],
    )
    detail = any_pb2.Any()
    detail.Pack(failed)
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message=unready.reason, details=[detail]
    )
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, unready.reason)


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider plugin: the engine starts one for each explicit provider, or shares it."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.settings = Settings("", "")
        self.lookups = Lookups(self.world)

    @answering
    def Handshake(self, request: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    @answering
    def Attach(self, request: Any) -> Any:
        return empty_pb2.Empty()

    @answering
    def GetPluginInfo(self, request: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    @answering
    def CheckConfig(self, request: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    @answering
    def DiffConfig(self, request: Any) -> Any:
        olds, news = (
            decoded(from_struct(item)) for item in (request.old_inputs or request.olds, request.news)
        )
        kinds = provider_pb2.DiffResponse
        changed = sorted(
            name for name in {*olds, *news} if olds.get(name) != news.get(name) and name != "version"
        )
        return kinds(changes=kinds.DIFF_SOME if changed else kinds.DIFF_NONE, diffs=changed)

    @answering
    def Configure(self, request: Any) -> Any:
        self.settings = settings_of(from_struct(request.args))
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @answering
    def Check(self, request: Any) -> Any:
        if not self.settings.region:
            raise Refused(NO_REGION)
        inputs, failures = checked(
            _token(request), request.name or request.urn.rpartition("::")[2], from_struct(request.news),
            from_struct(request.olds), self.settings, seed=request.randomSeed,
            autonaming=request.autonaming if request.HasField("autonaming") else None,
        )  # fmt: skip
        return provider_pb2.CheckResponse(
            inputs=to_struct(inputs),
            failures=[provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures],
        )

    @answering
    def Diff(self, request: Any) -> Any:
        found = difference(
            _token(request),
            from_struct(request.old_inputs),
            from_struct(request.news),
            list(request.ignoreChanges),
        )
        kinds = provider_pb2.DiffResponse
        return kinds(
            changes=kinds.DIFF_SOME if found.kinds else kinds.DIFF_NONE,
            diffs=found.properties,
            replaces=found.replaces,
            stables=found.stables,
            deleteBeforeReplace=found.delete_first,
            detailedDiff={
                path: provider_pb2.PropertyDiff(kind=kind, inputDiff=True)  # type: ignore[arg-type]
                for path, kind in found.kinds.items()
            },
            hasDetailedDiff=True,
        )

    @answering
    def Create(self, request: Any) -> Any:
        inputs = from_struct(request.properties)
        token = _token(request)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=to_struct(previewed(token, inputs)))
        name = request.name or request.urn.rpartition("::")[2]
        thing = cloud.create(self.world, self.settings, token, name, request.urn, inputs)
        return provider_pb2.CreateResponse(id=thing.id, properties=to_struct(thing.properties))

    @answering
    def Update(self, request: Any) -> Any:
        token = _token(request)
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        if request.preview:
            values = updated(token, from_struct(request.olds), olds, news, self.settings)
        else:
            values = cloud.update(self.world, self.settings, token, request.id, olds, news).properties
        return provider_pb2.UpdateResponse(properties=to_struct(values))

    @answering
    def Read(self, request: Any) -> Any:
        state, inputs = from_struct(request.properties), from_struct(request.inputs)
        token = _token(request)
        id, _, region = request.id.partition("@") if not state else (request.id, "", "")
        # Without a state it is an import, and its id is the one that a person knows it by.
        id = id if state else own_id(self.world, token, id, region or self.settings.region)
        thing = cloud.read(
            self.world, self.settings, token, id, {**state, "region": region} if region else state
        )
        if thing is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=thing.id,
            properties=to_struct(without_nulls(thing.properties)),
            inputs=to_struct(observed(thing, inputs, state)),
        )

    @answering
    def Delete(self, request: Any) -> Any:
        state = {**from_struct(request.properties), **from_struct(request.old_inputs)}
        cloud.delete(self.world, self.settings, _token(request), request.id, state)
        return empty_pb2.Empty()

    @answering
    def Invoke(self, request: Any) -> Any:
        answer, failures = self.lookups.answer(request.tok, from_struct(request.args), self.settings)
        response = provider_pb2.InvokeResponse(
            failures=[provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures]
        )
        getattr(response, "return").update(answer)
        return response

    @answering
    def Cancel(self, request: Any) -> Any:
        return empty_pb2.Empty()


def _token(request: Any) -> str:
    """The type of the request's resource: the last of those that its URN nests."""
    return str(request.type or request.urn.split("::")[2].rpartition("$")[2])
