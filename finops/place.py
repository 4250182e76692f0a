"""Where a resource belongs: its region, the component it is part of, and the tenant who causes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plan.graph import Graph, Resource
from plan.tags import effective
from plan.values import Template, references

__all__ = ["Place", "place_of"]

TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Place:
    """`region` is "" for what has none, `component` and `tenant` for what is part of none."""

    region: str
    component: str
    tenant: str


def place_of(resource: Resource, graph: Graph) -> Place:
    """The place of `resource`: a Kubernetes object stands where its cluster stands."""
    return Place(
        region=resource.region or _region_of_cluster(resource, graph),
        component=_component(resource, graph),
        tenant=_tenant(resource, graph),
    )


def _component(resource: Resource, graph: Graph) -> str:
    """The type of the nearest component, in short: `FeatureStore`."""
    for outer in graph.ancestors(resource):
        if not outer.custom and outer.package != "pulumi":
            return outer.type.rpartition(":")[2]
    return ""


def _tenant(resource: Resource, graph: Graph) -> str:
    """The value of the tag `tenant`; of the label, for a Kubernetes object or the nodes of a pool."""
    if resource.package != "kubernetes":
        return _text_of(effective(graph, resource), TENANT)
    for path in (("metadata", "labels"), ("spec", "template", "metadata", "labels")):
        found: object = resource.inputs
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        if tenant := _text_of(found, TENANT):
            return tenant
    return ""


def _text_of(values: object, key: str) -> str:
    value = values.get(key) if isinstance(values, Mapping) else None
    return value if isinstance(value, str) and not isinstance(value, Template) else ""


def _region_of_cluster(resource: Resource, graph: Graph) -> str:
    """The region that the provider of a Kubernetes object leads to, or that its siblings stand in."""
    if resource.package != "kubernetes":
        return ""
    provider = graph.provider_of(resource)
    if provider is not None:
        urns = [it.urn for it in references(dict(provider.inputs))]
        urns += [
            *provider.dependencies,
            *(u for group in provider.property_dependencies.values() for u in group),
        ]
        for urn in urns:
            if (cluster := graph.get(urn)) is not None and cluster.region:
                return cluster.region
    for owner in (provider, resource):
        for outer in graph.ancestors(owner) if owner is not None else ():
            regions = {child.region for child in graph.children(outer.urn)} - {""}
            if len(regions) == 1:
                return regions.pop()
    return ""
