"""The provider's answers as words of the table, under the names that Pulumi gives the arguments.

A word is a path with dots, without positions in lists, and what of it forces another resource:
`path` every change; `path~` every change but leaving it out, for the value stays; `path:ug` these kinds of change
only (`a` added, `u` another value, `d` left out, `g` an item more, `s` an item less); `path!ad` the object as a
whole added or left out, whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plan.data.terraform_types_build import Sdk
from plan.export.terraform.naming import snake
from plan.export.terraform.types import mapped, shape
from tools.replacements.probe import KINDS, Found
from tools.replacements.values import Path

__all__ = ["Names", "words"]

DEPTH = 3
_ASSETS = {"code": "filename"}
"""What Pulumi hands over as an asset and Terraform by the name of a file."""


class Names:
    """Pulumi's names of a type's arguments by Terraform's path."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk

    def of(self, token: str) -> dict[Path, str]:
        to = mapped(token)
        return dict(self._below(self._sdk.inputs(token)[0], to.arguments, (), "")) if to else {}

    def unknown(self, token: str) -> set[str]:
        """Arguments that Terraform's provider does not have; all of a type that it does not have."""
        ours = set(self._sdk.inputs(token)[0])
        to = mapped(token)
        return ours if to is None else {name for name in ours if "not" in to.arguments.get(name, {})}

    def _below(
        self, types: Mapping[str, Any], entries: Mapping[str, Any], path: Path, ours: str
    ) -> Iterator[tuple[Path, str]]:
        for name, kind in types.items():
            entry = entries.get(name, {})
            if "not" in entry and name in _ASSETS:
                yield (*path, _ASSETS[name]), name
            if "not" in entry:
                continue
            here, written = (*path, entry.get("to") or snake(name)), f"{ours}.{name}" if ours else name
            yield here, written
            inner = self._sdk.element(kind)[1]
            if inner is not None and len(here) < DEPTH:
                yield from self._below(self._sdk.fields(inner)[0], shape(entry.get("of")), here, written)


def words(block: Mapping[str, Any], found: Mapping[Path, Found], names: Mapping[Path, str]) -> list[str]:
    """What forces, of the arguments that Pulumi has too; sorted."""
    return sorted(_of_block(block, found, names, ())[0])


def _of_block(
    block: Mapping[str, Any], found: Mapping[Path, Found], names: Mapping[Path, str], above: Path
) -> tuple[list[str], bool]:
    """The words, and whether every argument of the block forces whatever happens to it."""
    written, everything = [], True
    for name, spec in block.get("attributes", {}).items():
        path = (*above, name)
        if path not in found:
            continue
        word = _word(spec, found[path], nested=bool(above))
        everything &= word is not None and ":" not in word.removesuffix(
            ":u" if spec.get("required") else ":-"
        )
        if word is not None and path in names:
            written.append(names[path] + word)
    for name, spec in block.get("block_types", {}).items():
        path = (*above, name)
        if path not in found:
            continue
        below, all_of_it = _of_block(spec["block"], found, names, path)
        whole = "".join(sorted(KINDS[kind] for kind in found[path].forcing & {"add", "delete"}))
        # What must be there can neither come nor go.
        whole_forces = found[path].forcing >= {"add", "delete"} or bool(spec.get("min_items"))
        if below and all_of_it and whole_forces:
            below, whole = [names[path]] if path in names else [], ""
        elif path in names and whole:
            written.append(f"{names[path]}!{whole}")
        everything &= all_of_it and whole_forces
        written += below
    return written, everything


def _word(spec: Mapping[str, Any], found: Found, nested: bool) -> str | None:
    """What follows the path; None where no change forces."""
    if not found.forcing:
        return None
    if found.forcing < found.asked or (nested and spec.get("required")):
        return ":" + "".join(sorted(KINDS[kind] for kind in found.forcing))
    return "~" if spec.get("computed") else ""
