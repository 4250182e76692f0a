"""Who may do what with offline tables in S3 Tables; policy documents, as plain dicts."""

from typing import List, Sequence

from components.feature_store import names
from components.feature_store.placement import ViewGroup, destinations
from components.feature_store.settings import FeatureStoreSettings
from components.model import Cell
from components.naming import arn
from components.statements import Document, Statement, allow, document

__all__ = [
    "table_maintenance",
    "table_replication",
    "table_replication_keys",
    "table_replication_trust",
    "table_statements",
]

READ_BUCKET = (
    "s3tables:GetNamespace",
    "s3tables:GetTableBucket",
    "s3tables:ListNamespaces",
    "s3tables:ListTables",
)
READ_TABLES = ("s3tables:GetTable", "s3tables:GetTableData", "s3tables:GetTableMetadataLocation")
WRITE_TABLES = ("s3tables:PutTableData", "s3tables:UpdateTableMetadataLocation")
READ_CATALOG = ("glue:GetCatalog", "glue:GetDatabase", "glue:GetTable", "glue:GetTables")


def table_statements(
    store: FeatureStoreSettings, cell: Cell, group: ViewGroup, *, write: bool
) -> List[Statement]:
    """Reading in every region that holds the tables; writing at home, as copies take no writes.

    Regions are not listed here: the role's `NoOtherRegion` says them once, for all services.
    """
    bucket = names.table_bucket_arn(cell, group, "*")
    namespace = names.database_name(store, cell, group)
    catalog = f"s3tablescatalog/{names.table_bucket(cell, group)}"
    parts = (
        "catalog",
        "catalog/s3tablescatalog",
        f"catalog/{catalog}",
        f"database/{catalog}/{namespace}",
        f"table/{catalog}/{namespace}/*",
    )
    found = [
        allow("FindTables", READ_BUCKET, [bucket]),
        allow("ReadTables", READ_TABLES, [f"{bucket}/table/*"]),
        allow("ReadTableCatalog", READ_CATALOG, [arn(cell, "glue", part, region="*") for part in parts]),
    ]
    if write:
        home = names.table_bucket_arn(cell, group, group.home)
        found.append(allow("WriteTables", WRITE_TABLES, [f"{home}/table/*"]))
    return found


def table_maintenance(cell: Cell, group: ViewGroup) -> Statement:
    """Lets compaction, which AWS does, read and write what the group's key encrypts."""
    buckets = [f"{names.table_bucket_arn(cell, group, region)}/*" for region in group.regions]
    return {
        "Sid": "TableMaintenance",
        "Effect": "Allow",
        "Principal": {"Service": "maintenance.s3tables.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": cell.account_id},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": buckets},
        },
    }


def table_replication_trust(cell: Cell, group: ViewGroup) -> Document:
    home = names.table_bucket_arn(cell, group, group.home)
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "replication.s3tables.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": cell.account_id},
                    "ArnLike": {"aws:SourceArn": [home, f"{home}/*"]},
                },
            }
        ]
    )


def table_replication(store: FeatureStoreSettings, cell: Cell, group: ViewGroup) -> Document:
    """Reads the tables at home; makes and writes their copies in the other regions."""
    home = names.table_bucket_arn(cell, group, group.home)
    copies = [names.table_bucket_arn(cell, group, region) for region in _regions(store, group)[1:]]
    return document(
        [
            allow("ReadSource", ("s3tables:GetTableMaintenanceConfiguration", "s3tables:ListTables"), [home]),
            allow(
                "ReadSourceTables",
                (*READ_TABLES, "s3tables:GetTableMaintenanceConfiguration"),
                [f"{home}/table/*"],
            ),
            allow(
                "MakeCopies",
                ("s3tables:CreateNamespace", "s3tables:CreateTable", "s3tables:ListTables"),
                copies,
            ),
            allow(
                "WriteCopies",
                (*READ_TABLES, *WRITE_TABLES, "s3tables:PutTableMaintenanceConfiguration"),
                [f"{copy}/table/*" for copy in copies],
            ),
        ]
    )


def table_replication_keys(key_arns: Sequence[str]) -> Document:
    return document([allow("ReEncrypt", ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"), key_arns)])


def _regions(store: FeatureStoreSettings, group: ViewGroup) -> List[str]:
    """The home region first."""
    return [group.home, *destinations(group.regions, group.home, store.offline.copies)]
