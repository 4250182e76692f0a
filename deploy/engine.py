"""The Pulumi engine on this machine: which one a command would use, and whether it will do."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from problems import Missing

__all__ = ["NEEDED", "Engine", "find_engine"]

NEEDED = (3, 150, 0)
"""The oldest engine that is accepted; tests run on 3.259.0."""
INSTALL = "install it: https://www.pulumi.com/docs/install/, then `tradewind doctor`"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Engine:
    """The `pulumi` command and its version, such as `3.259.0`."""

    command: Path
    version: str


def find_engine() -> Engine:
    """The engine on PATH.

    Raises `Missing` when there is none, when it is too old, or when this environment lacks Pulumi's SDK.
    """
    if find_spec("pulumi") is None:
        raise Missing("Pulumi's Python SDK is not installed here: pip install 'tradewind[stacks,policy]'")
    found = shutil.which("pulumi")
    if found is None:
        raise Missing(f"the Pulumi engine (`pulumi`) is not on PATH: {INSTALL}")
    try:
        done = subprocess.run(
            [found, "version"], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(
            f"{found} does not answer `pulumi version` ({type(error).__name__}): {INSTALL}"
        ) from None
    version = done.stdout.strip().removeprefix("v")
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if numbers is None or tuple(map(int, numbers.groups())) < NEEDED:
        needed = ".".join(map(str, NEEDED))
        raise Missing(f"{found} is version {version or 'unknown'}, {needed} or newer is needed: {INSTALL}")
    return Engine(Path(found), version)
