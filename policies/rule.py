"""What a rule is, and the registry that every rule enters by being declared.

A rule is one small function over a `policies.view.View`: it yields what is wrong as the predicate of a
sentence whose subject is the resource ("allows 0.0.0.0/0 on port 22"). The same function serves a graph
(`policies.check`) and a CrossGuard pack (`policies/__main__.py`).
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from policies.view import View

__all__ = ["ANY_TYPE", "Breach", "Evaluate", "Level", "Rule", "Scope", "Severity", "all_rules", "rule"]

Severity: TypeAlias = Literal["critical", "high", "medium", "low"]
"""How bad it is when the rule is broken; the order of this list is the order of reports."""

Level: TypeAlias = Literal["mandatory", "advisory"]
"""Whether a deployment may go on: mandatory for security and data loss, advisory for cost and style."""

Scope: TypeAlias = Literal["resource", "stack", "graph"]
"""What a rule must see: one resource, also the resources around it, or also which values are secrets.

A CrossGuard pack is handed secrets as plain text, so rules about secrets run over a graph only."""

Reads: TypeAlias = Literal["environment_class", "residency", "tags"]
"""A part of the configuration that a rule works with."""

ANY_TYPE = "*"
"""In `types`: every managed resource of AWS and Kubernetes."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Breach:
    """One way in which a resource breaks a rule, where the rule's own `fix` is too general."""

    text: str
    fix: str


Evaluate: TypeAlias = "Callable[[View], Iterable[str | Breach]]"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as declared: `rationale` says why it exists, `fix` which property to set to what.

    `frameworks` are controls of published catalogues (`CIS AWS 3.0 2.1.4`) that it serves.
    """

    id: str
    types: frozenset[str]
    severity: Severity
    level: Level
    rationale: str
    fix: str
    evaluate: Evaluate
    scope: Scope = "resource"
    reads: tuple[Reads, ...] = ()
    frameworks: tuple[str, ...] = ()


_REGISTRY: dict[str, Rule] = {}


def rule(
    *,
    id: str,
    types: Iterable[str],
    severity: Severity,
    level: Level,
    rationale: str,
    fix: str,
    scope: Scope = "resource",
    reads: tuple[Reads, ...] = (),
    frameworks: tuple[str, ...] = (),
) -> Callable[[Evaluate], Evaluate]:
    """Declare the decorated function as a rule.

    Raises `ValueError` when the id is taken or is not kebab-case, or when `types` is empty: these are
    mistakes of whoever writes a rule, found when the module is imported.
    """

    def declare(evaluate: Evaluate) -> Evaluate:
        if not _ID.fullmatch(id):
            raise ValueError(f"rule id {id!r} is not kebab-case")
        if id in _REGISTRY and _REGISTRY[id].evaluate.__qualname__ != evaluate.__qualname__:
            raise ValueError(f"two rules with the id {id!r}")
        if not (kinds := frozenset(types)):
            raise ValueError(f"rule {id!r} names no types")
        _REGISTRY[id] = Rule(id, kinds, severity, level, rationale, fix, evaluate, scope, reads, frameworks)
        return evaluate

    return declare


def all_rules() -> tuple[Rule, ...]:
    """Every rule of the modules in `policies/rules`, by id."""
    return tuple(_REGISTRY[id] for id in sorted(_loaded()))


def _loaded() -> Iterator[str]:
    import policies.rules

    for module in pkgutil.iter_modules(policies.rules.__path__):
        importlib.import_module(f"policies.rules.{module.name}")
    yield from _REGISTRY
