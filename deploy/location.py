"""Where the state of each of an environment's stacks is, as the engine is told.

    stacks = stacks_of(environment, root)
    location = locate(environment, "us-east-1", root)

What decides is in `stacks.state_place`, as the program itself refuses to run against another backend.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.stack import CellStack, Location
from problems import Missing
from stacks.specification import Environment
from stacks.state_place import current_backend, state_of

__all__ = ["backend_of", "locate", "require_access", "stacks_of"]

# What a clone knows of a stack's encryption is in the stack's configuration file only once it was made
# there; any other clone takes it from the state.
_FALL_BACK = {"PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true"}
PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
_OWN_SECRETS = ("https://", "http://")


def locate(environment: Environment, cell: str, root: Path) -> Location:
    """The location of the state of `cell` ("all", "global" or a region) of the project in `root`."""
    place = state_of(environment, cell)
    return Location(place.backend, place.secrets_provider, _FALL_BACK)


def stacks_of(environment: Environment, root: Path) -> list[CellStack]:
    """The environment's stacks in the order in which they are deployed."""
    return [
        CellStack(root, item.stack, item.cell, item.wave, locate(environment, item.cell, root))
        for item in environment.cells()
    ]


def backend_of(stack: CellStack, variables: Mapping[str, str] | None = None) -> str:
    """The URL of the backend that holds `stack`, also where the location leaves it to the engine."""
    given = os.environ if variables is None else variables
    return stack.location.backend or current_backend(stack.folder, given)


def require_access(stack: CellStack, variables: Mapping[str, str] | None = None) -> None:
    """Raises `Missing` when the engine could not open the stack's state for want of something said here.

    That is a backend at all, or the passphrase of a state that is encrypted with one.
    """
    given = os.environ if variables is None else variables
    backend = backend_of(stack, given)
    if not backend:
        raise Missing(
            f"no backend for the state of {stack.stack}: `pulumi login --local` keeps it on this machine, "
            "or set PULUMI_BACKEND_URL"
        )
    by_passphrase = stack.location.secrets_provider in ("", "passphrase")
    if (
        by_passphrase
        and not backend.startswith(_OWN_SECRETS)
        and not any(name in given for name in PASSPHRASES)
    ):
        raise Missing(
            f"the secrets in the state of {stack.stack} are encrypted with a passphrase: "
            f"set {' or '.join(PASSPHRASES)}"
        )
