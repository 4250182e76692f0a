"""One block a resource: arguments, provider, and the resource options that Terraform knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from plan.export.terraform import assets, engine_names
from plan.export.terraform.model import Block, Provider
from plan.export.terraform.naming import snake
from plan.export.terraform.providers import Providers
from plan.export.terraform.types import Mapped, Shape, mapped, shape
from plan.export.terraform.values import Writer
from plan.export.terraform.variables import Ledger
from plan.graph import Graph, Resource
from plan.values import Template

__all__ = ["Blocks"]

_IN_PATH = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')
_NO_COUNTERPART = {
    "retainOnDelete": "Terraform has no such option: take the resource out of the state instead of destroying it",
    "deletedWith": "Terraform has no such option: it deletes each resource by itself",
    "replaceOnChanges": "Terraform has no such option for a resource's own arguments",
}
_NONE: Shape = {}


class Blocks:
    """Makes the blocks of one export. `imports` are ids of existing things to adopt, by address."""

    def __init__(self, graph: Graph, labels: Mapping[str, str], ledger: Ledger) -> None:
        self.graph, self.labels, self.ledger = graph, labels, ledger
        self.providers = Providers(graph, labels, ledger)
        self.imports: dict[str, str] = {}
        self._named: dict[tuple[str, str], Provider] = {}
        self._below: dict[str, tuple[str, ...]] = {}

    def all(self, chosen: Iterable[tuple[Resource, Mapped]]) -> Iterator[Block]:
        made = [(self.providers.of(resource), self._block(resource, to)) for resource, to in chosen]
        self._named = self.providers.named()
        for key, block in made:
            provider = self._named[key]
            meta = {"provider": provider.key, **block.meta} if provider.alias else block.meta
            yield replace(block, provider=provider, region=block.region or provider.region, meta=meta)

    def providers_in_order(self) -> tuple[Provider, ...]:
        return tuple(sorted(self._named.values(), key=lambda provider: provider.alias))

    def _block(self, resource: Resource, to: Mapped) -> Block:
        writer = Writer(self.graph, self.labels, self.ledger, resource)
        asset, rest = assets.written(writer, resource.inputs)
        body = {**writer.body(rest, to.arguments), **asset}
        for argument, name in engine_names.given(resource, to, body).items():
            body[argument] = name
            text = f"{argument} is left to the engine, which appends random digits; here {name}"
            self.ledger.note("name", resource, argument, text)
        if not isinstance(region := resource.inputs.get("region"), str | None) or isinstance(
            region, Template
        ):
            why = "decided during deployment: the provider's region stands in its place"
            self.ledger.note("argument", resource, "region", why)
        if timeouts := self._timeouts(resource, to):
            body["timeouts"] = timeouts
        address = f"{to.type}.{self.labels[resource.urn]}"
        meta: dict[str, Any] = {}
        if needs := self._depends_on(resource, writer.used | {address}):
            meta["depends_on"] = needs
        if lifecycle := self._lifecycle(resource, to):
            meta["lifecycle"] = lifecycle
        self._options(resource, address)
        nowhere = Provider("", "", {})
        return Block(
            resource.urn, resource.type, to.type, self.labels[resource.urn], nowhere, resource.region, body, meta,
            resource.source,
        )  # fmt: skip

    def _timeouts(self, resource: Resource, to: Mapped) -> dict[str, str]:
        asked = resource.options.get("customTimeouts")
        if not isinstance(asked, dict):
            return {}
        # A program says `30m`; a state file keeps seconds.
        limits = {
            name: f"{limit:g}s" if isinstance(limit, float | int) else str(limit)
            for name, limit in asked.items()
        }
        kept = {name: limit for name, limit in limits.items() if name in to.timeouts and asked[name]}
        for name in asked.keys() - kept.keys():
            if asked[name]:
                self.ledger.note("option", resource, "customTimeouts", f"{to.type} takes no limit for {name}")
        return kept

    def _depends_on(self, resource: Resource, used: set[str]) -> list[str]:
        """What must exist before, where no argument already says so."""
        found: dict[str, None] = {}
        for urn in resource.dependencies:
            for leaf in self._leaves(urn):
                to = mapped(self.graph[leaf].type)
                if to is not None:
                    found[f"{to.type}.{self.labels[leaf]}"] = None
        return sorted(found.keys() - used)

    def _leaves(self, urn: str) -> tuple[str, ...]:
        """The exported resources that a dependency means: itself, or those of a component."""
        if urn in self.labels:
            return (urn,)
        target = self.graph.get(urn)
        if target is None or target.custom:
            return ()
        if urn not in self._below:
            self._below[urn] = ()
            self._below[urn] = tuple(
                leaf for child in self.graph.children(urn) for leaf in self._leaves(child.urn)
            )
        return self._below[urn]

    def _lifecycle(self, resource: Resource, to: Mapped) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if resource.protect:
            made["prevent_destroy"] = True
        if resource.options.get("deleteBeforeReplace"):
            made["create_before_destroy"] = False
        ignored = resource.options.get("ignoreChanges")
        if isinstance(ignored, list):
            paths = dict.fromkeys(self._ignored(resource, to, str(path)) for path in ignored)
            if "all" in paths:
                made["ignore_changes"] = "all"
            elif kept := [path for path in paths if path]:
                made["ignore_changes"] = kept
        return made

    def _ignored(self, resource: Resource, to: Mapped, path: str) -> str:
        """`scalingConfig.desiredSize` as `scaling_config[0].desired_size`; "" where there is no such argument."""
        made, arguments, free = "", to.arguments, False
        entry: Mapping[str, Any] = {}
        for key, number, name in _IN_PATH.findall(path):
            if number:
                made += f"[{number}]"
                continue
            if key or free:
                made += f'["{key or name}"]'
                continue
            if name == "*":
                if made:
                    break
                return "all"
            if entry.get("is") in ("block", "object") and not made.endswith("]"):
                made += "[0]"
            entry = arguments.get(name, {})
            if "not" in entry or name in ("region", "tagsAll"):
                self.ledger.note("option", resource, "ignoreChanges", f"{path} is no argument there")
                return ""
            made += f"{'.' if made else ''}{entry.get('to') or snake(name)}"
            arguments, free = shape(entry.get("of")) if entry.get("is") else _NONE, not entry.get("is")
        return made

    def _options(self, resource: Resource, address: str) -> None:
        for option, why in _NO_COUNTERPART.items():
            if resource.options.get(option):
                self.ledger.note("option", resource, option, why)
        adopted = resource.options.get("importID")
        if isinstance(adopted, str) and adopted:
            self.imports[address] = adopted
