"""Ids by which existing resources are imported, where they are not those that the state then holds."""

from __future__ import annotations

import re

from .world import Thing, World

_FORMS = {
    f"aws:{token}": forms
    for token, forms in {
        "apigateway/stage:Stage": ("{restApi}/{stageName}",),
        "appautoscaling/policy:Policy": ("{serviceNamespace}/{resourceId}/{scalableDimension}/{name}",),
        "appautoscaling/target:Target": ("{serviceNamespace}/{resourceId}/{scalableDimension}",),
        "cloudwatch/eventRule:EventRule": ("{eventBusName}/{name}", "default/{name}"),
        "cloudwatch/eventTarget:EventTarget": ("{rule}/{targetId}", "default/{rule}/{targetId}", "{eventBusName}/{rule}/{targetId}"),
        "ec2/route:Route": ("{routeTableId}_{destinationCidrBlock}", "{routeTableId}_{destinationIpv6CidrBlock}", "{routeTableId}_{destinationPrefixListId}"),
        "ec2/routeTableAssociation:RouteTableAssociation": ("{subnetId}/{routeTableId}", "{gatewayId}/{routeTableId}"),
        "ecs/cluster:Cluster": ("{name}",),
        "eks/podIdentityAssociation:PodIdentityAssociation": ("{clusterName},{associationId}",),
        "kinesis/stream:Stream": ("{name}",),
        "lambda/permission:Permission": ("{function}/{statementId}",),
        "rds/instance:Instance": ("{identifier}",),
    }.items()
}  # fmt: skip


def own_id(world: World, token: str, id: str, region: str = "") -> str:
    """The id in state of what an import calls `id`; `id` itself where that is the same, or nothing fits.

    Of several that fit, the one in `region`.
    """
    forms = _FORMS.get(token, ())
    fitting = [thing for thing in world.things(token) if any(_filled(form, thing) == id for form in forms)]
    here = [thing for thing in fitting if thing.region == region]
    return next((thing.id for thing in here or fitting), id)


def _filled(form: str, thing: Thing) -> str:
    """The form's text for `thing`; "" where a property is missing."""
    names = re.findall(r"\{(\w+)\}", form)
    values = {name: thing.properties.get(name) for name in names}
    return form.format_map(values) if all(values.values()) else ""
