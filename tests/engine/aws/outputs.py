"""What the cloud answers for a resource: id, ARN and everything else that it computes.

`FORMS` has what is special of a type; the rest follows from the kinds of its outputs. In a preview all of
that is unknown and only the inputs are told.
"""

from __future__ import annotations

import random
import re
import secrets
import string
import time
import uuid
from typing import Any

from .catalogue import Type, type_of
from .forms import FORMS
from .nested import deepened
from .settings import Settings
from .wire import UNKNOWN, without_defaults

_FIELD = re.compile(r"\{(\w+)\}")
_EMPTY: dict[str, Any] = {"s": "", "i": 0, "n": 0, "b": False, "l": [], "m": {}, "o": {}, "a": ""}
_MADE = {
    "x": string.hexdigits[:16],
    "a": string.ascii_lowercase + string.digits,
    "A": string.ascii_uppercase + string.digits,
}
_ACCOUNT_FIELDS = frozenset(("ownerId", "accountId", "registryId", "catalogId", "owner", "sourceAccount"))


def region_of(type: Type, inputs: dict[str, Any], settings: Settings) -> str:
    """Where the resource will lie, "global" for one that lies nowhere."""
    return str(inputs.get("region") or settings.region) if type.has_region else "global"


def previewed(token: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs before a creation: the inputs, and unknowns."""
    type = type_of(token)
    given = without_defaults(inputs)
    unknown = {
        name: UNKNOWN for name, kind in type.outputs.items() if name not in given and not kind.endswith("?")
    }
    return deepened(token, {"id": UNKNOWN, **unknown, **given}, lambda _: UNKNOWN)


def updated(
    token: str, properties: dict[str, Any], olds: dict[str, Any], news: dict[str, Any], settings: Settings
) -> dict[str, Any]:
    """Outputs after a change of the inputs from `olds` to `news`: what the service computed stays."""
    type = type_of(token)
    before, given = without_defaults(olds), without_defaults(news)
    kept = {name: value for name, value in properties.items() if name in given or name not in before}
    found = {**kept, **{name: _merged(properties.get(name), before.get(name), given[name]) for name in given}}
    return deepened(token, found, _Filler(type, found, settings, {}).filled)


def _merged(answered: Any, asked: Any, wanted: Any) -> Any:
    """`wanted` with what the service had added to `asked` in its answer."""
    if isinstance(answered, dict) and isinstance(asked, dict) and isinstance(wanted, dict):
        added = {name: value for name, value in answered.items() if name not in asked}
        return {
            **added,
            **{name: _merged(answered.get(name), asked.get(name), wanted[name]) for name in wanted},
        }
    lists = (answered, asked, wanted)
    if all(isinstance(item, list) for item in lists) and len({len(item) for item in lists}) == 1:
        return [_merged(*items) for items in zip(*lists, strict=True)]
    return wanted


def answered(token: str, inputs: dict[str, Any], settings: Settings, known: dict[str, Any]) -> dict[str, Any]:
    """All outputs of a new resource, `id` among them. `known` are values of what it refers to, by field
    (see `relatives.py`)."""
    type = type_of(token)
    given = without_defaults(inputs)
    filler = _Filler(type, given, settings, known)
    return filler.all()


class _Filler:
    def __init__(self, type: Type, given: dict[str, Any], settings: Settings, known: dict[str, Any]) -> None:
        self.type, self.given, self.settings, self.known = type, given, settings, known
        self.form = dict(FORMS.get(type.token.removeprefix("aws:"), _general(type, given)))
        self.done: dict[str, Any] = {}
        self.drawn: dict[str, str] = {}

    def all(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, kind in self.type.outputs.items():
            if name not in self.given and name not in self.form and not kind.endswith("?"):
                found[name] = self._usual(name, kind)
        for name in self.form:
            if name in self.type.outputs or name == "id" or not self.type.known:
                found[name] = self.value(name)
        found.update(self.given)
        return deepened(self.type.token, {**found, "id": self.value("id")}, self.filled)

    def _usual(self, name: str, kind: str) -> Any:
        if name in _ACCOUNT_FIELDS:
            return self.settings.account
        if name.endswith(("At", "Date", "Time")) and kind[0] == "s":
            return now()
        if name in ("arn", "name") and kind[0] == "s":
            return self.value(name) if name == "arn" else self.value("id")
        return self.settings.region if name == "region" else _EMPTY[kind[0]]

    def value(self, name: str) -> Any:
        """A field's value: an input, a form, or made."""
        if name in self.given and self.given[name] is not None:
            return self.given[name]
        if name in self.done:
            return self.done[name]
        if name in self.form:
            self.done[name] = ""  # a form that refers to itself ends here
            value = self.filled(self.form[name])
            if name == "arn" and not value.startswith("arn:"):
                value = f"arn:{self.settings.partition}:{value}"
            self.done[name] = value
            return value
        if name == "id":
            return str(self.value("name") or secrets.token_hex(8))
        return self._made(name)

    def _made(self, name: str) -> Any:
        if name in ("account", "partition"):
            return getattr(self.settings, name)
        if name == "region":
            return self.settings.region
        if name in self.known:
            return self.known[name]
        if name not in self.drawn:
            self.drawn[name] = drawn(name)
        return self.drawn[name]

    def filled(self, form: Any) -> Any:
        if isinstance(form, dict):
            return {key: self.filled(item) for key, item in form.items()}
        if isinstance(form, list):
            return [self.filled(item) for item in form]
        if not isinstance(form, str):
            return form
        if whole := _FIELD.fullmatch(form):
            return self.value(whole[1])
        return _FIELD.sub(lambda match: str(self.value(match[1])), form)


def drawn(name: str) -> str:
    """Random text by the name of a field: `x8`, `uuid`, `ip`, `n250`, `now`; "" for a name that is none."""
    if name in ("uuid", "uuid_"):
        return str(uuid.uuid4())
    if name == "ip":
        return f"203.0.113.{random.randrange(1, 255)}"
    if name == "now":
        return now()
    match = re.fullmatch(r"([xaAn])(\d+)", name)
    if match is None:
        return ""
    if match[1] == "n":
        return str(random.randrange(1, int(match[2])))
    return "".join(random.choices(_MADE[match[1]], k=int(match[2])))


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _general(type: Type, given: dict[str, Any]) -> dict[str, Any]:
    """The form of a type that is not listed: the id is the bucket of a bucket's part, the name, or made."""
    if "bucket" in given and type.service == "s3":
        return {"id": "{bucket}"}
    name = type.autonamed or "name"
    file = type.token.removeprefix("aws:").partition(":")[0].rpartition("/")[2]
    form = {"id": f"{{{name}}}"} if given.get(name) else {"id": f"{file.lower()}-{{x17}}"}
    if "arn" in type.outputs:
        place = "{region}" if type.has_region else ""
        form["arn"] = f"{type.service}:{place}:{{account}}:{file}/{{id}}"
    return form
