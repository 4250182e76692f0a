"""Running the program on the SDK's own runtime, in this thread, with the monitor in process.

Deterministic: remote calls are answered on the spot and in order. Garbage collection is off: nearly all
of the objects live until the end, and looking through them takes two thirds of the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import runpy
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime import settings
from pulumi.runtime._callbacks import _CallbackServicer

from . import shortcuts
from .monitor import Monitor

_PLAIN: contextvars.ContextVar[bool] = contextvars.ContextVar("tradewind_plain_invoke", default=False)


class Inline(ThreadPoolExecutor):
    """An executor that calls at once; a coroutine in the answer becomes a task of the running loop."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            future.set_exception(error)
            return future
        # The SDK's own wrappers return a pair, the second part of which is an error.
        first = result[0] if isinstance(result, tuple) and result else result
        if not asyncio.iscoroutine(first):
            future.set_result(result)
            return future

        def done(task: asyncio.Task[Any]) -> None:
            if task.cancelled():
                future.cancel()
            elif error := task.exception():
                future.set_exception(error)
            else:
                future.set_result(
                    (task.result(), *result[1:]) if isinstance(result, tuple) else task.result()
                )

        asyncio.get_running_loop().create_task(first).add_done_callback(done)
        return future


def is_plain_invoke() -> bool:
    """Whether the data source at hand was called in its plain form, which cannot be unknown."""
    return _PLAIN.get()


def tell_plain_invokes() -> None:
    """Marks plain calls of data sources: on the wire they look like the output form."""
    for name in ("invoke", "invoke_single"):
        if original := getattr(pulumi.runtime, name, None):
            setattr(pulumi.runtime, name, _marked(original))
    if original := getattr(pulumi.runtime, "invoke_async", None):
        pulumi.runtime.invoke_async = _marked_async(original)


def _marked(original: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(*args: Any, **kwargs: Any) -> Any:
        token = _PLAIN.set(True)
        try:
            return original(*args, **kwargs)
        finally:
            _PLAIN.reset(token)

    return invoke


def _marked_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def invoke_async(*args: Any, **kwargs: Any) -> Any:
        token = _PLAIN.set(True)
        try:
            return await original(*args, **kwargs)
        finally:
            _PLAIN.reset(token)

    return invoke_async


async def _run_callback(token: str, message: bytes) -> bytes:
    """Calls a transform of the program without the round trip through its callback server."""
    for servicer in _CallbackServicer._servicers:
        if token in servicer._callbacks:
            return bytes((await servicer._callbacks[token](message)).SerializeToString())
    raise LookupError(f"there is no callback {token}")


def run_program(
    program: str, monitor: Monitor, *, config: dict[str, str], secret_keys: list[str], root: str
) -> BaseException | None:
    """Runs the file or folder `program` to its end; what it raised, or None.

    A program that calls `sys.exit()` or `sys.exit(0)` has ended well.
    """
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    shortcuts.drop_debug_log()
    shortcuts.wait_for_all()
    shortcuts.remember_types()
    shortcuts.tell_empty_functions_by_length()
    shortcuts.know_plain_values()
    monitor.run_callback = _run_callback
    failed: list[BaseException] = []

    def body() -> None:
        settings.ROOT.set(None)
        known = settings.Settings.__init__.__code__.co_varnames
        extra: dict[str, Any] = {"root_directory": root} if "root_directory" in known else {}
        settings.configure(
            settings.Settings(
                project=monitor.project, stack=monitor.stack, organization=monitor.organization,
                monitor=monitor, engine=monitor, dry_run=True, **extra,
            )
        )  # fmt: skip
        shortcuts.plain_settings()
        pulumi.runtime.set_all_config(config, secret_keys)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.set_default_executor(Inline(1))
        try:
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: execute(program)))
        except SystemExit as stop:
            if stop.code not in (None, 0):
                failed.append(stop)
        except BaseException as error:  # noqa: BLE001 - whatever the program raised is its outcome
            failed.append(error)

    gc.disable()
    with contextlib.suppress(RuntimeError):
        contextvars.copy_context().run(body)
    return failed[0] if failed else None


def execute(program: str) -> None:
    """The program's own run; its frame in a traceback tells that the exception came out of it."""
    runpy.run_path(program, run_name="__main__")
