"""Which function estimates which resource type, and which types cost nothing by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from finops import packaged

if TYPE_CHECKING:
    from finops.estimators.subject import Item, Subject

__all__ = ["REGISTRY", "Estimator", "Items", "estimator", "free_types"]

Items = Iterable["Item"]
Function = Callable[["Subject"], Items]


@dataclass(frozen=True, slots=True)
class Estimator:
    """One registered type: its function, the service its lines belong to, and the usage it asks for."""

    type: str
    function: Function
    service: str
    usage: tuple[str, ...]


REGISTRY: dict[str, Estimator] = {}


def estimator(*types: str, service: str, usage: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """Register a function for resource `types` (Pulumi's tokens).

    `service` is the name people know ("EC2", "S3") and by which lines are grouped; `usage` are the
    keys of the usage file that the function reads. Raises `ValueError` for a type that is taken.
    """

    def register(function: Function) -> Function:
        for token in types:
            if token in REGISTRY:
                raise ValueError(f"{token} is estimated twice")
            REGISTRY[token] = Estimator(token, function, service, usage)
        return function

    return register


@cache
def free_types() -> Mapping[str, str]:
    """Types that have no charge of their own, each with the reason."""
    groups: list[dict[str, list[str] | str]] = packaged.read(Path(__file__).parent / "free.yaml")
    return {token: str(group["because"]) for group in groups for token in group["types"]}
