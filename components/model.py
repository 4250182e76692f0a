"""The models that settings and arguments are made of: pydantic only, no Pulumi.

A `...Settings` model is what people write in `stacks/<environment>.yaml`; it lives in a module
`components/<component>/settings.py` that imports this one and never `pulumi`, so the specification, the command
line and the placement read it in a fraction of a second. The component's `...Args` extends or contains
the settings and adds `cell` and what only the program knows (outputs of other components).

Pulumi's analyzer reads these classes as they are written, so modules of this folder use no
`from __future__ import annotations`, no `Literal`, no `Union` (`Optional[...]` and enums are fine).
"""

import enum
from typing import Any, Dict, List, Optional, TypeVar

import pydantic
from pydantic_core import PydanticCustomError

__all__ = ["PACKAGE", "Args", "Cell", "EnvironmentClass", "Protection", "refused", "validated"]

PACKAGE = "tradewind"


def refused(but: str, fix: str) -> PydanticCustomError:
    """What a validator raises: why a value is wrong, and the way out. Braces are allowed in both."""
    return PydanticCustomError("refused", "{but}", {"but": but, "fix": fix})


class EnvironmentClass(enum.Enum):
    """How much an environment may cost to be safe: decides NAT, protection, retention and replicas."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Protection(enum.Enum):
    """Whether an environment's data can be deleted at all."""

    ON = "on"
    """Pulumi protects data stores and keys, and AWS refuses to delete what it can protect."""
    OFF = "off"
    """An environment that is about to go: the next `up` lifts the protection, and then it can be destroyed."""


class Args(pydantic.BaseModel):
    """Base of all settings and arguments: unknown keys are refused, defaults are checked too."""

    model_config = pydantic.ConfigDict(extra="forbid", validate_default=True)


class Cell(Args):
    """Which part of which environment a component stands in. Given by the cell, never written by hand."""

    environment: str
    """Name of the environment, as in `stacks/<environment>.yaml`."""
    environment_class: EnvironmentClass = EnvironmentClass.DEVELOPMENT
    region: str
    """AWS region of this cell; the home region in the global cell."""
    regions: List[str]
    """All regions of the environment, the home region first."""
    account_id: str
    platform: str = PACKAGE
    """First part of every physical name."""
    tags: Dict[str, str] = {}
    """Tags of every resource: the specification's required keys with their values."""
    protection: Optional[Protection] = None
    """Default: on in production."""

    @property
    def is_production(self) -> bool:
        return self.environment_class is EnvironmentClass.PRODUCTION

    @property
    def is_protected(self) -> bool:
        """Whether data stores and keys may not be deleted."""
        return self.is_production if self.protection is None else self.protection is Protection.ON

    @property
    def home_region(self) -> str:
        return self.regions[0]


Model = TypeVar("Model", bound=Args)


def validated(model: type[Model], args: Any) -> Model:
    """`args` as a `model`: the engine hands a component of the package a plain dict with floats for ints.

    Raises `pydantic.ValidationError` naming every field that is wrong.
    """
    return args if isinstance(args, model) else model.model_validate(args)
