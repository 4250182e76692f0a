"""The feature store's half that spans regions; it stands in the global cell.

This includes, for each group of views (one residency, one tenant): a multi-region key with replicas, a
DynamoDB table per online view with replicas, a bucket in each region with replication round them (with S3
Tables table buckets and their tables beside them), and the roles of readers, writers, the materialisation
job and replication. Beside them the global database that the registry's
regional clusters join. What exists in one region only is `FeatureStoreRegion`.
"""

from typing import Dict, List, Optional

import pulumi
import pydantic
from pulumi_aws import rds

from components.base import Args, Cell, Component, validated
from components.feature_store import names
from components.feature_store.buckets import copy_lakes, lake_buckets
from components.feature_store.check import problems_of
from components.feature_store.defaults import Choices, choices, registry_of
from components.feature_store.keys import group_keys
from components.feature_store.placement import ViewGroup, groups
from components.feature_store.roles import group_roles
from components.feature_store.settings import FeatureStoreSettings, OfflineCatalog
from components.feature_store.table_buckets import table_buckets
from components.feature_store.tables import online_table
from components.model import refused

__all__ = ["ENGINE", "FeatureStore", "FeatureStoreArgs", "refuse_problems"]

ENGINE = "aurora-postgresql"


def refuse_problems(store: FeatureStoreSettings, cell: Cell, zones: Dict[str, List[str]]) -> None:
    """Raises `refused` with every mistake that only the environment shows."""
    found = problems_of(store, cell, zones)
    if found:
        raise refused(
            "; ".join(f"{problem.path} {problem.got}: {problem.but}" for problem in found),
            "; ".join(problem.fix for problem in found),
        )


class FeatureStoreArgs(Args):
    """The environment's feature store and where its data may lie."""

    cell: Cell
    store: FeatureStoreSettings
    residency: Dict[str, List[str]] = pydantic.Field(default_factory=dict)
    """Regions by zone; a view of a zone never leaves them."""

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "FeatureStoreArgs":
        refuse_problems(self.store, self.cell, self.residency)
        return self


class FeatureStore(Component):
    """Keys, online tables, buckets, roles and the global registry of an environment."""

    table_names: pulumi.Output[List[str]]
    bucket_names: pulumi.Output[List[str]]
    """Buckets of offline data, and with S3 Tables the table buckets."""
    role_arns: pulumi.Output[Dict[str, str]]
    """ARNs of readers' and writers' roles by their names."""
    key_arns: pulumi.Output[Dict[str, str]]
    """ARNs of keys by `<group>/<region>`."""
    registry_global_cluster: pulumi.Output[Optional[str]]
    """Identifier of the registry's global database; none in one region, or without a registry."""

    def __init__(
        self, name: str, args: FeatureStoreArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(FeatureStoreArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.store = name, args.store
        chosen = choices(args.store, args.cell)
        registry = registry_of(args.store, args.cell.environment_class, len(args.cell.regions))

        tables: List[pulumi.Output[str]] = []
        buckets: List[pulumi.Output[str]] = []
        roles: Dict[str, pulumi.Output[str]] = {}
        keys: Dict[str, pulumi.Output[str]] = {}
        for group in groups(args.store, args.cell.regions, args.residency):
            own = group_keys(self, name, args.store, group, chosen)
            keys.update({f"{group.label}/{region}": arn for region, arn in own.items()})
            tables += [
                online_table(self, name, args.store, group, view, own, chosen).name for view in group.online
            ]
            buckets += self._buckets(group, own, chosen)
            made = group_roles(self, name, args.store, group, own, registry=registry.enabled)
            roles.update({physical: role.arn for physical, role in made.items()})

        self.table_names = pulumi.Output.all(*tables)
        self.bucket_names = pulumi.Output.all(*buckets)
        self.role_arns = _by_key(roles)
        self.key_arns = _by_key(keys)
        wanted = registry.enabled and len(args.cell.regions) > 1
        self.registry_global_cluster = pulumi.Output.from_input(
            self._global_cluster(chosen).global_cluster_identifier if wanted else None
        )
        self.register_outputs({key: getattr(self, key) for key in FeatureStore.__annotations__})

    def _buckets(
        self, group: ViewGroup, keys: Dict[str, pulumi.Output[str]], chosen: Choices
    ) -> List[pulumi.Output[str]]:
        made = lake_buckets(self, self.name, group, keys, chosen)
        copies = self.store.offline.copies
        copy_lakes(self, self.name, group, made, keys, copies=copies, chosen=chosen)
        buckets = [bucket.bucket.bucket for bucket in made.values()]
        if self.store.offline.catalog is OfflineCatalog.S3_TABLES:
            buckets += table_buckets(self, f"{self.name}-tables", self.store, group, keys, chosen)
        return buckets

    def _global_cluster(self, chosen: Choices) -> rds.GlobalCluster:
        identifier = names.global_cluster_name(self.cell)
        return rds.GlobalCluster(
            f"{self.name}-registry",
            global_cluster_identifier=identifier,
            engine=ENGINE,
            engine_version=self.store.registry.engine_version,
            database_name=names.registry_database(self.store, self.cell),
            storage_encrypted=True,
            deletion_protection=chosen.protected,
            force_destroy=not chosen.protected,
            region=self.cell.home_region,
            tags=self.tags(identifier),
            opts=self.child(protect=chosen.protected),
        )


def _by_key(outputs: Dict[str, pulumi.Output[str]]) -> pulumi.Output[Dict[str, str]]:
    # Of nothing at all, `all` makes a list.
    return pulumi.Output.all(**outputs) if outputs else pulumi.Output.from_input({})
