"""The one data structure: the resources of a plan, immutable and in dependency order.

Readers make a `Graph` (`plan.offline`, `plan.preview`, `plan.state`); cost, policy, survivability,
diff and exports are functions of one graph or of two.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from plan.values import Value, decode, encode
from problems import InputError, Problem

__all__ = ["SCHEMA", "Finding", "Graph", "Resource", "name_of", "stack_of"]

SCHEMA = "tradewind.graph/1"
ROOT_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a plan.

    `type` is Pulumi's token (`aws:s3/bucket:Bucket`); `inputs` have Pulumi's camelCase names and the
    values of `plan.values`; `region` is where it lives, "" for what has none or whose region is not
    known; `source` is `file:line` in the program; `provider` and `parent` are URNs or "".
    `external` marks what is read, not managed; `outputs` is what a state file knows beyond the inputs.
    `options` keeps the other resource options under Pulumi's names (`ignoreChanges`, `aliases`, ...);
    `defaults` there are dotted paths of inputs that not the program but the provider filled in.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Value] = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    region: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    custom: bool = True
    protect: bool = False
    external: bool = False
    source: str = ""
    id: str = ""
    outputs: Mapping[str, Value] = field(default_factory=dict)
    options: Mapping[str, Value] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The package of the type: `aws`, `kubernetes`, `pulumi`, ..."""
        return self.type.partition(":")[0]

    @property
    def stack(self) -> str:
        """The stack of which this resource is part: an environment's cell."""
        return stack_of(self.urn)

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def is_managed(self) -> bool:
        """Whether it is a real thing that this plan creates: no component, provider, stack or read."""
        return self.custom and not self.external and not self.is_provider and self.package != "pulumi"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed while the graph was made: an ill-typed input, a warning of the program.

    `kind` is `type`, `required`, `unknown-property`, `enum`, `documented-values` or `warning`.
    """

    kind: str
    message: str
    urn: str = ""
    path: str = ""
    source: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the provider would refuse it; the other kinds are worth a look only."""
        return self.kind in ("type", "required", "unknown-property", "enum")


@dataclass(frozen=True)
class Graph:
    """Resources by URN, each after everything it depends on.

    `origin` says how it was made ("offline", "preview", "state"); `assumptions` are the answers that
    were assumed, one sentence each; `outputs` are the stacks' exports by stack name.
    """

    resources: Mapping[str, Resource]
    origin: str = "offline"
    assumptions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    outputs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Iterable[Resource], *, place: str = "", **rest: Any) -> Graph:
        """A graph of `resources`, put into dependency order; `place` is named in errors.

        Raises `InputError` when a URN comes twice or dependencies run in a circle. A dependency on a
        resource that is not there is dropped: previews of parts of a stack have them.
        """
        table: dict[str, Resource] = {}
        for resource in resources:
            if resource.urn in table:
                raise InputError(
                    [
                        Problem(
                            place,
                            resource.urn,
                            "the same URN twice",
                            "a URN names one resource",
                            "rename one of the two",
                        )
                    ]
                )
            table[resource.urn] = resource
        return cls(_ordered(table, place), **rest)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    def __len__(self) -> int:
        return len(self.resources)

    def __getitem__(self, urn: str) -> Resource:
        return self.resources[urn]

    def __contains__(self, urn: object) -> bool:
        return urn in self.resources

    def get(self, urn: str) -> Resource | None:
        return self.resources.get(urn)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of any of `types`, in graph order."""
        return tuple(resource for kind in types for resource in self._by_type.get(kind, ()))

    def children(self, urn: str) -> tuple[Resource, ...]:
        return self._by_parent.get(urn, ())

    def dependents(self, urn: str) -> tuple[Resource, ...]:
        """The resources that depend on `urn` directly."""
        return self._by_dependency.get(urn, ())

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """The components that `resource` is part of, the nearest first."""
        while (parent := self.resources.get(resource.parent)) is not None:
            yield parent
            resource = parent

    def provider_of(self, resource: Resource) -> Resource | None:
        return self.resources.get(resource.provider)

    def merged(self, *others: Graph) -> Graph:
        """One graph of several cells. Raises `InputError` when two hold the same URN."""
        graphs = (self, *others)
        return Graph.of(
            (resource for graph in graphs for resource in graph),
            origin=self.origin,
            assumptions=tuple(dict.fromkeys(text for graph in graphs for text in graph.assumptions)),
            findings=tuple(finding for graph in graphs for finding in graph.findings),
            outputs={stack: values for graph in graphs for stack, values in graph.outputs.items()},
        )

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        return _grouped((resource.type, resource) for resource in self)

    @cached_property
    def _by_parent(self) -> Mapping[str, tuple[Resource, ...]]:
        return _grouped((resource.parent, resource) for resource in self if resource.parent)

    @cached_property
    def _by_dependency(self) -> Mapping[str, tuple[Resource, ...]]:
        return _grouped((urn, resource) for resource in self for urn in resource.dependencies)

    def to_json(self) -> str:
        """The versioned document: the same graph gives the same bytes."""
        document = {
            "schema": SCHEMA,
            "origin": self.origin,
            "assumptions": list(self.assumptions),
            "findings": [_without_defaults(finding, Finding) for finding in self.findings],
            "outputs": {stack: encode(dict(values)) for stack, values in self.outputs.items()},
            "resources": [_resource_json(resource) for resource in self],
        }
        return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str, place: str = "") -> Graph:
        """The inverse of `to_json`. Raises `InputError` when `text` is not such a document."""
        try:
            document = json.loads(text, object_hook=decode)
            if document["schema"] != SCHEMA:
                raise InputError(
                    [
                        Problem(
                            place,
                            "schema",
                            str(document["schema"]),
                            f"this version reads {SCHEMA}",
                            "write the graph again with `tradewind plan TARGET -o FILE`",
                        )
                    ]
                )
            return cls.of(
                (_resource(row) for row in document["resources"]),
                place=place,
                origin=document["origin"],
                assumptions=tuple(document["assumptions"]),
                findings=tuple(Finding(**row) for row in document["findings"]),
                outputs=document["outputs"],
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            problem = Problem(
                place,
                "",
                f"{type(error).__name__}: {error}"[:200],
                f"it is not a whole {SCHEMA} document",
                "write the graph again with `tradewind plan TARGET -o FILE`",
            )
            raise InputError([problem]) from error


def stack_of(urn: str) -> str:
    """The stack in a URN: `urn:pulumi:<stack>::<project>::<types>::<name>`."""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def name_of(urn: str) -> str:
    """The resource's name, the last part of a URN; it may hold `::` itself."""
    return urn.split("::", 3)[-1]


def _grouped(pairs: Iterable[tuple[str, Resource]]) -> dict[str, tuple[Resource, ...]]:
    groups: defaultdict[str, list[Resource]] = defaultdict(list)
    for key, resource in pairs:
        groups[key].append(resource)
    return {key: tuple(group) for key, group in groups.items()}


def _needs(resource: Resource, table: Mapping[str, Resource]) -> set[str]:
    return {urn for urn in (resource.parent, resource.provider, *resource.dependencies) if urn in table}


def _ordered(table: dict[str, Resource], place: str) -> dict[str, Resource]:
    """`table` in dependency order, otherwise in the order given. Linear in resources and edges."""
    position = {urn: index for index, urn in enumerate(table)}
    needs = {urn: _needs(resource, table) for urn, resource in table.items()}
    if all(position[need] < position[urn] for urn, group in needs.items() for need in group):
        return table
    waiting = {urn: len(group) for urn, group in needs.items()}
    needed_by: defaultdict[str, list[str]] = defaultdict(list)
    for urn, group in needs.items():
        for need in group:
            needed_by[need].append(urn)
    ready = [position[urn] for urn, count in waiting.items() if not count]
    heapq.heapify(ready)
    urns, ordered = list(table), {}
    while ready:
        urn = urns[heapq.heappop(ready)]
        ordered[urn] = table[urn]
        for dependent in needed_by[urn]:
            waiting[dependent] -= 1
            if not waiting[dependent]:
                heapq.heappush(ready, position[dependent])
    if len(ordered) < len(table):
        circle = _circle({urn: group for urn, group in needs.items() if urn not in ordered})
        chain = " -> ".join(name_of(urn) for urn in [*circle, circle[0]])
        raise InputError(
            [
                Problem(
                    place,
                    circle[0],
                    chain,
                    "resources that depend on each other in a circle cannot be created",
                    "break the circle: let one of them do without the other",
                )
            ]
        )
    return ordered


def _circle(needs: Mapping[str, set[str]]) -> Sequence[str]:
    """One circle among resources each of which waits for another of them."""
    path: dict[str, None] = {}
    urn = min(needs)
    while urn not in path:
        path[urn] = None
        urn = min(need for need in needs[urn] if need in needs)
    walked = list(path)
    return walked[walked.index(urn) :]


def _without_defaults(item: Any, kind: type) -> dict[str, Any]:
    return {name: getattr(item, name) for name in kind.__slots__ if getattr(item, name) != ""}  # type: ignore[attr-defined]


_DEFAULTS = {"custom": True, "protect": False, "external": False}


def _resource_json(resource: Resource) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in Resource.__slots__:
        value = getattr(resource, name)
        if name in _DEFAULTS:
            if value != _DEFAULTS[name]:
                row[name] = value
        elif value or name in ("urn", "type", "name"):
            row[name] = encode(value) if name in ("inputs", "outputs", "options") else value
    return row


# What each field of a resource in a file must be.
_KINDS: Mapping[str, type] = {
    **dict.fromkeys(("urn", "type", "name", "parent", "provider", "region", "source", "id"), str),
    **dict.fromkeys(("inputs", "outputs", "options", "property_dependencies"), dict),
    **dict.fromkeys(("custom", "protect", "external"), bool),
    "dependencies": list,
}


def _resource(row: dict[str, Any]) -> Resource:
    """One resource of a file. Raises `ValueError` naming the field that is not what it must be."""
    for name, value in row.items():
        if name not in _KINDS:
            raise ValueError(f"a resource has no field {name!r}")
        if not isinstance(value, _KINDS[name]):
            raise ValueError(
                f"{name} of a resource is a {_KINDS[name].__name__}, here a {type(value).__name__}"
            )
    if not row["urn"].startswith("urn:pulumi:") or row["urn"].count("::") < 3:
        raise ValueError(f"urn {row['urn'][:80]!r} is no URN: urn:pulumi:<stack>::<project>::<type>::<name>")
    properties = row.get("property_dependencies", {})
    if not all(isinstance(urns, list) for urns in properties.values()):
        raise ValueError("property_dependencies of a resource are lists of URNs")
    return Resource(
        **{
            **row,
            "dependencies": tuple(row.get("dependencies", ())),
            "property_dependencies": {key: tuple(urns) for key, urns in properties.items()},
        }
    )
