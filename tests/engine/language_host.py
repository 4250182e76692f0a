"""A language host for Python: runs programs, policy packs and component packages for the engine.

It stands in for the vendor's `pulumi-language-python`, which cannot be built from public modules, and is
reduced to running things in an interpreter that is already there: it installs and downloads nothing. The
engine starts it as `pulumi-language-python <engine address>`; it prints its port and serves
LanguageRuntime.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

EXECUTOR = "TRADEWIND_PROGRAM_EXECUTOR"
"""Variable with the path of the SDK's own `pulumi-language-python-exec`."""
GENERATOR = "TRADEWIND_SDK_GENERATOR"
"""Variable with the path of the program that writes SDKs."""
BAILED = 32
"""Exit code of a program that has told its error to the engine already."""
MESSAGE_BYTES = 400 << 20


def interpreter(info: Any) -> str:
    """The interpreter of the program's virtual environment, or the one that runs this."""
    named = dict(info.options).get("virtualenv")
    found = Path(info.root_directory, named, "bin", "python") if named else None
    return str(found) if found and found.exists() else sys.executable


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine's questions about Python."""

    def __init__(self, engine: str) -> None:
        self.engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        # Providers come by path. Naming any would make each command try to download it.
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        found = [
            language_pb2.DependencyInfo(name=it.name, version=it.version) for it in metadata.distributions()
        ]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        return iter(())

    def GeneratePackage(self, request: Any, context: Any) -> Any:
        """An SDK from a schema, by the vendor's own generator."""
        command = [os.environ[GENERATOR], "python", request.directory, request.loader_target]
        done = subprocess.run(
            [*command, "local" if request.local else "published"],
            input=request.schema.encode(),
            capture_output=True,
        )
        if done.returncode:
            context.abort(grpc.StatusCode.INTERNAL, done.stderr.decode())
        return language_pb2.GeneratePackageResponse()

    def Link(self, request: Any, context: Any) -> Any:
        """Local SDKs become requirements of the program; nothing is installed here."""
        file = Path(request.info.program_directory, "requirements.txt")
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        added = [one.path for one in request.packages if one.path not in lines]
        file.write_text("\n".join([*lines, *added, ""]), encoding="utf-8")
        return language_pb2.LinkResponse(import_instructions=f"Added to {file.name}: {', '.join(added)}")

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:
        info = request.info
        arguments = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "stack": request.stack,
            "root_directory": info.root_directory,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        command = [interpreter(info), "-u", os.environ[EXECUTOR]]
        for name, value in arguments.items():
            command += [f"--{name}", value]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        process = subprocess.Popen(
            [*command, info.entry_point, *request.args], cwd=info.program_directory, env=environment
        )
        context.add_callback(process.kill)
        code = process.wait()
        error = "" if code in (0, BAILED) else f"program exited with non-zero exit code: {code}"
        return language_pb2.RunResponse(bail=code == BAILED, error=error)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """A policy pack (kind `analyzer`) or a component package, with its output as it comes."""
        folder = request.info.program_directory
        is_pack = request.kind == "analyzer"
        module = ["-m", "pulumi.policy", *request.args, folder] if is_pack else [folder, *request.args]
        process = subprocess.Popen(
            [interpreter(request.info), "-u", *module],
            cwd=folder if is_pack else request.pwd or folder,
            env={**os.environ, **dict(pair.split("=", 1) for pair in request.env)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(process.kill)
        yield from _output(process)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _output(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Both streams of `process` as the engine takes them, until both have ended."""
    chunks: queue.Queue[Any] = queue.Queue()

    def pump(name: str, stream: IO[bytes]) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            chunks.put(language_pb2.RunPluginResponse(**{name: chunk}))
        chunks.put(None)

    for name in ("stdout", "stderr"):
        threading.Thread(target=pump, args=(name, getattr(process, name)), daemon=True).start()
    ended = 0
    while ended < 2:
        chunk = chunks.get()
        if chunk is None:
            ended += 1
        else:
            yield chunk


def serve() -> None:
    engine = next((argument for argument in reversed(sys.argv[1:]) if not argument.startswith("-")), "")
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES)]
    server = grpc.server(futures.ThreadPoolExecutor(16), options=options)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()


if __name__ == "__main__":
    serve()
