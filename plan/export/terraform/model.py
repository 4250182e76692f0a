"""What an export is made of, before it is written as files or as a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = ["Block", "Export", "Kind", "Note", "Provider", "Variable"]

Kind: TypeAlias = Literal["left-out", "argument", "unknown", "secret", "read", "asset", "name", "option"]
"""What a note is about: a resource or an argument that is not in the export; a value that became a variable
because it is decided during deployment, or because it is secret; something read and not managed; code to
pack; a name that was chosen in the engine's place; an option of the engine that Terraform does not have."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing in which the export is not the program. `path` is Pulumi's dotted path; `text` a sentence."""

    kind: Kind
    urn: str
    path: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """An input that the export asks for. `default` None means that it has none."""

    name: str
    description: str
    sensitive: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider configuration. `alias` is "" for the only one; `default_tags` reach what takes tags."""

    alias: str
    region: str
    body: Mapping[str, Any]
    default_tags: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"aws.{self.alias}" if self.alias else "aws"


@dataclass(frozen=True, slots=True)
class Block:
    """One resource: its URN and Pulumi type, its Terraform address, and the body as JSON syntax has it.

    `meta` are `provider`, `depends_on` and `lifecycle`; strings in `body` are templates.
    """

    urn: str
    token: str
    type: str
    label: str
    provider: Provider
    region: str
    body: Mapping[str, Any]
    meta: Mapping[str, Any]
    source: str = ""

    @property
    def address(self) -> str:
        return f"{self.type}.{self.label}"


@dataclass(frozen=True)
class Export:
    """A whole configuration. `imports` are ids of what is there already, by address."""

    blocks: tuple[Block, ...]
    providers: tuple[Provider, ...]
    variables: tuple[Variable, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    imports: Mapping[str, str]
    notes: tuple[Note, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """URN -> Terraform address, for joining another tool's results back."""
        return {block.urn: block.address for block in self.blocks}

    def of_kind(self, *kinds: Kind) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.kind in kinds)
