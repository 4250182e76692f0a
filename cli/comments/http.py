"""A forge's REST interface: JSON over HTTPS with a token, few tries, no redirects, no secret in any message."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from cli.pages.inert import plain
from problems import InputError, Missing, Problem

__all__ = ["PAGE", "Api", "Forbidden", "Gone", "Unanswered"]

TIMEOUT = 30
"""Seconds for one answer."""
WAITS = (1.0, 2.0, 4.0)
"""Seconds between tries, where the server does not say."""
LONGEST_WAIT = 60.0
MOST_BYTES = 32 << 20
PAGE, MOST_PAGES = 100, 100
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Unanswered(Exception):
    """No answer, or one that says to come again."""


class Forbidden(Missing):
    """The token is not accepted, or not allowed this."""


class Gone(Exception):
    """What is asked for is not there."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it leads."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class Api:
    """`base` is the address of the interface; `headers` hold the token, which `variable` in the environment gave.

    Raises `InputError` for an address that is not HTTPS, other than on this machine.
    """

    base: str
    headers: Mapping[str, str] = field(repr=False)
    variable: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.base)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not safe or not parts.hostname or parts.username or parts.query:
            but = "a token goes to an https address only, without user and query"
            fix = "mend GITHUB_API_URL or CI_API_V4_URL"
            raise InputError(
                [Problem("address of the interface", "", plain(self.base, 100), but, fix)], "nothing was sent"
            )

    def get(self, path: str) -> Any:
        return self._repeated("GET", path, None)

    def put(self, path: str, body: Mapping[str, Any], *, method: str = "PUT") -> Any:
        """A write that may be repeated."""
        return self._repeated(method, path, body)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """One try: whether an unanswered one was done is for the caller to find out."""
        return self._once("POST", path, body)

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page by page by number: an address that the server names is not followed."""
        joint = "&" if "?" in path else "?"
        for page in range(1, MOST_PAGES + 1):
            items = self.get(f"{path}{joint}per_page={PAGE}&page={page}")
            if not isinstance(items, list):
                raise Missing(f"{self._host} answered something else than a list")
            yield from items
            if len(items) < PAGE:
                return

    @property
    def _host(self) -> str:
        return urllib.parse.urlsplit(self.base).netloc

    def _repeated(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        for wait in WAITS:
            try:
                return self._once(method, path, body)
            except _Again as error:
                self.sleep(min(error.after or wait, LONGEST_WAIT))
        return self._once(method, path, body)

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.base.rstrip('/')}{path}", data, {**self.headers, "User-Agent": "tradewind"}, method=method
        )
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener().open(request, timeout=TIMEOUT) as answer:
                raw = answer.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error.code, error.headers, _message(error)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise _Again(f"{self._host} does not answer: {plain(str(reason), 100)}") from None
        try:
            if len(raw) > MOST_BYTES:
                raise ValueError
            return json.loads(raw) if raw else None
        except (ValueError, RecursionError):
            raise Missing(f"{self._host} answered no JSON: is it the address of the interface?") from None

    def _opener(self) -> urllib.request.OpenerDirector:
        here = urllib.parse.urlsplit(self.base).hostname in _LOOPBACK
        proxies = [urllib.request.ProxyHandler({})] if here else []
        return urllib.request.build_opener(_NoRedirect, *proxies)

    def _refused(self, status: int, headers: Message, said: str) -> Exception:
        """What an answer other than 2xx means."""
        said = f" ({said.replace(self.token, '***')})" if said else ""
        limited = headers.get("Retry-After") or headers.get("X-RateLimit-Remaining") == "0"
        if status == 429 or status >= 500 or (status == 403 and limited):
            return _Again(f"{self._host} answered {status}{said}", _seconds(headers.get("Retry-After")))
        if status in (404, 410):
            return Gone(said)
        if status == 401:
            return Forbidden(
                f"{self._host} does not accept the token in {self.variable}{said}: it is wrong or has expired"
            )
        if status == 403:
            return Forbidden(
                f"{self._host} does not allow it{said}: the token in {self.variable} needs the right to write comments "
                "(GitHub: permissions: pull-requests: write; GitLab: a project token with scope api)"
            )
        if 300 <= status < 400:
            return Missing(
                f"{self._host} sends elsewhere{said}: the repository was renamed, or the address is not its interface"
            )
        problem = Problem(
            self._host, "", f"answer {status}{said}", "the platform refuses it", "check --repo and --pr"
        )
        return InputError([problem], "nothing was written")


class _Again(Unanswered):
    """`after`: how many seconds the server asks to wait, 0 where it does not say."""

    def __init__(self, text: str, after: float = 0) -> None:
        super().__init__(text)
        self.after = after


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 0.0


def _message(error: urllib.error.HTTPError) -> str:
    """The server's own words, short."""
    try:
        document = json.loads(error.read(100_000))
    except (ValueError, OSError, RecursionError, http.client.HTTPException):
        return ""
    said = document.get("message") or document.get("error") if isinstance(document, dict) else ""
    return plain(said, 150) if isinstance(said, str) else ""
