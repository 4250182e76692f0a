"""Ways round what costs the SDK time and serves nobody here: one program, one thread, one run.

Each takes effect only where the installed SDK has what it replaces.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from typing import Any

import pulumi.log
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import settings
from pulumi.runtime import stack as sdk_stack
from pulumi.runtime.proto import source_pb2

from .monitor import OWN_FRAME
from .places import Places


def cheap_stack_traces(places: Places, sources: dict[tuple[str, str], str]) -> None:
    """Finds the program's line by walking frames; the SDK reads all of them, with their source text.

    `sources` gets the line by type and name at once, for errors that come before the registration.
    """
    if not hasattr(sdk_resource, "_get_stack_trace"):
        return

    def stack_trace() -> Any:
        frame = sys._getframe(1)
        values = frame.f_locals
        place = places.of_stack(frame, values.get("res"))
        sources[values.get("ty", ""), values.get("name", "")] = place
        return source_pb2.StackTrace(
            frames=[source_pb2.StackFrame(pc=source_pb2.SourcePosition(uri=OWN_FRAME + place))]
        )

    sdk_resource._get_stack_trace = stack_trace


def drop_debug_log() -> None:
    """Debug messages are several for each resource, and nobody reads them here."""
    pulumi.log.debug = lambda *args, **kwargs: None


def plain_settings() -> None:
    """Settings as plain attributes: they are looked up 250 times for each resource.

    The SDK keeps them in context variables, for several programs in one process.
    """
    known = settings.SETTINGS
    kind = type(known)
    context = [name for name, value in vars(kind).items() if type(value).__name__ == "contextproperty"]
    values = {name: getattr(known, name) for name in context}
    known.__class__ = type("PlainSettings", (kind,), values)


def wait_for_all() -> None:
    """Waits for all outputs at once, not for each in turn, which looks through all of them every time.

    An exception still ends the wait at once.
    """
    if hasattr(sdk_stack, "asyncio"):
        sdk_stack.asyncio = _PatientAsyncio()


class _PatientAsyncio:
    """`asyncio` for the SDK's drain loop: `wait` ends with all or with the first exception."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Iterable[Any], *, return_when: str) -> Any:
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
