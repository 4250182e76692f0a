"""The provider behind `pulumi-resource-kubernetes` in tests: the engine's calls, turned into plain ones.

It stands in for pulumi-kubernetes, whose module cannot be had. What it does with objects is in `objects`,
with releases in `helm`. Remote components (`yaml/v2`, `helm.sh/v4:Chart`, `kustomize/v2`) are refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import metadata
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine.kubernetes import helm, manifests, naming
from tests.engine.kubernetes.api import Api, Refused, Unreachable
from tests.engine.kubernetes.connection import api_of, kubeconfig_of, namespace_of, server_of
from tests.engine.kubernetes.objects import Change, Failed, Objects
from tests.engine.kubernetes.values import UNKNOWN, decode, encode, has_unknown, plain

KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
"""The engine's word for a change, by what it is and whether it replaces."""


def told(call: Callable[..., Any]) -> Callable[..., Any]:
    """What `call` can't do reaches the engine as one sentence, without a traceback."""

    @functools.wraps(call)
    def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return call(self, request, context)
        except (Failed, Refused) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Unreachable as error:
            context.abort(grpc.StatusCode.UNKNOWN, f"configured Kubernetes cluster is unreachable: {error}")
        raise AssertionError("abort raises")

    return answer


class Kubernetes(provider_pb2_grpc.ResourceProviderServicer):
    """One provider resource of a program, or its default provider."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.api: Api | None = None
        self.namespace = "default"

    @property
    def objects(self) -> Objects:
        return Objects(self.api, self.settings, self.namespace)

    @property
    def releases(self) -> helm.Releases:
        return helm.Releases(self.api, self.namespace)

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False
        )

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi_kubernetes"))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another cluster replaces everything in it; a `clusterIdentifier` decides alone what is another."""
        old, new = plain(decode(request.olds)), plain(decode(request.news))
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        if not changed:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        named = new.get("clusterIdentifier")
        if "clusterIdentifier" in changed:
            replaces = ["clusterIdentifier"]
        elif named and named != UNKNOWN:
            replaces = []
        else:
            which = [key for key in changed if key in ("kubeconfig", "context", "cluster")]
            replaces = which if has_unknown(new) or _server(old) != _server(new) else []
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=changed, replaces=replaces
        )

    def Configure(self, request: Any, context: Any) -> Any:
        self.settings = plain(decode(request.args))
        self.api = api_of(self.settings)
        self.namespace = namespace_of(self.settings)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    @told
    def Check(self, request: Any, context: Any) -> Any:
        olds, news = decode(request.olds), decode(request.news)
        if naming.type_of(request.urn) == helm.TYPE:
            checked = self.releases.check(request.urn, olds, news)
        else:
            proposed = request.autonaming.proposed_name
            checked = self.objects.check(request.urn, olds, news, request.randomSeed, proposed)
        return provider_pb2.CheckResponse(inputs=encode(checked))

    @told
    def Diff(self, request: Any, context: Any) -> Any:
        state, old, new = decode(request.olds), decode(request.old_inputs), decode(request.news)
        if naming.type_of(request.urn) == helm.TYPE:
            change = self.releases.diff(state, old, new)
        else:
            change = self.objects.diff(request.urn, state, old, new)
        return _answer(change, tuple(request.ignoreChanges))

    @told
    def Create(self, request: Any, context: Any) -> Any:
        inputs = decode(request.properties)
        if naming.type_of(request.urn) == helm.TYPE:
            identity, state = self.releases.create(inputs, preview=request.preview)
        else:
            identity, state = self.objects.create(request.urn, inputs, preview=request.preview)
        return provider_pb2.CreateResponse(id=identity, properties=encode(state))

    @told
    def Read(self, request: Any, context: Any) -> Any:
        inputs, state = decode(request.inputs), decode(request.properties)
        if naming.type_of(request.urn) == helm.TYPE:
            found = self.releases.read(request.id, inputs, state)
        else:
            found = self.objects.read(request.id, inputs, state, naming.type_of(request.urn))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, inputs=encode(found[0]), properties=encode(found[1]))

    @told
    def Update(self, request: Any, context: Any) -> Any:
        state, news = decode(request.olds), decode(request.news)
        if naming.type_of(request.urn) == helm.TYPE:
            done = self.releases.update(state, news, preview=request.preview)
        else:
            done = self.objects.update(request.urn, state, news, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=encode(done))

    @told
    def Delete(self, request: Any, context: Any) -> Any:
        if naming.type_of(request.urn) == helm.TYPE:
            self.releases.delete(request.id)
        else:
            self.objects.delete(request.urn, request.id, decode(request.properties), request.timeout)
        return empty_pb2.Empty()

    @told
    def Invoke(self, request: Any, context: Any) -> Any:
        if request.tok != manifests.DECODE:
            raise Failed(f"{request.tok} needs what is not here; manifests are decoded only")
        arguments = plain(decode(request.args))
        found = manifests.decode(arguments["text"], arguments.get("defaultNamespace", ""), self.api)
        return provider_pb2.InvokeResponse(**{"return": encode({"result": found})})

    @told
    def Construct(self, request: Any, context: Any) -> Any:
        raise Failed(f"{request.type} is a remote component, which this stand-in does not have")

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def _server(settings: dict[str, Any]) -> str:
    return server_of(kubeconfig_of(settings), str(settings.get("context") or ""))


def _answer(change: Change, ignored: tuple[str, ...]) -> Any:
    places = {
        path: how
        for path, how in change.places.items()
        if not any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)
    }
    detailed = {
        path: provider_pb2.PropertyDiff(kind=KINDS[how, path in change.replacing], inputDiff=how == "delete")
        for path, how in places.items()
    }
    response = provider_pb2.DiffResponse
    replaces = sorted(change.replacing & places.keys())
    return response(
        changes=response.DIFF_SOME if places else response.DIFF_NONE,
        replaces=replaces,
        diffs=sorted(places),
        deleteBeforeReplace=change.delete_first and bool(replaces),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
