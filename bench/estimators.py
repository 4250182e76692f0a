"""The part of the bench that needs Infracost: both estimators from a file to a sum, on the same resources.

    python bench/run.py --full     runs it too, where Infracost is installed or `make tools` has built it

Ours is a fresh interpreter that reads the graph from its file, reads the prices and estimates. Infracost's is
its process on the plan document of the same graph, with the same prices and usage, from a pricing service that
has each answer ready after the first round. In its favour, the document has no references between resources:
Infracost searches them all for each resource, so that its time grows with their square.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

__all__ = ["Run", "missing", "run"]

OURS = """
import sys
from finops.estimate import estimate
from finops.prices import PriceBook
from finops.usage import Usage
from plan.graph import Graph

with open(sys.argv[1], encoding="utf-8") as file:
    graph = Graph.from_json(file.read())
print(estimate(graph, Usage(), PriceBook.bundled()).total.expected)
"""


@dataclass(frozen=True)
class Run:
    """Seconds of both on `resources` resources, and the USD a month that each came to."""

    resources: int
    ours: float
    theirs: float
    our_sum: str
    their_sum: str


def missing() -> str:
    """Why this part cannot run here; "" where it can."""
    from finops.infracost import binary

    return "" if binary.find() else "Infracost is not installed or built here: make tools"


def run(resources: int, rounds: int) -> Run:
    """Both in turn, `rounds` times; the best of each counts."""
    from finops.estimate import estimate
    from finops.infracost.endpoint import serving
    from finops.infracost.run import breakdown
    from finops.infracost.usage import usage_file
    from finops.prices import PriceBook
    from finops.usage import Usage
    from plan.export.terraform import export, plan_json
    from tests.clients.infracost_types import TYPES, every_type

    graph = every_type(resources // len(TYPES))
    book, usage, made = PriceBook.bundled(), Usage(), export(graph)
    plan = without_references(plan_json(made))
    asked = usage_file(made.blocks, graph, usage, estimate(graph, usage, book).lines)
    ours, theirs, our_sum, their_sum = [], [], "", ""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "graph.json")
        file.write_text(graph.to_json(), encoding="utf-8")
        with serving(book) as endpoint:
            for _ in range(rounds):
                start = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-c", OURS, str(file)], check=True, capture_output=True, text=True,
                    cwd=HERE.parent,
                )  # fmt: skip
                ours.append(time.perf_counter() - start)
                our_sum = done.stdout.strip()
                answer = breakdown(plan, asked, endpoint.url, seconds=1200)
                theirs.append(answer.seconds)
                their_sum = str(answer.document["totalMonthlyCost"])
    return Run(len(made.blocks), min(ours), min(theirs), our_sum, their_sum)


def without_references(plan: str) -> str:
    """The plan document with the values of resources only."""
    document = json.loads(plan)
    document["configuration"]["root_module"] = {}
    del document["resource_changes"]
    return json.dumps(document)


if __name__ == "__main__":
    for count in map(int, sys.argv[1:] or ("2000", "20000")):
        found = run(count, 3)
        print(json.dumps({**found.__dict__, "times": round(found.theirs / found.ours, 2)}))
