"""Ways round what costs the SDK time and serves nobody here: one program, one thread, one run.

Each takes effect only where the installed SDK has what it replaces.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Collection
from typing import Any

import pulumi.log
from pulumi import _types as sdk_types
from pulumi import _utils as sdk_utils
from pulumi import output as sdk_output
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
    context = [name for name, value in vars(kind).items() if type(value).__name__ == "ContextProperty"]
    values = {name: getattr(known, name) for name in context}
    known.__class__ = type("PlainSettings", (kind,), values)


def remember_types() -> None:
    """What a type comes to is worked out once for each type, not once for each value of it."""
    for name in ("unwrap_type", "unwrap_optional_type", "_is_optional_type", "_is_union_type"):
        if original := getattr(sdk_types, name, None):
            setattr(sdk_types, name, _remembered(original))


def _remembered(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    remembered = functools.cache(original)

    def answer(kind: Any) -> Any:
        try:
            return remembered(kind)
        except TypeError:  # a kind that cannot be hashed
            return original(kind)

    return answer


def tell_empty_functions_by_length() -> None:
    """The SDK compares the constants of each of a provider's thousands of properties with an empty one's."""
    empty = getattr(sdk_utils, "is_empty_function", None)
    if not empty:
        return
    shapes = [value for name, value in vars(sdk_utils).items() if name.startswith("_empty")]
    longest = max((len(shape.__code__.co_code) for shape in shapes), default=0)
    if longest:
        sdk_utils.is_empty_function = lambda fn: len(fn.__code__.co_code) <= longest and empty(fn)


def know_plain_values() -> None:
    """Most outputs are a text or a number, which need not be searched for unknowns."""
    if not (search := getattr(sdk_output, "contains_unknowns", None)):
        return
    plain = frozenset({str, bool, int, float, type(None)})

    def contains_unknowns(val: Any) -> bool:
        return type(val) not in plain and bool(search(val))

    sdk_output.contains_unknowns = contains_unknowns


def wait_for_all() -> None:
    """Waits for all outputs at once, at the end.

    The SDK waits for each in turn and looks through all of them every time, for which it has every
    output take itself off the list: a third of what the event loop does. Here they stay on it; an
    exception still ends the wait at once.
    """
    if hasattr(sdk_stack, "asyncio"):
        sdk_stack.asyncio = _PatientAsyncio()
        if hasattr(sdk_output.Output, "_track"):
            sdk_output.Output._track = _listed  # type: ignore[assignment,method-assign]


def _listed(output: Any) -> None:
    settings.SETTINGS.outputs.add(output._data)


class _PatientAsyncio:
    """`asyncio` for the SDK's drain loop: `wait` ends with all or with the first exception."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Collection[Any], *, return_when: str) -> Any:
        pending = [task for task in tasks if not task.done()]
        if pending:
            await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        return [task for task in tasks if task.done()], [task for task in pending if not task.done()]
