"""Iceberg schemas: field numbers, lists, partitions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from components.feature_store.schema import (
    Column,
    ColumnType,
    PartitionField,
    Transform,
    iceberg_input,
    schema_of,
    word,
)

KEY = ("user_id", ColumnType.STRING)

columns = st.lists(
    st.builds(
        Column,
        name=st.from_regex(r"[a-d]{1,4}", fullmatch=True),
        type=st.sampled_from(list(ColumnType)),
        repeated=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda column: column.name,
)


@given(columns)
def test_every_field_and_every_list_element_has_a_number_of_its_own(features: list[Column]) -> None:
    schema = schema_of(*KEY, features)
    types = [json.loads(field.type) for field in schema.fields]
    elements = [kind["element-id"] for kind in types if isinstance(kind, dict)]
    numbers = [field.number for field in schema.fields]
    assert numbers == list(range(1, len(features) + 4))
    assert sorted(numbers + elements) == list(range(1, len(numbers) + len(elements) + 1))


@given(columns)
def test_features_keep_their_order_after_the_key_and_the_timestamps(features: list[Column]) -> None:
    names = [field.name for field in schema_of(*KEY, features).fields]
    assert names == ["user_id", "event_timestamp", "created_timestamp", *(column.name for column in features)]


def test_a_table_is_partitioned_by_day_unless_it_is_said_otherwise() -> None:
    assert schema_of(*KEY, []).partitions == (("event_timestamp_day", 2, "day"),)
    assert schema_of(*KEY, [], []).partitions == ()


def test_a_bucket_of_the_key_is_written_as_iceberg_writes_it() -> None:
    wanted = [PartitionField(column="user_id", transform=Transform.BUCKET, width=16)]
    assert schema_of(*KEY, [], wanted).partitions == (("user_id_bucket", 1, "bucket[16]"),)


def test_a_table_partitioned_by_a_value_names_the_partition_after_its_column() -> None:
    wanted = [PartitionField(column="user_id", transform=Transform.IDENTITY)]
    assert schema_of(*KEY, [], wanted).partitions == (("user_id", 1, "identity"),)


def test_the_input_has_types_as_json_text_and_nothing_empty() -> None:
    features = [Column(name="embedding", type=ColumnType.FLOAT, repeated=True)]
    made = iceberg_input(schema_of(*KEY, features, []), "s3://lake/tables/users")["iceberg_input"]
    assert made["metadata_operation"] == "CREATE"
    table: dict[str, Any] = made["iceberg_table_input"]
    assert table["location"] == "s3://lake/tables/users"
    assert "partition_spec" not in table
    assert table["schema"]["fields"][0]["type"] == '"string"'
    assert json.loads(table["schema"]["fields"][3]["type"]) == {
        "type": "list",
        "element-id": 5,
        "element": "float",
        "element-required": False,
    }


def test_partition_fields_are_numbered_from_a_thousand() -> None:
    made = iceberg_input(schema_of(*KEY, []), "s3://lake/x")["iceberg_input"]["iceberg_table_input"]
    assert [field["field_id"] for field in made["partition_spec"]["fields"]] == [1000]


def test_a_list_cannot_be_a_partition() -> None:
    features = [Column(name="tags", type=ColumnType.STRING, repeated=True)]
    wanted = [PartitionField(column="tags", transform=Transform.IDENTITY)]
    with pytest.raises(PydanticCustomError, match="'tags', which is a list"):
        schema_of(*KEY, features, wanted)


def test_a_date_has_no_hour() -> None:
    features = [Column(name="born", type=ColumnType.DATE)]
    with pytest.raises(PydanticCustomError, match="hour of 'born', which is a date"):
        schema_of(*KEY, features, [PartitionField(column="born", transform=Transform.HOUR)])


@given(st.text(max_size=30))
def test_what_is_proposed_for_a_wrong_name_is_a_name(text: str) -> None:
    try:
        assert word(text) == text
    except PydanticCustomError as error:
        fix = (error.context or {})["fix"]
        assert word(fix) == fix
