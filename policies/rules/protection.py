"""Data that could be lost: deletion protection, backups, copies in more than one zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.rule import Breach, rule
from policies.rules.buckets import BUCKETS, is_temporary
from policies.view import View

# The switch by which AWS itself refuses to delete a store.
PROTECTION = {
    "aws:rds/instance:Instance": "deletionProtection",
    "aws:rds/cluster:Cluster": "deletionProtection",
    "aws:rds/globalCluster:GlobalCluster": "deletionProtection",
    "aws:docdb/cluster:Cluster": "deletionProtection",
    "aws:docdb/globalCluster:GlobalCluster": "deletionProtection",
    "aws:neptune/cluster:Cluster": "deletionProtection",
    "aws:dynamodb/table:Table": "deletionProtectionEnabled",
    "aws:dynamodb/tableReplica:TableReplica": "deletionProtectionEnabled",
    "aws:cognito/userPool:UserPool": "deletionProtection",
}
# Stores that AWS deletes when told to: only Pulumi's `protect` stands before them.
PROTECTED_BY_PULUMI = (
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:s3tables/tableBucket:TableBucket",
    "aws:opensearch/domain:Domain",
    "aws:redshift/cluster:Cluster",
)
FORCED = (
    *BUCKETS,
    "aws:s3tables/tableBucket:TableBucket",
    "aws:ecr/repository:Repository",
    "aws:backup/vault:Vault",
)


@rule(
    id="deletion-protection",
    types=(*PROTECTION, *PROTECTED_BY_PULUMI),
    reads=("environment_class",),
    severity="high",
    level="mandatory",
    rationale="A renamed resource or a mistaken destroy deletes a store in seconds; a restore takes hours.",
    fix="switch deletion protection on",
    frameworks=("AWS FSBP RDS.8", "AWS FSBP DynamoDB.6"),
)
def deletion_protection(store: View) -> Iterator[Breach]:
    """Not asked of development and staging, where things are meant to come and go."""
    if store.is_disposable:
        return
    switch = PROTECTION.get(store.type)
    if switch is None:
        if not store.resource.protect:
            yield Breach("is not protected from deletion", "give it the resource option protect=True")
    elif not store.flag(switch) and store.get(switch) != "ACTIVE":
        got = store.get(switch)
        yield Breach(
            f"has no deletion protection: {switch} is {'not set' if got is None else str(got).lower()}",
            f"set {switch} to true",
        )
    for replica in store.each("replicas") if store.type == "aws:dynamodb/table:Table" else ():
        if replica.get("consistencyMode") != "STRONG" and not replica.flag("deletionProtectionEnabled"):
            yield Breach(
                f"has no deletion protection on its replica in {replica.get('regionName')}",
                "set deletionProtectionEnabled of the replica to true",
            )


@rule(
    id="force-destroy",
    types=FORCED,
    scope="stack",
    reads=("environment_class",),
    severity="high",
    level="mandatory",
    rationale="With it, deleting the resource deletes everything inside without asking.",
    fix="leave out forceDestroy (forceDelete of a repository), or set it to false",
)
def force_destroy(store: View) -> Iterator[str]:
    """A bucket whose objects all expire holds nothing to lose."""
    if store.is_disposable or (store.type in BUCKETS and is_temporary(store)):
        return
    for switch in ("forceDestroy", "forceDelete"):
        if store.flag(switch):
            yield f"is deleted with everything in it: {switch} is true"


def _instance_backups(instance: View) -> Iterator[Breach]:
    days = instance.get("backupRetentionPeriod")
    if not days and not instance.given("replicateSourceDb"):
        yield Breach(
            f"has no backups: backupRetentionPeriod is {'not set' if days is None else '0'}",
            "set backupRetentionPeriod to 7 or more days",
        )


def _cluster_backups(cluster: View) -> Iterator[Breach]:
    days = cluster.get("backupRetentionPeriod")
    if (days is None or days < 7) and cluster.is_production:
        yield Breach(
            f"keeps backups for {days or 1:g} day{'s' if (days or 1) > 1 else ''}",
            "set backupRetentionPeriod to 7 or more days",
        )


def _table_backups(table: View) -> Iterator[Breach]:
    if not table.flag("pointInTimeRecovery", "enabled"):
        yield Breach("has no point-in-time recovery", "set pointInTimeRecovery.enabled to true")
    for replica in table.each("replicas"):
        if not replica.flag("pointInTimeRecovery"):
            yield Breach(
                f"has no point-in-time recovery in {replica.get('regionName')}",
                "set pointInTimeRecovery of the replica to true",
            )


def _replica_backups(replica: View) -> Iterator[Breach]:
    if not replica.flag("pointInTimeRecovery"):
        yield Breach("has no point-in-time recovery", "set pointInTimeRecovery to true")


def _snapshots(cache: View) -> Iterator[Breach]:
    if not cache.get("snapshotRetentionLimit") and cache.is_production:
        yield Breach(
            "has no snapshots: snapshotRetentionLimit is not set",
            "set snapshotRetentionLimit to 1 or more days",
        )


BACKUPS: dict[str, Callable[[View], Iterator[Breach]]] = {
    "aws:rds/instance:Instance": _instance_backups,
    "aws:rds/cluster:Cluster": _cluster_backups,
    "aws:docdb/cluster:Cluster": _cluster_backups,
    "aws:neptune/cluster:Cluster": _cluster_backups,
    "aws:dynamodb/table:Table": _table_backups,
    "aws:dynamodb/tableReplica:TableReplica": _replica_backups,
    "aws:memorydb/cluster:Cluster": _snapshots,
}


@rule(
    id="backups",
    types=BACKUPS,
    reads=("environment_class",),
    severity="high",
    level="mandatory",
    rationale="Replicas repeat a mistake within a second; only a backup from before it brings the data back.",
    fix="switch backups on",
    frameworks=("AWS FSBP RDS.11", "AWS FSBP DynamoDB.2"),
)
def backups(store: View) -> Iterator[Breach]:
    if not store.is_development:
        yield from BACKUPS[store.type](store)


@rule(
    id="final-snapshot",
    types=("aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:docdb/cluster:Cluster",
           "aws:neptune/cluster:Cluster", "aws:redshift/cluster:Cluster"),
    reads=("environment_class",),
    severity="medium",
    level="mandatory",
    rationale="Deleting a database without a last snapshot cannot be undone.",
    fix="set skipFinalSnapshot to false and finalSnapshotIdentifier to a name",
)  # fmt: skip
def final_snapshot(store: View) -> Iterator[str]:
    """A later member of a global database has no master user: it holds nothing that the first does not."""
    secondary = store.given("globalClusterIdentifier") and not any(
        store.given(key) for key in ("masterUsername", "manageMasterUserPassword", "snapshotIdentifier")
    )
    replica = any(store.given(key) for key in ("replicateSourceDb", "replicationSourceIdentifier"))
    if store.is_production and store.flag("skipFinalSnapshot") and not secondary and not replica:
        yield "is deleted without a last snapshot: skipFinalSnapshot is true"


def _database_zones(instance: View) -> Iterator[Breach]:
    if not instance.flag("multiAz") and not instance.given("replicateSourceDb"):
        yield Breach("stands in one zone", "set multiAz to true")


def _cluster_zones(cluster: View) -> Iterator[Breach]:
    if cluster.given("dbClusterInstanceClass"):
        return
    count = len(cluster.related("aws:rds/clusterInstance:ClusterInstance", through="clusterIdentifier"))
    if count == 1:
        yield Breach("has one instance, in one zone", "add a second aws.rds.ClusterInstance to it")


def _cache_zones(group: View) -> Iterator[Breach]:
    for switch in ("automaticFailoverEnabled", "multiAzEnabled"):
        if not group.flag(switch):
            yield Breach(
                f"does not survive a zone: {switch} is not true",
                f"set {switch} to true, with two nodes or more",
            )


def _file_zones(system: View) -> Iterator[Breach]:
    if system.given("availabilityZoneName"):
        yield Breach("stands in one zone", "leave out availabilityZoneName")


def _search_zones(domain: View) -> Iterator[Breach]:
    if not domain.flag("clusterConfig", "zoneAwarenessEnabled") and not domain.flag(
        "clusterConfig", "multiAzWithStandbyEnabled"
    ):
        yield Breach("stands in one zone", "set clusterConfig.zoneAwarenessEnabled to true")


def _subnets(path: tuple[str, ...], view: View) -> Iterator[Breach]:
    value = view.get(*path)
    if isinstance(value, list) and len(value) == 1:
        where = ".".join(path)
        yield Breach(
            f"stands in one zone: {where} names one subnet", f"name subnets of two zones or more in {where}"
        )


def _group_subnets(group: View) -> Iterator[Breach]:
    yield from _subnets(("vpcZoneIdentifiers",), group)


def _node_subnets(group: View) -> Iterator[Breach]:
    yield from _subnets(("subnetIds",), group)


ZONES: dict[str, Callable[[View], Iterator[Breach]]] = {
    "aws:rds/instance:Instance": _database_zones,
    "aws:rds/cluster:Cluster": _cluster_zones,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache_zones,
    "aws:efs/fileSystem:FileSystem": _file_zones,
    "aws:opensearch/domain:Domain": _search_zones,
    "aws:autoscaling/group:Group": _group_subnets,
    "aws:eks/nodeGroup:NodeGroup": _node_subnets,
}


@rule(
    id="single-zone-in-production",
    types=ZONES,
    scope="stack",
    reads=("environment_class",),
    severity="medium",
    level="advisory",
    rationale="A zone fails more often than a region, and takes with it everything that stands in it alone.",
    fix="spread it over two zones or more",
    frameworks=("AWS FSBP RDS.5",),
)
def single_zone(store: View) -> Iterator[Breach]:
    if store.is_production:
        yield from ZONES[store.type](store)
