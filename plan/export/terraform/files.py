"""An export as files in Terraform's JSON syntax, and which lines of them are whose."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plan.export.terraform.model import Block, Export
from plan.export.terraform.naming import escaped
from plan.export.terraform.types import PROVIDER_VERSION

__all__ = ["RECORD", "Span", "files", "spans"]

RECORD = "tradewind-export.json"
"""The file with the addresses of all URNs and with everything that the export could not say."""

_SOURCE = "registry.terraform.io/hashicorp/aws"


@dataclass(frozen=True, slots=True)
class Span:
    """The lines of one resource in a file, the first and the last included."""

    file: str
    first: int
    last: int
    block: Block


def files(made: Export) -> dict[str, str]:
    """Name -> text. Resources stand in one file for each provider configuration, in the graph's order."""
    texts = {"providers.tf.json": _json(_head(made))}
    if made.variables:
        texts["variables.tf.json"] = _json({"variable": {one.name: _variable(one) for one in made.variables}})
    if made.outputs:
        texts["outputs.tf.json"] = _json({"output": made.outputs})
    if made.imports:
        texts["imports.tf.json"] = _json(
            {"import": [{"to": address, "id": escaped(id)} for address, id in sorted(made.imports.items())]}
        )
    for file, blocks in _by_file(made.blocks).items():
        texts[file] = _resources(blocks)[0]
    texts[RECORD] = _json(record(made))
    return texts


def spans(made: Export) -> list[Span]:
    """Where each resource stands in `files`."""
    return [
        Span(file, first, last, block)
        for file, blocks in _by_file(made.blocks).items()
        for block, (first, last) in zip(blocks, _resources(blocks)[1], strict=True)
    ]


def record(made: Export) -> dict[str, Any]:
    """Addresses and notes as a document: `tradewind.terraform/1`."""
    return {
        "schema": "tradewind.terraform/1",
        "provider": f"hashicorp/aws {PROVIDER_VERSION}",
        "addresses": made.addresses,
        "notes": [
            {"kind": it.kind, "urn": it.urn, "path": it.path, "text": it.text, "source": it.source}
            for it in made.notes
        ],
    }


def _by_file(blocks: Iterable[Block]) -> dict[str, list[Block]]:
    groups: defaultdict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        groups[f"{block.provider.alias or 'main'}.resources.tf.json"].append(block)
    return dict(groups)


def _head(made: Export) -> dict[str, Any]:
    needs = {"aws": {"source": _SOURCE, "version": f"~> {PROVIDER_VERSION}"}}
    configured = [{**({"alias": one.alias} if one.alias else {}), **one.body} for one in made.providers]
    head: dict[str, Any] = {"terraform": {"required_providers": needs}}
    return {**head, "provider": {"aws": configured}} if configured else head


def _variable(one: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"description": one.description}
    if one.sensitive:
        row["sensitive"] = True
    if one.default is not None:
        row["default"] = one.default
    return row


def _resources(blocks: list[Block]) -> tuple[str, list[tuple[int, int]]]:
    """The text of a file, and first and last line of each block in it."""
    lines, places = ["{", ' "resource": ['], []
    line = 3
    texts = []
    for block in blocks:
        said = f"{block.urn} {block.source}".strip()
        text = json.dumps(
            {block.type: {block.label: {"//": said, **block.meta, **block.body}}},
            indent=1,
            ensure_ascii=False,
        )
        texts.append("\n".join(f"  {one}" for one in text.split("\n")))
        height = text.count("\n") + 1
        places.append((line, line + height - 1))
        line += height
    return "\n".join([*lines, ",\n".join(texts), " ]", "}", ""]), places


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
