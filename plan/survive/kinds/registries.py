"""Model registries: SageMaker copies no package to another region, but a program may register it there."""

from __future__ import annotations

import json

from plan.graph import Resource
from plan.regions import region_of_arn
from plan.survive.model import Copy, Reason, Store
from plan.survive.typical import EVENT_LAG
from plan.survive.world import World, store, title
from plan.values import Unknown

__all__: list[str] = []

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
# SageMaker's own events name the group; a program's own name the model, which the group is named after.
NAMED_BY = ("ModelPackageGroupName", "model")


@store("aws:sagemaker/modelPackageGroup:ModelPackageGroup")
def _package_group(group: Resource, world: World) -> Store:
    """Another region's group of the same name holds what events told that region to register.

    So it is taken for a copy only where events of this region are sent to that one. What was never told (a
    package that nobody approved) is registered here alone.
    """
    copies, untold = [world.home(group)], []
    for other in world.sharing(group, "modelPackageGroupName"):
        if other.region in ("", group.region):
            continue
        route, told = _route(world, group, other.region)
        if route is None:
            continue
        if told is None:
            text = f"which packages {title(route)} is for is decided during deployment"
            untold.append(Reason.of(route, text))
            continue
        text = f"releases that were promoted are registered in {title(other)} too: {EVENT_LAG.text}"
        copies.append(Copy(other.region, "writer", Reason.of(route, text), lag=EVENT_LAG))
    remark = f"{title(group)}: no events of {group.region} tell another region what to register"
    return Store(
        group.urn,
        group.name,
        "SageMaker model registry",
        tuple(copies),
        remarks=() if len(copies) > 1 or untold else (Reason.of(group, remark),),
        untold=tuple(untold),
        source=group.source,
    )


def _route(world: World, group: Resource, there: str) -> tuple[Resource | None, bool | None]:
    """A target in the group's region that is an event bus `there`, and whether events of the group pass its
    rule; of several the one that says most. None where that is decided during deployment."""
    unclear: Resource | None = None
    for target in world.in_region(TARGET, group.region):
        arn = target.inputs.get("arn")
        if not (isinstance(arn, str) and ":event-bus/" in arn and region_of_arn(arn) == there):
            continue
        rule = world.joins.find(target, "rule", (RULE,)).in_region(target.region).one
        passes = _passes(rule, str(group.inputs.get("modelPackageGroupName"))) if rule else None
        if passes:
            return target, True
        if passes is None:
            unclear = target
    return unclear, None


def _passes(rule: Resource, group: str) -> bool | None:
    """Whether events about the package group `group` may pass `rule`."""
    if rule.inputs.get("state") == "DISABLED" or rule.inputs.get("isEnabled") is False:
        return False
    pattern = rule.inputs.get("eventPattern")
    if not isinstance(pattern, str):
        return None if isinstance(pattern, Unknown) else False
    try:
        detail = json.loads(pattern).get("detail", {})
        named = [name for key in NAMED_BY for name in detail.get(key, ())]
    except (AttributeError, TypeError, ValueError):
        return None
    if not all(isinstance(name, str) for name in named):
        return None
    return not named or any(group == name or group.endswith(f"-{name}") for name in named)
