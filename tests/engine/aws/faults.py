"""Trouble on request: which fault strikes an operation, and how a provider meets it."""

from __future__ import annotations

import fnmatch
import time

from .world import Fault, World

ATTEMPTS = 5
"""How often a throttled operation is tried."""
FIRST_WAIT = 0.02
"""Seconds before the second attempt; each later one waits twice as long."""


class Refused(Exception):
    """An operation that the cloud did not do; the text is the service's."""


def due(world: World, region: str, type: str, operation: str) -> Fault | None:
    """The first fault that strikes now, used up by one."""
    if not world.faults:
        return None
    with world.transaction() as tables:
        rows = tables.execute(
            "select number, kind, region, type, times, operation, reason from faults order by number"
        )
        for number, *values in rows.fetchall():
            fault = Fault(*values)
            if not _meant(fault, region, type, operation):
                continue
            if fault.times is not None:
                tables.execute("update faults set times = times - 1 where number = ?", [number])
                tables.execute("delete from faults where number = ? and times <= 0", [number])
            return fault
    return None


def _meant(fault: Fault, region: str, type: str, operation: str) -> bool:
    return (
        fnmatch.fnmatchcase(region, fault.region)
        and fnmatch.fnmatchcase(type, fault.type)
        and (operation == fault.operation or fault.operation == "*")
        and (operation == "create" or fault.kind not in ("half-create", "lost"))
    )


def meet(world: World, region: str, type: str, operation: str) -> Fault | None:
    """Before an operation: fail, or try again while throttled, as the faults will have it.

    The fault that strikes after a creation ("half-create", "lost") comes back. Raises `Refused`.
    """
    what = f"{type.rpartition(':')[2]}: {operation} in {region}"
    for attempt in range(ATTEMPTS):
        fault = due(world, region, type, operation)
        if fault is None or fault.kind in ("half-create", "lost"):
            return fault
        if fault.kind == "refuse":
            raise Refused(
                fault.reason
                or f"{what}: operation error, https response error StatusCode: 403, api error AccessDeniedException: "
                "User is not authorized to perform this action"
            )
        if fault.kind == "timeout":
            time.sleep(FIRST_WAIT)
            raise Refused(
                fault.reason
                or f"{what}: request send failed, context deadline exceeded (timeout while waiting)"
            )
        if attempt + 1 < ATTEMPTS:
            time.sleep(FIRST_WAIT * 2**attempt)
    raise Refused(
        f"{what}: operation error, exceeded maximum number of attempts, {ATTEMPTS}, "
        "api error ThrottlingException: Rate exceeded"
    )
