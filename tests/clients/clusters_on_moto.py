"""Aurora's clusters of a plan as moto carries them: members of global databases, copies, backups and restores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from plan.graph import Resource
from tests.clients.region_loss import ACCOUNT, DOCUMENTED, Kind, Route, backup_routes, key_urn

__all__ = ["Clusters"]


class Clusters(Kind):
    """Aurora: the clusters of one global database are one store, which survive tells as one of each cluster."""

    types = ("aws:rds/cluster:Cluster",)

    def make(self) -> None:
        for one in self.graph.of_type("aws:rds/globalCluster:GlobalCluster"):
            self.aws.client("rds", one.region).create_global_cluster(
                GlobalClusterIdentifier=one.inputs["globalClusterIdentifier"], Engine=one.inputs["engine"]
            )
        # A cluster that names a source region joins what is there.
        for cluster in sorted(self._clusters, key=lambda one: "sourceRegion" in one.inputs):
            it, key = cluster.inputs, self.aws.keys[key_urn(cluster.inputs["kmsKeyId"])]
            joins = it.get("globalClusterIdentifier")
            self._create(cluster.region, it["clusterIdentifier"], it["engine"], key, joins)
        self.followers = {
            member["DBClusterArn"]
            for one in self.graph.of_type("aws:rds/globalCluster:GlobalCluster")
            for told in self.aws.client("rds", one.region).describe_global_clusters()["GlobalClusters"]
            for member in told["GlobalClusterMembers"]
            if not member["IsWriter"]
        }

    def _create(self, region: str, name: str, engine: str, key: str, joins: str | None = None) -> None:
        self.aws.client("rds", region).create_db_cluster(
            DBClusterIdentifier=name,
            Engine=engine,
            MasterUsername="owner",
            MasterUserPassword="not-a-secret",
            StorageEncrypted=True,
            KmsKeyId=key,
            **({"GlobalClusterIdentifier": joins} if joins else {}),
        )

    @property
    def _clusters(self) -> tuple[Resource, ...]:
        return self.graph.of_type(*self.types)

    @property
    def stores(self) -> tuple[Resource, ...]:
        """Those that take writes; the others hold copies of them."""
        return tuple(one for one in self._clusters if "sourceRegion" not in one.inputs)

    def members(self, store: Resource) -> dict[str, Resource]:
        joined = store.inputs.get("globalClusterIdentifier")
        same = [
            one for one in self._clusters if joined and one.inputs.get("globalClusterIdentifier") == joined
        ]
        return {one.region: one for one in (*same, store)}

    def routes(self, store: Resource, origin: str) -> list[Route]:
        lag = DOCUMENTED["Aurora global database"]
        copies = [Route(region, lag) for region in self.members(store) if region != origin]
        name = store.inputs["clusterIdentifier"]
        return copies + backup_routes(self.graph, f"arn:aws:rds:{store.region}:{ACCOUNT}:cluster:{name}")

    def write(self, store: Resource, region: str, age: float) -> None:
        self._row(region, self.members(store)[region].inputs["clusterIdentifier"], store.urn, age)

    def _row(self, region: str, name: str, urn: str, age: float) -> None:
        arn = f"arn:aws:rds:{region}:{ACCOUNT}:cluster:{name}"
        row = {"Key": f"{age}", "Value": urn}
        self.aws.client("rds", region).add_tags_to_resource(ResourceName=arn, Tags=[row])

    def takes_writes(self, store: Resource, region: str) -> bool:
        """moto writes to followers too: that they are such is what it said of them before the loss."""
        name = self.members(store)[region].inputs["clusterIdentifier"]
        follows = f"arn:aws:rds:{region}:{ACCOUNT}:cluster:{name}" in self.followers
        return not follows and super().takes_writes(store, region)

    def copy(self, store: Resource, route: Route, ages: Iterable[float]) -> None:
        if not route.backup:
            return super().copy(store, route, ages)
        rds, name = self.aws.client("rds", route.region), store.inputs["clusterIdentifier"]
        self._create(route.region, name, store.inputs["engine"], self.aws.keys[route.key])
        rows = [{"Key": f"{age}", "Value": store.urn} for age in ages]
        rds.create_db_cluster_snapshot(
            DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"{name}-backup", Tags=rows
        )
        rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
        return None

    def read(self, region: str) -> Mapping[str, set[float]]:
        held: defaultdict[str, set[float]] = defaultdict(set)
        for told in self.aws.client("rds", region).describe_db_clusters()["DBClusters"]:
            for row in told["TagList"] if self.aws.works(told["KmsKeyId"]) else ():
                held[row["Value"]].add(float(row["Key"]))
        return held

    def restored(self, store: Resource, region: str) -> set[float]:
        rds, name = self.aws.client("rds", region), store.inputs["clusterIdentifier"]
        rows: set[float] = set()
        for snapshot in rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]:
            if snapshot["DBClusterIdentifier"] == name and self.aws.works(snapshot["KmsKeyId"]):
                rds.restore_db_cluster_from_snapshot(
                    DBClusterIdentifier=f"{name}-restored",
                    SnapshotIdentifier=snapshot["DBClusterSnapshotIdentifier"],
                    Engine=store.inputs["engine"],
                )
                # moto restores the cluster without what the snapshot's tags say.
                rows |= {float(row["Key"]) for row in snapshot["TagList"]}
        return rows
