"""DynamoDB, RDS, Aurora and their relatives, MemoryDB."""

from __future__ import annotations

from dataclasses import replace

from plan.graph import Resource
from plan.joins import at
from plan.regions import region_of_arn
from plan.survive.model import Copy, Reason, Role, Store
from plan.survive.typical import (
    AURORA_LAG,
    AURORA_PROMOTION,
    CACHE_LAG,
    CACHE_PROMOTION,
    DYNAMODB_EVENTUAL,
    DYNAMODB_STRONG,
    MEMORYDB_LAG,
    RDS_BACKUP_LAG,
    RDS_LAG,
    RDS_PROMOTION,
)  # fmt: skip
from plan.survive.world import World, rows, store, title
from plan.values import Unknown

__all__: list[str] = []

# Clusters that a global cluster joins, with the type of the latter.
GLOBAL = {
    "aws:rds/cluster:Cluster": "aws:rds/globalCluster:GlobalCluster",
    "aws:docdb/cluster:Cluster": "aws:docdb/globalCluster:GlobalCluster",
    "aws:neptune/cluster:Cluster": "aws:neptune/globalCluster:GlobalCluster",
}
# Only the cluster that a global database starts from is given any of these.
_PRIMARY_ONLY = ("masterUsername", "databaseName", "manageMasterUserPassword", "snapshotIdentifier")


@store("aws:dynamodb/table:Table")
def _table(table: Resource, world: World) -> Store:
    copies = [world.home(table, key="serverSideEncryption.kmsKeyArn")]
    untold = []
    replicas = table.inputs.get("replicas")
    if isinstance(replicas, Unknown):
        untold.append(Reason.of(table, "its replicas are decided during deployment"))
    for replica in rows(replicas):
        region = replica.get("regionName")
        if not isinstance(region, str):
            untold.append(Reason.of(table, "the region of a replica is decided during deployment"))
            continue
        strong = replica.get("consistencyMode") == "STRONG"
        lag = DYNAMODB_STRONG if strong else DYNAMODB_EVENTUAL
        copy = Copy(region, "writer", Reason.of(table, f"it has a replica in {region}: {lag.text}"), lag=lag)
        copies.append(world.with_key(copy, table, replica.get("kmsKeyArn"), "replicas"))
    for made in world.attached(table, "globalTableArn", "aws:dynamodb/tableReplica:TableReplica"):
        text = f"it has a replica in {made.region}: {DYNAMODB_EVENTUAL.text}"
        copy = Copy(made.region, "writer", Reason.of(made, text), lag=DYNAMODB_EVENTUAL)
        copies.append(world.with_key(copy, made, made.inputs.get("kmsKeyArn"), "kmsKeyArn"))
    copies += world.backups.get(table.urn, ())
    # The home copy lacks what replicas have not sent yet, as they lack what it has not sent.
    copies[0] = replace(copies[0], lag=next((copy.lag for copy in copies[1:] if copy.role == "writer"), None))
    return Store(
        table.urn, table.name, "DynamoDB table", tuple(copies), untold=tuple(untold), source=table.source
    )


@store(*GLOBAL)
def _cluster(cluster: Resource, world: World) -> Store:
    members, untold = _members(cluster, world)
    primary = _primary(members, world)
    copies = [_member(cluster, primary, world)]
    copies += [_member(member, primary, world) for member in members if member.urn != cluster.urn]
    copies += world.backups.get(cluster.urn, ())
    return Store(
        urn=cluster.urn,
        name=cluster.name,
        kind="database cluster",
        copies=tuple(copies),
        remarks=() if len(members) > 1 else (Reason.of(cluster, f"{title(cluster)} has no cluster of a global database in another region"),),
        untold=untold,
        source=cluster.source,
    )  # fmt: skip


def _members(cluster: Resource, world: World) -> tuple[tuple[Resource, ...], tuple[Reason, ...]]:
    """The clusters of the same global database: joined by its resource, else by its name."""
    kind = GLOBAL[cluster.type]
    joined = world.joins.find(cluster, "globalClusterIdentifier", (kind,))
    if joined.unknown:
        return (cluster,), (Reason.of(cluster, "its global database is decided during deployment"),)
    if joined.resources:
        made = joined.resources[0]
        members = world.attached(made, "globalClusterIdentifier", cluster.type)
        source = world.joins.find(made, "sourceDbClusterIdentifier", (cluster.type,)).resources
        return tuple({member.urn: member for member in (*source, *members)}.values()), ()
    for made in world.attached(cluster, "sourceDbClusterIdentifier", kind):
        members = world.attached(made, "globalClusterIdentifier", cluster.type)
        return tuple({member.urn: member for member in (cluster, *members)}.values()), ()
    if joined.text:
        return world.sharing(cluster, "globalClusterIdentifier"), ()
    return (cluster,), ()


def _primary(members: tuple[Resource, ...], world: World) -> str:
    """URN of the cluster that takes writes, "" when it cannot be told."""
    if len(members) == 1:
        return members[0].urn
    found = [member.urn for member in members if any(member.inputs.get(name) for name in _PRIMARY_ONLY)]
    return found[0] if len(found) == 1 else ""


def _member(cluster: Resource, primary: str, world: World) -> Copy:
    # Where the primary cannot be told, any may be it: the loss of each is taken for the loss of it.
    role: Role = "writer" if cluster.urn == primary else "reader"
    copy = world.home(cluster, key="kmsKeyId", role=role)
    if role == "writer":
        return copy
    if primary:
        text = f"{title(cluster)} in {cluster.region} follows: {AURORA_LAG.text}"
    else:
        text = f"{title(cluster)} in {cluster.region} may be the primary: that cannot be told"
    return replace(
        copy,
        because=Reason.of(cluster, text),
        lag=AURORA_LAG,
        wait=AURORA_PROMOTION,
        may_write=not primary,
    )


@store("aws:rds/instance:Instance")
def _instance(instance: Resource, world: World) -> Store:
    copies, remarks = [], []
    source = world.joins.find(instance, "replicateSourceDb", (instance.type,))
    home = world.home(
        instance, key="kmsKeyId", role="reader" if instance.inputs.get("replicateSourceDb") else "writer"
    )
    if instance.inputs.get("replicateSourceDb") is not None:
        for made in source.resources or ():
            copies.append(world.home(made, key="kmsKeyId"))
        region = region_of_arn(source.text)
        if not source.resources and region:
            copies.append(Copy(region, "writer", Reason.of(instance, f"it follows {source.text}")))
    for replica in world.attached(instance, "replicateSourceDb", instance.type):
        text = f"{title(replica)} in {replica.region} is a read replica: {RDS_LAG.text}"
        copy = world.home(replica, key="kmsKeyId", role="reader")
        copies.append(replace(copy, because=Reason.of(replica, text), lag=RDS_LAG, wait=RDS_PROMOTION))
    backups = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
    for made in world.attached(instance, "sourceDbInstanceArn", backups):
        text = f"its automated backups are copied to {made.region}: {RDS_BACKUP_LAG.text}"
        copies.append(Copy(made.region, "backup", Reason.of(made, text), lag=RDS_BACKUP_LAG))
    if instance.inputs.get("multiAz") is True:
        remarks.append(Reason.of(instance, "Multi-AZ helps against the loss of a zone, not of a region"))
    copies += world.backups.get(instance.urn, ())
    return Store(
        instance.urn, instance.name, "database instance", (home, *copies), remarks=tuple(remarks), source=instance.source
    )  # fmt: skip


@store("aws:elasticache/replicationGroup:ReplicationGroup")
def _replication_group(group: Resource, world: World) -> Store:
    kind = "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup"
    stores = world.joins.find(group, "globalReplicationGroupId", (kind,)).resources
    stores += world.attached(group, "primaryReplicationGroupId", kind)
    copies = [
        world.home(
            group, key="kmsKeyId", role="reader" if group.inputs.get("globalReplicationGroupId") else "writer"
        )
    ]
    for made in stores:
        primary = world.joins.find(made, "primaryReplicationGroupId", (group.type,)).resources
        for member in (*primary, *world.attached(made, "globalReplicationGroupId", group.type)):
            if member.urn == group.urn:
                continue
            if member in primary:
                copies.append(world.home(member, key="kmsKeyId"))
                continue
            copy = world.home(member, key="kmsKeyId", role="reader")
            copies.append(replace(copy, lag=CACHE_LAG, wait=CACHE_PROMOTION))
    return _cache(group, tuple(copies), world)


@store(
    "aws:elasticache/cluster:Cluster",
    "aws:elasticache/serverlessCache:ServerlessCache",
    "aws:dax/cluster:Cluster",
)
def _single_cache(cache: Resource, world: World) -> Store:
    return _cache(cache, (world.home(cache, key="kmsKeyId"),), world)


def _cache(cache: Resource, copies: tuple[Copy, ...], world: World) -> Store:
    others = tuple(
        Copy(
            other.region, "writer", Reason.of(other, f"{other.region} has a cache of its own, {title(other)}")
        )
        for other in world.siblings(cache)
    )
    text = "it is a cache: what was in it has to be read again"
    return Store(cache.urn, cache.name, "cache", (*copies, *others), "rebuilt", text, source=cache.source)


@store("aws:memorydb/cluster:Cluster")
def _memorydb(cluster: Resource, world: World) -> Store:
    members = (
        world.sharing(cluster, "multiRegionClusterName")
        if at(cluster.inputs, "multiRegionClusterName")
        else ()
    )
    copies = [world.home(cluster, key="kmsKeyArn")]
    copies += [
        replace(world.home(member, key="kmsKeyArn"), lag=MEMORYDB_LAG)
        for member in members
        if member.urn != cluster.urn
    ]
    return Store(cluster.urn, cluster.name, "MemoryDB cluster", tuple(copies), source=cluster.source)
