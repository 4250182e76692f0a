"""AWS's own interface over the world: boto3 asks it, through `AWS_ENDPOINT_URL`.

    python -m tests.engine.aws.endpoint          (TRADEWIND_WORLD names the world; prints its URL)

Reading and writing of the protocols is moto's; the answers are those of the world, not of moto. Only the
questions of `answers_ec2.py`, `answers_others.py` and `answers_stores.py` are answered, any other is refused by name.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from . import answers_ec2 as answers_ec2
from . import answers_others as answers_others
from . import answers_stores as answers_stores
from . import cbor
from .questions import ANSWERS, Question, ServiceError
from .settings import ACCOUNT, DEFAULT_ACCOUNT
from .world import World

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request")
_SIGNING_NAMES = {"elasticloadbalancing": "elbv2", "tagging": "resourcegroupstaggingapi"}
_CBOR = "rpc-v2-cbor"
Reply = tuple[int, dict[str, str], bytes]


@cache
def _model(service: str) -> Any:
    import botocore.session
    from moto.core.model import ServiceModel

    loader = botocore.session.get_session().get_component("data_loader")
    # Moto writes answers by models of its own kind only.
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World
    account: str

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: tests read the output."""

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        status, headers, body = self._reply(self.rfile.read(size))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

    def _reply(self, body: bytes) -> Reply:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        region, signing = scope.groups() if scope else ("us-east-1", "s3")
        service = _SIGNING_NAMES.get(signing, signing)
        protocol = _protocol(service, self.headers)
        try:
            operation, given = _asked(service, protocol, self, body)
            function = ANSWERS.get((service, operation))
            if function is None:
                raise ServiceError("InvalidAction", f"the stand-in does not answer {service} {operation}")
            answer = function(Question(self.world, self.account, region, given))
            return _written(service, protocol, operation, answer)
        except ServiceError as error:
            return _failed(protocol, error)


def _protocol(service: str, headers: Any) -> str:
    if headers.get("smithy-protocol") == _CBOR:
        return _CBOR
    from moto.core.request import determine_request_protocol

    return str(determine_request_protocol(_model(service), headers.get("Content-Type")))


def _asked(service: str, protocol: str, request: Handler, body: bytes) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters."""
    parts = urlsplit(request.path)
    if protocol == _CBOR:
        return parts.path.rpartition("/")[2], cbor.decoded(body)
    if protocol.startswith("rest"):
        return _routed(service, request.command, parts.path, parts.query)
    from moto.core.parse import PROTOCOL_PARSERS
    from werkzeug.datastructures import MultiDict

    form = MultiDict(
        (name, value)
        for name, found in parse_qs(body.decode(), keep_blank_values=True).items()
        for value in found
    )
    operation = form.get("Action") or request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if operation not in _model(service).operation_names:
        raise ServiceError("InvalidAction", f"{service} {operation}")
    parser = PROTOCOL_PARSERS[protocol](_model(service).operation_model(operation))
    given = parser.parse(
        {"body": body, "headers": request.headers, "method": request.command, "url_params": {},  # type: ignore[typeddict-item]
         "url_path": parts.path, "values": form}
    )  # fmt: skip
    return operation, dict(given or {})


def _routed(service: str, method: str, path: str, query: str) -> tuple[str, dict[str, Any]]:
    """The operation of a REST service by method and path; of those we answer, the most special one first."""
    words = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    routes = []
    for known, operation in ANSWERS:
        if known == service:
            http = _model(service).operation_model(operation).http
            place, _, literal = http["requestUri"].partition("?")
            routes.append((literal.count("&") + bool(literal), http["method"], place, literal, operation))
    for _, verb, place, literal, operation in sorted(routes, reverse=True):
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(place))
        match = re.fullmatch(pattern + "/?", path)
        needed = {part.partition("=")[0] for part in literal.split("&") if part}
        if verb == method and match and needed <= words.keys():
            limits = {"MaxKeys": words["max-keys"]} if "max-keys" in words else {}
            return operation, {
                **{name: unquote(value) for name, value in match.groupdict().items()},
                **limits,
            }
    raise ServiceError("InvalidAction", f"the stand-in does not answer {method} {path} of {service}")


def _written(service: str, protocol: str, operation: str, answer: dict[str, Any]) -> Reply:
    if protocol == _CBOR:
        return 200, {"smithy-protocol": _CBOR, "Content-Type": "application/cbor"}, cbor.encoded(answer)
    from moto.core.serialize import SERIALIZERS

    made = SERIALIZERS[protocol](_model(service).operation_model(operation)).serialize(answer)
    body = made["body"]
    headers = {name: str(value) for name, value in made["headers"].items()}
    return made["status_code"], headers, body.encode() if isinstance(body, str) else body


def _failed(protocol: str, error: ServiceError) -> Reply:
    said = {"__type": error.code, "message": str(error)}
    if protocol == _CBOR:
        return (
            error.status,
            {"smithy-protocol": _CBOR, "Content-Type": "application/cbor"},
            cbor.encoded(said),
        )
    if protocol.endswith("json"):
        headers = {"Content-Type": "application/json", "x-amzn-errortype": error.code}
        return error.status, headers, json.dumps(said).encode()
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(str(error))}</Message>"
    status = 404 if error.code in ("404", "NoSuchBucket") else error.status
    if protocol == "ec2":
        text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>0</RequestID></Response>"
    elif protocol == "query":
        text = f"<ErrorResponse><Error>{inner}</Error><RequestId>0</RequestId></ErrorResponse>"
    else:
        text = f"<Error>{inner}</Error>"
    return status, {"Content-Type": "text/xml"}, text.encode()


def start(folder: Path | str, account: str = DEFAULT_ACCOUNT) -> tuple[ThreadingHTTPServer, str]:
    """A running server over the world in `folder`, and its URL. End it with `shutdown()`."""
    bound = type("Bound", (Handler,), {"world": World(folder), "account": account})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def main() -> None:
    folder = os.environ.get("TRADEWIND_WORLD")
    if not folder:
        sys.exit("TRADEWIND_WORLD must name the folder of the world")
    _, url = start(folder, os.environ.get(ACCOUNT) or DEFAULT_ACCOUNT)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
