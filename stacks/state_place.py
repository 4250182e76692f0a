"""Where the state of a stack is, as a pure function of the environment and the cell.

State of a cell is in the cell's own region, so that a region that is lost takes no other cell's state
along; the global cell's is in the home region. Names follow from the environment, so nothing has to be
looked up before the engine can be asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components import naming
from components.environment_settings import CURRENT
from components.model import EnvironmentClass
from problems import InputError, Problem
from stacks.specification import ALL, GLOBAL, Environment

__all__ = ["StatePlace", "current_backend", "key_alias", "refuse_another_backend", "same_backend", "state_bucket", "state_of"]  # fmt: skip

# Older engines choose between two generations of the AWS SDK by `awssdk`; newer ones have one only.
_QUERY = "region={region}&awssdk=v2"


@dataclass(frozen=True, slots=True)
class StatePlace:
    """`backend` and `secrets_provider` as the engine takes them; "" is whichever the engine uses itself.

    `region` is the region that both are in, where they are in one.
    """

    backend: str
    secrets_provider: str
    region: str


def state_of(environment: Environment, cell: str) -> StatePlace:
    """Where the state of the environment's `cell` ("all", "global" or a region) is kept."""
    region = environment.home_region if cell in (ALL, GLOBAL) else cell
    said = environment.state
    in_region = said.backend is None and environment.environment_class is not EnvironmentClass.DEVELOPMENT
    backend, provider = said.backend or CURRENT, said.secrets_provider or "default"
    if in_region:
        backend = f"s3://{state_bucket(environment, region)}?{_QUERY}"
        if said.secrets_provider is None:
            provider = f"awskms://{key_alias(environment)}?{_QUERY}"
    own = {"region": region, "environment": environment.name, "account_id": environment.account_id}
    return StatePlace(
        "" if backend == CURRENT else backend.format_map(own),
        "" if provider == "default" else provider.format_map(own),
        region,
    )


def state_bucket(environment: Environment, region: str) -> str:
    """Name of the bucket in `region` that holds the state of the cells there."""
    return naming.bucket_name(environment.cell(region), "state", region=region)


def key_alias(environment: Environment) -> str:
    """`alias/tradewind-prod-state`: the key in each region that the secrets in state are encrypted with."""
    return f"alias/{naming.name(environment.cell(environment.home_region), 'state')}"


def current_backend(project: Path, variables: Mapping[str, str]) -> str:
    """The backend that the engine would use for the project in the folder `project`; "" for none yet.

    PULUMI_BACKEND_URL first, then `backend` in Pulumi.yaml, then what `pulumi login` noted.
    """
    if given := variables.get("PULUMI_BACKEND_URL"):
        return given
    file = next((path for name in ("Pulumi.yaml", "Pulumi.yml") if (path := project / name).is_file()), None)
    backend = _read(file, yaml.safe_load).get("backend") if file else None
    if isinstance(backend, dict) and isinstance(backend.get("url"), str) and backend["url"]:
        return str(backend["url"])
    home = variables.get("PULUMI_HOME") or os.path.join(variables.get("HOME") or "~", ".pulumi")  # noqa: PTH118
    noted = _read(Path(home).expanduser() / "credentials.json", json.loads).get("current")
    return noted if isinstance(noted, str) else ""


def same_backend(first: str, second: str) -> bool:
    """Whether two URLs name one place: what only says how to get there is left out."""
    return _place(first) == _place(second)


def refuse_another_backend(
    environment: Environment, cell: str, stack: str, project: Path, variables: Mapping[str, str]
) -> None:
    """Raises `InputError` when the engine keeps this stack's state elsewhere than the specification says.

    It would know nothing of what is there already, and build all of it a second time.
    """
    wanted = state_of(environment, cell).backend
    got = current_backend(project, variables)
    if not wanted or same_backend(wanted, got):
        return
    but = f"the specification says that the state of {stack} is in {wanted}; from here, everything would be built again"
    fix = f"export PULUMI_BACKEND_URL='{wanted}', or leave it to tradewind up {environment.name}"
    raise InputError([Problem("PULUMI_BACKEND_URL", "", _without_password(got) or "nothing", but, fix)], "nothing was changed")  # fmt: skip


def _place(url: str) -> tuple[str, tuple[str, ...]]:
    name, _, query = url.partition("?")
    kept = sorted(part for part in query.split("&") if part.startswith(("region=", "prefix=")))
    return name.rstrip("/"), tuple(kept)


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    name, at, host = rest.partition("@")
    return f"{scheme}{separator}{'****@' if at and '/' not in name else name + at}{host}"


def _read(path: Path, parse: Any) -> dict[str, Any]:
    """A document that may not be there, or be nobody's business to complain about here."""
    try:
        found = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
