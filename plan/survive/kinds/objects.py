"""S3 buckets and table buckets: what replication copies, and what silently it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plan.graph import Resource
from plan.joins import at
from plan.regions import region_of_arn
from plan.survive.model import Copy, Reason, Store
from plan.survive.typical import S3_LAG, S3_TIME_CONTROL
from plan.survive.world import World, rows, store, title
from plan.values import Unknown, Value, is_known

__all__: list[str] = []

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
CONFIGURATION = ("aws:s3/bucketReplicationConfig:BucketReplicationConfig",)
VERSIONING = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
LIFECYCLE = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
# What writes logs into a bucket, and by which input.
LOGS = {
    "aws:ec2/flowLog:FlowLog": "logDestination",
    "aws:s3/bucketLogging:BucketLogging": "targetBucket",
    "aws:lb/loadBalancer:LoadBalancer": "accessLogs.bucket",
    "aws:alb/loadBalancer:LoadBalancer": "accessLogs.bucket",
}
TRANSIENT_DAYS = 31
MOST_RULES = 10


@dataclass
class _Replication:
    copies: list[Copy] = field(default_factory=list)
    remarks: list[Reason] = field(default_factory=list)
    untold: list[Reason] = field(default_factory=list)


@store(*BUCKETS)
def _bucket(bucket: Resource, world: World) -> Store:
    found = _Replication()
    rules = list(_rules(bucket, world))
    versioned = _is_versioned(bucket, world) if rules else True
    for owner, rule in rules:
        _rule(found, bucket, owner, rule, world)
    if found.copies and versioned is not True:
        found.copies.clear()
        if versioned is None:
            text = f"whether {title(bucket)} keeps versions, which replication needs, cannot be told"
            found.untold.append(Reason.of(bucket, text))
        else:
            text = f"{title(bucket)} keeps no versions, and replication needs them"
            found.remarks.append(Reason.of(bucket, text))
    sources = [] if rules else [_source_of(config, bucket, world) for config in _incoming(bucket, world)]
    transient, seconds = _transient(bucket, world)
    return Store(
        urn=bucket.urn,
        name=bucket.name,
        kind="S3 bucket",
        copies=(
            _encrypted_home(bucket, world),
            *found.copies,
            *(copy for copy in sources if copy is not None),
            *world.backups.get(bucket.urn, ()),
        ),
        keeps="transient" if transient else "data",
        transient=transient,
        transient_seconds=seconds,
        remarks=tuple(found.remarks) or (() if rules else (Reason.of(bucket, f"{title(bucket)} has no replication"),)),
        untold=tuple(found.untold),
        source=bucket.source,
    )  # fmt: skip


def _rules(bucket: Resource, world: World) -> Iterator[tuple[Resource, Mapping[str, Value]]]:
    """The rules of all configurations, each with the resource it stands in; an unknown list as one rule."""
    owners = [(owner, "rules") for owner in world.attached(bucket, "bucket", *CONFIGURATION)]
    if "replicationConfiguration" in bucket.inputs:
        owners.append((bucket, "replicationConfiguration.rules"))
    for owner, path in owners:
        value = at(owner.inputs, path)
        for rule in rows(value) or ([{}] if value is not None else []):
            yield owner, rule


def _rule(
    found: _Replication, bucket: Resource, owner: Resource, rule: Mapping[str, Value], world: World
) -> None:
    status = rule.get("status")
    if isinstance(status, Unknown) or not rule:
        found.untold.append(Reason.of(owner, "the replication rule is decided during deployment"))
        return
    if status != "Enabled":
        found.remarks.append(Reason.of(owner, f"the replication rule is {status}"))
        return
    targets = _targets(owner, rule, bucket, world)
    regions = sorted({target.region for target in targets})
    if not regions or "" in regions:
        found.untold.append(Reason.of(owner, "the region of the destination bucket cannot be told"))
        return
    for target in targets:
        versioned = _is_versioned(target, world)
        if versioned is False:
            text = f"the destination {title(target)} keeps no versions, and replication needs them"
            found.remarks.append(Reason.of(target, text))
            return
        if versioned is None:
            text = f"whether the destination {title(target)} keeps versions cannot be told"
            found.untold.append(Reason.of(target, text))
            return
    if _leaves_encrypted_out(bucket, rule, world):
        text = "objects encrypted with KMS are not copied: sseKmsEncryptedObjects is not Enabled in the rule"
        found.remarks.append(Reason.of(owner, text))
        return
    scope = rule.get("filter") or {}
    prefix = rule.get("prefix") or (scope.get("prefix") if isinstance(scope, Mapping) else None)
    if prefix or (isinstance(scope, Mapping) and (scope.get("tag") or scope.get("and"))):
        text = "the rule copies a part only: whether the bucket holds more cannot be told"
        found.untold.append(Reason.of(owner, text))
        return
    time = at(rule, "destination.replicationTime.status")
    lag = S3_TIME_CONTROL if time == "Enabled" else S3_LAG
    for region in regions:
        if region == bucket.region:
            found.remarks.append(Reason.of(owner, "it is copied within its own region only"))
            continue
        copy = Copy(region, "writer", Reason.of(owner, f"it is copied to {region}: {lag.text}"), lag=lag)
        key = at(rule, "destination.encryptionConfiguration.replicaKmsKeyId")
        found.copies.append(world.with_key(copy, owner, key, "rules"))


def _targets(owner: Resource, rule: Mapping[str, Value], bucket: Resource, world: World) -> list[Resource]:
    """The buckets a rule may mean: several when only the dependencies are known."""
    joined = world.joins.meant(owner, at(rule, "destination.bucket"), "rules", BUCKETS)
    return [target for target in joined.resources if target.urn != bucket.urn]


def _incoming(bucket: Resource, world: World) -> tuple[Resource, ...]:
    """The configurations that copy into `bucket`, by the destinations of their first rules."""
    found: dict[str, Resource] = {}
    for index in range(MOST_RULES):
        for config in world.attached(bucket, f"rules.{index}.destination.bucket", *CONFIGURATION):
            found[config.urn] = config
    return tuple(found.values())


def _source_of(config: Resource, bucket: Resource, world: World) -> Copy | None:
    source = world.joins.find(config, "bucket", BUCKETS).in_region(config.region).one
    if source is None or source.region == bucket.region:
        return None
    text = f"what was copied here lies in {title(source)} in {source.region} too"
    return Copy(source.region, "writer", Reason.of(config, text), origin=True)


def _is_versioned(bucket: Resource, world: World) -> bool | None:
    """None when it is decided during deployment."""
    settings = [
        at(item.inputs, "versioningConfiguration.status")
        for item in world.attached(bucket, "bucket", *VERSIONING)
    ]
    settings.append("Enabled" if at(bucket.inputs, "versioning.enabled") is True else "")
    if "Enabled" in settings:
        return True
    return None if any(not is_known(setting) for setting in settings) else False


def _encryption(bucket: Resource, world: World) -> Iterator[tuple[Resource, str, Value]]:
    path = "applyServerSideEncryptionByDefault"
    for item in world.attached(bucket, "bucket", *ENCRYPTION):
        for rule in rows(item.inputs.get("rules")):
            yield item, "rules", rule.get(path)
    inline = at(bucket.inputs, f"serverSideEncryptionConfiguration.rule.{path}")
    if inline is not None:
        yield bucket, "serverSideEncryptionConfiguration", inline


def _encrypted_home(bucket: Resource, world: World) -> Copy:
    copy = world.home(bucket)
    for owner, name, settings in _encryption(bucket, world):
        copy = world.with_key(copy, owner, at(settings, "kmsMasterKeyId"), name)
    return copy


def _leaves_encrypted_out(bucket: Resource, rule: Mapping[str, Value], world: World) -> bool:
    by_kms = any(
        str(at(settings, "sseAlgorithm")).startswith("aws:kms")
        for _, _, settings in _encryption(bucket, world)
    )
    return by_kms and at(rule, "sourceSelectionCriteria.sseKmsEncryptedObjects.status") != "Enabled"


def _transient(bucket: Resource, world: World) -> tuple[str, float | None]:
    """Whether, by the program's own words, what is in the bucket is not kept for long, or is logs."""
    for item in world.attached(bucket, "bucket", *LIFECYCLE):
        for rule in rows(item.inputs.get("rules")):
            days = at(rule, "expiration.days")
            whole = not at(rule, "filter.prefix") and not at(rule, "filter.and") and not rule.get("prefix")
            if (
                rule.get("status") == "Enabled"
                and whole
                and type(days) in (int, float)
                and days <= TRANSIENT_DAYS
            ):
                return f"all in it expires after {days} days anyway", days * 86400
    for kind, path in LOGS.items():
        if world.attached(bucket, path, kind):
            return "it holds logs of what was lost with it", None
    return "", None


TABLE_REPLICATION = ("aws:s3tables/tableBucketReplication:TableBucketReplication",)


@store("aws:s3tables/tableBucket:TableBucket")
def _table_bucket(bucket: Resource, world: World) -> Store:
    copies, untold = [], []
    for config in world.attached(bucket, "tableBucketArn", *TABLE_REPLICATION):
        for rule in rows(config.inputs.get("rule")):
            for target in rows(rule.get("destinations")):
                arn = target.get("destinationTableBucketArn")
                joined = world.joins.meant(config, arn, "rule", (bucket.type,))
                regions = {made.region for made in joined.resources} | {region_of_arn(joined.text)} - {""}
                if not regions:
                    untold.append(Reason.of(config, "the region of the destination cannot be told"))
                for region in sorted(regions - {bucket.region}):
                    text = f"its tables are copied to {region}, read-only"
                    copies.append(Copy(region, "reader", Reason.of(config, text), lag=S3_LAG))
    home = world.home(bucket, key="encryptionConfiguration.kmsKeyArn")
    return Store(
        bucket.urn,
        bucket.name,
        "S3 table bucket",
        (home, *copies, *_origins_of_tables(bucket, world)),
        untold=tuple(untold),
        source=bucket.source,
    )


def _origins_of_tables(bucket: Resource, world: World) -> Iterator[Copy]:
    """Where the tables of a bucket were written that another one's replication fills."""
    for index in range(MOST_RULES):
        path = f"rule.destinations.{index}.destinationTableBucketArn"
        for config in world.attached(bucket, path, *TABLE_REPLICATION):
            if config.region != bucket.region:
                text = f"what was copied here is written in {config.region}"
                yield Copy(config.region, "writer", Reason.of(config, text), origin=True)
