"""How promotions become known: a bus in each region, rules that send them on, and rules that start machines.

What a region's own machine told goes to the buses of the other regions in which the model lies, and, of
production, to other accounts; what came from elsewhere starts the following machine, and is not sent on.
"""

import json
from typing import Any, Dict, List, Sequence, Tuple

import pulumi
from pulumi_aws import cloudwatch, iam

from components.base import Component
from components.data_plane.surroundings import Surroundings
from components.model import Cell
from components.model_registry import names
from components.model_registry.placement import groups, in_region
from components.model_registry.policies import bus_policy, events
from components.model_registry.promotion import DETAIL_TYPES
from components.model_registry.settings import ModelRegistrySettings
from components.naming import arn
from components.naming import name as named
from components.statements import sourced_trust

__all__ = ["elsewhere", "new_packages", "onward", "routes", "told_here"]

Pattern = Dict[str, Any]


def onward(settings: ModelRegistrySettings, around: Surroundings) -> List[Tuple[Tuple[str, ...], List[str]]]:
    """(regions, models): to which other regions the promotions of which models go."""
    here = around.cell.region
    found: Dict[Tuple[str, ...], List[str]] = {}
    for group, models in in_region(groups(settings, around), here):
        others = tuple(region for region in group.regions if region != here)
        if others:
            found.setdefault(others, []).extend(model.name for model in models)
    return list(found.items())


def told_here(cell: Cell, models: Sequence[str], stages: Sequence[str] = ()) -> Pattern:
    """What this region's own machine told of these models (of all stages, or of some)."""
    detail = {"place": [_place(cell)], "model": sorted(models)}
    if stages:
        detail["stage"] = list(stages)
    return {"source": [names.event_source(cell)], "detail": detail}


def elsewhere(cell: Cell) -> Pattern:
    """What another region's or account's machine told."""
    return {
        "source": [names.event_source(cell)],
        "detail-type": sorted(DETAIL_TYPES.values()),
        "detail": {"place": [{"anything-but": [_place(cell)]}]},
    }


def new_packages(cell: Cell, models: Sequence[str]) -> Pattern:
    """A package was registered that nobody has decided about."""
    return {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [names.package_group(cell, model) for model in sorted(models)],
            "ModelApprovalStatus": ["PendingManualApproval"],
            "ModelPackageStatus": ["Completed"],
        },
    }


def _place(cell: Cell) -> str:
    return f"{cell.account_id}/{cell.region}"


def routes(
    parent: Component,
    logical: str,
    settings: ModelRegistrySettings,
    around: Surroundings,
    machines: Dict[str, pulumi.Output[str]],
) -> cloudwatch.EventBus:
    """The region's bus with everything that goes over it."""
    cell = parent.cell
    bus = _bus(parent, logical, settings)
    mine = [model.name for _, models in in_region(groups(settings, around), cell.region) for model in models]
    sent = [
        (told_here(cell, models), [names.bus_arn(cell, region) for region in regions])
        for regions, models in onward(settings, around)
    ]
    others = [names.bus_arn(names.other_cell(cell, other), cell.region) for other in settings.sends_to]
    if others and mine:
        sent.append((told_here(cell, mine, ["production"]), others))
    role = _role(parent, logical, [bus_arn for _, targets in sent for bus_arn in targets])
    placed = {"region": cell.region, "opts": parent.child()}
    for number, (pattern, targets) in enumerate(sent):
        rule = _rule(parent, f"{logical}-onward-{number}", f"onward-{number}", pattern, bus.name)
        for target in targets:
            region, account = target.split(":")[3:5]
            cloudwatch.EventTarget(
                f"{logical}-onward-{number}-{region}-{account}",
                rule=rule.name,
                event_bus_name=bus.name,
                target_id=f"{region}-{account}",
                arn=target,
                role_arn=role.arn,
                **placed,
            )
    come = _rule(parent, f"{logical}-elsewhere", "elsewhere", elsewhere(cell), bus.name)
    cloudwatch.EventTarget(
        f"{logical}-elsewhere",
        rule=come.name,
        event_bus_name=bus.name,
        target_id="following",
        arn=machines["following"],
        role_arn=role.arn,
        **placed,
    )
    if mine:
        _first_stage(parent, logical, mine, machines["promotion"], role)
    return bus


def _first_stage(
    parent: Component,
    logical: str,
    models: Sequence[str],
    machine: pulumi.Output[str],
    role: iam.Role,
) -> None:
    """A new package is tried for development by itself: its lineage is looked at while people remember it."""
    rule = _rule(parent, f"{logical}-new", "new", new_packages(parent.cell, models), None)
    template = '{"action": "promote", "stage": "development", "model_package_arn": <package>}'
    cloudwatch.EventTarget(
        f"{logical}-new",
        rule=rule.name,
        target_id="promotion",
        arn=machine,
        role_arn=role.arn,
        input_transformer={
            "input_paths": {"package": "$.detail.ModelPackageArn"},
            "input_template": template,
        },
        region=parent.cell.region,
        opts=parent.child(),
    )


def _bus(parent: Component, logical: str, settings: ModelRegistrySettings) -> cloudwatch.EventBus:
    cell, physical = parent.cell, names.bus_name(parent.cell)
    bus = cloudwatch.EventBus(
        logical,
        name=physical,
        description=f"Promotions of models of {cell.environment}",
        region=cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    policy = bus_policy(cell, settings, names.bus_arn(cell, cell.region))
    if policy is not None:
        cloudwatch.EventBusPolicy(
            logical,
            event_bus_name=bus.name,
            policy=json.dumps(policy),
            region=cell.region,
            opts=parent.child(),
        )
    return bus


def _role(parent: Component, logical: str, targets: Sequence[str]) -> iam.Role:
    cell = parent.cell
    physical = names.role_name(cell, "events", cell.region)
    rules = [
        arn(cell, "events", f"rule/{pattern}", region=cell.region)
        for pattern in (
            f"{named(cell, names.PART)}-*",
            f"{names.bus_name(cell)}/{named(cell, names.PART)}-*",
        )
    ]
    role = iam.Role(
        f"{logical}-events",
        name=physical,
        assume_role_policy=json.dumps(sourced_trust(cell, "events.amazonaws.com", rules)),
        force_detach_policies=True,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
    started = [names.machine_arn(cell, kind, cell.region) for kind in ("promotion", "following")]
    iam.RolePolicy(
        f"{logical}-events",
        name="models",
        role=role.name,
        policy=json.dumps(events(cell, targets, started)),
        opts=parent.child(),
    )
    return role


def _rule(parent: Component, logical: str, part: str, pattern: Pattern, bus: Any) -> cloudwatch.EventRule:
    """A rule on `bus`, or on the account's default bus, where AWS' own events arrive."""
    physical = named(parent.cell, names.PART, part, limit=64)
    return cloudwatch.EventRule(
        logical,
        name=physical,
        event_bus_name=bus,
        event_pattern=json.dumps(pattern),
        region=parent.cell.region,
        tags=parent.tags(physical),
        opts=parent.child(),
    )
