"""The rooms import only what they may, and stay small enough to read."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SDKS = {"pulumi", "pulumi_aws", "pulumi_kubernetes", "pulumi_policy", "google", "grpc"}
MAY_IMPORT = {
    "problems": set(),
    "components": {"problems"},
    "stacks": {"problems", "components"},
    "plan": {"problems"},
    "policies": {"problems", "plan"},
    "finops": {"problems", "plan"},
    "deploy": {"problems", "stacks", "plan"},
    "cli": {"problems", "components", "stacks", "plan", "policies", "finops", "deploy"},
}
"""Each room and the other rooms it may import."""

MODULES = [path for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Top-level names of everything that the module at `path` imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    foreign = {name for name in imports(path) if name in MAY_IMPORT} - MAY_IMPORT[room] - {room}
    assert not foreign


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize(
    "module",
    [
        "cli.app",
        "plan.graph",
        "plan.offline",
        "finops.estimate",
        "policies",
        "stacks.specification",
        "plan.survive",
    ],
)
def test_no_sdk_is_loaded_by(module: str) -> None:
    """The SDKs take seconds to import: only the program's own process may pay for them."""
    code = f"import sys, {module}; print(*(set(sys.modules) & {SDKS!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
