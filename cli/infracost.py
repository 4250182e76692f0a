"""`tradewind cost --infracost`: the other estimator asked, and its answer as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from cli.output import number

if TYPE_CHECKING:
    from cli.target import Plan
    from finops.estimate import Estimate
    from finops.infracost import Comparison

__all__ = ["asked", "csv_of"]

COLUMNS = (
    "region", "type", "resource", "ours", "floor", "expected", "infracost", "infracost_expected", "difference",
    "verdict", "reasons", "urn",
)  # fmt: skip


def asked(plan: Plan, estimate: Estimate, usage: Path | None, seconds: float) -> Comparison:
    """Infracost's answer to the same plan, usage and prices, beside `estimate`, within `seconds`.

    Raises `Missing` where Infracost is absent, of another version, or fails.
    """
    from cli.progress import working
    from finops.infracost import compare
    from finops.prices import PriceBook
    from finops.usage import load

    with working(f"asking Infracost about {number(len(plan.graph), 'resource')}"):
        stated = load(usage or plan.usage, plan.graph)
        return compare(plan.graph, estimate, stated, PriceBook.bundled(), seconds=seconds)


def csv_of(found: Comparison) -> str:
    """Every resource that either of the two prices, or cannot price, one a row."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in found.rows:
        if row.ours == row.state == "free":
            continue
        writer.writerow(
            (
                row.region, row.type, row.name, row.ours, f"{row.floor:.2f}", f"{row.expected:.2f}", row.state,
                f"{row.theirs:.2f}", f"{row.difference:.2f}", row.verdict,
                "; ".join(reason.name for reason, _ in row.reasons), row.urn,
            )
        )  # fmt: skip
    return file.getvalue()
