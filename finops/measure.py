"""Usage as CloudWatch measured it, made into a usage file: what is charged by use is then not assumed.

Only names that the plan or its state knows can be asked for; what AWS names, and what has no metric,
stays with its default and is listed at the end of the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from finops import packaged
from finops.quantity import HOURS
from finops.usage import short_name
from plan.graph import Graph, Resource

__all__ = ["Measured", "Question", "measured", "questions", "usage_file"]

TABLE = Path(__file__).parent / "measured.yaml"
AT_ONCE = 500
"""Queries that one `GetMetricData` takes."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Question:
    """One metric of one resource: what it is worth for `key` is `times` its sum or its average."""

    resource: Resource
    key: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    is_sum: bool
    times: Decimal


@dataclass(frozen=True, slots=True)
class Measured:
    """Usage a month by resource and key, over `days`; `unnamed` could not be asked for."""

    values: Mapping[str, Mapping[str, Decimal]]
    unnamed: tuple[Resource, ...]
    days: int


def questions(graph: Graph) -> tuple[list[Question], tuple[Resource, ...]]:
    """What to ask about the resources of `graph`, and which of them have no name yet. Pure."""
    asked: list[Question] = []
    unnamed: list[Resource] = []
    for resource in graph:
        entry = _table().get(short_name(resource.type)) if resource.is_managed else None
        if entry is None:
            continue
        name = _name(resource, entry["name"])
        if not name:
            unnamed.append(resource)
            continue
        dimensions = ((entry["dimension"], name), *sorted(entry.get("also", {}).items()))
        asked += _questions(resource, entry, dimensions)
    return asked, tuple(unnamed)


def _questions(
    resource: Resource, entry: Mapping[str, Any], dimensions: tuple[tuple[str, str], ...]
) -> Iterator[Question]:
    for key, row in entry["keys"].items():
        for metric in row["metrics"]:
            yield Question(
                resource, key, entry["namespace"], metric, dimensions, row["as"] == "sum",
                Decimal(str(row.get("times", 1))),
            )  # fmt: skip


def measured(graph: Graph, client_of: Callable[[str], Any], *, now: datetime, days: int = 30) -> Measured:
    """What CloudWatch says of `graph` over the last `days`; `client_of` makes a client for a region.

    A metric without a single point is no answer: its key is left to the default.
    """
    asked, unnamed = questions(graph)
    by_region: dict[str, list[Question]] = defaultdict(list)
    for question in asked:
        by_region[question.resource.region].append(question)
    values: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for region, group in sorted(by_region.items()):
        client = client_of(region)
        for start in range(0, len(group), AT_ONCE):
            part = group[start : start + AT_ONCE]
            for question, points in _answers(client, part, now - timedelta(days=days), now):
                figure = _figure(question, points, days)
                known = values[question.resource.urn]
                known[question.key] = known.get(question.key, Decimal(0)) + figure
    return Measured(values, unnamed, days)


def _answers(
    client: Any, asked: Sequence[Question], start: datetime, end: datetime
) -> Iterator[tuple[Question, list[Decimal]]]:
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": it.namespace,
                    "MetricName": it.metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in it.dimensions],
                },
                "Period": DAY,
                "Stat": "Sum" if it.is_sum else "Average",
            },
        }
        for number, it in enumerate(asked)
    ]
    call: dict[str, Any] = {"MetricDataQueries": queries, "StartTime": start, "EndTime": end}
    points: dict[str, list[Decimal]] = defaultdict(list)
    while True:
        answer = client.get_metric_data(**call)
        for row in answer.get("MetricDataResults", ()):
            points[row["Id"]] += [Decimal(str(value)) for value in row.get("Values", ())]
        if not (token := answer.get("NextToken")):
            break
        call["NextToken"] = token
    for number, question in enumerate(asked):
        if found := points.get(f"q{number}"):
            yield question, found


def _figure(question: Question, points: Sequence[Decimal], days: int) -> Decimal:
    total = sum(points, Decimal(0)) * question.times
    return total / len(points) if not question.is_sum else total * HOURS / 24 / days


def usage_file(found: Measured, graph: Graph, *, day: str) -> str:
    """A usage file with what was measured: the figure is expected, with half of it below and twice above."""
    lines = [f"# Measured by CloudWatch over {found.days} days, until {day}.", "resources:"]
    for urn in sorted(found.values):
        resource = graph.get(urn)
        if resource is None:
            continue
        values = ", ".join(
            f"{key}: {{floor: {_text(value / 2)}, expected: {_text(value)}, ceiling: {_text(value * 2)}}}"
            for key, value in sorted(found.values[urn].items())
        )
        lines.append(f'  "{urn}": {{{values}}}')
    if not found.values:
        lines[-1] = "resources: {}"
    if found.unnamed:
        lines.append("# Not asked for, as AWS gives the name and no state is known:")
        lines += [f"#   {it.name} ({short_name(it.type)})" for it in found.unnamed]
    return "\n".join(lines) + "\n"


def _text(value: Decimal) -> str:
    shown = f"{value.quantize(Decimal('0.0001')):f}"
    return shown.rstrip("0").rstrip(".")


def _name(resource: Resource, property: str) -> str:
    if property == "id":
        return resource.id
    for values in (resource.inputs, resource.outputs):
        value = values.get(property)
        if isinstance(value, str) and type(value) is str and value:
            return value
    return ""


@cache
def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = packaged.read(TABLE)
    return found
