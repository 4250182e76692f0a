"""What Feast is told about a group of views in one region: its `feature_store.yaml`.

Feast keeps a project for each group, as `feast apply` takes everything of a project that is not in the
repository at hand for deleted. The online tables keep one name for all groups, `<project>.<view>`, which
`table_name_template` says.

Two addresses are only known where Feast runs, and it takes them from the environment: `FEATURE_REGISTRY_HOST`
(the region's `registry_endpoint`), and `PGPASSFILE`, a file with an IAM token as the password, which the
PostgreSQL driver reads at each connection (`materialization_program.py` writes one).
"""

from typing import Any, Dict

import yaml

from components.feature_store import names
from components.feature_store.placement import ViewGroup
from components.feature_store.settings import FeatureStoreSettings, OfflineCatalog
from components.model import Cell

__all__ = ["feature_store_config", "feature_store_yaml", "offline_source"]

ENTITY_KEY_SERIALIZATION = 3
REGISTRY_CACHE_SECONDS = 60
# RDS signs with its own authority, whose certificates the image may not have: encrypted all the same.
CONNECTION = "sslmode=require&passfile=${PGPASSFILE}"


def feature_store_config(
    store: FeatureStoreSettings,
    cell: Cell,
    group: ViewGroup,
    region: str,
    *,
    registry: bool,
    user: str = "writer",
) -> Dict[str, Any]:
    """The document for `group` in `region`; `registry` says whether it is in PostgreSQL or in the bucket.

    `user` is `writer` or `reader`, the role of PostgreSQL to sign in as.
    """
    results = names.results_bucket(cell, region)
    workgroup = names.workgroup_name(cell, group)
    return {
        "project": names.feast_project(store, cell, group),
        "provider": "aws",
        "registry": (
            _database(store, cell, region, user) if registry else _file(names.registry_file(cell, group))
        ),
        "online_store": {
            "type": "dynamodb",
            "region": region,
            "table_name_template": f"{names.project_of(store, cell)}.{{table_name}}",
        },
        "offline_store": {
            "type": "athena",
            "region": region,
            "data_source": "AwsDataCatalog",
            "database": names.database_name(store, cell, group),
            "workgroup": workgroup,
            "s3_staging_location": f"s3://{results}/{workgroup}",
        },
        "entity_key_serialization_version": ENTITY_KEY_SERIALIZATION,
    }


def feature_store_yaml(
    store: FeatureStoreSettings,
    cell: Cell,
    group: ViewGroup,
    region: str,
    *,
    registry: bool,
    user: str = "writer",
) -> str:
    """`feature_store_config` as the text of the file."""
    config = feature_store_config(store, cell, group, region, registry=registry, user=user)
    return yaml.safe_dump(config, sort_keys=False)


def offline_source(store: FeatureStoreSettings, cell: Cell, group: ViewGroup, view: str) -> Dict[str, str]:
    """Arguments of Feast's `AthenaSource` for a view, beside its timestamps.

    Tables of S3 Tables are in a catalogue of their own, which Feast only reads by a query: it puts its
    temporary tables into the catalogue that it reads tables from.
    """
    if store.offline.catalog is OfflineCatalog.S3_TABLES:
        catalog = f"s3tablescatalog/{names.table_bucket(cell, group)}"
        namespace = names.database_name(store, cell, group)
        # Names that settings allow: letters, digits, underscores and hyphens.
        return {"query": f'SELECT * FROM "{catalog}"."{namespace}"."{view}"'}  # noqa: S608
    return {"table": view, "database": names.database_name(store, cell, group)}


def _database(store: FeatureStoreSettings, cell: Cell, region: str, user: str) -> Dict[str, Any]:
    owner = names.database_user(store, cell, user)
    name = names.registry_database(store, cell)
    path = f"postgresql+psycopg://{owner}@${{FEATURE_REGISTRY_HOST}}:5432/{name}?{CONNECTION}"
    # Only the home region's cluster takes definitions of tables; the others forward rows.
    home = region == cell.home_region and user == "writer"
    return {
        "registry_type": "sql",
        "path": path,
        "schema_mode": "auto" if home else "skip",
        "cache_ttl_seconds": REGISTRY_CACHE_SECONDS,
    }


def _file(path: str) -> Dict[str, Any]:
    return {"registry_type": "file", "path": path, "cache_ttl_seconds": REGISTRY_CACHE_SECONDS}
