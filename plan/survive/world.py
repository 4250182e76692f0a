"""What the store kinds ask about a resource's surroundings, indexed once per graph."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

from plan.graph import Graph, Resource
from plan.joins import Joins, at
from plan.regions import region_of_arn
from plan.survive.model import Copy, Reason, Role, Store
from plan.survive.typical import between_backups
from plan.tags import effective
from plan.values import Unknown, Value

__all__ = ["KINDS", "Describe", "World", "role_of", "rows", "store", "title"]

Describe: TypeAlias = Callable[[Resource, "World"], Store | None]

KINDS: dict[str, Describe] = {}
"""How to describe a store, by resource type. None from a kind: this one holds nothing after all."""

KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey",
        "aws:kms/replicaExternalKey:ReplicaExternalKey")  # fmt: skip
VAULT = "aws:backup/vault:Vault"

_DIRECTIONS = {
    "north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
}  # fmt: skip


def store(*types: str) -> Callable[[Describe], Describe]:
    """Registers a function as the description of stores of `types`."""

    def register(describe: Describe) -> Describe:
        KINDS.update(dict.fromkeys(types, describe))
        return describe

    return register


class World:
    """One graph with its joins, attachments, roles and backups."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.joins = Joins(graph)
        self._sharing: dict[tuple[str, str], Mapping[str, list[Resource]]] = {}
        self._attached: dict[tuple[str, str], Mapping[str, tuple[Resource, ...]]] = {}

    def attached(self, target: Resource, path: str, *types: str) -> tuple[Resource, ...]:
        """The resources of `types` whose input `path` means `target` (a bucket's versioning)."""
        return tuple(
            found for kind in types for found in self._attachments(kind, path, target).get(target.urn, ())
        )

    def _attachments(self, kind: str, path: str, target: Resource) -> Mapping[str, tuple[Resource, ...]]:
        index = self._attached.get((kind, path))
        if index is None:
            groups: defaultdict[str, list[Resource]] = defaultdict(list)
            targets = _SAME_THING.get(target.type, (target.type,))
            for resource in self.graph.of_type(kind):
                for found in self.joins.find(resource, path, targets).in_region(resource.region).resources:
                    groups[found.urn].append(resource)
            index = self._attached[kind, path] = {urn: tuple(group) for urn, group in groups.items()}
        return index

    def sharing(self, resource: Resource, name: str) -> tuple[Resource, ...]:
        """The resources of the same type with the same text as input `name`, `resource` among them."""
        key = (resource.type, name)
        if key not in self._sharing:
            groups: defaultdict[str, list[Resource]] = defaultdict(list)
            for other in self.graph.of_type(resource.type):
                groups[str(other.inputs.get(name))].append(other)
            self._sharing[key] = groups
        return tuple(self._sharing[key][str(resource.inputs.get(name))])

    def in_region(self, kind: str, region: str) -> tuple[Resource, ...]:
        """The resources of type `kind` in `region`; of kinds of which a region has few."""
        return tuple(resource for resource in self.graph.of_type(kind) if resource.region == region)

    def home(self, resource: Resource, *, key: str = "", role: Role = "writer") -> Copy:
        """The copy that `resource` itself is; `key` is the path of the input that names its KMS key."""
        text = f"{title(resource)} lies in {resource.region or 'a region that cannot be told'}"
        because = Reason.of(resource, text)
        value = at(resource.inputs, key) if key else None
        return self.with_key(Copy(resource.region, role, because), resource, value, key)

    def with_key(self, copy: Copy, resource: Resource, value: Value, path: str) -> Copy:
        """`copy` with what is known of the key it is encrypted with: `value`, below the input `path`."""
        if value is None or (isinstance(value, str) and value.startswith("alias/aws/")):
            return copy
        joined = self.joins.meant(resource, value, path.partition(".")[0], KEYS).in_region(copy.region)
        if joined.resources:
            key = joined.resources[0]
            text = f"it is encrypted with {title(key)} in {key.region}"
            return replace(copy, key=Reason.of(key, text), key_region=key.region)
        if joined.unknown:
            text = f"which key encrypts the data in {copy.region} is decided during deployment"
            return replace(copy, untold=Reason.of(resource, text))
        region = region_of_arn(joined.text)
        return replace(
            copy, key=Reason.of(resource, f"it is encrypted with {joined.text}"), key_region=region
        )

    def siblings(self, resource: Resource) -> tuple[Resource, ...]:
        """The same thing in other regions: same type and place in the program, same name but for the region."""
        return tuple(
            other for other in self._roles[role_of(resource)] if other.region not in ("", resource.region)
        )

    @cached_property
    def _roles(self) -> Mapping[tuple[str, str], list[Resource]]:
        groups: defaultdict[tuple[str, str], list[Resource]] = defaultdict(list)
        for resource in self.graph:
            if resource.is_managed:
                groups[role_of(resource)].append(resource)
        return groups

    @cached_property
    def backups(self) -> Mapping[str, tuple[Copy, ...]]:
        """Copies of backups in other regions, by the URN of what is backed up."""
        copies: defaultdict[str, list[Copy]] = defaultdict(list)
        for plan in self.graph.of_type("aws:backup/plan:Plan"):
            destinations = self._destinations(plan)
            for selection in (
                self.attached(plan, "planId", "aws:backup/selection:Selection") if destinations else ()
            ):
                for urn in self._selected(selection):
                    copies[urn] += destinations
        return {urn: tuple(found) for urn, found in copies.items()}

    def _destinations(self, plan: Resource) -> list[Copy]:
        found = []
        for rule in rows(plan.inputs.get("rules")):
            for action in rows(rule.get("copyActions")):
                vault = self.joins.meant(plan, action.get("destinationVaultArn"), "rules", (VAULT,))
                regions = {made.region for made in vault.resources} | {region_of_arn(vault.text)} - {""}
                for region in sorted(regions - {plan.region}):
                    text = f"{title(plan)} copies its backups to {region}"
                    lag = between_backups(rule.get("schedule"))
                    found.append(Copy(region, "backup", Reason.of(plan, text), lag=lag))
        return found

    def _selected(self, selection: Resource) -> set[str]:
        urns = {
            found.urn
            for value in _items(selection.inputs.get("resources"))
            for found in self.joins.meant(selection, value, "resources", KINDS).resources
        }
        for condition in rows(selection.inputs.get("selectionTags")):
            urns |= self._tagged.get((str(condition.get("key")), str(condition.get("value"))), set())
        return urns

    @cached_property
    def _tagged(self) -> Mapping[tuple[str, str], set[str]]:
        index: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for resource in self.graph.of_type(*KINDS):
            tags = effective(self.graph, resource)
            if tags is not None and not isinstance(tags, Unknown):
                for key, value in tags.items():
                    if isinstance(value, str):
                        index[key, value].add(resource.urn)
        return index


# Attachments name any of these when they name one of them.
_SAME_THING = {
    kind: group
    for group in (
        ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"),
    )
    for kind in group
}  # fmt: skip


def role_of(resource: Resource) -> tuple[str, str]:
    """What a resource is for, without where: its types in the URN and its name without the region."""
    types = resource.urn.split("::", 3)[2] if resource.urn.count("::") >= 3 else resource.type
    name = resource.name
    if resource.region:
        for region in (resource.region, _code(resource.region)):
            name = re.sub(rf"(?<![A-Za-z0-9]){re.escape(region)}(?![A-Za-z0-9])", "", name)
    return types, re.sub(r"[-_.]{2,}", "-", name).strip("-_.")


def _code(region: str) -> str:
    """`us-east-1` as `use1`, as names shorten it."""
    *area, direction, number = region.split("-")
    return "".join(area) + _DIRECTIONS.get(direction, direction) + number


def rows(value: Value) -> list[Mapping[str, Value]]:
    """A list of blocks, also where the provider flattens one block to an object; nothing for the rest."""
    if isinstance(value, Mapping):
        return [value]
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def title(resource: Resource) -> str:
    """`Bucket "data"`: how sentences call a resource."""
    return f'{resource.type.rpartition(":")[2]} "{resource.name}"'
