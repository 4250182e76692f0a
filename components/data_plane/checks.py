"""Mistakes in a section of the data plane that only the environment shows, by the section's name."""

from typing import Any, Callable, Dict, Sequence

from components.data_plane.surroundings import Surroundings
from problems import Problem

__all__ = ["CHECKS", "Check"]

Check = Callable[[Any, Surroundings], Sequence[Problem]]
"""(settings, surroundings): every mistake with its path below the section; `place` is left to the caller."""

CHECKS: Dict[str, Check] = {}
