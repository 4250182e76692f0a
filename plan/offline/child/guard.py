"""Limits of this process: memory, file sizes, network, and no files written beside the program's."""

from __future__ import annotations

import errno
import importlib.machinery
import ipaddress
import os
import resource
import sys
from typing import Any

MEBIBYTE = 1 << 20
_FILE_SIZE = 256 * MEBIBYTE
_RESERVE = 256 * MEBIBYTE
"""Kept back from the program, for reporting that its memory is used up."""


class NetworkRefused(OSError):
    """The program opened a connection while it was planned."""

    def __init__(self, target: str) -> None:
        super().__init__(errno.ENETUNREACH, f"no network during an offline plan: connection to {target}")
        self.target = target


def limit_resources(memory_mib: int) -> None:
    """Caps data memory and file sizes of this process and its children."""
    wanted = memory_mib * MEBIBYTE
    _lower(resource.RLIMIT_DATA, max(wanted - _RESERVE, wanted // 2), wanted)
    _lower(resource.RLIMIT_FSIZE, _FILE_SIZE, _FILE_SIZE)
    _lower(resource.RLIMIT_CORE, 0, 0)


def release_reserve() -> None:
    """Gives back the reserve, once the program has used up the rest."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _lower(which: int, soft: int, hard: int) -> None:
    present = resource.getrlimit(which)[1]
    if present != resource.RLIM_INFINITY:
        soft, hard = min(soft, present), min(hard, present)
    resource.setrlimit(which, (soft, hard))


def refuse_network() -> None:
    """Refuses every connection and look-up beyond this machine, from Python code of this process.

    Transforms need the loopback: the SDK serves its callbacks there.
    """
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1] if len(arguments) > 1 else None
        if address is not None and not _is_local(address):
            raise NetworkRefused(_shown(address))
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        if host is not None and not _is_local((host, 0)):
            raise NetworkRefused(_shown((host, arguments[1])))
    elif event in ("socket.gethostbyname", "socket.gethostbyaddr") and not _is_local((arguments[0], 0)):
        raise NetworkRefused(_shown((arguments[0], "")))


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple) or not address:
        return False  # a Unix socket leads to services of this machine: a Docker daemon, a key agent
    host = address[0]
    if isinstance(host, bytes):
        host = host.decode("utf-8", "replace")
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _shown(address: Any) -> str:
    if isinstance(address, tuple):
        return ":".join(str(part) for part in address[:2] if part not in (None, "", 0))
    return "a local socket"


def leave_folder_clean(folder: str) -> None:
    """Keeps Python from writing bytecode into the project: a plan changes nothing there.

    Bytecode of installed packages is still written; without it every plan pays for compiling the SDKs.
    """
    root = os.path.realpath(folder) + os.sep
    write = importlib.machinery.SourceFileLoader.set_data

    def set_data(self: Any, path: str, data: Any, **rest: Any) -> None:
        real = os.path.realpath(path)
        if not real.startswith(root) or f"{os.sep}site-packages{os.sep}" in real:
            write(self, path, data, **rest)

    importlib.machinery.SourceFileLoader.set_data = set_data  # type: ignore[method-assign]
