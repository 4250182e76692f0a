"""What the engine says while it works, gathered into one record of a stack's run.

`Record` is fed the engine's events, one after the other and from any thread; what it has at the end goes
into an `Outcome`. Nothing here imports Pulumi: an event is read by its attributes.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Failure", "Outcome", "Progress", "Record", "Step", "Violation"]

# The engine marks colours in its messages.
_MARKUP = re.compile(r"<\{%.*?%\}>")
# How the engine found its plugins is for `tradewind doctor`.
_NOISE = re.compile(r"using \S+ from \$PATH at ")
_FIX = "Fix: "
_QUIET = frozenset({"same", "read", "refresh"})


@dataclass(frozen=True, slots=True)
class Step:
    """What the engine did, or would do, to one resource; `op` under the engine's name."""

    op: str
    urn: str
    type: str
    changed: tuple[str, ...] = ()
    """Properties that differ."""
    replaces: tuple[str, ...] = ()
    """Properties whose change forces a replacement."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a policy pack found broken. `urn` is empty for a rule over the whole stack."""

    rule: str
    level: str
    message: str
    urn: str = ""
    pack: str = ""

    @property
    def undetermined(self) -> bool:
        """Whether the rule could not be judged, because a preview does not know what it looks at."""
        return self.message.startswith("can't run policy")

    @property
    def is_broken(self) -> bool:
        """Whether a rule that must hold is broken."""
        return self.level == "mandatory" and not self.undetermined

    @property
    def said(self) -> str:
        """What is wrong, without the rule's description, which the engine puts before it."""
        first, *rest = self.message.splitlines() or [""]
        return " ".join(line for line in rest if not line.startswith(_FIX)) or first

    @property
    def fix(self) -> str:
        """How to mend it, as this project's rules say; "" for those that do not."""
        lines = self.message.splitlines()
        return next((line.removeprefix(_FIX) for line in lines if line.startswith(_FIX)), "")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed; `urn` is the resource, where it was one.

    `place` is `file:line` in the program where that is known, `fix` the way out. `missing` marks what
    only this machine lacks: a credential, a plugin, a passphrase.
    """

    message: str
    urn: str = ""
    place: str = ""
    fix: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run of one stack ended.

    `result` is "succeeded", "failed", "interrupted" (it was asked to stop), or "not run" (a wave before it
    did not succeed). `counts` says how many resources saw which operation, `seconds` how long it took.
    """

    stack: str
    cell: str
    result: str
    counts: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    violations: tuple[Violation, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Failure, ...] = ()
    seconds: float = 0.0

    @property
    def succeeded(self) -> bool:
        return self.result == "succeeded"

    @property
    def changes(self) -> int:
        """Resources that are not left as they are."""
        return sum(count for op, count in self.counts.items() if op not in _QUIET)

    @property
    def broken(self) -> tuple[Violation, ...]:
        """The rules that had to hold and did not."""
        return tuple(violation for violation in self.violations if violation.is_broken)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run of a stack stands: resources begun and done so far, and the one in hand."""

    stack: str
    done: int
    begun: int
    op: str = ""
    urn: str = ""
    type: str = ""


class Record:
    """Gathers the events of one run. `tell` hears of every change."""

    def __init__(self, stack: str, tell: Callable[[Progress], None] | None = None) -> None:
        self.stack = stack
        self.violations: dict[Violation, None] = {}
        self.failures: dict[Failure, None] = {}
        self.warnings: dict[Failure, None] = {}
        self.summary: dict[str, int] = {}
        self._tell = tell
        self._begun = 0
        # By operation and URN: a component is told as ended again when its outputs are known.
        self._ended: dict[tuple[str, str], Step] = {}
        self._done: set[str] = set()
        self._lock = threading.Lock()

    def hear(self, event: Any) -> None:
        """Take in one `pulumi.automation` engine event."""
        with self._lock:
            if event.resource_pre_event:
                self._begin(event.resource_pre_event.metadata)
            elif event.res_outputs_event:
                self._end(event.res_outputs_event.metadata)
            elif event.diagnostic_event:
                self._diagnostic(event.diagnostic_event)
            elif event.policy_event:
                self._policy(event.policy_event)
            elif event.summary_event:
                changes = event.summary_event.resource_changes or {}
                self.summary = {_text(op): count for op, count in changes.items()}

    @property
    def counts(self) -> dict[str, int]:
        """Operations and how many resources saw them: the engine's own count, or ours where it broke off."""
        return self.summary or dict(Counter(op for op, _ in self._ended))

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done, or would be: what was begun and failed is not among it."""
        return tuple(self._ended.values())

    def _begin(self, metadata: Any) -> None:
        self._begun += 1
        self._say(metadata)

    def _end(self, metadata: Any) -> None:
        op = _text(metadata.op)
        replaces = tuple(metadata.keys or ())
        changed = tuple(sorted(metadata.detailed_diff or metadata.diffs or ()))
        self._ended.setdefault((op, metadata.urn), Step(op, metadata.urn, metadata.type, changed, replaces))
        self._done.add(metadata.urn)
        self._say(metadata)

    def _say(self, metadata: Any) -> None:
        if self._tell:
            op, done = _text(metadata.op), len(self._done)
            self._tell(Progress(self.stack, done, self._begun, op, metadata.urn, metadata.type))

    def _diagnostic(self, event: Any) -> None:
        if event.ephemeral or event.severity not in ("error", "warning"):
            return
        message = _MARKUP.sub("", event.message).strip()
        message = re.sub(r"^(error|warning): ", "", message)
        kept = self.failures if event.severity == "error" else self.warnings
        if message and not _NOISE.match(message):
            kept[Failure(message, event.urn or "")] = None

    def _policy(self, event: Any) -> None:
        message = _MARKUP.sub("", event.message).strip()
        found = Violation(
            event.policy_name, event.enforcement_level, message, event.resource_urn or "", event.policy_pack_name
        )  # fmt: skip
        self.violations[found] = None


def _text(op: Any) -> str:
    return str(getattr(op, "value", op))
