"""moto behind a door that asks the IAM evaluator: each request is decided as its role's policies say.

moto has the services; of IAM it ignores conditions and resources. So requests come here first. Who asks is
told by the access key, what is asked is read as AWS's services name it (`requested.py`), and whether it is
allowed is `policies.iam`'s answer about the planned graph. What is refused never reaches moto and gets the
error that the service gives; everything is written down in `decisions`.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from policies.iam import Access
from tests.clients.requested import Asked, Call, asked_of, call_of

__all__ = ["Decision", "Gateway"]

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Decision:
    """What a role asked for, and what it was told."""

    role: str
    asked: Asked
    allowed: bool
    why: str


@dataclass
class Gateway:
    """A server on a loopback port. `roles` names the role of each access key; others ask as nobody's role,
    which is how a test prepares and looks. `instead` may act on a call that was allowed, and answer it as JSON
    where moto cannot."""

    access: Access
    roles: Mapping[str, str]
    instead: Callable[[Call], Mapping[str, Any] | None] = lambda call: None
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._moto: Application = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, self, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Gateway:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def refused(self, role: str = "") -> set[str]:
        """Actions that were refused, of one role or of all."""
        return {it.asked.action for it in self.decisions if not it.allowed and role in ("", it.role)}

    def allowed(self, role: str) -> set[str]:
        return {it.asked.action for it in self.decisions if it.allowed and role == it.role}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)
        call = call_of(request, body)
        role = self.roles.get(call.access_key)
        if role is not None:
            for asked in asked_of(call):
                if not self._decide(role, asked, call.region):
                    return _refusal(call, asked)(environ, start)
            answer = self.instead(call)
            if answer is not None:
                text = json.dumps(answer)
                return Response(text, content_type="application/x-amz-json-1.1")(environ, start)
        return self._moto(environ, start)

    def _decide(self, role: str, asked: Asked, region: str) -> bool:
        answer = self.access.may(role, asked.action, asked.resource, context=asked.context, region=region)
        self.decisions.append(Decision(role, asked, answer.allowed, answer.explanation))
        return answer.allowed


def _refusal(call: Call, asked: Asked) -> Response:
    """As the service says it; S3 speaks XML, the others JSON."""
    text = f"not authorized to perform: {asked.action} on resource: {asked.resource}"
    if call.service == "s3":
        xml = f"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"
        return Response(xml if call.method != "HEAD" else "", status=403, content_type="application/xml")
    named = {"__type": "AccessDeniedException", "Message": text, "message": text}
    return Response(json.dumps(named), status=400, content_type="application/x-amz-json-1.0")


class _Quiet(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing of a request."""
