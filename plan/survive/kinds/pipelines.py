"""Pipelines: what an engine knows of its runs goes with its region, what it runs comes from the program."""

from __future__ import annotations

from plan.graph import Resource
from plan.survive.model import Copy, Reason, Store
from plan.survive.world import World, store, title

__all__: list[str] = []

REBUILT = {
    "aws:glue/dataQualityRuleset:DataQualityRuleset": ("Glue ruleset", "its history of results"),
    "aws:mwaa/environment:Environment": (
        "Airflow environment",
        "its history of runs, and the variables and connections that were set by hand",
    ),
}
"""Type -> (kind, what is lost). Definitions are in the program, and a region may have its own."""


@store(*REBUILT)
def _rebuilt(resource: Resource, world: World) -> Store:
    kind, lost = REBUILT[resource.type]
    others = (
        Copy(other.region, "writer", Reason.of(other, f"{other.region} has its own {title(other)}"), own=True)
        for other in world.siblings(resource)
    )
    copies = (world.home(resource), *others)
    text = f"lost: {lost}"
    return Store(resource.urn, resource.name, kind, copies, "rebuilt", text, source=resource.source)
