"""What a check needs beside the resource at hand: relations, tags and documents, each worked out once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plan.graph import Graph, Resource
from plan.tags import effective
from plan.values import Template, Unknown, Value, references
from policies.view import Undetermined, View

if TYPE_CHECKING:
    from policies.config import Config

__all__ = ["Surroundings"]

_CLASSES = {
    **dict.fromkeys(("prod", "production", "prd", "live"), "production"),
    **dict.fromkeys(("stage", "staging", "stg", "preprod"), "staging"),
    **dict.fromkeys(("dev", "development", "test", "sandbox"), "development"),
}
# What a resource is called outside the plan, where a property names it by text instead of by reference.
_NAME_PROPERTIES = ("bucket", "name", "functionName", "clusterIdentifier", "identifier", "family")


@dataclass
class _Relation:
    """Who points where through one property of some types."""

    by_urn: defaultdict[str, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    by_text: defaultdict[str, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    unknown: list[Resource] = field(default_factory=list)


class Surroundings:
    """A graph with its configuration and the indexes that rules share. Not thread-safe: one per check."""

    def __init__(self, graph: Graph, config: Config, *, whole: bool = True) -> None:
        self.graph = graph
        self.config = config
        self.whole = whole
        """Whether the graph is all of the plan, or only the resource at hand (in a policy pack)."""
        self.classless: set[str] = set()
        """URNs of resources whose environment class could not be found out."""
        self.parsed: dict[tuple[str, str], Any] = {}
        """Parsed documents by URN and path: see `policies.documents`."""
        self._relations: dict[tuple[tuple[str, ...], str], _Relation] = {}
        self._named: dict[tuple[str, str], defaultdict[str, list[Resource]]] = {}
        self._tags: dict[str, Mapping[str, Value] | Unknown] = {}

    def tags(self, resource: Resource) -> Mapping[str, Value]:
        """Effective tags of `resource`, empty for what takes none; raises `Undetermined` when not even the
        keys are known."""
        tags = self._tags.get(resource.urn)
        if tags is None:
            found = effective(self.graph, resource)
            tags = self._tags[resource.urn] = {} if found is None else found
        if isinstance(tags, Unknown):
            raise Undetermined("tags", "are known after deployment")
        return tags

    def environment_class(self, resource: Resource) -> str:
        """`development`, `staging`, `production`, or "" when nothing says: the configuration, then the tag
        `environment`, then the first word of the stack's name."""
        if self.config.environment_class:
            return self.config.environment_class
        try:
            tag = self.tags(resource).get("environment")
        except Undetermined:
            tag = None
        words = (tag if isinstance(tag, str) else "", re.split(r"[-_.]", resource.stack)[0])
        found = next((known for word in words if (known := _CLASSES.get(word.lower()))), "")
        if not found:
            self.classless.add(resource.urn)
        return found

    def related(self, view: View, types: tuple[str, ...], through: str) -> tuple[View, ...]:
        relation = self._relations.get((types, through))
        if relation is None:
            relation = self._relations[types, through] = self._relation(types, through)
        found = relation.by_urn.get(view.urn)
        if not found and relation.by_text:
            found = [other for text in _names(view.resource) for other in relation.by_text.get(text, ())]
        if not found and relation.unknown:
            other = relation.unknown[0]
            raise Undetermined("", f"may be what {other.name} means by {through}, known after deployment")
        return tuple(View(other, self) for other in found or ())

    def named(self, type: str, key: str, text: str) -> tuple[View, ...]:
        """The resources of `type` whose property `key` is exactly `text`."""
        table = self._named.get((type, key))
        if table is None:
            table = self._named[type, key] = defaultdict(list)
            for resource in self.graph.of_type(type):
                if isinstance(name := resource.inputs.get(key), str):
                    table[name].append(resource)
        return tuple(View(resource, self) for resource in table.get(text, ()))

    def _relation(self, types: tuple[str, ...], through: str) -> _Relation:
        relation = _Relation()
        for other in self.graph.of_type(*types):
            value = other.inputs.get(through)
            urns = {reference.urn for reference in references(value)}
            urns.update(other.property_dependencies.get(through, ()))
            for urn in urns:
                relation.by_urn[urn].append(other)
            if urns:
                continue
            if isinstance(value, str) and not isinstance(value, Template):
                relation.by_text[value].append(other)
            elif value is not None:
                relation.unknown.append(other)
        return relation


def _names(resource: Resource) -> list[str]:
    names = [resource.inputs.get(key) for key in _NAME_PROPERTIES]
    return [name for name in (*names, resource.id) if isinstance(name, str) and name]
