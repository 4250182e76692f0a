"""Exit codes: a contract that other people's pipelines rely on."""

from __future__ import annotations

import enum
from collections.abc import Sequence

__all__ = ["Exit", "GateNotHeld"]


class Exit(enum.IntEnum):
    """What the process says of itself when it ends."""

    DONE = 0
    """Done, and every gate asked for holds."""
    INPUT = 1
    """The input is wrong: one message, nothing half-written."""
    USAGE = 2
    """The command line is wrong."""
    GATE = 3
    """A gate does not hold: a rule, a budget, survival, an unpriced resource."""
    MISSING = 4
    """Something needed is not there; the message says how to get it."""
    DEFECT = 70
    """A defect of ours; a report was written."""
    INTERRUPTED = 130


class GateNotHeld(Exception):
    """Gates that were asked for and do not hold; raised after the output was written."""

    def __init__(self, gates: Sequence[str]) -> None:
        self.gates = tuple(gates)
        super().__init__("\n".join(f"gate  {gate}" for gate in self.gates))
