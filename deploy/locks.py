"""Who has locked a stack: read from the backend, as the engine has no command that tells.

Backends that are folders or buckets keep a lock as a JSON file, which an engine that is killed leaves
behind. Of other backends nothing is known here; they notice by themselves.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from deploy.cloud import asking, session
from deploy.location import backend_of
from deploy.stack import CellStack

__all__ = ["Lock", "is_running", "locks_of"]


@dataclass(frozen=True, slots=True)
class Lock:
    """`since` is an ISO time; `alive` whether the process still runs, None where this machine cannot tell."""

    user: str
    host: str
    process: int
    since: str
    alive: bool | None

    def __str__(self) -> str:
        known = {True: "which is running", False: "which has ended", None: "on another machine"}
        return f"{self.user}@{self.host}, process {self.process} ({known[self.alive]}), since {self.since}"


def locks_of(stack: CellStack, project: str) -> tuple[Lock, ...]:
    """The locks on `stack` of the project called `project`, the oldest first.

    Raises `Missing` when a bucket cannot be asked for want of boto3 or credentials.
    """
    found = [_lock(text) for text in _files(stack, f".pulumi/locks/organization/{project}/{stack.stack}/")]
    return tuple(sorted(found, key=lambda lock: lock.since))


def is_running(host: str, process: int) -> bool | None:
    """Whether the process of that id on `host` runs; None for another machine."""
    if host != socket.gethostname():
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _files(stack: CellStack, prefix: str) -> Iterator[str]:
    backend = urlsplit(backend_of(stack))
    if backend.scheme == "file":
        folder = Path(f"{backend.netloc}{backend.path}").expanduser() / prefix
        # A half-written lock has another ending, and keeps the engine out as well.
        for path in sorted(path for path in folder.glob("*") if path.suffix != ".attrs"):
            with contextlib.suppress(OSError):  # released meanwhile
                yield path.read_text(encoding="utf-8")
    elif backend.scheme == "s3":
        query = {key: values[-1] for key, values in parse_qs(backend.query).items()}
        own = session(query.get("region", ""), query.get("profile", ""))
        with asking(f"locks in {backend.netloc}"):
            store = own.client("s3", endpoint_url=query.get("endpoint") or None)
            within = f"{backend.path.strip('/')}/{prefix}".lstrip("/")
            rows = store.list_objects_v2(Bucket=backend.netloc, Prefix=within).get("Contents", [])
            for row in rows:
                yield store.get_object(Bucket=backend.netloc, Key=row["Key"])["Body"].read().decode()


def _lock(text: str) -> Lock:
    try:
        row: dict[str, Any] = json.loads(text)
        host, process = str(row["hostname"]), int(row["pid"])
        since = dt.datetime.fromisoformat(str(row["timestamp"])[:19]).isoformat(timespec="seconds")
        return Lock(str(row["username"]), host, process, since, is_running(host, process))
    except (ValueError, KeyError, TypeError):
        return Lock("unknown", "unknown", 0, "", alive=False)  # torn: its engine ended while it wrote it
