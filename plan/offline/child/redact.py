"""Hiding every secret text that this process has seen, in each form in which it may turn up."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from .wire import OUTPUT, SECRET, SIGNATURE, UNKNOWN

HIDDEN = "[secret]"

_EVERYBODYS = frozenset(
    {
        "true", "false", "null", "none", "admin", "root", "user", "postgres", "mysql", "default", "test",
        "prod", "production", "staging", "dev", "development", "enabled", "disabled", "secret", "password",
    }
)  # fmt: skip
_REGION = re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central)+-\d[a-z]?")


def worth_hiding(text: str) -> bool:
    """Whether a secret's text says enough to be looked for elsewhere.

    Words that stand everywhere (`admin`, `true`, a region, a port) are hidden where they are marked
    as secret, and left alone where they are not.
    """
    if len(text) < 4 or text == UNKNOWN or text.lower() in _EVERYBODYS:
        return False
    return not (text.isdigit() and len(text) < 6) and not _REGION.fullmatch(text)


def forms(text: str) -> set[str]:
    """`text` as it is, escaped, quoted and encoded, also as part of something longer that is."""
    escaped = json.dumps(text)[1:-1]
    found = {
        text, escaped, json.dumps(escaped)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1],
        html.escape(text), urllib.parse.quote(text), urllib.parse.quote(text, safe=""), urllib.parse.quote_plus(text),
    }  # fmt: skip
    data = text.encode("utf-8", "surrogatepass")
    if len(data) >= 6:
        found.add(data.hex())
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(data).decode())
            for before in range(3):
                # Four characters stand for three bytes: groups shared with the neighbours are left out.
                whole = (before + len(data)) // 3 * 4
                part = encode(bytes(before) + data)[4 if before else 0 : whole].decode()
                found |= {part} if len(part) >= 8 else set()
    return {form for form in found if len(form) >= 4}


class Redactor:
    """Collects secret texts and hides them in whatever leaves the process.

    `is_stand_in` tells texts that stand for a value nobody knows yet: they say nothing, and have to stay.
    """

    def __init__(self, is_stand_in: Callable[[str], bool] = lambda text: False) -> None:
        self._is_stand_in = is_stand_in
        self._texts: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None

    def add(self, text: str) -> None:
        if text not in self._texts and worth_hiding(text) and not self._is_stand_in(text):
            self._texts.add(text)
            self._pattern = None

    def add_all(self, value: Any) -> None:
        """Adds every text in `value`, plain data or in wire form."""
        if isinstance(value, str):
            self.add(value)
        elif isinstance(value, dict):
            if value.get(SIGNATURE) in (SECRET, OUTPUT):
                self.add_all(value.get("value"))
            elif SIGNATURE not in value:
                for item in value.values():
                    self.add_all(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.add_all(item)

    def collect(self, value: Any) -> None:
        """Adds the texts that are themselves marked as secret in `value`, in wire form.

        Only whole texts: Pulumi marks a map with one secret in it as secret altogether, and the rest of
        it is no secret.
        """
        if isinstance(value, dict):
            signature = value.get(SIGNATURE)
            if signature == SECRET or (signature == OUTPUT and value.get("secret")):
                inner = value.get("value")
                if isinstance(inner, str):
                    self.add(inner)
            elif signature is None or signature == OUTPUT:
                for item in value.values():
                    self.collect(item)
        elif isinstance(value, list):
            for item in value:
                self.collect(item)

    def hides(self, text: str) -> bool:
        """Whether a secret stands in `text` in any form."""
        pattern = self._compiled()
        return pattern is not None and pattern.search(text) is not None

    def __call__(self, text: str) -> str:
        pattern = self._compiled()
        return pattern.sub(HIDDEN, text) if pattern is not None else text

    def _compiled(self) -> re.Pattern[str] | None:
        if self._pattern is None and self._texts:
            every = set().union(*(forms(text) for text in self._texts))
            self._pattern = re.compile(_alternatives(every))
        return self._pattern


def _alternatives(texts: set[str]) -> str:
    """A pattern for any of `texts`, the longest first, with common beginnings taken together.

    As a tree, so a program with thousands of secrets does not cost a try of each at every character.
    """
    tree: dict[str, Any] = {}
    for text in texts:
        node = tree
        for character in text:
            node = node.setdefault(character, {})
        node[""] = {}

    def pattern(node: dict[str, Any]) -> str:
        run = ""
        while len(node) == 1 and "" not in node:
            ((character, node),) = node.items()
            run += re.escape(character)
        branches = [
            re.escape(character) + pattern(node[character]) for character in sorted(node) if character
        ]
        if not branches:
            return run
        return f"{run}(?:{'|'.join(branches)}){'?' if '' in node else ''}"

    return pattern(tree)
