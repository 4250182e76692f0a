"""Create, read, update, delete in the world, with the faults that are due and the refusals of AWS."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

from tests.engine.kubernetes.contents import erase_at

from .catalogue import type_of
from .claims import already, claims_of
from .faults import Refused, meet
from .outputs import answered, region_of, updated
from .relatives import related
from .settings import Settings
from .ties import contents, refusal
from .wire import without_defaults
from .world import PENDING, Taken, Thing, World

DELAY = "TRADEWIND_DELAY"
"""Variable: milliseconds that every change takes, so that a test can interrupt it."""

GONE_WITH_CLUSTERS = "gone-with-clusters.txt"
"""In the world's folder: what was still on clusters when they were deleted."""

_OVERWRITES = frozenset(
    f"aws:{token}"
    for token in (
        "cloudwatch/dashboard:Dashboard", "cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget",
        "cloudwatch/metricAlarm:MetricAlarm", "appautoscaling/target:Target", "appautoscaling/policy:Policy",
        "acm/certificateValidation:CertificateValidation", "ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter", "iam/rolePolicy:RolePolicy",
        "iam/rolePolicyAttachment:RolePolicyAttachment", "s3/bucketObjectv2:BucketObjectv2",
        "sqs/queuePolicy:QueuePolicy", "eks/accessPolicyAssociation:AccessPolicyAssociation",
        "ecs/taskDefinition:TaskDefinition",
    )
)  # fmt: skip
_WITH_SNAPSHOT = {
    "aws:rds/cluster:Cluster": "aws:rds/clusterSnapshot:ClusterSnapshot",
    "aws:rds/instance:Instance": "aws:rds/snapshot:Snapshot",
}


class Unready(Exception):
    """Something was made, but is not as it should be: what there is of it belongs into the state."""

    def __init__(self, thing: Thing, reason: str) -> None:
        super().__init__(reason)
        self.thing, self.reason = thing, reason


def _overwrites(token: str) -> bool:
    """Whether AWS takes a second creation for a change (`Put...`, parts of buckets)."""
    return token in _OVERWRITES or (
        token.startswith("aws:s3/bucket")
        and token not in ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
    )


def wait() -> None:
    if delay := os.environ.get(DELAY):
        time.sleep(float(delay) / 1000)


def create(
    world: World, settings: Settings, token: str, name: str, urn: str, inputs: dict[str, Any]
) -> Thing:
    """Bring it into being. Raises `Refused` (nothing was made, or nobody hears of it) and `Unready`."""
    region = region_of(type_of(token), inputs, settings)
    world.count(region, token, "create")
    fault = meet(world, region, token, "create")
    wait()
    given = without_defaults(inputs)
    local = replace(settings, region=region if region != "global" else settings.region)
    try:
        with world.transaction():
            values = answered(token, given, local, related(world, token, given, local))
            tags = values.get("tagsAll") or values.get("tags") or {}
            thing = Thing(
                region, token, str(values["id"]), _name(token, values, name), urn, values,
                dict(tags) if isinstance(tags, dict) else {}, _arn(token, values, settings.account, region), account=settings.account,
                inputs=inputs,
            )  # fmt: skip
            if _overwrites(token):
                for old in world.things(token, region, account=settings.account, id=thing.id, pending=True):
                    world.erase(old)
            thing = world.insert(thing, claims_of(token, values, settings.account, region))
    except Taken as taken:
        raise Refused(
            already(token, {**given, "id": taken.claim.rpartition(":")[2]}, _waits(world, taken))
        ) from taken
    if fault is not None and fault.kind == "half-create":
        raise Unready(
            thing, fault.reason or f"waiting for {token} ({thing.id}) create: unexpected state 'FAILED'"
        )
    if fault is not None:
        raise Refused(fault.reason or f"{token}: create in {region}: connection reset by peer")
    return thing


def _arn(token: str, values: dict[str, Any], account: str, region: str) -> str:
    """By which other services know it, also where it is no output of the resource."""
    if token == "aws:ec2/natGateway:NatGateway":
        return f"arn:aws:ec2:{region}:{account}:natgateway/{values['id']}"
    names = ("arn", "associationArn", "accessEntryArn", "dashboardArn")
    return next((str(values[name]) for name in names if values.get(name)), "")


def _name(token: str, values: dict[str, Any], name: str) -> str:
    """The physical name, the program's name where it has none."""
    return str(values.get(type_of(token).autonamed or "name") or name)


def _waits(world: World, taken: Taken) -> bool:
    rows = world.tables.execute(
        "select status from things join claims on number = owner where claim = ?", [taken.claim]
    )
    return any(status == PENDING for (status,) in rows)


def found(world: World, settings: Settings, token: str, id: str, region: str) -> Thing | None:
    """The live thing with this id, None when it is gone."""
    things = world.things(token, region, account=settings.account, id=id)
    # What was planted belongs to no account.
    return next(
        iter(things or [item for item in world.things(token, region, id=id) if not item.account]), None
    )


def read(world: World, settings: Settings, token: str, id: str, state: dict[str, Any]) -> Thing | None:
    region = region_of(type_of(token), state, settings)
    world.count(region, token, "read")
    meet(world, region, token, "read")
    return found(world, settings, token, id, region)


def update(
    world: World, settings: Settings, token: str, id: str, olds: dict[str, Any], news: dict[str, Any]
) -> Thing:
    """Change it from the inputs `olds` to `news`. Raises `Refused`, also when it is gone."""
    region = region_of(type_of(token), news, settings)
    world.count(region, token, "update")
    meet(world, region, token, "update")
    wait()
    with world.transaction():
        thing = found(world, settings, token, id, region)
        if thing is None:
            raise Refused(f"{token} ({id}): couldn't find resource: ResourceNotFoundException")
        values = updated(token, thing.properties, olds, news, replace(settings, region=region))
        tags = values.get("tagsAll") or values.get("tags") or {}
        changed = replace(
            thing, properties=values, inputs=news, tags=dict(tags) if isinstance(tags, dict) else {}
        )
        world.change(changed)
    return changed


def delete(world: World, settings: Settings, token: str, id: str, state: dict[str, Any]) -> None:
    """Take it away, at once or after its window. What is gone already is no error. Raises `Refused`."""
    region = region_of(type_of(token), state, settings)
    world.count(region, token, "delete")
    meet(world, region, token, "delete")
    wait()
    with world.transaction():
        thing = found(world, settings, token, id, region)
        if thing is None:
            return
        # How to delete is said by the state, which a program may have changed without an update.
        asked = {name: state[name] for name in ("forceDestroy", "forceDelete", "skipFinalSnapshot",
                 "finalSnapshotIdentifier", "recoveryWindowInDays") if name in state}  # fmt: skip
        thing = replace(thing, properties={**thing.properties, **asked})
        if reason := refusal(world, thing):
            raise Refused(f"deleting {token} ({id}): {reason}")
        _snapshot(world, thing)
        for item in contents(world, thing):
            world.erase(item)
        window = thing.properties.get("recoveryWindowInDays")
        if token in ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey") or (
            token == "aws:secretsmanager/secret:Secret" and window != 0
        ):
            world.change(replace(thing, status=PENDING))
        else:
            if token == "aws:eks/cluster:Cluster":
                _gone_with(world, thing)
            world.erase(thing)


def _gone_with(world: World, cluster: Thing) -> None:
    """Whatever is on a cluster goes with it. Written down, so that a test sees what nobody deleted before."""
    for each in erase_at(str(cluster.properties.get("endpoint"))):
        with (world.folder / GONE_WITH_CLUSTERS).open("a", encoding="utf-8") as file:
            file.write(f"{cluster.name} {each}\n")


def _snapshot(world: World, thing: Thing) -> None:
    kind = _WITH_SNAPSHOT.get(thing.type)
    if (
        kind is None
        or thing.properties.get("skipFinalSnapshot") is True
        or thing.properties.get("replicateSourceDb")
    ):
        return
    wanted = thing.properties.get("finalSnapshotIdentifier")
    if not wanted:
        raise Refused("final_snapshot_identifier is required when skip_final_snapshot is false")
    snapshot = Thing(
        thing.region,
        kind,
        str(wanted),
        str(wanted),
        properties={"id": wanted, "source": thing.id},
        account=thing.account,
    )
    try:
        world.insert(snapshot, [])
    except Taken as taken:
        raise Refused(already("aws:rds/snapshot", {"name": wanted})) from taken
