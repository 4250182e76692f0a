"""What AWS must be asked before a teardown, region by region: pure functions of the graph that a state holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.teardown_state import told
from deploy.teardown_stores import STORES, Asked
from plan.graph import Graph, Resource

__all__ = ["SWITCHED", "Questions", "questions"]

SWITCHED = {
    "aws:dynamodb/table:Table": "table",
    "aws:eks/cluster:Cluster": "cluster",
    "aws:rds/cluster:Cluster": "database cluster",
}
"""What may have got deletion protection past Pulumi, as it is called in the report."""


@dataclass
class Questions:
    """What one region's AWS must be asked: names and ids by kind of thing."""

    stores: dict[str, list[Asked]] = field(default_factory=dict)
    """By kind of `deploy.teardown_stores.STORES`: those that AWS deletes only when they are empty."""
    switched: dict[str, list[str]] = field(default_factory=dict)
    """By kind of `SWITCHED`: names of what may have deletion protection."""
    clusters: list[str] = field(default_factory=list)
    """Kubernetes clusters, whose controllers make things in AWS."""
    vpcs: list[str] = field(default_factory=list)


def questions(graph: Graph) -> dict[str, Questions]:
    """What to ask in each region before anything of `graph` is deleted."""
    asked: dict[str, Questions] = {}
    for one in graph:
        if one.is_managed and one.region:
            _add(asked.setdefault(one.region, Questions()), one, graph)
    return {region: here for region, here in asked.items() if here != Questions()}


def _add(here: Questions, one: Resource, graph: Graph) -> None:
    for store in STORES:
        ask = store.asked(one, graph) if one.type in store.types else None
        if ask:
            here.stores.setdefault(store.kind, []).append(ask)
    name = str(told(one, "name") or one.id)
    if one.type in SWITCHED:
        # A database's own name is not what it is asked for by.
        known = one.id if one.type == "aws:rds/cluster:Cluster" else name
        here.switched.setdefault(SWITCHED[one.type], []).append(known)
    if one.type == "aws:eks/cluster:Cluster":
        here.clusters.append(name)
    elif one.type == "aws:ec2/vpc:Vpc":
        here.vpcs.append(one.id)
