"""How the machines read and write the table of aliases: items by model.

`alias#<stage>` says which release a stage is at and which it was at before, `promoted#<stage>#<release>` that it
was there, `package#<release>#<region>` which model package it is in a region.
"""

from typing import Any, Dict

from components.model import Cell
from components.model_registry import names
from components.model_registry.asl import jsonata

__all__ = ["get", "item", "place", "put"]


def put(cell: Cell, item: str) -> Dict[str, Any]:
    values = {
        "model": {"S": jsonata("$model")},
        "item": {"S": jsonata(item)},
        "package_arn": {"S": jsonata("$arn")},
        "at": {"S": jsonata("$now()")},
        "execution": {"S": jsonata("$states.context.Execution.Id")},
    }
    return {"Put": {"TableName": names.table_name(cell), "Item": values}}


def place(cell: Cell, item: str) -> Dict[str, Any]:
    """Updated, not put: what was noted when the release was copied here stays."""
    values = {
        ":arn": {"S": jsonata("$arn")},
        ":at": {"S": jsonata("$now()")},
        ":by": {"S": jsonata("$states.context.Execution.Id")},
    }
    return {
        "Update": {
            "TableName": names.table_name(cell),
            "Key": {"model": {"S": jsonata("$model")}, "item": {"S": jsonata(item)}},
            "UpdateExpression": "SET package_arn = :arn, #at = :at, execution = :by",
            "ExpressionAttributeNames": {"#at": "at"},
            "ExpressionAttributeValues": values,
        }
    }


def get(cell: Cell, item: str) -> Dict[str, Any]:
    key = {"model": {"S": jsonata("$model")}, "item": {"S": jsonata(item)}}
    return {"TableName": names.table_name(cell), "Key": key, "ConsistentRead": True}


def item(attribute: str, kind: str = "S") -> str:
    """An attribute of the item that was read, empty where there is none."""
    value = f"$states.result.Item.{attribute}.{kind}"
    return f"($exists({value}) ? {value} : '')"
