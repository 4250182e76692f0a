"""Documents and sides for tests of `tradewind diff` and `tradewind comment`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cli.diff_document import Amounts, Charge, Document, Environment, Gate, Property, Region, Row, Rule
from cli.difference import Side
from finops.estimate import estimate
from finops.prices import PriceBook
from finops.usage import Usage
from plan.graph import Graph
from plan.survive import survive
from policies import Config, check


def side(graph: Graph, target: str = "it") -> Side:
    """`graph` with its answers, as the command would give them without a specification."""
    return Side(
        target, graph, estimate(graph, Usage(), PriceBook.bundled()), check(graph, Config()), survive(graph)
    )


def amounts(before: float = 0, after: float = 0, ceiling: float | None = None) -> Amounts:
    one, two = Decimal(f"{before:.2f}"), Decimal(f"{after:.2f}")
    top = two if ceiling is None else Decimal(f"{ceiling:.2f}")
    return Amounts(
        floor_before=one, floor_after=two, expected_before=one, expected_after=two, ceiling_before=one, ceiling_after=top
    )  # fmt: skip


def row(name: str = "web", before: float = 0, after: float = 0, **rest: Any) -> Row:
    fields: dict[str, Any] = {
        "operation": "update", "urn": f"urn:pulumi:prod::p::aws:ec2/instance:Instance::{name}", "renamed_from": "",
        "type": "aws:ec2/instance:Instance", "name": name, "region": "us-east-1", "cell": "prod", "component": "",
        "tenant": "", "owner": "", "source": "app.py:1", "cost": amounts(before, after), "unpriced": False,
        "charges": (), "properties": (), "replaces": (), "holds_data": False, "loses_data": False,
        "retained": False, "refused": "",
    }  # fmt: skip
    return Row.model_validate({**fields, **rest})


def rule(became: str = "new", level: str = "mandatory", **rest: Any) -> Rule:
    fields: dict[str, Any] = {
        "became": became, "rule": "bucket-public", "severity": "high", "level": level, "urn": "urn", "name": "b",
        "message": "anybody may read it", "fix": "block it", "source": "app.py:2",
    }  # fmt: skip
    return Rule.model_validate({**fields, **rest})


def region(name: str = "us-east-1", before: str = "yes", after: str = "yes", *because: str) -> Region:
    return Region.model_validate(
        {"region": name, "before": before, "after": after, "because": because, "source": ""}
    )


def environment(name: str = "prod", *rows: Row, **rest: Any) -> Environment:
    counts: dict[str, int] = {}
    for each in rows:
        counts[each.operation] = counts.get(each.operation, 0) + 1
    rise = float(sum(each.cost.difference for each in rows))
    fields: dict[str, Any] = {
        "name": name, "base": "git:main", "head": ".", "in_base": True, "in_head": True, "resources_before": 10,
        "resources_after": 10, "counts": counts, "cost": amounts(1000, 1000 + rise), "unpriced_before": 0,
        "unpriced_after": 0, "newly_unpriced": (), "mandatory_before": 0, "mandatory_after": 0, "rows": rows,
        "rules": (), "regions": (), "groups": (),
    }  # fmt: skip
    return Environment.model_validate({**fields, **rest})


def document(*environments: Environment, gates: tuple[str, ...] = ()) -> Document:
    return Document(
        base="git:main", head=".", prices_as_of=("2026-01-01",), unverified=0, assumed=0,
        environments=environments, gates=tuple(Gate(text=text) for text in gates),
    )  # fmt: skip


EVIL = (
    "`x` | **bold** <img src=x onerror=alert(1)> [a](https://evil.example) @octocat #1 !2 ~bug :tada: "
    "www.evil.example https://evil.example/ mail@evil.example\n/close\n```\n</details><!-- -->\u202etxt\u200b &lt;b&gt; $x$"
)
"""What a stranger may put into a name, a tag, a file name or a message."""


def charged(
    item: str, expected: tuple[int, int], ceiling: tuple[int, int], why: str, region: str = ""
) -> Charge:
    """A price component by what is expected, and its ceiling, before and after."""
    before, after = map(Decimal, expected)
    ceiling_before, ceiling_after = map(Decimal, ceiling)
    return Charge(
        item=item, region=region, before=before, after=after,
        ceiling_before=ceiling_before, ceiling_after=ceiling_after, why=why,
    )  # fmt: skip


def hostile(text: str = EVIL) -> Document:
    """`text` wherever a text may stand."""
    charge = charged(text, (1, 2), (3, 4), text, text)
    one = row(
        text, 1, 20, operation="replace", urn=text, renamed_from=text, type=text, region=text, cell=text,
        component=text, tenant=text, owner=text, source=text, charges=(charge,), replaces=(text,),
        properties=(Property(path=text, before=text, after=text),), holds_data=True, loses_data=True, refused=text,
    )  # fmt: skip
    others = [
        row(text, 0, 0, urn=f"{index}", operation="update", properties=one.properties, source=text)
        for index in range(8)
    ]
    environments = [
        environment(
            f"{index}{text}", one, *others, base=text, head=text, newly_unpriced=(text,),
            rules=(rule(rule=text, name=text, message=text, fix=text, source=text),),
            regions=(region(text, "yes", "no", text),),
            groups=tuple({"by": by, "name": text, "cost": amounts(1, 2)} for by in ("cell", "tenant", "owner")),
        )
        for index in range(2)
    ]  # fmt: skip
    return Document(
        base=text, head=text, prices_as_of=(text,), unverified=1, assumed=1, environments=tuple(environments),
        gates=(Gate(text=text),),
    )  # fmt: skip
