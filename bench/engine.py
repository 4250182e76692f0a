"""The parts of the bench that need the real engine: planning against a preview, cells against one stack.

    python bench/run.py            runs them too, where `make tools` has built the engine

Both run in a sandbox of the tests, with their stand-ins for the vendor's plugins and a state in files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))

CELLS = 4
AT_ONCE = 2
LONGEST = 1800.0
"""Seconds that an `up` may take."""

__all__ = ["CELLS", "missing", "preview_and_plan", "stack_and_cells"]


def missing() -> str:
    """Why these parts cannot run here; "" where they can."""
    from tests.engine.sandbox import has_engine

    return "" if has_engine() else "the engine is not built here: make tools"


def preview_and_plan(resources: int, rounds: int = 1) -> tuple[float, float]:
    """Seconds of `pulumi preview` and of `tradewind plan` for the same program: the best of each in
    `rounds` that alternate between the two."""
    previewed, planned = [], []
    with tempfile.TemporaryDirectory() as folder:
        box, project = _project(Path(folder), resources)
        box.pulumi("stack", "init", "dev", cwd=project)
        tradewind = shutil.which("tradewind", path=str(Path(sys.executable).parent)) or "tradewind"
        preview = ("preview", "--json", "--show-sames", "--stack", "dev")
        plan = (tradewind, "plan", str(project), "-o", str(project / "graph.json"))
        for _ in range(rounds):
            previewed.append(_seconds(lambda: box.pulumi(*preview, cwd=project)))
            planned.append(_seconds(lambda: box.run(*plan, cwd=project)))
    return min(previewed), min(planned)


def stack_and_cells(resources: int) -> tuple[float, float]:
    """Seconds of `pulumi up` of one stack with all `resources`, and of a stack for each of the cells with
    its share of them, two at a time: what `tradewind up --parallel` does with the regions of a wave."""
    with tempfile.TemporaryDirectory() as folder:
        one = _seconds(_deployment(Path(folder), resources))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        ups = [_deployment(Path(folder) / str(number), resources // CELLS) for number in range(CELLS)]
        several = _seconds(lambda: list(pool.map(lambda up: up(), ups)))
    return one, several


def _deployment(folder: Path, resources: int) -> Callable[[], object]:
    """An `up` that can begin: each in a world of its own, as the program's names are the same in all."""
    box, project = _project(folder, resources)
    box.pulumi("stack", "init", "dev", cwd=project)
    return lambda: box.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", cwd=project, timeout=LONGEST)


def _project(folder: Path, resources: int):  # type: ignore[no-untyped-def]  # the sandbox is imported late
    from tests.engine.sandbox import Sandbox

    box = Sandbox(folder)
    project = box.project(HERE / "program", "bench")
    file = project / "Pulumi.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("default: 1000", f"default: {resources}"), encoding="utf-8")
    return box, project


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
