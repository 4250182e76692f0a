"""Running Infracost on a plan document: alone in a temporary folder, with a limit of time and of output.

It gets no variable of the caller's environment: it would read keys, endpoints and switches from there. Its
home and its working folder are temporary, so that no credentials, no `.env` and no cache of the caller are
read. Every address it could call is the given endpoint on this machine.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from finops.infracost import child
from finops.infracost.binary import HOW, checked, find
from problems import Missing

__all__ = ["Run", "breakdown", "environment"]

SECONDS = 300.0
LARGEST = 512 * 2**20
"""Bytes that Infracost may write: 20,000 resources take about 40 MB."""
PROJECT = "plan"
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Run:
    """What Infracost printed: its version, its document with every number as `Decimal`, its seconds."""

    version: str
    document: dict[str, Any]
    seconds: float


def environment(folder: Path, url: str) -> dict[str, str]:
    """All variables that Infracost sees: nothing from the caller's."""
    home = str(folder / "home")
    services = ("PRICING_API", "DEFAULT_PRICING_API", "DASHBOARD_API", "USAGE_API", "POLICY_V2_API")
    return {
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_CACHE_HOME": home,
        "TMPDIR": str(folder),
        # Any text: the endpoint asks for no key, Infracost does not start without one.
        "INFRACOST_API_KEY": "none",
        **{f"INFRACOST_{name}_ENDPOINT": url for name in services},
        "INFRACOST_CURRENCY": "USD",
        "INFRACOST_DISABLE_ENVFILE": "true",
        "INFRACOST_ENABLE_CLOUD": "false",
        "INFRACOST_ENABLE_DASHBOARD": "false",
        "INFRACOST_LOG_LEVEL": "warn",
        "INFRACOST_NO_COLOR": "true",
        "INFRACOST_PRICING_CACHE_DISABLED": "true",
        "INFRACOST_SKIP_UPDATE_CHECK": "true",
    }


def breakdown(
    plan: str, usage: str, url: str, *, command: str | None = None, seconds: float = SECONDS,
    largest: int = LARGEST,
) -> Run:  # fmt: skip
    """Infracost's breakdown of the plan document `plan` under its usage file `usage`, prices from `url`.

    Raises `Missing` where Infracost is absent, of another version, or did not answer: it crashed, took
    longer than `seconds`, wrote more than `largest` bytes, or reported errors although it ended with 0.
    """
    with child.heeding(), tempfile.TemporaryDirectory(prefix="tradewind-infracost-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        variables = environment(folder, url)
        command = command or find()
        version = checked(command, variables, folder)
        (folder / "plan.json").write_text(plan, encoding="utf-8")
        (folder / "usage.yml").write_text(usage, encoding="utf-8")
        arguments = [
            str(command), "breakdown", "--path", "plan.json", "--usage-file", "usage.yml", "--format", "json",
            "--out-file", "out.json", "--project-name", PROJECT, "--no-color", "--log-level", "warn",
        ]  # fmt: skip
        started = time.perf_counter()
        code = _watched(arguments, folder, variables, seconds, largest)
        took = time.perf_counter() - started
        said = (folder / "said").read_text(encoding="utf-8", errors="replace")
        if code:
            how = f"signal {-code}" if code < 0 else f"code {code}"
            raise Missing(f"Infracost {version} ended with {how}{_told(said)}")
        document = _document(folder / "out.json", version, said)
    complaints(document)
    return Run(version, document, took)


def _watched(
    arguments: list[str], folder: Path, variables: dict[str, str], seconds: float, largest: int
) -> int:
    """The exit code. Raises `Missing`, with everything it started ended, when a limit is passed."""
    said = folder / "said"
    limits = {said: largest, folder / "out.json": largest}
    try:
        return child.run(arguments, folder, variables, said, seconds=seconds, limits=limits)
    except OSError as error:
        raise Missing(f"{arguments[0]} cannot be started: {error.strerror}; {HOW}") from None
    except child.TooLong:
        raise Missing(
            f"Infracost did not answer within {seconds:g} seconds and was ended: "
            "give it longer with --infracost-timeout, run it on fewer resources, or leave --infracost out"
        ) from None
    except child.TooMuch:
        raise Missing(
            f"Infracost wrote more than {largest:,} bytes and was ended: leave --infracost out"
        ) from None


def _document(path: Path, version: str, said: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text, parse_float=Decimal)
    except (OSError, ValueError):
        raise Missing(f"Infracost {version} ended with 0 and wrote no JSON{_told(said)}") from None
    if not isinstance(document, dict) or document.get("version") != "0.2":
        got = document.get("version") if isinstance(document, dict) else None
        raise Missing(
            f"Infracost {version} wrote a document of version {got!r}, only 0.2 is known here: {HOW}"
        )
    return document


def complaints(document: dict[str, Any]) -> None:
    """Infracost ends with 0 and a total of nothing when it failed: what it reports inside is read here.

    Raises `Missing` with the first error.
    """
    projects = document.get("projects") or []
    errors = [
        str(error.get("message") or error.get("code") or "no reason given")
        for project in projects
        for error in (project.get("metadata") or {}).get("errors") or ()
    ]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Missing(f"Infracost reported an error, although it ended with 0: {errors[0][:_SHOWN]}{more}")
    if not projects or any(not isinstance(project.get("breakdown"), dict) for project in projects):
        raise Missing("Infracost found no project in the plan, although it ended with 0")


def _told(said: str) -> str:
    """The last thing it said, on one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f": {' '.join(lines[-2:])[:_SHOWN]}" if lines else " and said nothing"
