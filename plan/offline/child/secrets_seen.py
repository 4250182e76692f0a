"""Makes every secret known to the redactor when it comes into being, and encrypted settings usable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi import Output
from pulumi.runtime.config import get_config

from .redact import Redactor

_TYPED = ("bool", "int", "float", "object")


def watch_secrets(redactor: Redactor) -> None:
    """Shows the redactor what is given to `Output.secret`, which configuration secrets go through too."""
    original = Output.secret

    def secret(value: Any) -> Any:
        if not isinstance(value, Output):
            redactor.add_all(value)
        return original(value)

    Output.secret = staticmethod(secret)  # type: ignore[method-assign,assignment]


def soften_encrypted_settings(placeholder: str) -> None:
    """Typed getters of secrets answer an unknown for an encrypted value, which is no number or JSON."""
    for kind in _TYPED:
        for verb in ("get", "require"):
            name = f"{verb}_secret_{kind}"
            if original := getattr(pulumi.Config, name, None):
                setattr(pulumi.Config, name, _softened(original, placeholder))


def _softened(original: Callable[..., Any], placeholder: str) -> Callable[..., Any]:
    def getter(self: Any, key: str, *rest: Any, **options: Any) -> Any:
        if get_config(self.full_key(key)) == placeholder:
            return _unknown_secret()
        return original(self, key, *rest, **options)

    return getter


def _unknown_secret() -> Any:
    def done(value: Any) -> Any:
        future = asyncio.get_event_loop().create_future()
        future.set_result(value)
        return future

    return Output(done(set()), done(None), done(False), done(True))
