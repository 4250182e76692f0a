"""Writes `docs/components/*.md` from the components' models and from examples that are really planned.

    python -m docs.build            writes the pages
    python -m docs.build --check    exit code 1 when a page is not what it would be now

What a component takes and gives is read from its model, what an example creates and costs from an offline
plan of it at the bundled prices.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.package import COMPONENTS
from docs import pages
from finops.estimate import Cost, estimate
from finops.prices import PriceBook
from finops.usage import load
from plan.graph import Graph
from plan.offline import run
from plan.project import Program

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE / "components" / "examples"
PAGES = HERE / "components"


@dataclass(frozen=True)
class Example:
    """One component's example in its three forms."""

    name: str
    specification: str
    program: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.program)
        return found

    @property
    def python(self) -> str:
        """The program in Python, made from the one in YAML."""
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"],
            input=pages.python(self.document),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def example(component: type) -> Example:
    name = pages.slug(component)
    texts = [
        (EXAMPLES / f"{name}.{part}.yaml").read_text(encoding="utf-8")
        for part in ("specification", "program")
    ]
    return Example(name, *texts)


def planned(one: Example) -> Graph:
    """The graph of an example, from the classes of this checkout."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(HERE / "program", Path(folder) / "program"))
        (root / "example.yaml").write_text(one.program, encoding="utf-8")
        return run(
            Program(root, "prod", "platform", root / "__main__.py", config={"aws:region": "eu-west-1"})
        )


def page(component: type, one: Example, graph: Graph) -> tuple[pages.Facts, str]:
    """The page of one component, and what the index says of it."""
    facts = pages.Facts(component, _types(graph, component), *_cost(graph, component))
    return facts, pages.page(facts, one.specification, one.python, one.program)


def _of(graph: Graph, component: type) -> set[str]:
    """URNs of what the component itself creates: an example may need a network beside it."""
    own = f"tradewind:index:{component.__name__}"
    roots = {one.urn for one in graph if one.type == own}
    found: set[str] = set()
    for one in graph:
        if one.parent in roots | found and one.urn not in roots:
            found.add(one.urn)
    return found


def _types(graph: Graph, component: type) -> Counter[str]:
    inside = _of(graph, component)
    return Counter(one.type for one in graph if one.urn in inside and one.is_managed)


def _cost(graph: Graph, component: type) -> tuple[Cost, int]:
    """Monthly cost of what the component creates, and how many of its resources are unpriced."""
    inside = _of(graph, component)
    found = estimate(graph, load(None, graph), PriceBook.bundled())
    return (
        Cost.of(line for line in found.lines if line.urn in inside),
        len({one.urn for one in found.unpriced} & inside),
    )


def built() -> dict[Path, str]:
    """Every page by its place."""
    examples = [example(component) for component in COMPONENTS]
    # Only the plans, which wait for processes, side by side: Python 3.11 parses in one thread at a time.
    with ThreadPoolExecutor(2) as pool:
        graphs = list(pool.map(planned, examples))
    made = [page(*each) for each in zip(COMPONENTS, examples, graphs, strict=True)]
    texts = {PAGES / f"{pages.slug(facts.component)}.md": text for facts, text in made}
    return {PAGES / "index.md": pages.index([facts for facts, _ in made]), **texts}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say which pages are stale")
    check = parser.parse_args().check
    wanted = built()
    stale = [
        path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        sys.stdout.write(f"{'stale: ' if check else ''}{path.relative_to(HERE.parent)}\n")
    if check:
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
