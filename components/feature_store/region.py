"""The feature store's half in one region; it stands in each regional cell.

This includes: a key, Glue databases with an Iceberg table for each view whose residency includes the
region, Athena workgroups with a bucket of results, the registry's Aurora cluster, and a Valkey cache where
wanted, both behind security groups of their own, the materialisation job and alarms. What spans regions is `FeatureStore`; its buckets and
the registry's global database must exist first, and of the registry the home region's cluster first.
"""

from typing import Any, Dict, List, Optional, Sequence

import pulumi
import pydantic
from pulumi_aws import kms, rds

from components.aurora.parts import PORT as REGISTRY_PORT
from components.base import Args, Cell, Component, validated
from components.feature_store.alarms import alarms
from components.feature_store.buckets import results_bucket
from components.feature_store.cache import PORT as CACHE_PORT
from components.feature_store.cache import cache
from components.feature_store.catalog import catalog, workgroups
from components.feature_store.defaults import Choices, Registry, choices, registry_of
from components.feature_store.feast import feature_store_yaml
from components.feature_store.feature_store import refuse_problems
from components.feature_store.firewall import firewall
from components.feature_store.materialization import materialization
from components.feature_store.placement import ViewGroup, groups, in_region
from components.feature_store.region_key import region_key
from components.feature_store.registry import registry
from components.feature_store.settings import FeatureStoreSettings
from components.model import refused

__all__ = ["FeatureStoreRegion", "FeatureStoreRegionArgs"]


class FeatureStoreRegionArgs(Args):
    """The environment's feature store, and the region's network that it is reached from."""

    cell: Cell
    store: FeatureStoreSettings
    residency: Dict[str, List[str]] = pydantic.Field(default_factory=dict)
    """Regions by zone; a view of a zone never leaves them."""
    vpc_id: Optional[pulumi.Output[str]] = None
    """Needed by the registry, the cache and the materialisation job."""
    data_subnet_ids: Optional[pulumi.Output[List[str]]] = None
    """Needed by the registry and the cache."""
    private_subnet_ids: Optional[pulumi.Output[List[str]]] = None
    """With a way out, for the tasks of the materialisation job."""
    client_cidrs: List[str] = pydantic.Field(default_factory=list)
    """Networks that may connect, such as the VPC's own and the pods'."""
    client_security_group_ids: Optional[pulumi.Output[List[str]]] = None
    """Security groups that may connect, such as the cluster's; instead of networks or beside them."""

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "FeatureStoreRegionArgs":
        refuse_problems(self.store, self.cell, self.residency)
        return self

    @pydantic.model_validator(mode="after")
    def _has_the_network_it_needs(self) -> "FeatureStoreRegionArgs":
        if not (self.sized().enabled or self.store.low_latency):
            return self
        missing = [field for field in ("vpc_id", "data_subnet_ids") if getattr(self, field) is None]
        if not self.client_cidrs and self.client_security_group_ids is None:
            missing.append("client_cidrs or client_security_group_ids")
        if missing:
            raise refused(
                f"the registry and the cache stand in a network: {', '.join(missing)} missing",
                "pass the region's network, or set registry.enabled: false and leave low_latency out",
            )
        return self

    @pydantic.model_validator(mode="after")
    def _has_the_network_of_its_job(self) -> "FeatureStoreRegionArgs":
        if self.store.materialization is None:
            return self
        missing = [field for field in ("vpc_id", "private_subnet_ids") if getattr(self, field) is None]
        if missing:
            raise refused(
                f"the materialisation job runs in a network: {', '.join(missing)} missing",
                "pass the region's network, or leave materialization out",
            )
        return self

    def sized(self) -> Registry:
        return registry_of(self.store, self.cell.environment_class, len(self.cell.regions))


class FeatureStoreRegion(Component):
    """Tables, workgroups, registry and cache of one region."""

    databases: pulumi.Output[List[str]]
    """Glue databases, one for each group of views with data here."""
    workgroups: pulumi.Output[List[str]]
    registry_endpoint: pulumi.Output[Optional[str]]
    """Where writes go; outside the home region the cluster forwards them."""
    registry_reader_endpoint: pulumi.Output[Optional[str]]
    cache_endpoint: pulumi.Output[Optional[str]]
    feature_store_yaml: pulumi.Output[Dict[str, str]]
    """What Feast is configured with here, by group of views: `any`, `eu`, `eu-acme`."""

    def __init__(
        self, name: str, args: FeatureStoreRegionArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(FeatureStoreRegionArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args = name, args
        chosen = choices(args.store, args.cell)
        here = in_region(groups(args.store, args.cell.regions, args.residency), args.cell.region)
        key = region_key(self, name, chosen)

        self._offline(here, key, chosen)
        cluster = self._registry(key, chosen)
        secondary = args.cell.region != args.cell.home_region
        write = cluster and (cluster.reader_endpoint if secondary else cluster.endpoint)
        self.registry_endpoint = pulumi.Output.from_input(write)
        self.registry_reader_endpoint = pulumi.Output.from_input(cluster and cluster.reader_endpoint)
        self.cache_endpoint = self._cache(key)
        self._materialization(here, key, chosen)
        alarms(self, f"{name}-alarms", args.store, here, key.arn)
        self.feature_store_yaml = pulumi.Output.from_input(
            {
                group.label: feature_store_yaml(
                    args.store, args.cell, group, args.cell.region, registry=args.sized().enabled
                )
                for group in here
            }
        )
        self.register_outputs({field: getattr(self, field) for field in FeatureStoreRegion.__annotations__})

    def _offline(self, here: Sequence[ViewGroup], key: kms.Key, chosen: Choices) -> None:
        store = self.args.store
        databases = catalog(self, self.name, store, here)
        made: Dict[str, Any] = {}
        if here:
            bucket = results_bucket(self, f"{self.name}-results", store.offline.result_days, key.arn, chosen)
            made = workgroups(self, self.name, here, bucket, key.arn, chosen)
        self.databases = pulumi.Output.from_input([database.name for database in databases.values()])
        self.workgroups = pulumi.Output.from_input([workgroup.name for workgroup in made.values()])

    def _registry(self, key: kms.Key, chosen: Choices) -> Optional[rds.Cluster]:
        sized = self.args.sized()
        if not sized.enabled:
            return None
        return registry(
            self,
            f"{self.name}-registry",
            self.args.store,
            sized,
            chosen,
            subnet_ids=self.args.data_subnet_ids,
            security_group_id=self._firewall("registry", REGISTRY_PORT),
            key_arn=key.arn,
        )

    def _cache(self, key: kms.Key) -> pulumi.Output[Optional[str]]:
        settings = self.args.store.low_latency
        if settings is None:
            return pulumi.Output.from_input(None)
        made = cache(
            self,
            f"{self.name}-cache",
            settings,
            subnet_ids=self.args.data_subnet_ids,
            security_group_id=self._firewall("cache", CACHE_PORT),
            key_arn=key.arn,
        )
        endpoint: pulumi.Output[Optional[str]] = made.endpoints.apply(
            lambda endpoints: endpoints[0].address if endpoints else None
        )
        return endpoint

    def _materialization(self, here: Sequence[ViewGroup], key: kms.Key, chosen: Choices) -> None:
        settings, online = self.args.store.materialization, [group for group in here if group.online]
        if settings is None or not online:
            return
        materialization(
            self,
            f"{self.name}-materialization",
            self.args.store,
            settings,
            online,
            registry=self.args.sized(),
            chosen=chosen,
            key_arn=key.arn,
            vpc_id=self.args.vpc_id,
            subnet_ids=self.args.private_subnet_ids,
        )

    def _firewall(self, part: str, port: int) -> pulumi.Output[str]:
        group = firewall(
            self,
            f"{self.name}-{part}",
            part=f"feature-{part}",
            port=port,
            vpc_id=self.args.vpc_id,
            cidrs=self.args.client_cidrs,
            security_group_ids=self.args.client_security_group_ids,
        )
        opened: pulumi.Output[str] = group.id
        return opened
