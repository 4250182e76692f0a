"""Databases: DynamoDB with replicas, RDS and Aurora, ElastiCache, and their relatives."""

from __future__ import annotations

from decimal import Decimal

from finops.estimators.registry import Items, estimator
from finops.estimators.subject import BETWEEN_REGIONS, Rate, Subject, Undetermined, Unpriceable, item
from finops.quantity import HOURS, Quantity
from plan.graph import Resource

SECONDS = HOURS * 3600
MILLIONTH = Decimal("0.000001")
GB_OF_UNITS = Decimal(1) / Decimal(1024 * 1024)
"""GB in one write unit: a unit is up to 1 KB."""


def dynamodb(usage_type: str, region: str = "") -> Rate:
    return Rate("AmazonDynamoDB", usage_type, region=region)


@estimator(
    "aws:dynamodb/table:Table", service="DynamoDB",
    usage=("write_requests", "read_requests", "stored_gb", "stream_reads"),
)  # fmt: skip
def dynamodb_table(it: Subject) -> Items:
    """Writes, reads and storage in the table's region, and all of it again in each replica's."""
    stored = it.usage("stored_gb")
    replicas = [replica.text("regionName") for replica in it.sections("replicas")]
    on_demand = it.text("billingMode", "PROVISIONED") == "PAY_PER_REQUEST"
    writes, reads = _requests(it) if on_demand else _capacity(it)
    write, read = (
        ("WriteRequestUnits", "ReadRequestUnits")
        if on_demand
        else ("WriteCapacityUnit-Hrs", "ReadCapacityUnit-Hrs")
    )
    words = ("writes", "reads") if on_demand else ("write capacity", "read capacity")
    backed_up = it.section("pointInTimeRecovery").flag("enabled")
    for region in (it.region, *replicas):
        copy = region != it.region
        kind = f"Repl{write}" if replicas else write
        yield item(words[0], writes, dynamodb(kind, region), copy=copy)
        yield item(words[1], reads, dynamodb(read, region))
        yield item("storage", stored, dynamodb("TimedStorage-ByteHrs", region), copy=copy)
    if backed_up:
        yield item("point-in-time recovery", stored, dynamodb("TimedPITRStorage-ByteHrs", it.region))
    for replica in it.sections("replicas"):
        if replica.flag("pointInTimeRecovery"):
            rate = dynamodb("TimedPITRStorage-ByteHrs", replica.text("regionName"))
            yield item("point-in-time recovery", stored, rate, copy=True)
    if it.flag("streamEnabled") and it.usage("stream_reads").ceiling:
        yield item("stream reads", it.usage("stream_reads") * MILLIONTH, dynamodb("Streams-RequestsCount"))
    if replicas and on_demand:
        # Every write is sent to every replica; a write unit stands for at most 1 KB.
        moved = writes * (1 / MILLIONTH) * GB_OF_UNITS * len(replicas)
        rate = Rate("AWSDataTransfer", "AWS-Out-Bytes", region=it.region)
        yield item("replication traffic", moved, rate, region=BETWEEN_REGIONS, copy=True)


def _requests(it: Subject) -> tuple[Quantity, Quantity]:
    """Millions of write and read units a month; an index may repeat every write."""
    writes = _limited(it, "write_requests", "maxWriteRequestUnits")
    reads = _limited(it, "read_requests", "maxReadRequestUnits")
    indexes = len(it.items("globalSecondaryIndexes"))
    if indexes:
        factor = Quantity.between(1, 1 + indexes, 1 + indexes, f"{indexes} indexes repeat writes")
        writes = writes * factor
    return writes * MILLIONTH, reads * MILLIONTH


def _limited(it: Subject, key: str, limit: str) -> Quantity:
    """At most what the table's own limit, in units a second, lets through in a month."""
    most = it.section("onDemandThroughput").number(limit, -1)
    if most <= 0:
        return it.usage(key)
    return it.usage(key, limit=most * SECONDS, because=f"{limit} {most} a second")


def _capacity(it: Subject) -> tuple[Quantity, Quantity]:
    """Unit-hours of provisioned capacity; an autoscaling target widens it to its limits."""
    found = {"dynamodb:table:WriteCapacityUnits": None, "dynamodb:table:ReadCapacityUnits": None}
    bounds: dict[str, tuple[Decimal, Decimal] | None] = dict(found)
    for target in it.dependents("aws:appautoscaling/target:Target"):
        scaling = it.of(target)
        bounds[scaling.text("scalableDimension")] = (
            scaling.number("minCapacity"),
            scaling.number("maxCapacity"),
        )
    amounts = []
    for dimension, property in zip(found, ("writeCapacity", "readCapacity"), strict=True):
        stated = it.number(property)
        low, high = bounds[dimension] or (stated, stated)
        amounts.append(Quantity.between(low, stated, high, f"autoscaling of {property}") * HOURS)
    return amounts[0], amounts[1]


@estimator(
    "aws:dynamodb/tableReplica:TableReplica", service="DynamoDB", usage=("write_requests", "stored_gb")
)
def dynamodb_replica(it: Subject) -> Items:
    yield item(
        "replicated writes",
        it.usage("write_requests") * MILLIONTH,
        dynamodb("ReplWriteRequestUnits"),
        copy=True,
    )
    yield item("storage", it.usage("stored_gb"), dynamodb("TimedStorage-ByteHrs"), copy=True)
    if it.flag("pointInTimeRecovery"):
        yield item(
            "point-in-time recovery", it.usage("stored_gb"), dynamodb("TimedPITRStorage-ByteHrs"), copy=True
        )


def rds(usage_type: str, **attributes: str) -> Rate:
    return Rate("AmazonRDS", usage_type, attributes=attributes or None)


ENGINES = {
    "postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB",
    "aurora-postgresql": "Aurora PostgreSQL", "aurora-mysql": "Aurora MySQL", "aurora": "Aurora MySQL",
}  # fmt: skip
DISKS = {
    "gp2": "RDS:GP2-Storage",
    "gp3": "RDS:GP3-Storage",
    "io1": "RDS:PIOPS-Storage",
    "io2": "RDS:PIOPS-Storage-IO2",
    "standard": "RDS:StorageUsage",
}


def engine(it: Subject) -> str:
    name = it.text("engine")
    if name not in ENGINES:
        raise Unpriceable(
            f"the price book has no licence prices for the engine {name or 'that is not stated'!r}"
        )
    return ENGINES[name]


@estimator("aws:rds/instance:Instance", service="RDS", usage=("backup_gb",))
def rds_instance(it: Subject) -> Items:
    it = _original(it)
    kind, multi = it.text("instanceClass"), it.flag("multiAz")
    copies = 2 if multi else 1
    yield item(
        f"{kind}{', two zones' if multi else ''}",
        HOURS * copies,
        rds(f"InstanceUsage:{kind}", databaseEngine=engine(it)),
    )
    disk, size = it.text("storageType", "gp2"), it.number("allocatedStorage")
    most = max(it.number("maxAllocatedStorage", size), size)
    if disk not in DISKS:
        raise Unpriceable(f"RDS has no storage type {disk!r}")
    stored = Quantity.between(size, size, most, f"maxAllocatedStorage {most} GB")
    yield item(f"storage {disk}", stored * copies, rds(DISKS[disk]))
    if disk in ("io1", "io2") and it.number("iops"):
        yield item("provisioned IOPS", it.number("iops") * copies, rds("RDS:PIOPS"))
    if it.number("backupRetentionPeriod"):
        yield item("backups beyond the disk's size", it.usage("backup_gb"), rds("RDS:ChargedBackupUsage"))


def _original(it: Subject) -> Subject:
    """A read replica has its engine and storage from its source, where it does not state its own."""
    source = it.linked("replicateSourceDb", "aws:rds/instance:Instance")
    if source is None or it.states("engine"):
        return it
    inputs = {**source.inputs, **it.resource.inputs, "multiAz": it.resource.inputs.get("multiAz", False)}
    own = it.resource
    merged = Resource(own.urn, own.type, own.name, inputs, own.parent, own.provider, own.region)
    return it.of(merged)


@estimator(
    "aws:rds/cluster:Cluster",
    service="RDS",
    usage=("stored_gb", "io_requests", "backup_gb", "replicated_writes"),
)
def rds_cluster(it: Subject) -> Items:
    """Storage and requests; its instances are resources of their own."""
    name = it.text("engine")
    if not name.startswith("aurora"):
        raise Unpriceable(f"the price book has no prices of multi-zone clusters of {name}")
    copy = it.states("globalClusterIdentifier") and _is_secondary(it)
    optimized = it.text("storageType") == "aurora-iopt1"
    storage = "Aurora:IO-OptimizedStorageUsage" if optimized else "Aurora:StorageUsage"
    yield item("storage", it.usage("stored_gb"), rds(storage), copy=copy)
    if not optimized:
        yield item(
            "I/O requests", it.usage("io_requests") * MILLIONTH, rds("Aurora:StorageIOUsage"), copy=copy
        )
    yield item(
        "backups beyond the cluster's size", it.usage("backup_gb"), rds("Aurora:BackupUsage"), copy=copy
    )
    if copy:
        rate = rds("Aurora:ReplicatedWriteIO")
        yield item("replicated writes", it.usage("replicated_writes") * MILLIONTH, rate, copy=True)


def _is_secondary(it: Subject) -> bool:
    """Whether the cluster is a copy: the first cluster of a global one brings the master user."""
    return not any(
        it.states(name) for name in ("masterUsername", "manageMasterUserPassword", "snapshotIdentifier")
    )


@estimator("aws:rds/clusterInstance:ClusterInstance", service="RDS", usage=("average_acu",))
def rds_cluster_instance(it: Subject) -> Items:
    kind, cluster = it.text("instanceClass"), _cluster(it)
    if kind != "db.serverless":
        usage_type = "InstanceUsageIOOptimized" if _is_optimized(cluster) else "InstanceUsage"
        yield item(kind, HOURS, rds(f"{usage_type}:{kind}", databaseEngine=engine(cluster or it)))
        return
    if cluster is None:
        raise Undetermined(
            "clusterIdentifier", "leads to the cluster that says how far it scales, which is not in this plan"
        )
    scaling = cluster.section("serverlessv2ScalingConfiguration")
    low, high = scaling.number("minCapacity", "0.5"), scaling.number("maxCapacity", 1)
    stated = it.usage("average_acu")
    expected = stated.expected or low
    acus = Quantity.between(low, expected, high, f"average_acu, scales from {low} to {high}")
    usage_type = (
        "Aurora:ServerlessV2IOOptimizedUsage" if _is_optimized(cluster) else "Aurora:ServerlessV2Usage"
    )
    yield item("serverless capacity", acus * HOURS, rds(usage_type), copy=_is_copy(cluster))


def _cluster(it: Subject) -> Subject | None:
    kind = "aws:rds/cluster:Cluster"
    found = it.linked("clusterIdentifier", kind)
    if found is None:
        name = it.resource.inputs.get("clusterIdentifier")
        same = (
            c
            for c in it.graph.of_type(kind)
            if isinstance(name, str) and c.inputs.get("clusterIdentifier") == name
        )
        found = next(same, None)
    return it.of(found) if found is not None else None


def _is_optimized(cluster: Subject | None) -> bool:
    return cluster is not None and cluster.text("storageType") == "aurora-iopt1"


def _is_copy(cluster: Subject) -> bool:
    return cluster.states("globalClusterIdentifier") and _is_secondary(cluster)


@estimator(
    "aws:elasticache/serverlessCache:ServerlessCache",
    service="ElastiCache",
    usage=("stored_gb", "processing_units"),
)
def serverless_cache(it: Subject) -> Items:
    """Data by the GB-hour with a minimum, requests by processing unit, both up to the cache's limits."""
    name = it.text("engine", "valkey").lower()
    limits = it.section("cacheUsageLimits")
    data, units = limits.section("dataStorage"), limits.section("ecpuPerSeconds")
    least = max(data.number("minimum"), Decimal("0.1") if name == "valkey" else Decimal(1))
    stored = _cached(it, "stored_gb", data.number("maximum"), "cacheUsageLimits.dataStorage")
    work = _cached(
        it, "processing_units", units.number("maximum") * SECONDS, "cacheUsageLimits.ecpuPerSeconds"
    )
    size = stored.mapped(lambda value: max(value, least))
    low = units.number("minimum") * SECONDS
    work = work.mapped(lambda value: max(value, low))
    attributes = {"cacheEngine": name.capitalize()}
    yield item("data", size * HOURS, Rate("AmazonElastiCache", "CachedData", attributes=attributes))
    yield item(
        "processing units",
        work * MILLIONTH,
        Rate("AmazonElastiCache", "ElastiCacheProcessingUnits", attributes=attributes),
    )


def _cached(it: Subject, key: str, most: Decimal, because: str) -> Quantity:
    return it.usage(key, limit=most, because=because) if most else it.usage(key)


@estimator("aws:elasticache/replicationGroup:ReplicationGroup", service="ElastiCache", usage=("backup_gb",))
def replication_group(it: Subject) -> Items:
    kind = it.text("nodeType")
    groups, replicas = it.number("numNodeGroups"), it.number("replicasPerNodeGroup")
    count = groups * (replicas + 1) if groups else it.number("numCacheClusters", 1)
    yield from _cache_nodes(it, kind, count)


@estimator("aws:elasticache/cluster:Cluster", service="ElastiCache", usage=("backup_gb",))
def cache_cluster(it: Subject) -> Items:
    if it.states("replicationGroupId"):
        it.assume("a cache cluster that belongs to a replication group is one more node of it")
        group = it.linked("replicationGroupId", "aws:elasticache/replicationGroup:ReplicationGroup")
        it = it.of(group) if group is not None else it
        yield from _cache_nodes(it, it.text("nodeType"), Decimal(1))
        return
    yield from _cache_nodes(it, it.text("nodeType"), it.number("numCacheNodes", 1))


def _cache_nodes(it: Subject, kind: str, count: Decimal) -> Items:
    name = it.text("engine", "redis").capitalize()
    rate = Rate("AmazonElastiCache", f"NodeUsage:{kind}", attributes={"cacheEngine": name})
    yield item(f"{count} x {kind}", HOURS * count, rate)
    if it.number("snapshotRetentionLimit") > 1:
        rate = Rate("AmazonElastiCache", "BackupUsage")
        yield item("backups", Quantity.exactly(1) * it.usage("backup_gb"), rate)
