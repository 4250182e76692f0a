"""Questions of boto3 and their answers, by service and operation: what `endpoint.py` serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .world import Thing, World

Answer = dict[str, Any]
Answering = Callable[["Question"], Answer]
ANSWERS: dict[tuple[str, str], Answering] = {}


class ServiceError(Exception):
    """An error of a service: `code` as boto3 shows it."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message or code)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Question:
    world: World
    account: str
    region: str
    given: dict[str, Any]

    def things(self, *types: str, everywhere: bool = False, pending: bool = False) -> list[Thing]:
        """Things of these types in the region, of the account or planted."""
        region = "" if everywhere else self.region
        found = [thing for type in types for thing in self.world.things(type, region, pending=pending)]
        return [thing for thing in found if thing.account in ("", self.account)]

    def named(
        self, type: str, name: Any, code: str, *, everywhere: bool = False, pending: bool = False
    ) -> Thing:
        """The thing that `name` is the id, name or ARN of. Raises `ServiceError` with `code`."""
        for thing in self.things(type, everywhere=everywhere, pending=pending):
            if name in (thing.id, thing.name, thing.arn):
                return thing
        raise ServiceError(code, f"{name} not found")


def answers(service: str, operation: str) -> Callable[[Answering], Answering]:
    def register(function: Answering) -> Answering:
        ANSWERS[service, operation] = function
        return function

    return register


def tag_list(thing: Thing) -> list[dict[str, str]]:
    return [{"Key": key, "Value": str(value)} for key, value in sorted(thing.tags.items())]
