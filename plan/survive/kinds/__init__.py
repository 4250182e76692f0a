"""One function per kind of store; importing this package registers them all."""

from plan.survive.kinds import databases, experiments, objects, others, pipelines, registries

__all__ = ["databases", "experiments", "objects", "others", "pipelines", "registries"]
