"""A pricing service on this machine's loopback address: what Infracost asks, answered from the price book.

It answers the batches of `POST /graphql` that Infracost v0.10 sends, takes its greeting and its report of a
run, and nothing else. It lives as long as the `with` block around it. What it could not answer is kept.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from finops.infracost.products import Catalogue
from finops.infracost.queries import Query, answer
from finops.prices.book import PriceBook
from problems import InputError, Problem

__all__ = ["Endpoint", "serving"]

LARGEST = 64 * 2**20
"""Bytes of one request: a batch has at most a thousand queries."""
HOST = "127.0.0.1"


@dataclass
class Endpoint:
    """Where the service listens, and what happened there."""

    url: str
    answered: set[Query] = field(default_factory=set)
    unanswered: set[Query] = field(default_factory=set)


@contextmanager
def serving(book: PriceBook, port: int = 0) -> Iterator[Endpoint]:
    """The service at a free port, or at `port`. Raises `InputError` where that one is taken."""
    try:
        server = _Server((HOST, port), _Handler)
    except OSError as error:
        fix = "end what listens there, or let the system choose the port"
        problem = Problem(f"{HOST}:{port}", "", error.strerror or str(error), "prices are served there", fix)
        raise InputError([problem], "nothing was compared") from None
    server.endpoint = Endpoint(f"http://{HOST}:{server.server_address[1]}")
    server.catalogue = Catalogue(book)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.endpoint
        if server.failure is not None:
            raise server.failure
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False
    endpoint: Endpoint
    catalogue: Catalogue
    failure: InputError | None = None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._lock = threading.Lock()
        self._known: dict[Query, Any] = {}

    def price(self, request: Any) -> Any:
        """The answer to one entry of a batch, as Infracost reads it; the greeting has no variables."""
        variables = request.get("variables") if isinstance(request, dict) else None
        if not isinstance(variables, dict):
            return {}
        query = Query.of(variables)
        with self._lock:
            if query not in self._known:
                found = answer(query, self.catalogue)
                (self.endpoint.answered if found else self.endpoint.unanswered).add(query)
                prices = [{"priceHash": f"book-{n}", "USD": f"{it:f}"} for n, it in enumerate(found)]
                self._known[query] = {"data": {"products": [{"prices": prices}] if prices else []}}
            return self._known[query]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # So that a client which sends half a request does not keep its thread for ever.
    timeout = 30
    server: _Server

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 <= length <= LARGEST:
                raise ValueError(f"a request of {length} bytes")
            body = self.rfile.read(length)
            self._send(200, self._answer(body))
        except InputError as error:
            # The price book is malformed: told to the caller, who knows what to do about it.
            self.server.failure = error
            self._send(500, {"error": "the price book is malformed"})
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self.close_connection = True
            self._send(400, {"error": f"no query of Infracost: {error}"})

    def _answer(self, body: bytes) -> Any:
        if self.path != "/graphql":
            return {}
        requests = json.loads(body)
        if not isinstance(requests, list):
            raise ValueError("a batch is a list")
        return [self.server.price(one) for one in requests]

    def _send(self, status: int, document: Any) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing: the terminal is the command's."""
