"""The Iceberg schema of a view: columns, field numbers and partitions, as the table is created with.

Iceberg knows fields by number. Glue only creates: later columns are added with `ALTER TABLE ... ADD
COLUMNS`, and the list here records what a new table starts with.
"""

import enum
import json
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import pydantic

from components.model import Args, refused

__all__ = [
    "Column",
    "ColumnType",
    "Field",
    "PartitionField",
    "Schema",
    "Transform",
    "iceberg_input",
    "schema_of",
    "word",
]

EVENT_TIMESTAMP = "event_timestamp"
CREATED_TIMESTAMP = "created_timestamp"

# Iceberg numbers partition fields from here.
FIRST_PARTITION_FIELD = 1000


_WORD = re.compile(r"[a-z][a-z0-9_]*")


def word(text: str) -> str:
    """A name as Feast, Glue and Athena all take it. Feast allows capitals; the others fold them.

    Raises `refused` with the nearest name that is one.
    """
    if _WORD.fullmatch(text):
        return text
    nearest = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    nearest = nearest if nearest[:1].isalpha() else f"f_{nearest}".rstrip("_")
    raise refused(
        f"{text!r} is no name: lower-case letters, digits and underscores are allowed, a letter first",
        nearest,
    )


class ColumnType(enum.Enum):
    """Iceberg's primitive types that Athena and Feast both read."""

    BOOLEAN = "boolean"
    INT = "int"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    STRING = "string"
    BINARY = "binary"


class Transform(enum.Enum):
    """How a column's value becomes a partition."""

    IDENTITY = "identity"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    BUCKET = "bucket"
    """Hash of the value modulo `width`."""
    TRUNCATE = "truncate"
    """The first `width` characters, or the number rounded down to a multiple of `width`."""


_TIMES = (ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.TIMESTAMPTZ)
_WITH_WIDTH = (Transform.BUCKET, Transform.TRUNCATE)


class Column(Args):
    """A feature."""

    name: str = pydantic.Field(max_length=255)
    type: ColumnType
    repeated: bool = False
    """A list of `type`, such as an embedding."""
    required: bool = False
    description: str = pydantic.Field(default="", max_length=255)

    @pydantic.field_validator("name")
    @classmethod
    def _word(cls, text: str) -> str:
        return word(text)


class PartitionField(Args):
    """One dimension by which the table's files are kept apart."""

    column: str
    transform: Transform
    width: Optional[int] = pydantic.Field(default=None, ge=1, le=100_000)
    """Buckets, or characters; for `bucket` and `truncate` only."""

    @pydantic.model_validator(mode="after")
    def _width_where_it_belongs(self) -> "PartitionField":
        if (self.width is not None) is not (self.transform in _WITH_WIDTH):
            need = "needs a" if self.width is None else "has no"
            raise refused(
                f"partition transform {self.transform.value!r} {need} width",
                "width: 16" if self.width is None else "leave width out",
            )
        return self


@dataclass(frozen=True)
class Field:
    """A column with its number. `type` is Iceberg's, as JSON text."""

    number: int
    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class Schema:
    """What a new table starts with. `partitions` are (name, field number, transform)."""

    fields: Tuple[Field, ...]
    partitions: Tuple[Tuple[str, int, str], ...]


def schema_of(
    entity_key: str,
    entity_type: ColumnType,
    columns: List[Column],
    partitioning: Optional[List[PartitionField]] = None,
) -> Schema:
    """The entity key, both timestamps and the features, numbered in that order.

    Raises `refused` where a column stands twice or a partition does not fit its column.
    """
    whole = [
        Column(name=entity_key, type=entity_type, required=True, description="Entity key"),
        Column(
            name=EVENT_TIMESTAMP,
            type=ColumnType.TIMESTAMPTZ,
            required=True,
            description="When the features held",
        ),
        Column(name=CREATED_TIMESTAMP, type=ColumnType.TIMESTAMPTZ, description="When they were written"),
        *columns,
    ]
    names = [column.name for column in whole]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refused(
            f"column {', '.join(twice)} stands more than once; "
            f"{entity_key}, {EVENT_TIMESTAMP} and {CREATED_TIMESTAMP} are added by themselves",
            "list each feature once",
        )
    fields = []
    element = len(whole)
    for number, column in enumerate(whole, start=1):
        element += column.repeated
        fields.append(Field(number, column.name, _type(column, element), column.required, column.description))
    wanted = partitioning
    if wanted is None:
        wanted = [PartitionField(column=EVENT_TIMESTAMP, transform=Transform.DAY)]
    return Schema(tuple(fields), tuple(_partition(field, whole) for field in wanted))


def iceberg_input(schema: Schema, location: str) -> Dict[str, Any]:
    """`open_table_format_input` of a Glue table at `location` (`s3://bucket/prefix`)."""
    table: Dict[str, Any] = {
        "location": location,
        "schema": {
            "schema_id": 0,
            "type": "struct",
            "identifier_field_ids": [],
            "fields": [
                {
                    "id": field.number,
                    "name": field.name,
                    "type": field.type,
                    "required": field.required,
                    **({"doc": field.description} if field.description else {}),
                }
                for field in schema.fields
            ],
        },
        "properties": {"write.format.default": "parquet", "write.parquet.compression-codec": "zstd"},
    }
    if schema.partitions:
        table["partition_spec"] = {
            "spec_id": 0,
            "fields": [
                {"field_id": number, "name": name, "source_id": source, "transform": transform}
                for number, (name, source, transform) in enumerate(schema.partitions, FIRST_PARTITION_FIELD)
            ],
        }
    return {"iceberg_input": {"metadata_operation": "CREATE", "version": "2", "iceberg_table_input": table}}


def _type(column: Column, element: int) -> str:
    if not column.repeated:
        return json.dumps(column.type.value)
    parts = {"type": "list", "element-id": element, "element": column.type.value, "element-required": False}
    return json.dumps(parts)


def _partition(field: PartitionField, columns: List[Column]) -> Tuple[str, int, str]:
    names = [column.name for column in columns]
    if field.column not in names:
        raise refused(
            f"partitioned by {field.column!r}, which is no column of the view",
            f"one of {', '.join(names)}",
        )
    column = columns[names.index(field.column)]
    if column.repeated:
        raise refused(f"partitioned by {field.column!r}, which is a list", "partition by a single value")
    timed = field.transform in (Transform.YEAR, Transform.MONTH, Transform.DAY, Transform.HOUR)
    if timed and column.type not in _TIMES:
        raise refused(
            f"{field.transform.value} of {field.column!r}, which is a {column.type.value}",
            f"a column of type {', '.join(kind.value for kind in _TIMES)}",
        )
    if field.transform is Transform.HOUR and column.type is ColumnType.DATE:
        raise refused(f"hour of {field.column!r}, which is a date", "transform: day")
    text = field.transform.value if field.width is None else f"{field.transform.value}[{field.width}]"
    # A partition of the value itself carries the column's name, any other one a name of its own.
    label = (
        field.column if field.transform is Transform.IDENTITY else f"{field.column}_{field.transform.value}"
    )
    return label, names.index(field.column) + 1, text
