"""Who may do what with a project's data: policy documents, as plain dicts.

Every statement names the project's own prefix: nothing here lets anybody see that another project exists.
"""

from typing import Any, List, Sequence

from components.cluster.names import ClusterNames
from components.data_versioning import names
from components.data_versioning.placement import ProjectGroup
from components.data_versioning.settings import DataProject
from components.environment_settings import TenantTier
from components.model import Cell
from components.naming import arn
from components.statements import Document, Statement, allow, document, through_s3

__all__ = ["access_point_use", "key_use", "lakefs", "prefix", "trust"]

PUSH = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject")

# Conditional writes and consistent reads of single items and key ranges; it makes no table of its own.
KEY_VALUE = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)


def prefix(cell: Cell, owned: ProjectGroup, project: DataProject, kind: str) -> Document:
    """`kind` is `reader` (pull), `writer` (pull and push) or `collector` (pull, and delete what no commit uses).

    DVC asks for objects that are not there yet. S3 answers 404 to who may list them and 403 to others, which
    would end a push: the permission to list covers every name below the prefix for that reason too.
    """
    buckets = owned.group.bucket_arns(cell)
    objects = [f"{bucket}/{project.name}/*" for bucket in buckets]
    found = [
        allow("Find", ("s3:GetBucketLocation",), buckets),
        allow("List", ("s3:ListBucket",), buckets, {"StringLike": {"s3:prefix": _prefixes(project)}}),
        allow("Pull", ("s3:GetObject",), objects),
    ]
    if kind == names.WRITER:
        found.append(allow("Push", PUSH, objects))
    if kind == names.COLLECTOR:
        found.append(allow("Collect", ("s3:DeleteObject",), objects))
    return document(found)


def _prefixes(project: DataProject) -> List[str]:
    return [project.name, f"{project.name}/*"]


def access_point_use(project: DataProject, access_point_arn: Any) -> Document:
    """Reads of the project's prefix through the access point; S3 asks for the buckets' permission as well."""
    return document(
        [
            allow(
                "List",
                ("s3:ListBucket",),
                [access_point_arn],
                {"StringLike": {"s3:prefix": _prefixes(project)}},
            ),
            allow("Pull", ("s3:GetObject",), [f"{access_point_arn}/object/{project.name}/*"]),
        ]
    )


def key_use(owned: ProjectGroup, key_arns: Sequence[Any], *, write: bool) -> Document:
    """Use of the group's keys through S3; an upload in parts has to read back what it wrote."""
    actions = ["kms:Decrypt", "kms:DescribeKey", *(["kms:GenerateDataKey"] if write else [])]
    return document([allow("UseKeys", actions, key_arns, through_s3(owned.group.regions))])


def lakefs(cell: Cell, owned: ProjectGroup, project: DataProject) -> Document:
    """lakeFS pulls, pushes and collects below the project's prefix, and keeps its state in its own table."""
    buckets = owned.group.bucket_arns(cell)
    objects = [f"{bucket}/{project.name}/*" for bucket in buckets]
    tables = [names.lakefs_table_arn(cell, region) for region in owned.group.regions]
    return document(
        [
            allow("Find", ("s3:GetBucketLocation",), buckets),
            allow("List", ("s3:ListBucket",), buckets, {"StringLike": {"s3:prefix": _prefixes(project)}}),
            allow("Objects", ("s3:DeleteObject", "s3:GetObject", *PUSH), objects),
            allow("State", KEY_VALUE, tables),
        ]
    )


def trust(cell: Cell, owned: ProjectGroup, project: DataProject, kind: str) -> Document:
    """Pods of the owner's namespaces, but for the collector's role, and the identities that the project names."""
    statements: List[Statement] = []
    if kind != names.COLLECTOR:
        statements.append(_pods(cell, owned, project))
    listed = {
        names.READER: [*project.readers, *project.writers],
        names.WRITER: project.writers,
        names.COLLECTOR: project.collectors,
    }[kind]
    principals = sorted({one if one.startswith("arn:") else arn(cell, "iam", one) for one in listed})
    if principals:
        statements.append(
            {"Sid": "Named", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"}
        )
    return document(statements)


def _pods(cell: Cell, owned: ProjectGroup, project: DataProject) -> Statement:
    """A silo tenant's pods run in clusters of its own, everybody else's in the shared ones."""
    tenant = owned.group.tenant
    suffix = tenant.name if tenant and tenant.tier is TenantTier.SILO else ""
    clusters = [
        ClusterNames(cell.model_copy(update={"region": region}), suffix).arn for region in cell.regions
    ]
    namespaces = project.namespaces or [project.tenant or project.name]
    return {
        "Sid": "Pods",
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": cell.account_id,
                "aws:RequestTag/eks-cluster-arn": clusters,
                "aws:RequestTag/kubernetes-namespace": namespaces,
            }
        },
    }
