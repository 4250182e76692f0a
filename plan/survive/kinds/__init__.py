"""One function per kind of store; importing this package registers them all."""

from plan.survive.kinds import databases, objects, others

__all__ = ["databases", "objects", "others"]
