"""Answers to data sources without asking anybody: computed, or from fixtures that anyone may override."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .wire import SECRET, SIGNATURE, has_tokens, unwrapped

_FIELD = re.compile(r"\{(region|account|partition|dns_suffix|digest|zone|arg\.[A-Za-z]+)\}")

NOWHERE = frozenset(
    {
        "aws:iam/getPolicyDocument:getPolicyDocument", "aws:index/getArn:getArn", "aws:index/getPartition:getPartition",
        "aws:index/getCallerIdentity:getCallerIdentity", "aws:index/getDefaultTags:getDefaultTags",
    }
)  # fmt: skip
"""Data sources whose answer does not change with the region."""

_ROLE = r"arn:aws[a-z-]*:iam::(\d{12}):role/"
_ACCOUNTS = (("assumeRoles", _ROLE), ("assumeRole", _ROLE), ("allowedAccountIds", r"^\W*(\d{12})\W*$"))
"""Settings of a provider that say which account it works in, the stronger first."""

Computation = Callable[["Asked"], "tuple[dict[str, Any], str]"]
"""Gives the answer and what it assumes, "" for nothing."""

COMPUTED: dict[str, Computation] = {}
"""Answers that need no account, by token: see `computed.py`."""


def computed(token: str) -> Callable[[Computation], Computation]:
    """Registers a function as the answer to the data source `token`."""

    def register(function: Computation) -> Computation:
        COMPUTED[token] = function
        return function

    return register


@dataclass(frozen=True)
class Asked:
    """One question: what it is about, where, and the `values` that fixtures set."""

    token: str
    arguments: dict[str, Any]
    provider: dict[str, Any]
    region: str
    values: dict[str, Any]

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def dns_suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    @property
    def zones(self) -> list[str]:
        letters = self.values.get("zones", {}).get(self.region, "abc")
        return [f"{self.region}{letter}" for letter in letters]

    @property
    def digest(self) -> str:
        """17 digits that stand for an id: the same question has the same one."""
        text = json.dumps([self.token, self.arguments, self.region], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:17]

    def filled(self, value: Any) -> Any:
        """`value` with the fields in its texts filled in."""
        if isinstance(value, str):
            return _FIELD.sub(self._field, value)
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value

    def _field(self, match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("arg."):
            return str(self.arguments.get(name[4:]) or "")
        if name == "zone":
            return self.zones[0]
        return str(getattr(self, name))

    @property
    def account(self) -> str:
        """The account that the provider works in: of the last role it assumes, or the only one it allows;
        else the fixtures'."""
        for setting, pattern in _ACCOUNTS:
            value = self.provider.get(setting)
            if SECRET in repr(value):
                continue  # an account would say a part of it
            value = unwrapped(value)
            found = re.findall(pattern, value if isinstance(value, str) else json.dumps(value))
            if found:
                return str(found[-1])
        return str(self.values.get("account", ""))


class DataSources:
    """Answers by token; what had to be assumed is told to `remark`.

    `load` gives fixture documents, the later the stronger: those of the project, then what is computed,
    then those that are shipped.
    """

    def __init__(
        self,
        load: Callable[[], tuple[list[dict[str, Any]], list[dict[str, Any]]]],
        *,
        region: str,
        placeholder: str,
        remark: Callable[[str], None],
    ) -> None:
        self._load, self._config_region, self._placeholder, self._remark = load, region, placeholder, remark
        self._loaded: tuple[list[dict[str, Any]], list[dict[str, Any]]] | None = None
        self.stand_ins: set[str] = set()

    def _documents(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The shipped documents and the project's own, read when first needed."""
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def answer(
        self, token: str, arguments: dict[str, Any], provider: dict[str, Any], plain: bool
    ) -> dict[str, Any] | None:
        """The answer in wire form, or None where it is not known."""
        asked = self._asked(token, arguments, provider)
        shipped, own = self._documents()
        entry = _entry(own, asked)
        if entry is None and (function := COMPUTED.get(token)) is not None:
            answer, assumed = function(asked)
            if assumed:
                self._remark(assumed)
            return answer
        if has_tokens(arguments) and not plain:
            return None  # about something that this very deployment makes
        entry = entry or _entry(shipped, asked)
        if entry is None:
            return None
        answer = asked.filled(entry.get("answer") or {})
        # A data source's answer cannot be unknown in part: a text stands in, which is recognised later.
        unknown = {
            name: f"${{urn:pulumi:elsewhere::{asked.token}#{name}}}" for name in entry.get("unknown") or ()
        }
        self.stand_ins.update(unknown.values())
        answer.update(unknown)
        answer.update(
            {name: {SIGNATURE: SECRET, "value": self._placeholder} for name in entry.get("secret") or ()}
        )
        self._remark(asked.filled(entry.get("assumed") or f"{token} answers from the project's fixtures"))
        return {**{key: value for key, value in arguments.items() if value is not None}, **answer}

    def _asked(self, token: str, arguments: dict[str, Any], provider: dict[str, Any]) -> Asked:
        values: dict[str, Any] = {}
        for document in (*self._documents()[0], *self._documents()[1]):
            values.update(document.get("values") or {})
        for given in (arguments.get("region"), provider.get("region"), self._config_region):
            if isinstance(given, str) and re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", given.strip('"')):
                return Asked(token, arguments, provider, given.strip('"'), values)
        assumed = str(values.get("region", "us-east-1"))
        if token.startswith("aws:") and token not in NOWHERE:
            self._remark(f"no region is configured for a data source: {assumed} is assumed; set aws:region")
        return Asked(token, arguments, provider, assumed, values)

    def stack_references(self) -> dict[str, Any]:
        """Outputs of other stacks by full name, from the fixtures."""
        found: dict[str, Any] = {}
        for document in self._documents()[1]:
            found.update(document.get("stack_references") or {})
        return found


def _entry(documents: list[dict[str, Any]], asked: Asked) -> dict[str, Any] | None:
    for document in reversed(documents):
        entries = (document.get("data_sources") or {}).get(asked.token) or ()
        for entry in (entries,) if isinstance(entries, dict) else entries:
            if (
                _fits(entry.get("when") or {}, asked.arguments)
                and entry.get("region", asked.region) == asked.region
            ):
                return dict(entry)
    return None


def _fits(when: Any, given: Any) -> bool:
    """Whether `given` has everything that `when` asks for; texts in `when` are regular expressions."""
    if isinstance(when, dict):
        return isinstance(given, dict) and all(_fits(item, given.get(key)) for key, item in when.items())
    if isinstance(when, list):
        return isinstance(given, list) and all(any(_fits(item, other) for other in given) for item in when)
    if isinstance(when, str):
        return isinstance(given, str) and re.fullmatch(when, given) is not None
    return bool(when == given)
