"""The marker `clients`: tests with other people's programs, run where those are installed and skipped elsewhere."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clients: runs another program that is not part of this project")
