"""Data that may not leave its zone: replicas and copies outside it, and stores that stand outside it.

The zone of some data is what the tag `residency` names, else the configured zones its region is in.
The tag `residency: any`, or the data class `public`, leaves it free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from plan.values import UNKNOWN
from policies.rule import ANY_TYPE, rule
from policies.rules.buckets import BUCKETS
from policies.view import View

REPLICATED_BUCKET = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
FREE = frozenset({"any", "global", "none"})


def allowed(store: View, region: str) -> frozenset[str] | None:
    """The regions where the data of `store`, standing in `region`, may be; `None` where it is free.

    Raises `Undetermined` when the tags that decide it are not known.
    """
    tags = store.tags
    wanted, kind = tags.get("residency"), tags.get("data-class")
    zones = store.around.config.zones
    if kind == "public" or wanted in FREE:
        return None
    if isinstance(wanted, str) and wanted in zones:
        return frozenset(zones[wanted])
    around = [frozenset(regions) for regions in zones.values() if region in regions]
    return frozenset().union(*around) if around else None


def _table(table: View) -> Iterator[tuple[View, str]]:
    for replica in table.each("replicas"):
        yield table, str(replica.get("regionName"))
    if table.given("globalTableWitness"):
        yield table, str(table.get("globalTableWitness", "regionName"))


def _table_replica(replica: View) -> Iterator[tuple[View, str]]:
    for table in replica.targets("globalTableArn"):
        yield table, replica.resource.region


def _secret(secret: View) -> Iterator[tuple[View, str]]:
    for replica in secret.each("replicas"):
        yield secret, str(replica.get("region"))


def _registry(configuration: View) -> Iterator[tuple[View, str]]:
    """What is copied are the repositories of the same region whose names begin as a rule says."""
    here = [
        one
        for one in configuration.all_of("aws:ecr/repository:Repository")
        if one.resource.region == configuration.resource.region
    ]
    elsewhere = False
    for one in configuration.each("replicationConfiguration", "rules"):
        prefixes = [str(row.get("filter")) for row in one.each("repositoryFilters")]
        sources = [it for it in here if any(str(it.get("name")).startswith(p) for p in prefixes or [""])]
        # Where a plan has no repositories at all, its registry's region is all there is to go by.
        unseen = [p for p in prefixes if not any(str(it.get("name")).startswith(p) for it in here)]
        elsewhere = elsewhere or bool(here and unseen)
        for destination in one.each("destinations"):
            for source in sources if here else (configuration,):
                yield source, str(destination.get("region"))
    if elsewhere:
        raise configuration.undetermined(
            "names repositories that are not in this plan, so where their images may lie is not known"
        )


def _bucket(replication: View) -> Iterator[tuple[View, str]]:
    sources = _buckets(replication, "bucket") or (replication,)
    for one in replication.each("rules"):
        if one.get("status") == "Disabled":
            continue
        destinations = _buckets(one, "destination", "bucket")
        if not destinations:
            raise one.undetermined(
                "names a destination bucket that is not in this plan, so its region is not known"
            )
        for source in sources:
            yield from ((source, destination.resource.region) for destination in destinations)


def _buckets(view: View, *path: str) -> tuple[View, ...]:
    """The buckets that a name, an ARN or a reference at `path` means, where the plan has them."""
    if found := view.targets(*path):
        return found
    if view.path and view.raw(*path) is UNKNOWN:
        # A preview knows at least which buckets the rules are made from.
        urns = view.resource.property_dependencies.get("rules", ())
        known = (view.around.graph.get(urn) for urn in urns)
        return tuple(View(one, view.around) for one in known if one is not None and one.type in BUCKETS)
    text = view.raw(*path)
    name = text.rpartition(":")[2] if isinstance(text, str) else ""
    return view.around.named("aws:s3/bucket:Bucket", "bucket", name) if name else ()


def _database(cluster: View) -> Iterator[tuple[View, str]]:
    for source in cluster.targets("replicationSourceIdentifier"):
        yield source, cluster.resource.region
    if cluster.given("globalClusterIdentifier"):
        yield from _siblings(cluster)


def _siblings(cluster: View) -> Iterator[tuple[View, str]]:
    """Other members of its global database, seen from the first of them in the plan."""
    group = cluster.targets("globalClusterIdentifier")
    same = cluster.raw("globalClusterIdentifier")
    members = [
        one
        for one in cluster.all_of(cluster.type)
        if one.given("globalClusterIdentifier")
        and (
            one.raw("globalClusterIdentifier") == same
            or [g.urn for g in one.targets("globalClusterIdentifier")] == [g.urn for g in group] != []
        )
    ]
    if members and members[0].urn == cluster.urn:
        yield from ((cluster, member.resource.region) for member in members[1:])


def _read_replica(instance: View) -> Iterator[tuple[View, str]]:
    for source in instance.targets("replicateSourceDb"):
        yield source, instance.resource.region


def _backup_copies(replication: View) -> Iterator[tuple[View, str]]:
    for source in replication.targets("sourceDbInstanceArn"):
        yield source, replication.resource.region


def _plan(plan: View) -> Iterator[tuple[View, str]]:
    """A plan has the tags of what it backs up; a vault is known by reference or by its ARN."""
    for one in plan.each("rules"):
        for action in one.each("copyActions"):
            text = action.raw("destinationVaultArn")
            vaults = action.targets("destinationVaultArn")
            if not vaults and not isinstance(text, str):
                raise action.undetermined("copies to a vault that is not in this plan")
            for region in [vault.resource.region for vault in vaults] or [str(text).split(":")[3]]:
                yield plan, region


COPIES: dict[str, Callable[[View], Iterator[tuple[View, str]]]] = {
    "aws:backup/plan:Plan": _plan,
    "aws:dynamodb/table:Table": _table,
    "aws:dynamodb/tableReplica:TableReplica": _table_replica,
    REPLICATED_BUCKET: _bucket,
    "aws:ecr/replicationConfiguration:ReplicationConfiguration": _registry,
    "aws:rds/cluster:Cluster": _database,
    "aws:rds/instance:Instance": _read_replica,
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": _backup_copies,
    "aws:secretsmanager/secret:Secret": _secret,
}


@rule(
    id="cross-residency-replication",
    types=COPIES,
    scope="stack",
    reads=("residency",),
    severity="critical",
    level="mandatory",
    rationale="A copy outside the zone breaks the promise made to the people whose data it is, and cannot be called back.",
    fix="replicate inside the zone only, or tag the data residency: any where it is free to travel",
)
def replication(view: View) -> Iterator[str]:
    for source, target in COPIES[view.type](view):
        home = source.resource.region
        if not target or not home:
            raise view.undetermined("has a source or a copy whose region is not known")
        regions = allowed(source, home)
        if regions is not None and target not in regions:
            yield f"copies data of {home} to {target}, outside its zone ({', '.join(sorted(regions))})"


@rule(
    id="residency-location",
    types=(ANY_TYPE,),
    reads=("residency",),
    severity="critical",
    level="mandatory",
    rationale="Data tagged for a zone has to stand in one of its regions.",
    fix="put it into a region of the zone, or correct its tag residency",
)
def location(view: View) -> Iterator[str]:
    if "tags" not in view.resource.inputs or not view.resource.region:
        return
    zone = view.tags.get("residency")
    regions = view.around.config.zones.get(zone) if isinstance(zone, str) else None
    if regions is not None and view.resource.region not in regions:
        yield f"is tagged residency: {zone} and stands in {view.resource.region}"
