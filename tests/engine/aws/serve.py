"""Serves a provider to the engine: one line with the port, then gRPC on the loopback interface."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from .provider import Provider

WORLD = "TRADEWIND_WORLD"
_MESSAGE_BYTES = 400 << 20
_OPTIONS = [
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
]


def start(folder: Path) -> tuple[grpc.Server, int]:
    """A running server of a provider over the world in `folder`, and its port."""
    server = grpc.server(futures.ThreadPoolExecutor(32), options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(folder), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    folder = os.environ.get(WORLD)
    if not folder:
        raise SystemExit(f"{WORLD} must name the folder of the world")
    # How the engine ends a plugin. A server that winds down first would keep it waiting for seconds.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    server, port = start(Path(folder))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    server.wait_for_termination()


def _follow(engine: int) -> None:
    """Ends the process soon after the engine that started it, also one that was killed. What is under way
    goes on for that long, as it would in a cloud."""
    while os.getppid() == engine:
        time.sleep(0.5)
    os._exit(0)
