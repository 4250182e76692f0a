"""The inputs of a resource before and after, brought into a form in which they can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plan.aws_types import is_global
from plan.changes import ANEW, Change, changes, covered
from plan.graph import Graph, Resource
from plan.joins import at
from plan.replacements import DELETE_FIRST, Forced, forced, forces, name_property
from plan.tags import effective
from plan.values import SECRET, TOKEN, UNKNOWN, Reference, ResourceRef, Template, Value, references

if TYPE_CHECKING:
    from plan.diff import Step

__all__ = ["Inputs", "deletes_first"]

_AUTONAMED = "pulumi.com/autonamed"
# Offline names that stand for what the Kubernetes provider would draw at random.
_DIGITS = re.compile(r"-[0-9a-f]{8}")
# What providers fill in without noting it.
_FILLED_IN: Mapping[str, tuple[str, ...]] = {"kubernetes:helm.sh/v3:Release": ("timeout",)}
_CLUSTER_SETTINGS = ("kubeconfig", "context", "cluster", "clusterIdentifier")


class Inputs:
    """Compares resources in the order of the graph after; `steps` holds those that were compared before.

    `now` is the URN after by the URN before.
    """

    def __init__(
        self, before: Graph, after: Graph, now: Mapping[str, str], steps: Mapping[str, Step]
    ) -> None:
        self.before, self.after, self._now, self._steps = before, after, now, steps
        self._was = {new: old for old, new in now.items()}
        self._names: dict[str, str] = {}

    def changes(self, old: Resource, new: Resource) -> Iterator[Change]:
        """Where the inputs part, without what is to be ignored."""
        provider = self.after.provider_of(new)
        fixed = _paths(new, provider)
        ignored = new.options.get("ignoreChanges") or ()
        replacing = new.options.get("replaceOnChanges") or ()
        here = self._old(old, new)
        for change in changes(here, self._new(old, new, here)):
            if covered(change.path, ignored) or (new.is_provider and change.path == "version"):
                continue
            by_provider = forces(change, fixed)
            yield replace(change, replaces=by_provider or covered(change.path, replacing))

    def has_new_provider(self, new: Resource) -> bool:
        provider = self._steps.get(new.provider)
        return provider is not None and provider.operation == "replace"

    def follows(self, old: Resource, new: Resource) -> Iterator[str]:
        """What goes before its successor comes, and this resource with it: a property that cannot change in
        place depends on it, whether or not the property's value will be another."""
        fixed = _paths(new, self.after.provider_of(new))
        for name, urns in old.property_dependencies.items():
            for urn in urns:
                step = self._steps.get(self._now.get(urn, urn))
                goes = step is not None and step.operation == "replace" and step.deletes_first
                if step is not None and goes and name in old.inputs and forces(Change(name, "update"), fixed):
                    yield step.urn

    # The two sides.

    def _old(self, old: Resource, new: Resource) -> dict[str, Value]:
        inputs = {name: self._renamed(value) for name, value in old.inputs.items()}
        for path in (*old.options.get("defaults", ()), *_FILLED_IN.get(old.type, ())):
            if at(new.inputs, path) is None:
                inputs = _without(inputs, path.split("."))
        if old.package == "aws":
            inputs |= {
                name: self._renamed(value) for name, value in self._filled_in(self.before, old).items()
            }
        if old.package == "kubernetes" and not old.is_provider:
            inputs = _without(inputs, ["metadata", "annotations", _AUTONAMED])
        return inputs

    def _new(self, old: Resource, new: Resource, here: Mapping[str, Value]) -> dict[str, Value]:
        inputs = dict(new.inputs)
        if new.package == "aws":
            inputs |= self._filled_in(self.after, new)
        if new.package == "kubernetes":
            self._keep_name(old, new)
        return {name: self._settled(value, here.get(name), new, name) for name, value in inputs.items()}

    def _filled_in(self, graph: Graph, resource: Resource) -> dict[str, Value]:
        """All tags and the region, which the AWS provider writes to the inputs when it has checked them."""
        found: dict[str, Value] = {}
        tags = effective(graph, resource)
        if tags is not None:
            found["tagsAll"] = tags
        region = resource.inputs.get("region") or resource.region
        if region and not is_global(resource.type):
            found["region"] = region
        return found

    def _keep_name(self, old: Resource, new: Resource) -> None:
        """A name that was drawn before stays; it takes the place of the one that stands for it offline."""
        was, name = at(old.inputs, "metadata.name"), at(new.inputs, "metadata.name")
        drawn = at(old.inputs, "metadata.annotations")
        marked = isinstance(drawn, Mapping) and drawn.get(_AUTONAMED) == "true"
        if marked and isinstance(name, str) and isinstance(was, str) and _stands_in(name, new):
            self._names[name] = was

    # Values.

    def _renamed(self, value: Value) -> Value:
        """A value before, with the URNs of now."""
        if isinstance(value, Reference):
            return Reference(self._now.get(value.urn, value.urn), value.property)
        if isinstance(value, ResourceRef):
            return ResourceRef(self._now.get(value.urn, value.urn))
        if isinstance(value, Template):
            return Template(TOKEN.sub(lambda it: f"${{{self._now.get(it[1], it[1])}#{it[2]}}}", str(value)))
        if isinstance(value, Mapping):
            return {key: self._renamed(item) for key, item in value.items()}
        return [self._renamed(item) for item in value] if isinstance(value, list) else value

    def _settled(self, value: Value, old: Value, resource: Resource, name: str) -> Value:
        """A value after, as the engine will see it: references answered, what stays open left as it was."""
        if isinstance(value, Reference):
            return self._answer(value, old)
        if isinstance(value, Template):
            return self._filled(value, old)
        if value is UNKNOWN or value is SECRET:
            urns = resource.property_dependencies.get(name, ())
            if any(self._is_new(urn) for urn in urns):
                return ANEW
            return old if value is UNKNOWN and old is not None else value
        if isinstance(value, Mapping):
            below = old if isinstance(old, Mapping) else {}
            return {key: self._settled(item, below.get(key), resource, name) for key, item in value.items()}
        if isinstance(value, list):
            items = old if isinstance(old, list) else []
            return [
                self._settled(item, items[index] if index < len(items) else None, resource, name)
                for index, item in enumerate(value)
            ]
        return self._with_names(value) if isinstance(value, str) else value

    def _is_new(self, urn: str) -> bool:
        """Whether outputs of `urn` are decided anew."""
        step = self._steps.get(urn)
        return step is not None and step.operation in ("create", "replace")

    def _answer(self, reference: Reference, old: Value) -> Value:
        if self._is_new(reference.urn):
            return ANEW
        if old == reference:
            return old
        target = self.before.get(self._was.get(reference.urn, ""))
        if target is None:
            return ANEW
        if reference.property == "id" and target.id:
            return target.id
        found = at(target.outputs, reference.property)
        if found is not None:
            return found
        # A state that does not have it: what stood there is as good as anything.
        return old if target.id and old is not None else reference

    def _filled(self, template: Template, old: Value) -> Value:
        answers: dict[str, Value] = {}
        for reference in references(template):
            if self._is_new(reference.urn):
                return ANEW
            answers[str(reference)] = self._answer(reference, None)
        if isinstance(old, Template):
            return template
        if not all(isinstance(answer, str) for answer in answers.values()):
            return old if old is not None else ANEW
        return self._with_names(TOKEN.sub(lambda match: str(answers[match[0]]), str(template)))

    def _with_names(self, text: str) -> str:
        for name, was in self._names.items():
            text = text.replace(name, was)
        return text


def _stands_in(name: str, resource: Resource) -> bool:
    """Whether `name` is what an offline plan puts where the provider would draw a name."""
    return name.startswith(resource.name) and _DIGITS.fullmatch(name[len(resource.name) :]) is not None


def _paths(resource: Resource, provider: Resource | None) -> tuple[Forced, ...]:
    if resource.type == "pulumi:providers:kubernetes":
        return tuple(Forced((name,)) for name in _CLUSTER_SETTINGS)
    return forced(resource.type, resource.inputs, provider.inputs if provider else {})


def _without(inputs: Mapping[str, Value], steps: list[str]) -> dict[str, Value]:
    """`inputs` without what is at the path `steps`, and without a map that it leaves empty."""
    first, *rest = steps
    found = inputs.get(first)
    kept = {name: value for name, value in inputs.items() if name != first}
    if not rest or not isinstance(found, Mapping):
        return kept if not rest else dict(inputs)
    below = _without(found, rest)
    return {**kept, first: below} if below else kept


def deletes_first(old: Resource, new: Resource) -> bool:
    """Whether a replacement deletes before it creates: said by the program, or two cannot exist at once."""
    said = new.options.get("deleteBeforeReplace")
    if said is not None:
        return bool(said)
    if new.package == "kubernetes" and not new.is_provider:
        return _same_object(old, new)
    if new.package != "aws":
        return False
    if new.type in DELETE_FIRST:
        return True
    name = name_property(new.type)
    given = new.inputs.get(name)
    return isinstance(given, str) and given == old.inputs.get(name)


def _same_object(old: Resource, new: Resource) -> bool:
    names: list[Any] = []
    for resource in (old, new):
        metadata = resource.inputs.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        names.append((metadata.get("name"), metadata.get("namespace")))
    return names[0] == names[1] and not (isinstance(names[1][0], str) and _stands_in(names[1][0], new))
