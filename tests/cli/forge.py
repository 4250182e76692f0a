"""A forge on loopback that behaves as GitHub's and GitLab's REST interfaces do for comments.

Written from their public documentation; the real ones are out of reach of a test.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "s3cret-token-of-a-test"


@dataclass
class Forge:
    """`comments` are those of pull request 7 of `o/r`; `failures` are answers given before any real one."""

    port: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    head: str = "a" * 40
    me: int | None = 1
    """Number of the token's holder; None: the token belongs to an app, which is not told who it is."""
    lose_answers_to_posts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, body: str, author: int = 1, *, bot: bool = False, **rest: Any) -> dict[str, Any]:
        made = {
            "id": len(self.comments) + 1, "body": body, "system": False, "author": {"id": author},
            "user": {"login": f"user{author}", "type": "Bot" if bot else "User"}, "html_url": f"{self.url}/c", **rest,
        }  # fmt: skip
        self.comments.append(made)
        return made

    def answer(self, method: str, path: str, headers: Any, body: Any) -> tuple[int, dict[str, str], Any]:
        """Status, headers and document."""
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if self.failures:
            return self.failures.pop(0)
        github = headers.get("Authorization") == f"Bearer {TOKEN}"
        if not github and headers.get("PRIVATE-TOKEN") != TOKEN and headers.get("JOB-TOKEN") != TOKEN:
            return 401, {}, {"message": f"Bad credentials {dict(headers)}"}
        way = unquote(parts.path)
        if way in ("/user", "/job"):
            if self.me is None:
                return 403, {}, {"message": "Resource not accessible by integration"}
            found = {"id": self.me, "login": f"user{self.me}"}
            return 200, {}, {"user": found} if way == "/job" else found
        if way in ("/repos/o/r/pulls/7", "/projects/g/s/r/merge_requests/7"):
            return 200, {}, {"head": {"sha": self.head}, "sha": self.head}
        if way in ("/repos/o/r/issues/7/comments", "/projects/g/s/r/merge_requests/7/notes"):
            return self._list(method, query, body)
        if one := re.fullmatch(
            r"(/repos/o/r/issues/comments|/projects/g/s/r/merge_requests/7/notes)/(\d+)", way
        ):
            assert method == ("PATCH" if github else "PUT")
            for comment in self.comments:
                if comment["id"] == int(one[2]):
                    comment["body"] = body["body"]
                    return 200, {}, comment
        return 404, {}, {"message": "Not Found"}

    def _list(self, method: str, query: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        if method == "POST":
            made = self.add(body["body"], self.me or 99, bot=self.me is None)
            if self.lose_answers_to_posts:
                self.lose_answers_to_posts -= 1
                return 502, {}, {"message": "bad gateway"}
            return 201, {}, made
        size, page = int(query["per_page"]), int(query["page"])
        assert size <= 100
        return 200, {}, self.comments[(page - 1) * size : page * size]


@contextmanager
def forge() -> Iterator[Forge]:
    """A running one."""
    made = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            made.seen.append((self.command, self.path))
            status, headers, document = made.answer(self.command, self.path, self.headers, body)
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = _any

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
