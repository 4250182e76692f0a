"""Data sources: the answers that offline planning gives, so that both are plans of the same account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .settings import Settings
from .wire import SECRET, SIGNATURE
from .world import World

_FIXTURES = ("aws.yaml", "aws_regions.yaml", "others.yaml")
PLACEHOLDER = "secret-of-the-stand-in"
UNKNOWABLE = "2026-01-01T00:00:00Z"
"""Stands where offline planning leaves a part unknown: times of creation, mostly."""


class NotKnown(Exception):
    """A question that has no answer here."""


class Lookups:
    """Answers by token; the fixtures are read when first needed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._documents: list[dict[str, Any]] | None = None

    def answer(
        self, token: str, arguments: dict[str, Any], settings: Settings
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The answer, and what is wrong with the question. Raises `NotKnown` for one that nobody can
        answer here."""
        from plan.offline.child import computed as computed  # registers its answers
        from plan.offline.child.data_sources import DataSources

        sources = DataSources(
            lambda: (self._load(), []), region=settings.region, placeholder=PLACEHOLDER, remark=lambda _: None
        )
        given = {"allowedAccountIds": [settings.account], **settings.raw, "region": settings.region}
        try:
            found = sources.answer(token, arguments, given, True)
        except ValueError as error:
            return {}, [("", str(error))]
        if found is None:
            raise NotKnown(f"{token}: neither computed nor in the fixtures")
        return {name: _stood_in(value) for name, value in found.items()}, []

    def _load(self) -> list[dict[str, Any]]:
        if self._documents is None:
            import yaml

            import plan.offline

            folder = Path(plan.offline.__file__).parent / "fixtures"
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            self._documents = [
                yaml.load((folder / name).read_text(encoding="utf-8"), loader) or {} for name in _FIXTURES
            ]
        return self._documents


def _stood_in(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("${urn:pulumi:elsewhere::"):
        return UNKNOWABLE
    if isinstance(value, dict) and value.get(SIGNATURE) == SECRET:
        return {SIGNATURE: SECRET, "value": PLACEHOLDER}
    return value
