"""The marker `engine`: tests on the real Pulumi engine, which `make tools` builds and `make test-engine` runs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does: speed has a benchmark, never a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ENGINE = Path(__file__).parents[1] / ".tools" / "pulumi"


def pytest_configure(config: pytest.Config) -> None:
    # A shell's background job ignores SIGINT and nohup SIGHUP, and every child would: tests send both.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line(
        "markers", "engine: runs on the real Pulumi engine (`make tools`, `make test-engine`)"
    )
    config.addinivalue_line("markers", "long: takes minutes by itself (`make test-engine-long`)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if ENGINE.exists():
        return
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason="the engine is not built: make tools"))
