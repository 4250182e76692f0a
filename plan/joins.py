"""Which resource an input means: by reference, by dependency, by name or by ARN.

In an offline plan an input is mostly a reference; in a preview it is unknown and only the property's
dependencies say where it comes from; across stacks and in a state it is a literal name or ARN. All
three lead to the same resources here. Everything is indexed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from plan.graph import Graph, Resource
from plan.values import Reference, Secret, Template, Unknown, Value, references

__all__ = ["Joined", "Joins", "at"]

# Inputs and outputs by which other resources name one. What a type does not have costs nothing.
_NAMES = (
    "arn", "bucket", "name", "identifier", "clusterIdentifier", "globalClusterIdentifier", "keyId",
    "replicationGroupId", "globalReplicationGroupId", "multiRegionClusterName", "domainName", "dnsName",
)  # fmt: skip

_ALIAS = "aws:kms/alias:Alias"
_HOPS = 5


@dataclass(frozen=True, slots=True)
class Joined:
    """What an input means: `resources` of the graph, or, when there are none, `text` as written.

    `unknown` when it is decided during deployment and no dependency tells more.
    """

    resources: tuple[Resource, ...] = ()
    text: str = ""
    unknown: bool = False

    @property
    def one(self) -> Resource | None:
        """The resource, when there is exactly one."""
        return self.resources[0] if len(self.resources) == 1 else None

    def in_region(self, region: str) -> Joined:
        """Only what lives in `region`, where the choice is among several regions."""
        here = tuple(resource for resource in self.resources if resource.region == region)
        return Joined(here, self.text, self.unknown) if here else self


class Joins:
    """An index of one graph's names and ARNs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._named: defaultdict[tuple[str, str], dict[str, Resource]] = defaultdict(dict)
        for resource in graph:
            if resource.is_managed or resource.external:
                for text in _names_of(resource):
                    self._named[resource.type, text][resource.urn] = resource

    def find(self, resource: Resource, path: str, types: Collection[str]) -> Joined:
        """The resources of `types` that the input `path` of `resource` means.

        `path` is dotted, with numbers for places in lists: `replicas.0.kmsKeyArn`.
        """
        return self.meant(resource, at(resource.inputs, path), path.partition(".")[0], types)

    def meant(self, resource: Resource, value: Value, name: str, types: Collection[str]) -> Joined:
        """The same for a `value` somewhere below the input `name` of `resource`."""
        if value is None:
            return Joined()
        found: dict[str, Resource] = {}
        for reference in references(value):
            found |= self._followed(reference, types, _HOPS)
        if found:
            return Joined(tuple(found.values()))
        if isinstance(value, str) and not isinstance(value, Template):
            return Joined(tuple(self._by_text(resource, value, types)), value)
        urns = resource.property_dependencies.get(name, ())
        found = self._upstream(urns, name, types, _HOPS)
        unknown = not found and isinstance(value, Unknown | Secret | Reference | Template)
        return Joined(tuple(found.values()), unknown=unknown)

    def _followed(self, reference: Reference, types: Collection[str], hops: int) -> dict[str, Resource]:
        """A reference to something else that passes the value on (`versioning.bucket`) is followed."""
        target = self.graph.get(reference.urn)
        if target is None or not hops:
            return {}
        if target.type in types:
            return {target.urn: target}
        passed = target.inputs.get(reference.property.partition(".")[0])
        found: dict[str, Resource] = {}
        for further in references(passed):
            found |= self._followed(further, types, hops - 1)
        if not found and isinstance(passed, str) and not isinstance(passed, Template):
            found = {resource.urn: resource for resource in self._by_text(target, passed, types)}
        return found or self._through_alias(target, types)

    def _upstream(
        self, urns: Iterable[str], name: str, types: Collection[str], hops: int
    ) -> dict[str, Resource]:
        """Unknown values: the nearest resources of `types` among what the property depends on."""
        near = [self.graph.resources[urn] for urn in urns if urn in self.graph]
        found = {resource.urn: resource for resource in near if resource.type in types}
        if found or not hops:
            return found
        for resource in near:
            found |= self._through_alias(resource, types)
            found |= self._upstream(resource.property_dependencies.get(name, ()), name, types, hops - 1)
        return found

    def _through_alias(self, alias: Resource, types: Collection[str]) -> dict[str, Resource]:
        if alias.type != _ALIAS:
            return {}
        return {key.urn: key for key in self.find(alias, "targetKeyId", types).resources}

    def _by_text(self, resource: Resource, text: str, types: Collection[str]) -> list[Resource]:
        """By ARN, else by name; the same name in several regions means the one of `resource`'s region."""
        if not text:
            return []
        for candidate in _spellings(text):
            found = {
                urn: hit for kind in types for urn, hit in self._named.get((kind, candidate), {}).items()
            }
            for alias in self._named.get((_ALIAS, candidate), {}).values():
                if alias.region == resource.region and _ALIAS not in types:
                    found |= self._through_alias(alias, types)
            region = _arn_region(text)
            hits = [hit for hit in found.values() if not region or hit.region in (region, "")]
            here = [hit for hit in hits if not region and hit.region == resource.region]
            if here or hits:
                return here if len(hits) > 1 and here else hits
        return []


def at(value: Value, path: str) -> Value:
    """The value at a dotted `path`; None where there is none, what is unknown above it where that ends it."""
    for part in path.split(".") if path else ():
        if isinstance(value, Unknown | Reference | Template):
            return value
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if hasattr(value, "get") else None
    return value


def _names_of(resource: Resource) -> Iterable[str]:
    if resource.id:
        yield resource.id
    for name in _NAMES:
        for properties in (resource.inputs, resource.outputs):
            text = properties.get(name)
            if isinstance(text, str) and text:
                yield text


def _spellings(text: str) -> Iterable[str]:
    """The text itself; of an ARN then its resource part with and without the kind before it."""
    yield text
    parts = text.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn":
        rest = parts[5]
        yield rest
        for mark in (":", "/"):
            if mark in rest:
                yield rest.split(mark, 1)[1]


def _arn_region(text: str) -> str:
    parts = text.split(":", 5)
    return parts[3] if len(parts) == 6 and parts[0] == "arn" else ""
