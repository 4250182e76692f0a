"""What every component of the data plane is told about the environment it stands in."""

from typing import Dict, List

import pydantic

from components.environment_settings import Tenant
from components.model import Args, Cell

__all__ = ["Surroundings"]


class Surroundings(Args):
    """A cell, and what the environment says about residency and tenants.

    Arguments of a component extend this model; checks of a section take it by itself.
    """

    cell: Cell
    residency: Dict[str, List[str]] = pydantic.Field(default={})
    """Regions by zone; what has that residency never leaves them."""
    tenants: List[Tenant] = pydantic.Field(default=[])
