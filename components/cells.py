"""The two kinds of cell an environment consists of.

`GlobalCell` holds what has no region or spans several: the feature store's keys, replicated tables and
buckets, tenants' keys, budgets. `RegionalCell` holds what a region loses when it is lost: its network,
clusters, and its half of the feature store. Cells never read each other's outputs; what one must know
of the other follows from `components.naming`.

Account-wide switches (S3 public access block, EBS encryption by default) are not set: an account may
hold other things, and destroying an environment would switch them off for those too. Every bucket and
volume made here is private and encrypted by itself.
"""

from typing import Dict, List, Optional

import pulumi
import pydantic

from components.base import Args, Cell, Component, extended, validated
from components.cluster.cluster import Cluster, ClusterArgs
from components.cluster.settings import ClusterSettings
from components.data_plane.settings import DataPlaneSettings
from components.data_plane.surroundings import Surroundings
from components.data_plane.wiring import RegionParts, make_regional, make_spanning
from components.environment_settings import SpendingBudget, Tenant, TenantTier, regions_of
from components.feature_store.feature_store import FeatureStore, FeatureStoreArgs
from components.feature_store.region import FeatureStoreRegion, FeatureStoreRegionArgs
from components.feature_store.settings import FeatureStoreSettings
from components.karpenter.settings import NodePool
from components.network.network import Network, NetworkArgs
from components.network.settings import NetworkSettings
from components.spending import Spending, SpendingArgs
from components.tenant_key import TenantKey, TenantKeyArgs, alias_of

__all__ = [
    "GlobalCell",
    "GlobalCellArgs",
    "RegionalCell",
    "RegionalCellArgs",
    "cell_of_tenant",
    "pool_of_tenant",
    "settings_of_shared_cluster",
    "settings_of_silo",
    "silos_in",
]


class GlobalCellArgs(Args):
    """What spans the environment's regions."""

    cell: Cell
    feature_store: FeatureStoreSettings = FeatureStoreSettings()
    residency: Dict[str, List[str]] = pydantic.Field(default={})
    """Regions by zone."""
    tenants: List[Tenant] = pydantic.Field(default=[])
    data_plane: DataPlaneSettings = DataPlaneSettings()
    budget: Optional[SpendingBudget] = None


class RegionalCellArgs(Args):
    """One region of an environment."""

    cell: Cell
    network: NetworkSettings
    cluster: ClusterSettings
    feature_store: FeatureStoreSettings = FeatureStoreSettings()
    residency: Dict[str, List[str]] = pydantic.Field(default={})
    """Regions by zone."""
    tenants: List[Tenant] = pydantic.Field(default=[])
    data_plane: DataPlaneSettings = DataPlaneSettings()


class GlobalCell(Component):
    """What has no region or spans several: feature store, tenants' keys, budgets."""

    role_arns: pulumi.Output[Dict[str, str]]
    """Readers' and writers' roles of the feature store, by name."""
    tenant_keys: pulumi.Output[Dict[str, str]]
    """Alias of each tenant's own key."""

    def __init__(
        self, name: str, args: GlobalCellArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(GlobalCellArgs, args)
        super().__init__(name, args.cell, opts)
        store = FeatureStoreArgs(cell=args.cell, store=args.feature_store, residency=args.residency)
        self.feature_store = FeatureStore("feature-store", store, self.child())
        keys = {}
        for tenant in args.tenants:
            if tenant.tier is TenantTier.POOL:
                continue
            key = TenantKeyArgs(
                cell=cell_of_tenant(args.cell, tenant),
                tenant=tenant.name,
                regions=regions_of(tenant.residency, args.cell.regions, args.residency),
                residency=tenant.residency,
            )
            keys[tenant.name] = TenantKey(f"tenant-{tenant.name}", key, self.child()).alias
        make_spanning(self, _around(args), args.data_plane)
        if args.budget is not None:
            spending = SpendingArgs(cell=args.cell, budget=args.budget, tenants=args.tenants)
            Spending("spending", spending, self.child())
        self.role_arns = self.feature_store.role_arns
        self.tenant_keys = _by_name(keys)
        self.register_outputs({key: getattr(self, key) for key in GlobalCell.__annotations__})


class RegionalCell(Component):
    """One region: network, shared cluster, silo tenants' clusters, feature store."""

    vpc_id: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    """The cluster that tenants share."""
    silo_cluster_names: pulumi.Output[Dict[str, str]]
    """Silo tenants' own clusters by tenant."""
    feature_store_yaml: pulumi.Output[Dict[str, str]]
    """What Feast is configured with in this region, by group of views."""
    feature_registry: pulumi.Output[Optional[str]]
    """Host of Feast's registry: what `FEATURE_REGISTRY_HOST` in those files stands for."""

    def __init__(
        self, name: str, args: RegionalCellArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(RegionalCellArgs, args)
        super().__init__(name, args.cell, opts)
        self.args, region = args, args.cell.region
        self.network = Network(
            f"network-{region}", extended(NetworkArgs, args.network, cell=args.cell), self.child()
        )
        shared = settings_of_shared_cluster(args.cluster, args.tenants, args.cell, args.residency)
        self.cluster = self._cluster(f"cluster-{region}", shared, args.cell)
        silos = {
            tenant.name: self._cluster(
                f"cluster-{tenant.name}-{region}",
                settings_of_silo(args.cluster, tenant, args.cell),
                cell_of_tenant(args.cell, tenant),
                name_suffix=tenant.name,
                tenant=tenant.name,
            )
            for tenant in silos_in(args.tenants, args.cell, args.residency)
        }
        store = FeatureStoreRegionArgs(
            cell=args.cell,
            store=args.feature_store,
            residency=args.residency,
            vpc_id=self.network.vpc_id,
            data_subnet_ids=self.network.data_subnet_ids,
            private_subnet_ids=self.network.private_subnet_ids,
            client_cidrs=[args.network.cidr, args.network.pod_cidr],
        )
        self.feature_store = FeatureStoreRegion(f"feature-store-{region}", store, self.child())
        parts = RegionParts(self.network, args.network, self.cluster, silos, self.feature_store)
        make_regional(self, _around(args), args.data_plane, parts)
        self.vpc_id = self.network.vpc_id
        self.cluster_name = self.cluster.cluster_name
        names = {tenant: cluster.cluster_name for tenant, cluster in silos.items()}
        self.silo_cluster_names = _by_name(names)
        self.feature_store_yaml = self.feature_store.feature_store_yaml
        self.feature_registry = self.feature_store.registry_endpoint
        self.register_outputs({key: getattr(self, key) for key in RegionalCell.__annotations__})

    def _cluster(self, name: str, settings: ClusterSettings, cell: Cell, **fields: str) -> Cluster:
        args = extended(
            ClusterArgs,
            settings,
            cell=cell,
            vpc_id=self.network.vpc_id,
            private_subnet_ids=self.network.private_subnet_ids,
            pod_subnet_ids=self.network.pod_subnet_ids,
            zones=self.network.zones,
            **fields,
        )
        return Cluster(name, args, self.child())


def _around(args: Args) -> Surroundings:
    """What `args` of either cell say to the components in it."""
    return Surroundings(**{field: getattr(args, field) for field in Surroundings.model_fields})


def _by_name(values: Dict[str, pulumi.Output[str]]) -> pulumi.Output[Dict[str, str]]:
    """A mapping also when it is empty, where `Output.all` gives a list."""
    return pulumi.Output.all(**values) if values else pulumi.Output.from_input({})


def silos_in(tenants: List[Tenant], cell: Cell, residency: Dict[str, List[str]]) -> List[Tenant]:
    """Tenants that have a cluster of their own in the cell's region."""
    return [
        tenant
        for tenant in tenants
        if tenant.tier is TenantTier.SILO
        and cell.region in regions_of(tenant.residency, cell.regions, residency)
    ]


def settings_of_shared_cluster(
    cluster: ClusterSettings, tenants: List[Tenant], cell: Cell, residency: Dict[str, List[str]]
) -> ClusterSettings:
    """`cluster` with the pools that belong to nobody, and those of bridge tenants that may be here."""
    here = {
        tenant.name: tenant
        for tenant in tenants
        if tenant.tier is TenantTier.BRIDGE
        and cell.region in regions_of(tenant.residency, cell.regions, residency)
    }
    pools = [
        pool_of_tenant(pool, here[pool.tenant], cell) if pool.tenant else pool
        for pool in cluster.node_pools
        if not pool.tenant or pool.tenant in here
    ]
    return cluster.model_copy(update={"node_pools": pools})


def settings_of_silo(cluster: ClusterSettings, tenant: Tenant, cell: Cell) -> ClusterSettings:
    """`cluster` with the silo tenant's pools only."""
    pools = [pool_of_tenant(pool, tenant, cell) for pool in cluster.node_pools if pool.tenant == tenant.name]
    return cluster.model_copy(update={"node_pools": pools})


def pool_of_tenant(pool: NodePool, tenant: Tenant, cell: Cell) -> NodePool:
    """`pool` with nodes that are billed to `tenant`, and whose volumes its own key encrypts.

    What the pool says itself goes over both.
    """
    update = {
        "tags": {**tags_of_tenant(tenant), **pool.tags},
        "volume_key": pool.volume_key or alias_of(cell, tenant.name),
    }
    return pool.model_copy(update=update)


def tags_of_tenant(tenant: Tenant) -> Dict[str, str]:
    """Tags of what belongs to `tenant` alone: its owner answers, its cost center pays."""
    return {"owner": tenant.owner, "cost-center": tenant.cost_center}


def cell_of_tenant(cell: Cell, tenant: Tenant) -> Cell:
    """`cell` with the tags of what belongs to `tenant` alone."""
    return cell.model_copy(update={"tags": {**cell.tags, **tags_of_tenant(tenant)}})
