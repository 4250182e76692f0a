"""Names of the feature store that one cell must know of another, or an application of both."""

from typing import Tuple

from components.feature_store.placement import ViewGroup
from components.feature_store.settings import ANY, FeatureStoreSettings
from components.model import Cell
from components.naming import arn, bucket_name, name, partition

__all__ = [
    "cache_name",
    "cache_user",
    "database_name",
    "database_user",
    "feast_project",
    "global_cluster_name",
    "key_alias",
    "label_parts",
    "lake_bucket",
    "lake_bucket_arn",
    "lake_prefix",
    "materialization_name",
    "project_of",
    "regional_key_alias",
    "registry_database",
    "registry_file",
    "registry_name",
    "results_bucket",
    "role_name",
    "schedule_name",
    "table_arn",
    "table_bucket",
    "table_bucket_arn",
    "table_name",
    "workgroup_name",
]


def project_of(store: FeatureStoreSettings, cell: Cell) -> str:
    """Feast's project; by default the platform and the environment."""
    return store.project or f"{cell.platform}_{cell.environment}".replace("-", "_")


def feast_project(store: FeatureStoreSettings, cell: Cell, group: ViewGroup) -> str:
    """Feast's project of one group: what it applies in one, it must not take for deleted in another."""
    return "_".join((project_of(store, cell), *label_parts(group))).replace("-", "_")


def label_parts(group: ViewGroup) -> Tuple[str, ...]:
    """The group in names: its zone and its tenant, nothing for shared views that may lie anywhere."""
    zone = () if group.residency == ANY else (group.residency,)
    return (*zone, *((group.tenant,) if group.tenant else ()))


def table_name(store: FeatureStoreSettings, cell: Cell, view: str) -> str:
    """As Feast's DynamoDB store names it by default."""
    return f"{project_of(store, cell)}.{view}"


def table_arn(store: FeatureStoreSettings, cell: Cell, view: str, region: str) -> str:
    return arn(cell, "dynamodb", f"table/{table_name(store, cell, view)}", region=region)


def key_alias(cell: Cell, group: ViewGroup) -> str:
    """Alias of the group's key, the same in each of its regions."""
    return f"alias/{name(cell, 'features', *label_parts(group), limit=200)}"


def regional_key_alias(cell: Cell) -> str:
    """Alias of the key of what exists in one region only: registry, cache, query results."""
    return f"alias/{name(cell, 'feature-store', limit=200)}"


def lake_bucket(cell: Cell, group: ViewGroup, region: str) -> str:
    return bucket_name(cell, "features", *label_parts(group), region=region)


def lake_bucket_arn(cell: Cell, group: ViewGroup, region: str) -> str:
    return f"arn:{partition(region)}:s3:::{lake_bucket(cell, group, region)}"


def lake_prefix(region: str) -> str:
    """Where the tables written in `region` lie, in its own bucket and in the copies.

    An Iceberg table's metadata names its files by full path, so a copy is no table: were all regions to
    write below one prefix, replication would mix their tables.
    """
    return f"tables/{region}"


def registry_file(cell: Cell, group: ViewGroup) -> str:
    """Where Feast keeps a group's registry without PostgreSQL: once, in the group's home region."""
    return f"s3://{lake_bucket(cell, group, group.home)}/registry/registry.db"


def table_bucket(cell: Cell, group: ViewGroup) -> str:
    """Of S3 Tables, whose names are unique in an account's region only; the same in each region."""
    return name(cell, "features", *label_parts(group), limit=63)


def table_bucket_arn(cell: Cell, group: ViewGroup, region: str) -> str:
    return arn(cell, "s3tables", f"bucket/{table_bucket(cell, group)}", region=region)


def results_bucket(cell: Cell, region: str) -> str:
    return bucket_name(cell, "feature-results", region=region)


def role_name(cell: Cell, group: ViewGroup, kind: str) -> str:
    """`kind` is `feature-reader`, `feature-writer`, `feature-materializer` or `feature-replication`."""
    return name(cell, kind, *label_parts(group), limit=64)


def materialization_name(cell: Cell) -> str:
    """Of what the region's materialisation tasks run in: ECS cluster, log group, schedule group, queue."""
    return name(cell, "feature-materialization", limit=64)


def schedule_name(cell: Cell, group: ViewGroup) -> str:
    """Of a group's schedule and of its task definition."""
    return name(cell, "materialize", *label_parts(group), limit=64)


def database_name(store: FeatureStoreSettings, cell: Cell, group: ViewGroup) -> str:
    """Of the Glue database, the same in each region of the group: lower case, digits, underscores."""
    return "_".join((project_of(store, cell), *label_parts(group))).replace("-", "_").lower()


def workgroup_name(cell: Cell, group: ViewGroup) -> str:
    return name(cell, "features", *label_parts(group), limit=128)


def global_cluster_name(cell: Cell) -> str:
    return name(cell, "feature-registry")


def registry_name(cell: Cell, region: str) -> str:
    return name(cell, "feature-registry", region=region)


def registry_database(store: FeatureStoreSettings, cell: Cell) -> str:
    """The registry's PostgreSQL database, at most 63 characters."""
    return project_of(store, cell)[:63].rstrip("_")


def database_user(store: FeatureStoreSettings, cell: Cell, kind: str) -> str:
    """The PostgreSQL role of `reader` or `writer`, which signs in with an IAM token."""
    return f"{project_of(store, cell)[:50]}_{kind}"


def cache_name(cell: Cell) -> str:
    return name(cell, "features", limit=40)


def cache_user(cell: Cell, kind: str) -> str:
    """ElastiCache user of `reader` or `writer`; IAM sign-in wants name and id to be the same."""
    return name(cell, "features", kind, limit=40)
