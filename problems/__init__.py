"""What is wrong with an input, said so that a person can mend it.

Every room raises `InputError` with all the problems it found, not the first only; the command line
shows them and exits 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["InputError", "Missing", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands, what was found there, why that is wrong, and the way out.

    `place` is `file`, `file:line` or `file:line:column`; `path` is the dotted path inside the
    document (`regions[1].network.cidr`), empty where there is none.
    """

    place: str
    path: str
    got: str
    but: str
    fix: str

    def __str__(self) -> str:
        head = "  ".join(part for part in (self.place, self.path) if part)
        rows = (("got", self.got), ("but", self.but), ("fix", self.fix))
        return "\n".join([head, *(f"  {name}      {text}" for name, text in rows if text)])


class InputError(Exception):
    """The input is wrong (exit code 1). `undone` says what therefore did not happen."""

    def __init__(self, problems: Sequence[Problem], undone: str = "nothing was planned") -> None:
        self.problems = tuple(problems)
        self.undone = undone
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __str__(self) -> str:
        count = len(self.problems)
        tail = f"{count} problem{'' if count == 1 else 's'}, {self.undone}"
        return "\n".join([*(str(problem) for problem in self.problems), tail])


class Missing(Exception):
    """Something needed is not installed or not reachable (exit code 4); the text says how to get it."""
