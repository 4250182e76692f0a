"""Who may do what with the feature store: policy documents, as plain dicts.

They are made of names, not of other resources' outputs, wherever a name says enough: so they are known
before anything exists, and rules can be checked in a plan. Keys have no names that policies could use;
their statements take ARNs.
"""

from typing import List, Sequence

from components.feature_store import names
from components.feature_store.placement import ViewGroup
from components.feature_store.settings import FeatureStoreSettings, OfflineCatalog
from components.feature_store.table_policies import table_statements
from components.model import Cell
from components.naming import arn, name, partition
from components.statements import Document, Statement, allow, document, via

__all__ = [
    "INLINE_LIMIT",
    "KEPT_FROM_APPLICATIONS",
    "key_use",
    "materializer",
    "pod_trust",
    "reader",
    "task_trust",
    "writer",
]

KEPT_FROM_APPLICATIONS = (
    "dynamodb:CreateTable",
    "dynamodb:CreateTableReplica",
    "dynamodb:DeleteTable",
    "dynamodb:DeleteTableReplica",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
)
"""On `apply`, Feast deletes the tables of views it no longer knows and replaces a table's tags by its own:
data would be gone and costs would fall out of every report. Refused, it warns about both and goes on; only
a view without a table is an error."""

READ_ONLINE = ("dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query")
WRITE_ONLINE = (
    "dynamodb:BatchWriteItem",
    "dynamodb:ListTagsOfResource",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
READ_CATALOG = (
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
)
QUERY = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
PUT_OBJECTS = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")

# A role's inline policies have 10,240 characters together: regions are told once, by `NoOtherRegion`.
EVERY_REGION = "*"
INLINE_LIMIT = 10_240

# Feast uploads the entities of a training set as a table, has Athena write each answer as another, and
# drops both afterwards. No view has such a name.
TEMPORARY_TABLES = ("feast_entity_df_*", "_*")
# Where Feast looks for what it uploaded, to delete it: not below the prefix where it had put it.
LISTED_RESULTS = "entity_df/*"


def reader(store: FeatureStoreSettings, cell: Cell, group: ViewGroup, *, registry: bool) -> Document:
    """Reads the group's features online and offline, in the group's regions only."""
    return document(
        [
            *_online(store, cell, group, "ReadOnline", READ_ONLINE),
            *_lake(cell, group),
            *_catalog(store, cell, group),
            *_results(cell, group),
            *_services(store, cell, group, "reader", registry=registry),
            *_boundaries(group),
        ]
    )


def writer(store: FeatureStoreSettings, cell: Cell, group: ViewGroup, *, registry: bool) -> Document:
    """What the reader may, and writes; in each region below that region's own prefix only."""
    own = [
        f"{names.lake_bucket_arn(cell, group, region)}/{prefix}/*"
        for region in group.regions
        for prefix in (names.lake_prefix(region), "registry")
    ]
    return document(
        [
            *_online(store, cell, group, "ReadAndWriteOnline", (*READ_ONLINE, *WRITE_ONLINE)),
            *_lake(cell, group),
            allow("WriteLake", ("s3:DeleteObject", *PUT_OBJECTS), own),
            *_catalog(store, cell, group, write=True),
            # Iceberg commits by pointing the table at new metadata.
            allow("CommitTables", ("glue:UpdateTable",), _tables(store, cell, group, "*")),
            *_results(cell, group),
            *_services(store, cell, group, "writer", registry=registry),
            *_boundaries(group),
        ]
    )


def materializer(store: FeatureStoreSettings, cell: Cell, group: ViewGroup, *, registry: bool) -> Document:
    """What the materialisation job does: reads offline, writes online, and says so in the registry."""
    registry_file = f"{names.lake_bucket_arn(cell, group, group.home)}/registry/*"
    statements = [
        *_online(store, cell, group, "ReadAndWriteOnline", (*READ_ONLINE, *WRITE_ONLINE)),
        *_lake(cell, group),
        *_catalog(store, cell, group),
        *_results(cell, group),
    ]
    if registry:
        clusters = [
            arn(cell, "rds", f"cluster:{names.registry_name(cell, region)}", region=region)
            for region in group.regions
        ]
        users = [
            arn(cell, "rds-db", f"dbuser:*/{names.database_user(store, cell, 'writer')}", region=EVERY_REGION)
        ]
        statements += [
            allow("FindRegistry", ("rds:DescribeDBClusters",), clusters),
            allow("SignInAtRegistry", ("rds-db:connect",), users),
        ]
    else:
        statements.append(allow("WriteRegistry", PUT_OBJECTS, [registry_file]))
    return document([*statements, *_boundaries(group)])


def task_trust(cell: Cell) -> Document:
    """ECS tasks of this account."""
    tasks = arn(cell, "ecs", "*", region="*")
    return document(
        [
            {
                "Sid": "TasksOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": cell.account_id},
                    "ArnLike": {"aws:SourceArn": tasks},
                },
            }
        ]
    )


def key_use(group: ViewGroup, key_arns: Sequence[str], *, write: bool) -> Document:
    """Use of the group's keys through DynamoDB and S3, never directly."""
    actions = ["kms:Decrypt", "kms:DescribeKey"]
    if write:
        actions += ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    services = [
        f"{service}.{region}.amazonaws.com" for region in group.regions for service in ("dynamodb", "s3")
    ]
    return document([{**allow("UseKeys", actions, key_arns), "Condition": via(services)}])


def pod_trust(cell: Cell) -> Document:
    """Pods of the environment's own clusters, through EKS Pod Identity and the tags it gives a session."""
    clusters = arn(cell, "eks", f"cluster/{name(cell)}-*", region="*")
    return document(
        [
            {
                "Sid": "PodsOfThisEnvironment",
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringLike": {"aws:RequestTag/eks-cluster-arn": clusters}},
            }
        ]
    )


def _online(
    store: FeatureStoreSettings, cell: Cell, group: ViewGroup, sid: str, actions: Sequence[str]
) -> List[Statement]:
    tables = [names.table_arn(store, cell, view.name, EVERY_REGION) for view in group.online]
    return [allow(sid, actions, tables)] if tables else []


def _lake(cell: Cell, group: ViewGroup) -> List[Statement]:
    buckets = [names.lake_bucket_arn(cell, group, region) for region in group.regions]
    prefixes = ["registry/*", "tables/*"]
    return [
        # Without a condition on the prefix, as Feast asks for the bucket's head, which has none.
        allow("ListLake", ("s3:GetBucketLocation", "s3:ListBucket"), buckets),
        allow("ReadLake", ("s3:GetObject",), [f"{b}/{prefix}" for b in buckets for prefix in prefixes]),
    ]


def _catalog(
    store: FeatureStoreSettings, cell: Cell, group: ViewGroup, *, write: bool = False
) -> List[Statement]:
    workgroup = arn(cell, "athena", f"workgroup/{names.workgroup_name(cell, group)}", region=EVERY_REGION)
    catalog = arn(cell, "athena", "datacatalog/AwsDataCatalog", region=EVERY_REGION)
    temporary = _tables(store, cell, group, *TEMPORARY_TABLES)
    found = [
        allow("Query", QUERY, [workgroup]),
        allow("DescribeTables", ("athena:GetTableMetadata",), [catalog]),
        allow("ReadCatalog", READ_CATALOG, _tables(store, cell, group, "*")),
        allow("TemporaryTables", ("glue:CreateTable", "glue:DeleteTable"), temporary),
    ]
    if store.offline.catalog is OfflineCatalog.S3_TABLES:
        found += table_statements(store, cell, group, write=write)
    return found


def _tables(store: FeatureStoreSettings, cell: Cell, group: ViewGroup, *tables: str) -> List[str]:
    """Glue wants the catalogue and the database named along with the table."""
    database = names.database_name(store, cell, group)
    parts = ("catalog", f"database/{database}", *(f"table/{database}/{table}" for table in tables))
    return [arn(cell, "glue", part, region=EVERY_REGION) for part in parts]


def _results(cell: Cell, group: ViewGroup) -> List[Statement]:
    """The group's own prefix in the bucket of results, whose key is known by its alias."""
    workgroup = names.workgroup_name(cell, group)
    buckets = [
        f"arn:{partition(region)}:s3:::{names.results_bucket(cell, region)}" for region in group.regions
    ]
    every_key = arn(cell, "kms", "key/*", region=EVERY_REGION)
    keys = allow("UseResultKeys", ("kms:Decrypt", "kms:GenerateDataKey"), [every_key])
    return [
        allow("FindResults", ("s3:GetBucketLocation",), buckets),
        {
            **allow("ListResults", ("s3:ListBucket",), buckets),
            "Condition": {"StringLike": {"s3:prefix": [f"{workgroup}/*", LISTED_RESULTS]}},
        },
        allow(
            "ReadAndWriteResults",
            ("s3:DeleteObject", "s3:GetObject", *PUT_OBJECTS),
            [f"{bucket}/{workgroup}/*" for bucket in buckets],
        ),
        {
            **keys,
            "Condition": {
                **via([f"s3.{region}.amazonaws.com" for region in group.regions]),
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.regional_key_alias(cell)},
            },
        },
    ]


def _services(
    store: FeatureStoreSettings, cell: Cell, group: ViewGroup, kind: str, *, registry: bool
) -> List[Statement]:
    """Sign-in with IAM tokens: at the registry, and for shared views at the cache."""
    found = []
    if registry:
        user = f"dbuser:*/{names.database_user(store, cell, kind)}"
        users = [arn(cell, "rds-db", user, region=EVERY_REGION)]
        found.append(allow("SignInAtRegistry", ("rds-db:connect",), users))
    if store.low_latency and group.tenant is None:
        parts = (f"serverlesscache:{names.cache_name(cell)}", f"user:{names.cache_user(cell, kind)}")
        caches = [arn(cell, "elasticache", part, region=EVERY_REGION) for part in parts]
        found.append(allow("SignInAtCache", ("elasticache:Connect",), caches))
    return found


def _boundaries(group: ViewGroup) -> List[Statement]:
    """What no other statement can allow: another region than the group's, or the tables themselves."""
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": list(group.regions)}}
    return [
        {"Sid": "NoTables", "Effect": "Deny", "Action": list(KEPT_FROM_APPLICATIONS), "Resource": "*"},
        {
            "Sid": "NoOtherRegion",
            "Effect": "Deny",
            "Action": [
                "athena:*",
                "dynamodb:*",
                "elasticache:*",
                "glue:*",
                "kms:*",
                "rds-db:*",
                "s3:*",
                "s3tables:*",
            ],
            "Resource": "*",
            "Condition": elsewhere,
        },
    ]
