"""Model registries: SageMaker copies no package to another region, but a program may register it there."""

from __future__ import annotations

from plan.graph import Resource
from plan.regions import region_of_arn
from plan.survive.model import Copy, Reason, Store
from plan.survive.typical import EVENT_LAG
from plan.survive.world import World, store, title

__all__: list[str] = []

TARGET = "aws:cloudwatch/eventTarget:EventTarget"


@store("aws:sagemaker/modelPackageGroup:ModelPackageGroup")
def _package_group(group: Resource, world: World) -> Store:
    """Another region's group of the same name holds what events told that region to register.

    So it is taken for a copy only where events of this region are sent to that one. What was never told (a
    package that nobody approved) is registered here alone.
    """
    copies = [world.home(group)]
    for other in world.sharing(group, "modelPackageGroupName"):
        if other.region in ("", group.region):
            continue
        route = _route(world, group.region, other.region)
        if route is None:
            continue
        text = f"releases that were promoted are registered in {title(other)} too: {EVENT_LAG.text}"
        copies.append(Copy(other.region, "writer", Reason.of(route, text), lag=EVENT_LAG))
    remark = f"{title(group)}: no events of {group.region} tell another region what to register"
    return Store(
        group.urn,
        group.name,
        "SageMaker model registry",
        tuple(copies),
        remarks=() if len(copies) > 1 else (Reason.of(group, remark),),
        source=group.source,
    )


def _route(world: World, here: str, there: str) -> Resource | None:
    """A target of a rule `here` that is an event bus `there`."""
    for target in world.in_region(TARGET, here):
        arn = target.inputs.get("arn")
        if isinstance(arn, str) and ":event-bus/" in arn and region_of_arn(arn) == there:
            return target
    return None
