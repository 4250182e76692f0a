"""The engine's side of a run: takes the program's registrations and answers as a preview would.

An object with the methods of the SDK's `ResourceMonitorStub`; the SDK calls it in process. It follows the
engine's rules for URNs, default providers, transforms and aliases, for a stack that does not exist yet.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]  # stubs are a package of their own
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto import resource_pb2 as rp

from . import documents, kubernetes, nested, outputs, transforms
from .options import options_of
from .places import Places
from .records import Record
from .typecheck import ILL_TYPED, check_inputs
from .wire import UNKNOWN, has_unknowns, plain_struct, unwrapped

ROOT = "pulumi:pulumi:Stack"
OWN_FRAME = "program:"
"""Before a place that was found already: see `runtime.cheap_stack_traces`."""
STACK_REFERENCE = "pulumi:pulumi:StackReference"

_FEATURES = {
    "SECRETS": "secrets", "RESOURCE_REFERENCES": "resourceReferences", "OUTPUT_VALUES": "outputValues",
    "ALIAS_SPECS": "aliasSpecs", "REPLACEMENT_TRIGGER": "replacementTrigger", "DELETED_WITH": "deletedWith",
    "REPLACE_WITH": "replaceWith", "TRANSFORMS": "transforms", "INVOKE_TRANSFORMS": "invokeTransforms",
    "PARAMETERIZATION": "parameterization", "RESOURCE_HOOKS": "resourceHooks", "ERROR_HOOKS": "errorHooks",
    "INVOKE_DEPENDS_ON": "invokeDependsOn",
}  # fmt: skip

_EMPTY = empty_pb2.Empty()
_InvokeResponse: Any = getattr(rp, "ResourceInvokeResponse", None) or provider_pb2.InvokeResponse
_CallResponse: Any = getattr(rp, "CallResponse", None) or provider_pb2.CallResponse

Respond = Callable[[Record], "tuple[str, dict[str, Any]]"]
"""The id and further outputs of a resource that the program may know."""

Answer = Callable[[str, "dict[str, Any]", "dict[str, Any]", bool], "dict[str, Any] | None"]
"""(token, arguments, provider inputs, plain form) to the answer of a data source; None is unknown."""


class DuplicateUrn(Exception):
    """Two resources of one type, name and parent."""

    def __init__(self, urn: str, first: str, second: str) -> None:
        super().__init__(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        self.urn, self.first, self.second = urn, first, second


class Monitor:
    """Collects `resources` by URN in order of registration, `findings` and `remarks` (assumptions)."""

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        organization: str,
        config: dict[str, str],
        places: Places,
        respond: Respond | None,
        answer: Answer,
        stack_references: Callable[[], dict[str, Any]],
        is_plain: Callable[[], bool],
    ) -> None:
        self.project, self.stack, self.organization, self.config = project, stack, organization, config
        self.places, self.respond, self.answer, self.is_plain = places, respond, answer, is_plain
        self.stack_references = stack_references
        self.resources: dict[str, Record] = {}
        self.findings: list[dict[str, str]] = []
        self.remarks: set[str] = set()
        self.missing: list[dict[str, Any]] = []
        self.sources: dict[tuple[str, str], str] = {}
        self.run_callback: Callable[[str, bytes], Awaitable[bytes]] | None = None
        self._packages: list[Any] = []
        self._transforms: dict[str, list[Any]] = {}
        self._invoke_transforms: list[Any] = []

    # What the SDK asks before and besides resources.

    def GetDeploymentInfo(self, request: Any) -> Any:
        kinds = rp.ResourceMonitorFeature.DESCRIPTOR.values
        known = [kind.number for kind in kinds if kind.name[len("RESOURCE_MONITOR_FEATURE_") :] in _FEATURES]
        return rp.DeploymentInfo(
            project=self.project,
            stack=self.stack,
            organization=self.organization,
            dryRun=True,
            supportedFeatures=known,
        )

    def SupportsFeature(self, request: Any) -> Any:
        return rp.SupportsFeatureResponse(hasSupport=request.id in _FEATURES.values())

    def RegisterPackage(self, request: Any) -> Any:
        self._packages.append(request)
        return rp.RegisterPackageResponse(ref=f"package-{len(self._packages) - 1}")

    def RegisterStackTransform(self, request: Any) -> Any:
        self._transforms.setdefault("", []).append(request)
        return _EMPTY

    def RegisterStackInvokeTransform(self, request: Any) -> Any:
        self._invoke_transforms.append(request)
        return _EMPTY

    def RegisterResourceHook(self, request: Any) -> Any:
        return _EMPTY

    RegisterErrorHook = SignalAndWaitForShutdown = RegisterResourceHook

    def Log(self, request: Any) -> Any:
        """The engine's log: warnings and errors become findings."""
        if request.severity >= 2:
            message = request.message if request.severity == 2 else f"error: {request.message}"
            self.find("warning", message, urn=request.urn, source=self.places.here())
        return _EMPTY

    def GetRootResource(self, request: Any) -> Any:
        raise NotImplementedError

    def RequirePulumiVersion(self, request: Any) -> Any:
        from pulumi.runtime.proto import engine_pb2

        return engine_pb2.RequirePulumiVersionResponse()

    def find(self, kind: str, message: str, *, urn: str = "", path: str = "", source: str = "") -> None:
        found = {"kind": kind, "message": message.strip(), "urn": urn, "path": path, "source": source}
        if found not in self.findings[-50:]:
            self.findings.append(found)

    # Registration.

    def urn(self, parent: str, type: str, name: str) -> str:
        above = parent.split("::", 3)[2] if parent else ""
        qualified = type if above in ("", ROOT) else f"{above}${type}"
        return f"urn:pulumi:{self.stack}::{self.project}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        callbacks = self._callbacks(request)
        # A coroutine is awaited on the program's loop; pumping the loop from here would nest too deep.
        return self._transformed(request, callbacks) if callbacks else self._register(request)

    def _callbacks(self, request: Any) -> list[Any]:
        """Transforms in the engine's order: the resource's own, its parents' upwards, the stack's."""
        if not self._transforms and not request.transforms:
            return []
        callbacks, above = list(request.transforms), request.parent
        while above:
            callbacks += self._transforms.get(above, [])
            above = self.resources[above].parent if above in self.resources else ""
        return callbacks + self._transforms.get("", [])

    async def _transformed(self, request: Any, callbacks: list[Any]) -> Any:
        assert self.run_callback is not None
        for callback in callbacks:
            transforms.apply(request, await self.run_callback(callback.token, transforms.request_of(request)))
        return self._register(request)

    def _register(self, request: Any) -> Any:
        urn = self.urn(request.parent, request.type, request.name)
        source = self._source(request)
        if urn in self.resources:
            raise DuplicateUrn(urn, self.resources[urn].source, source)
        found = Record(
            urn,
            request.type,
            request.name,
            inputs=plain_struct(request.object),
            custom=request.custom,
            parent=request.parent,
            provider=self._provider(request),
            dependencies=sorted(request.dependencies),
            property_dependencies={
                key: sorted(deps.urns)
                for key, deps in sorted(request.propertyDependencies.items())
                if deps.urns
            },
            protect=request.protect,
            options=options_of(request, self.urn),
            source=source,
            remote=request.remote,
        )
        if found.is_provider and request.version:
            found.inputs["version"] = request.version
        self.resources[urn] = found
        if request.transforms:
            self._transforms[urn] = list(request.transforms)
        if request.remote:
            self.remarks.add(
                f"{request.type} {request.name} is expanded by a plugin: what it makes is not in this plan"
            )
        return self._answer(request, found) if request.custom else rp.RegisterResourceResponse(urn=urn)

    def _answer(self, request: Any, found: Record) -> Any:
        """What a preview answers: the inputs are known, and whatever `respond` makes known besides."""
        if found.is_provider:
            return rp.RegisterResourceResponse(urn=found.urn, id=UNKNOWN, object=request.object)
        if self._checked(found):
            request.object.Clear()
            request.object.update(found.inputs)
        problems = check_inputs(found.type, found.inputs)
        for path, kind, message in problems:
            self.find(kind, message, urn=found.urn, path=path, source=found.source)
        if any(kind in ILL_TYPED for _, kind, _ in problems):
            # The SDK would stop at an assertion when it reads them back.
            return rp.RegisterResourceResponse(urn=found.urn, id="")
        answer = rp.RegisterResourceResponse(urn=found.urn, object=request.object)
        provider = self.resources.get(found.provider)
        outputs.add_region(found.type, provider.inputs if provider else {}, answer.object)
        if self.respond:
            answer.id, known = self.respond(found)
            target = answer.object.fields
            for key, text in known.items():
                if key not in target:
                    target[key].string_value = text
        if not found.type.startswith("kubernetes:"):  # there, what is left out stays out
            nested.add_made(found.type, found.urn if answer.id else "", answer.object)
        outputs.hide(found.type, request.additionalSecretOutputs, answer.object)
        return answer

    def _checked(self, found: Record) -> bool:
        """Does to the inputs what the provider's Check does, where programs notice; whether it did."""
        if not found.type.startswith("kubernetes:"):
            return documents.written_out(found.type, found.inputs)
        provider = self.resources.get(found.provider)
        return kubernetes.checked(
            found.type, found.name, found.urn, found.inputs, provider.inputs if provider else {}
        )

    def _source(self, request: Any) -> str:
        for frame in getattr(getattr(request, "stackTrace", None), "frames", ()):
            if frame.pc.uri.startswith(OWN_FRAME):
                return str(frame.pc.uri[len(OWN_FRAME) :])
            if name := self.places.relative(re.sub("^file://", "", frame.pc.uri)):
                return f"{name}:{frame.pc.line}"
        return ""

    def _provider(self, request: Any) -> str:
        """The URN of the resource's provider; the default provider is made where none is given."""
        if request.provider:
            return str(request.provider).rpartition("::")[0]
        if request.type == STACK_REFERENCE:
            return self._default_provider("pulumi", "", "")
        if not getattr(request, "custom", True) or request.type.startswith("pulumi:"):
            return ""
        version = request.version
        if not version and request.packageRef:
            package = self._packages[int(request.packageRef.rpartition("-")[2])]
            version = package.parameterization.version or package.version
        return self._default_provider(request.type.partition(":")[0], version, request.pluginDownloadURL)

    def _default_provider(self, package: str, version: str, download_url: str) -> str:
        parts = [part for part in (version, download_url) if part]
        name = "_".join(["default", *(re.sub(r"[^A-Za-z0-9_-]|-", "_", part) for part in parts)])
        urn = self.urn("", f"pulumi:providers:{package}", name)
        if urn not in self.resources:
            settings = {
                key.partition(":")[2]: value
                for key, value in self.config.items()
                if key.partition(":")[0] == package
            }
            if version:
                settings["version"] = version
            self.resources[urn] = Record(urn, f"pulumi:providers:{package}", name, inputs=settings)
        return urn

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if request.urn in self.resources:
            self.resources[request.urn].outputs = plain_struct(request.outputs)
        return _EMPTY

    def ReadResource(self, request: Any) -> Any:
        urn = self.urn(request.parent, request.type, request.name)
        found = Record(
            urn,
            request.type,
            request.name,
            inputs=plain_struct(request.properties),
            parent=request.parent,
            provider=self._provider(request),
            dependencies=sorted(request.dependencies),
            source=self._source(request),
            id="" if request.id == UNKNOWN else request.id,
            read=True,
        )
        self.resources[urn] = found
        state = struct_pb2.Struct()
        if request.type == STACK_REFERENCE:
            state["name"] = request.id
            outputs = self.stack_references().get(request.id)
            if outputs is None:
                self.remarks.add(f"the outputs of stack {request.id} are not known offline")
            else:
                self.remarks.add(f"the outputs of stack {request.id} are taken from the fixtures")
                state["outputs"] = outputs
                state["secretOutputNames"] = []
        else:
            self.remarks.add(
                f"{request.type} {request.id} is read during deployment: its state is not known offline"
            )
            state.CopyFrom(request.properties)
            if self.respond:
                state.update(self.respond(found)[1])
        answer = rp.ReadResourceResponse(urn=urn, properties=state)
        if "id" in rp.ReadResourceResponse.DESCRIPTOR.fields_by_name:
            answer.id = request.id
        return answer

    # Data sources and methods.

    def Invoke(self, request: Any) -> Any:
        if self._invoke_transforms and request.tok != "pulumi:pulumi:getResource":
            return self._invoke_transformed(request)
        return self._invoke(request)

    async def _invoke_transformed(self, request: Any) -> Any:
        assert self.run_callback is not None
        for callback in self._invoke_transforms:
            message = rp.TransformInvokeRequest(token=request.tok, args=request.args).SerializeToString()
            answer = rp.TransformInvokeResponse.FromString(await self.run_callback(callback.token, message))
            request.args.CopyFrom(answer.args)
        return self._invoke(request)

    def _invoke(self, request: Any) -> Any:
        arguments = unwrapped(plain_struct(request.args))
        if request.tok == "pulumi:pulumi:getResource":
            return self._state_of(arguments["urn"])
        if has_unknowns(arguments) or self._waits(request):
            return _unknown_answer()
        provider = self.resources.get(request.provider.rpartition("::")[0])
        settings = provider.inputs if provider else self._settings(request.tok.partition(":")[0])
        found = self.answer(request.tok, arguments, settings, self.is_plain())
        if found is None:
            if not self.is_plain():
                self.remarks.add(
                    f"the data source {request.tok} is asked during deployment: its answer is not known offline"
                )
                return _unknown_answer()
            self.missing.append({"token": request.tok, "arguments": arguments, "source": self.places.here()})
            reason = f"no offline answer for the data source {request.tok}"
            return _InvokeResponse(failures=[provider_pb2.CheckFailure(property="", reason=reason)])
        answer = struct_pb2.Struct()
        answer.update(found)
        return _InvokeResponse(**{"return": answer})

    def _settings(self, package: str) -> dict[str, Any]:
        return {
            key.partition(":")[2]: value
            for key, value in self.config.items()
            if key.partition(":")[0] == package
        }

    def _waits(self, request: Any) -> bool:
        """Whether the engine would hold the data source back until what it depends on exists."""
        if self.respond is not None:
            return False
        waited = (self.resources.get(urn) for urn in getattr(request, "dependsOn", ()))
        return any(
            found is not None and found.custom and not found.read and not found.is_provider
            for found in waited
        )

    def _state_of(self, urn: str) -> Any:
        """The SDK asks for a resource again when it meets a reference to one."""
        found = self.resources.get(urn)
        if found is None:
            raise ValueError(f"there is no resource {urn}")
        answer = struct_pb2.Struct()
        answer.update({"urn": found.urn, "id": "", "state": found.inputs})
        return _InvokeResponse(**{"return": answer})

    def Call(self, request: Any) -> Any:
        self.remarks.add(
            f"the method {request.tok} is called during deployment: its result is not known offline"
        )
        answer = struct_pb2.Struct()
        answer["result"] = UNKNOWN
        return _CallResponse(**{"return": answer})


def _unknown_answer() -> Any:
    if "unknown" in _InvokeResponse.DESCRIPTOR.fields_by_name:
        return _InvokeResponse(unknown=True)
    return _InvokeResponse()  # SDKs of before 2026 have no word for it
