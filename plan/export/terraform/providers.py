"""Provider configurations: one for each of the program's, once more for each region its resources name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plan.export.terraform.model import Provider
from plan.export.terraform.naming import label, short_hash
from plan.export.terraform.types import PROVIDER_TYPE, mapped
from plan.export.terraform.values import Writer
from plan.export.terraform.variables import Ledger
from plan.graph import Graph, Resource
from plan.values import SECRET, TOKEN, Template, Value

__all__ = ["Providers"]

# Credentials never stand in a configuration, also where a program wrote them down in the open.
_CREDENTIALS = ("accessKey", "secretKey", "token")
# Of the SDK and the plugin, not of the provider.
_NOT_SETTINGS = ("version", "pluginDownloadURL", "region", "parameterization")


class Providers:
    """The provider configurations that the resources of one graph need."""

    def __init__(self, graph: Graph, labels: Mapping[str, str], ledger: Ledger) -> None:
        self.graph, self.labels, self.ledger = graph, labels, ledger
        self._settings: dict[str, tuple[str, Any, dict[str, Any]]] = {}
        self._made: dict[tuple[str, str], tuple[str, Provider]] = {}
        self._of: dict[tuple[str, str], tuple[str, str]] = {}

    def of(self, resource: Resource) -> tuple[str, str]:
        """The key of the configuration that `resource` is deployed with; see `named`."""
        region = resource.inputs.get("region")
        own = region if isinstance(region, str) and not isinstance(region, Template) else ""
        if not own and resource.provider not in self.graph:
            own = resource.region
        here = (resource.provider, own)
        if here not in self._of:
            self._of[here] = self._key(resource.provider, own)
        return self._of[here]

    def _key(self, urn: str, own: str) -> tuple[str, str]:
        name, region, body = self._configured(urn)
        if own:
            region = own
        key = (json.dumps(body, sort_keys=True), str(region))
        if key not in self._made:
            full = {"region": region, **body} if region else body
            tags = (body.get("default_tags") or [{}])[0].get("tags") or {}
            moved = bool(own) and own != self._configured(urn)[1]
            base = f"{name}_{own}" if moved else name
            place = "" if str(region).startswith("${") else str(region or "")
            self._made[key] = (label(base), Provider("", place, full, tags))
        return key

    def _configured(self, urn: str) -> tuple[str, Any, dict[str, Any]]:
        """Name, region and the other settings of one of the program's providers."""
        if urn in self._settings:
            return self._settings[urn]
        provider = self.graph.get(urn)
        if provider is None:
            self._settings[urn] = ("default", "", {})
            return self._settings[urn]
        writer = Writer(self.graph, self.labels, self.ledger, provider)
        writer.name = label(provider.name)
        inputs = {name: _told(value) for name, value in provider.inputs.items() if name not in _NOT_SETTINGS}
        inputs |= dict.fromkeys((name for name in _CREDENTIALS if name in inputs), SECRET)
        to = mapped(PROVIDER_TYPE)
        body = writer.body(inputs, to.arguments if to else {})
        region = writer.value(_told(provider.inputs.get("region")), "region") or ""
        name = "default" if provider.name.startswith("default") else provider.name
        self._settings[urn] = (name, region, body)
        return self._settings[urn]

    def named(self) -> dict[tuple[str, str], Provider]:
        """The configurations by key. A single one needs no alias; where only regions differ, they are the names."""
        one_account = len({settings for settings, _ in self._made}) == 1
        bases = [base for base, _ in self._made.values()]
        named: dict[tuple[str, str], Provider] = {}
        taken: set[str] = set()
        for key, (base, made) in self._made.items():
            alias = base
            if len(self._made) == 1:
                alias = ""
            elif one_account and made.region:
                alias = made.region
            elif bases.count(base) > 1 and made.region:
                alias = f"{base}_{made.region}"
            if alias in taken:
                alias = f"{alias}_{short_hash(''.join(key), 6)}"
            taken.add(alias)
            named[key] = Provider(alias, made.region, made.body, made.default_tags)
        return named


def _told(value: Value) -> Value:
    """A setting as the program gave it: the SDK hands over everything but text as JSON."""
    if not isinstance(value, str) or value[:1] not in ("[", "{", "t", "f"):
        return value
    try:
        told = json.loads(value)
    except ValueError:
        return value
    return _templates(told) if isinstance(value, Template) else told


def _templates(value: Any) -> Value:
    if isinstance(value, str):
        return Template(value) if TOKEN.search(value) else value
    if isinstance(value, list):
        return [_templates(item) for item in value]
    if isinstance(value, dict):
        return {key: _templates(item) for key, item in value.items()}
    return value
