"""The usage file for Infracost: what our estimate counts on, in Infracost's words, resource by resource.

So both estimators price the same quantities as far as Infracost has a word for them; `usage_keys.yaml` is
the table of its words.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from finops import packaged
from finops.estimate import Line
from finops.infracost.products import ratio
from finops.usage import Usage
from plan.export.terraform import Block
from plan.graph import Graph

__all__ = ["usage_file"]

TABLE = Path(__file__).parent / "usage_keys.yaml"


def usage_file(blocks: Iterable[Block], graph: Graph, usage: Usage, lines: Iterable[Line]) -> str:
    """Infracost's usage file (YAML; JSON is some) for the resources `blocks`, at the expected usage."""
    table = keys()
    charged: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        charged[line.urn].append(line)
    stated: dict[str, Any] = {}
    for block in blocks:
        found: dict[str, Any] = {}
        for key, row in table.get(block.type, {}).items():
            amount = row.get("fixed") or _amount(row, block, graph, usage, charged[block.urn])
            if amount:
                _put(found, key.split("."), amount)
        if found:
            stated[block.address] = found
    return json.dumps({"version": "0.1", "resource_usage": stated})


@cache
def keys() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Terraform type -> Infracost's key -> where its value is from."""
    found: Mapping[str, Mapping[str, Mapping[str, Any]]] = packaged.read(TABLE)
    return found


def _amount(row: Mapping[str, Any], block: Block, graph: Graph, usage: Usage, lines: list[Line]) -> Decimal:
    if "line" in row:
        # The first charge of a name is that of the resource's own region, those of its replicas follow.
        found = [line.quantities.expected for line in lines if line.item == row["line"]]
        amount = found[0] if found else Decimal(0)
    else:
        amount = usage.of(graph[block.urn], graph, row["usage"]).expected
    amount *= ratio(str(row.get("times", 1)))
    return amount.to_integral_value() if row.get("whole") else amount


def _put(into: dict[str, Any], path: list[str], amount: Decimal | int | str) -> None:
    *outer, last = path
    for name in outer:
        into = into.setdefault(name, {})
    if not isinstance(amount, Decimal):
        into[last] = amount
        return
    # A ratio above may have left a trace of a fraction, and some keys take whole numbers only.
    whole = amount.to_integral_value()
    into[last] = int(whole) if abs(amount - whole) < Decimal("0.000001") else float(amount)
