"""Mistakes in a section of the data plane that only the environment shows, by the section's name."""

from typing import Any, Callable, Dict, Sequence

from components.container_registry import check as container_registry
from components.data_plane.surroundings import Surroundings
from components.data_versioning import check as data_versioning
from components.experiment_tracking import check as experiment_tracking
from components.model_registry import check as model_registry
from components.pipelines import check as pipelines
from problems import Problem

__all__ = ["CHECKS", "Check"]

Check = Callable[[Any, Surroundings], Sequence[Problem]]
"""(settings, surroundings): every mistake with its path below the section; `place` is left to the caller."""

CHECKS: Dict[str, Check] = {
    "container_registry": container_registry.problems_of,
    "data_versioning": data_versioning.problems_of,
    "experiment_tracking": experiment_tracking.problems_of,
    "model_registry": model_registry.problems_of,
    "pipelines": pipelines.problems_of,
}
