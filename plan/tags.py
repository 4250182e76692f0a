"""The tags a resource ends up with: its own over its provider's default tags."""

from __future__ import annotations

import json
from collections.abc import Mapping

from plan.aws_types import takes_tags
from plan.graph import Graph, Resource
from plan.values import UNKNOWN, Reference, Secret, Unknown, Value

__all__ = ["effective"]


def effective(graph: Graph, resource: Resource) -> dict[str, Value] | Unknown | None:
    """The tags of `resource` by key, as the provider will set them.

    A value may be `UNKNOWN`, a reference or a template. `UNKNOWN` as a whole when not even the keys
    are known; `None` for what takes no tags. A Kubernetes resource's labels are no tags.
    """
    if not takes_tags(resource.type):
        return None
    # A preview and a state say what the provider made of it; only then is `tagsAll` among the inputs.
    merged = resource.inputs.get("tagsAll", resource.outputs.get("tagsAll"))
    if isinstance(merged, Mapping):
        return dict(merged)
    own = _map(resource.inputs.get("tags"))
    defaults = _defaults(graph.provider_of(resource))
    if isinstance(own, Unknown) or isinstance(defaults, Unknown):
        return UNKNOWN
    return {**defaults, **own}


def _defaults(provider: Resource | None) -> dict[str, Value] | Unknown:
    """A provider's default tags: `defaultTags` is JSON text, as provider inputs are, or an object."""
    settings = provider.inputs.get("defaultTags") if provider else None
    if isinstance(settings, str):
        try:
            settings = json.loads(settings)
        except ValueError:
            return UNKNOWN
    if isinstance(settings, Mapping):
        return _map(settings.get("tags"))
    return _map(settings)


def _map(tags: Value) -> dict[str, Value] | Unknown:
    if tags is None:
        return {}
    if isinstance(tags, Mapping):
        return dict(tags)
    if isinstance(tags, Unknown | Secret | Reference | str):
        return UNKNOWN
    return {}
