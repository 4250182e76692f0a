"""Measures what planning costs, as ratios within one run: machines differ, ratios hardly do.

    python bench/run.py [--full] [--rounds N] [--json FILE]

Baseline: `baseline.py`, the same program under Pulumi's own mocks with garbage collection off, as a
process of its own. Measured: an offline plan from spawning the child to the graph, then the rules and the
estimate. Rounds alternate between the two; the best of each counts. `--full` adds 20,000 resources, and
`estimators.py` there measures the estimate against Infracost's.
Where `make tools` has built the engine, `engine.py` measures against `pulumi preview` and `pulumi up`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROGRAM = HERE / "program"


@dataclass(frozen=True)
class Measure:
    """One ratio and its bar: `ours` and `theirs` in seconds or MiB."""

    name: str
    unit: str
    ours: float
    theirs: float
    bar: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def holds(self) -> bool:
        return self.ratio <= self.bar


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="also 20,000 resources (minutes)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the measures there as well")
    options = parser.parse_args()
    measures = [
        *planning(1000, options.rounds),
        two_cells(1000, options.rounds),
        command_help(options.rounds),
    ]
    if options.full:
        measures += planning(20_000, 1)
        measures += with_infracost(20_000, options.rounds)
    measures += with_engine(1000, options.rounds)
    print(table(measures))
    document = {
        "schema": "tradewind.bench/1",
        "measures": [
            {**asdict(item), "ratio": round(item.ratio, 3), "holds": item.holds} for item in measures
        ],
    }
    if options.json:
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    else:
        print(json.dumps(document))
    return 0 if all(item.holds for item in measures) else 1


def table(measures: list[Measure]) -> str:
    rows = [("what", "ours", "baseline", "ratio", "bar", "")]
    for item in measures:
        form = "{:.2f} s" if item.unit == "s" else "{:.0f} MiB"
        rows.append(
            (
                item.name,
                form.format(item.ours),
                form.format(item.theirs),
                f"{item.ratio:.2f}",
                f"{item.bar:.2f}",
                "" if item.holds else "MISSED",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def planning(resources: int, rounds: int) -> list[Measure]:
    """Plan, rules and estimate against the bare SDK run; time, and memory of all processes together."""
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(baseline(resources))
        ours.append(in_process("whole", resources))
    return [
        Measure(
            f"plan + rules + estimate, {resources:,} resources",
            "s",
            least(ours, "seconds"),
            least(theirs, "seconds"),
            1.2,
        ),
        Measure(
            f"peak memory, {resources:,} resources", "MiB", least(ours, "mib"), least(theirs, "mib"), 1.3
        ),
    ]


def two_cells(resources: int, rounds: int) -> Measure:
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(in_process("one", resources))
        ours.append(in_process("two", resources))
    return Measure(
        f"two cells side by side against one, {resources:,} each",
        "s",
        least(ours, "seconds"),
        least(theirs, "seconds"),
        1.3,
    )


def with_engine(resources: int, rounds: int) -> list[Measure]:
    """Against the real engine, `up` once each, as it takes minutes. Nothing, with a reason, without engine."""
    from engine import CELLS, missing, preview_and_plan, stack_and_cells

    if reason := missing():
        print(f"skipped: pulumi preview and pulumi up ({reason})")
        return []
    previewed, planned = preview_and_plan(resources, rounds)
    one, several = stack_and_cells(resources)
    return [
        Measure(
            f"tradewind plan against pulumi preview, {resources:,} resources", "s", planned, previewed, 1 / 4
        ),
        Measure(
            f"pulumi up of {CELLS} cells, two at a time, against one stack, {resources:,} resources",
            "s",
            several,
            one,
            1 / 3,
        ),
    ]


def with_infracost(resources: int, rounds: int) -> list[Measure]:
    """Our estimate against Infracost's, and against itself on a tenth: it must stay linear."""
    from estimators import missing, run

    if reason := missing():
        print(f"skipped: Infracost ({reason})")
        return []
    tenth, whole = run(resources // 10, rounds), run(resources, rounds)
    return [
        Measure(
            f"estimate against Infracost, {whole.resources:,} resources", "s", whole.ours, whole.theirs, 1 / 3
        ),
        Measure(
            f"estimate of {whole.resources:,} resources against ten times {tenth.resources:,}",
            "s",
            whole.ours,
            10 * tenth.ours,
            1.2,
        ),
    ]


def command_help(rounds: int) -> Measure:
    def best(command: list[str]) -> float:
        return min(
            timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(rounds * 5)
        )

    tradewind = Path(sys.executable).parent / "tradewind"
    return Measure(
        "tradewind --help against python -c pass",
        "s",
        best([str(tradewind), "--help"]),
        best([sys.executable, "-c", "pass"]),
        8,
    )


def baseline(resources: int) -> dict[str, float]:
    command = [sys.executable, str(HERE / "baseline.py"), str(PROGRAM), str(resources)]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return measured(command, environment)


def in_process(what: str, resources: int) -> dict[str, float]:
    """One of the functions below, in a fresh interpreter: nothing is imported yet."""
    return measured([sys.executable, __file__, "--inner", what, str(resources)], dict(os.environ))


def measured(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Seconds, and peak MiB of the process and of the largest of its children added up."""
    with tempfile.TemporaryFile("w+") as told:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} failed")
        told.seek(0)
        text = told.read()
    own = json.loads(text) if text.startswith("{") else {}
    return {"seconds": own.get("seconds", seconds), "mib": own.get("mib", usage.ru_maxrss / 1024)}


def least(runs: list[dict[str, float]], key: str) -> float:
    return min(run[key] for run in runs)


def timed(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def inner(what: str, resources: int) -> None:
    """The measured side. Time runs from before the first import of ours to the last result."""
    start = time.perf_counter()
    if str(HERE.parent) not in sys.path:
        sys.path.insert(0, str(HERE.parent))
    from dataclasses import replace

    from plan.offline import run, run_all
    from plan.project import find

    program = find(PROGRAM).program("dev")
    program = replace(program, config={**program.config, "bench:resources": str(resources)})
    stages = {}
    if what == "two":
        run_all([program, replace(program, stack="prod")])
    else:
        graph = run(program, timeout=1200, memory_mib=16384)
        stages["plan"] = time.perf_counter() - start
        if what == "whole":
            stages.update(consumers(graph))
    seconds = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mib": own + child, "stages": stages}))


def consumers(graph: Any) -> dict[str, float]:
    """The rules and the estimate over `graph`, each in seconds."""
    from policies import check

    def estimated() -> None:
        from finops.estimate import estimate
        from finops.prices import PriceBook
        from finops.usage import load

        estimate(graph, load(None), PriceBook.bundled())

    return {"rules": timed(lambda: check(graph, None)), "estimate": timed(estimated)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inner"]:
        inner(sys.argv[2], int(sys.argv[3]))
    else:
        raise SystemExit(main())
