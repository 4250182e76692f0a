"""An export as the document that `terraform show -json` prints for a plan: what estimators and scanners read.

Nothing was planned by Terraform here. Values that only a deployment would decide are left out, as Terraform
does; ids and ARNs that other resources refer to are made up and the same in every run, because readers join
resources by them. Each resource has its `region` among its values, which that provider's release does not.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from plan.aws_types import is_global, takes_tags
from plan.export.terraform.model import Block, Export
from plan.export.terraform.naming import short_hash

__all__ = ["plan_json"]

PROVIDER = "registry.terraform.io/hashicorp/aws"
_ACCOUNT = "000000000000"
_EXPRESSION = re.compile(r"(?<!\$)\$\{([^}]+)\}")
_REFERENCE = re.compile(r"(aws_\w+\.[\w-]+)\.([\w\[\].]+)")
_UNKNOWN = object()
_SAME_AS_ID = ("key_id", "allocation_id")


def plan_json(made: Export) -> str:
    """The plan document, one line. The same export gives the same bytes."""
    values = _Values(made)
    planned = [_planned(block, values) for block in made.blocks]
    changes = [
        {
            **{key: row[key] for key in ("address", "mode", "type", "name", "provider_name")},
            "change": {"actions": ["create"], "before": None, "after": row["values"]},
        }
        for row in planned
    ]
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "variables": {one.name: {"value": one.default} for one in made.variables if one.default is not None},
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {one.key: _config(one) for one in made.providers},
            "root_module": {"resources": [_configured(block) for block in made.blocks]},
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


class _Values:
    """What expressions stand for, as far as it can be told."""

    def __init__(self, made: Export) -> None:
        self._asked: dict[str, set[str]] = defaultdict(set)
        for block in made.blocks:
            for expression in _mentioned(block.body):
                if found := _REFERENCE.fullmatch(expression):
                    self._asked[found[1]].add(found[2])
        self.blocks = {block.address: block for block in made.blocks}
        self.defaults = {one.name: one.default for one in made.variables if one.default is not None}

    def made_up(self, block: Block) -> dict[str, str]:
        """The id, and of the other names of it those by which something else refers to it."""
        names = made_up(block)
        return {name: names[name] for name in names if name == "id" or name in self._asked[block.address]}

    def of(self, value: Any, depth: int = 0) -> Any:
        if isinstance(value, str):
            return self._text(value, depth)
        if isinstance(value, dict):
            fields = {name: self.of(item, depth) for name, item in value.items()}
            return {name: item for name, item in fields.items() if item is not _UNKNOWN}
        if isinstance(value, list):
            return [item for item in (self.of(item, depth) for item in value) if item is not _UNKNOWN]
        return value

    def _text(self, text: str, depth: int) -> Any:
        if "${" not in text and "%%{" not in text:
            return text
        parts, end = [], 0
        for found in _EXPRESSION.finditer(text):
            value = self._expression(found[1], depth)
            if value is _UNKNOWN:
                return _UNKNOWN
            if found[0] == text:
                return value
            parts += [_unescaped(text[end : found.start()]), str(value)]
            end = found.end()
        return "".join([*parts, _unescaped(text[end:])])

    def _expression(self, expression: str, depth: int) -> Any:
        if expression.startswith("var."):
            return self.defaults.get(expression[4:], _UNKNOWN)
        if expression.startswith("path."):
            return "."
        found = _REFERENCE.fullmatch(expression)
        block = self.blocks.get(found[1]) if found else None
        if found is None or block is None:
            return _UNKNOWN
        name = found[2]
        if name in block.body and depth < 8:
            return self.of(block.body[name], depth + 1)
        return made_up(block).get(name, _UNKNOWN)


def made_up(block: Block) -> dict[str, str]:
    """An id and an ARN that no deployment gave: by them a reader of the plan finds the resource."""
    id = f"{block.type.removeprefix('aws_').replace('_', '-')}-{short_hash(block.urn, 17)}"
    service = block.token.split(":")[1].partition("/")[0]
    region = "" if is_global(block.token) else block.region
    arn = f"arn:aws:{service}:{region}:{_ACCOUNT}:{id}"
    return {"id": id, "arn": arn, **dict.fromkeys(_SAME_AS_ID, id)}


def _planned(block: Block, values: _Values) -> dict[str, Any]:
    told = values.of(block.body)
    tags = {}
    if takes_tags(block.token):
        own = told.get("tags") if isinstance(told.get("tags"), dict) else {}
        tags = {"tags_all": {**values.of(dict(block.provider.default_tags)), **own}}
    region = {"region": block.region} if block.region else {}
    return {
        "address": block.address,
        "mode": "managed",
        "type": block.type,
        "name": block.label,
        "provider_name": PROVIDER,
        "schema_version": 0,
        "values": {**values.made_up(block), **told, **tags, **region},
    }


def _config(one: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"name": "aws", "full_name": PROVIDER, "expressions": _expressions(one.body)}
    if one.alias:
        row["alias"] = one.alias
    return row


def _configured(block: Block) -> dict[str, Any]:
    row = {
        "address": block.address,
        "mode": "managed",
        "type": block.type,
        "name": block.label,
        "provider_config_key": block.provider.key,
        "expressions": _expressions(block.body),
        "schema_version": 0,
    }
    if needs := block.meta.get("depends_on"):
        row["depends_on"] = needs
    return row


def _expressions(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _expression(value) for name, value in body.items()}


def _expression(value: Any) -> Any:
    """Nested blocks field by field; of a value its constant, or what it refers to."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [_expressions(item) for item in value]
    found = list(dict.fromkeys(_mentioned(value)))
    return {"references": found} if found else {"constant_value": _plain(value)}


def _mentioned(value: Any) -> list[str]:
    """`aws_vpc.main.id`, and after it `aws_vpc.main`, as Terraform lists references."""
    if isinstance(value, str):
        names = []
        for expression in _EXPRESSION.findall(value):
            found = _REFERENCE.fullmatch(expression)
            names += [expression, found[1]] if found else [expression]
        return names
    if isinstance(value, dict):
        return [name for item in value.values() for name in _mentioned(item)]
    if isinstance(value, list):
        return [name for item in value for name in _mentioned(item)]
    return []


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _unescaped(value)
    if isinstance(value, dict):
        return {_unescaped(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _unescaped(text: str) -> str:
    return text.replace("$${", "${").replace("%%{", "%{")
