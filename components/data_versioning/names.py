"""Names of the data versions that one cell must know of another, or a client of both."""

from components.data_versioning.placement import PART, ProjectGroup
from components.data_versioning.settings import DataProject
from components.model import Cell
from components.naming import arn, name

__all__ = [
    "COLLECTOR",
    "LAKEFS",
    "READER",
    "WRITER",
    "access_point_name",
    "lakefs_role",
    "lakefs_table",
    "lakefs_table_arn",
    "remote_url",
    "role_name",
]

READER, WRITER, COLLECTOR = "reader", "writer", "collector"

LAKEFS = "lakefs"
"""Namespace and service account of the server."""


def remote_url(cell: Cell, owned: ProjectGroup, project: DataProject, region: str) -> str:
    """What `dvc remote add` takes, for work in `region`."""
    return f"s3://{owned.group.bucket(cell, region)}/{project.name}"


def role_name(cell: Cell, project: DataProject, kind: str) -> str:
    """`kind` is `reader`, `writer` or `collector`."""
    return name(cell, PART, kind, project.name, limit=64)


def access_point_name(cell: Cell, owned: ProjectGroup) -> str:
    """Multi-region access points are named within the account, at most 50 characters."""
    return name(cell, PART, *owned.group.label_parts, limit=50)


def lakefs_role(cell: Cell) -> str:
    return name(cell, PART, LAKEFS, limit=64)


def lakefs_table(cell: Cell) -> str:
    return name(cell, PART, LAKEFS, limit=255)


def lakefs_table_arn(cell: Cell, region: str) -> str:
    return arn(cell, "dynamodb", f"table/{lakefs_table(cell)}", region=region)
