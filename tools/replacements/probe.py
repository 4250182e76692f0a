"""Whether a change of an argument means another resource, as the provider itself plans it.

A resource is planned with the argument set, that plan's values are taken for the resource's, and the provider is
asked for the same resource with another value, with none, and the other way round; lists also with one item more
and one less. Every other argument has what it must have: what depends on others' values is seen only where
`contexts.py` sets them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.replacements.contexts import MADE, NEEDED, TEXTS
from tools.replacements.provider import Answer, Provider, Refused, Stopped
from tools.replacements.values import (
    PAIRS,
    Pair,
    Path,
    at,
    block_at,
    completed,
    filled,
    required,
    sample,
    with_value,
    wrapped,
)

__all__ = ["KINDS", "Found", "Prober", "arguments"]

KINDS = {"add": "a", "update": "u", "delete": "d", "grow": "g", "shrink": "s"}
"""What can happen to an argument, and the letter that stands for it in the table."""

_NEVER = frozenset({"id", "timeouts", "tags_all"})


@dataclass
class Found:
    """Of one argument: what the provider was asked about, what of it forces, and what it refused to plan."""

    asked: set[str] = field(default_factory=set)
    forcing: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Argument:
    """One argument of a type, and what else a resource that has it is written with."""

    type: str
    block: Mapping[str, Any]
    path: Path
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Mapping[str, Any]:
        return block_at(self.block, self.path)

    @property
    def is_block(self) -> bool:
        return "block" in self.spec

    @property
    def is_many(self) -> bool:
        return not self.is_block and self.spec["type"][0] in ("list", "set")

    @property
    def wanted(self) -> set[str]:
        """The kinds of change that there are."""
        kinds = set() if self.is_block else {"update"}
        if not (self.spec.get("required") or self.spec.get("min_items")):
            # What is computed stays as it is when nobody writes it any more.
            kinds |= {"add"} if self.spec.get("computed") else {"add", "delete"}
        return kinds | ({"grow", "shrink"} if self.is_many else set())

    def with_it(self, values: Mapping[str, Any], value: Any, pair: Pair) -> dict[str, Any]:
        return with_value(self.block, values, self.path, value, pair)


class Prober:
    """Asks about one argument after the other; starts the provider again where it died of a question."""

    def __init__(self, start: Callable[[], Provider]) -> None:
        self._start = start
        self._provider: Provider | None = None
        self._there: dict[str, dict[str, Any]] = {}
        self.calls = 0

    def close(self) -> None:
        if self._provider is not None:
            self._provider.close()
            self._provider = None

    def ask(self, argument: Argument) -> Found:
        """What the provider does with changes of `argument`, with the first texts that it takes."""
        found = Found()
        for number, pair in enumerate(_pairs(argument)):
            if number > 1 and not found.refusals:
                # Two pairs were taken and changed nothing: without others' values nothing can be asked.
                break
            for kind, before, after in _changes(argument, pair):
                if kind not in found.asked:
                    try:
                        self._asked(argument, pair, kind, before, after, found)
                    except Refused as error:
                        found.refusals.add(str(error).partition("\n")[0][:200])
                    except Stopped as error:
                        # It would die of the like again, and every start takes a second.
                        found.refusals.add(f"stopped: {error}"[:200])
                        return found
            if found.asked >= argument.wanted:
                break
        return found

    def _asked(
        self, argument: Argument, pair: Pair, kind: str, before: Any, after: Any, found: Found
    ) -> None:
        base = {**required(argument.block, pair), **argument.context}
        there = self._made(argument, argument.with_it(base, before, pair))
        written = argument.with_it(base, after, pair)
        wanted = argument.with_it(there, after, pair)
        answer = self._plan(argument.type, there, wanted, written)
        forces = any(
            path == argument.path[: len(path)] or argument.path == path[: len(argument.path)]
            for path in answer.paths
            if path
        )
        # Where the value stays, nothing was asked: a default that was there already, spellings of one value.
        if forces or at(answer.values, argument.path) != at(there, argument.path):
            found.asked.add(kind)
        if forces:
            found.forcing.add(kind)

    def _made(self, argument: Argument, written: Mapping[str, Any]) -> dict[str, Any]:
        """The resource that comes of what is written."""
        key = argument.type + json.dumps(written, sort_keys=True)
        if key not in self._there:
            made = filled(self._plan(argument.type, None, written, written).values, argument.block)
            self._there = {**dict(list(self._there.items())[-7:]), key: made}
            made.update(MADE.get(argument.type, {}), **({"id": "a"} if "id" in made else {}))
        return self._there[key]

    def _plan(self, type: str, *values: Any) -> Answer:
        self.calls += 1
        if self._provider is None:
            self._provider = self._start()
        try:
            return self._provider.plan(type, *values)
        except Stopped:
            self.close()
            raise


def _pairs(argument: Argument) -> Iterator[Pair]:
    """Each pair of texts both ways round, as far as texts matter."""
    if (own := TEXTS.get((argument.type, argument.path[-1]))) is not None:
        yield from (own, own[::-1])
        return
    texts = not argument.is_block and "string" in str(argument.spec["type"])
    for one, other in PAIRS if texts else PAIRS[:2]:
        yield one, other
        if not texts:
            yield other, one


def _changes(argument: Argument, pair: Pair) -> Iterator[tuple[str, Any, Any]]:
    """Kind, value before, value after."""
    spec, wanted = argument.spec, argument.wanted
    if argument.is_block:
        one: Any = wrapped(spec, required(spec["block"], pair))
        other: Any = one
        none: Any = None if spec["nesting_mode"] == "single" else {} if spec["nesting_mode"] == "map" else []
    else:
        turned = pair[0] > pair[1]
        one, other, none = (
            sample(spec["type"], int(turned), pair),
            sample(spec["type"], int(not turned), pair),
            None,
        )
    for kind, before, after in (
        ("update", one, other), ("add", none, other), ("delete", one, none),
        ("grow", one, [*one, *other] if argument.is_many else one),
        ("shrink", [*one, *other] if argument.is_many else one, one),
    ):  # fmt: skip
        if kind in wanted:
            yield kind, before, after


def arguments(
    type: str, block: Mapping[str, Any], depth: int, context: Mapping[str, Any] | None = None
) -> Iterator[Argument]:
    """Everything of a type that can be written, in nested blocks down to `depth`."""
    written = completed(block, {**NEEDED.get(type, {}), **(context or {})})
    for path in _paths(block, depth):
        if path[0] not in _NEVER:
            yield Argument(type, block, path, written)


def _paths(block: Mapping[str, Any], depth: int, above: Path = ()) -> Iterator[Path]:
    for name, spec in block.get("attributes", {}).items():
        if spec.get("required") or spec.get("optional"):
            yield (*above, name)
    for name, spec in block.get("block_types", {}).items():
        yield (*above, name)
        if depth > 1:
            yield from _paths(spec["block"], depth - 1, (*above, name))
