"""Virtual environments of other people's Python programs, whose dependencies do not go with the project's.

Each has a lock with hashes, `requirements/clients-<client>.txt`, made by `make lock` from the `.in` file
beside it. An environment is named after what is in its lock, so it is made once on a machine, and again
only when the lock changes. Nothing of it is part of the project's own `.venv`.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["python"]

ROOT = Path(__file__).parents[2]
CACHE = Path.home() / ".cache" / "tradewind" / "clients"
SECONDS = 900
WHOLE = "whole"


def python(client: str) -> Path:
    """The interpreter of the environment that `requirements/clients-<client>.txt` describes.

    Installs it where it is not there yet, which takes minutes and the package index. Raises
    `FileNotFoundError` without a lock or without uv, `RuntimeError` with uv's words where it fails.
    """
    lock = ROOT / "requirements" / f"clients-{client}.txt"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = CACHE / f"{client}-{digest}"
    found = folder / "bin" / "python"
    if not (folder / WHOLE).exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with _alone(CACHE / f"{client}-{digest}.lock"):
            if not (folder / WHOLE).exists():
                _make(folder, lock)
    return found


def _make(folder: Path, lock: Path) -> None:
    """Its scripts name it by path, so it is made where it stays; the last file in it says it is whole."""
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--quiet", "--python", sys.executable, str(folder))
    target = ("--python", str(folder / "bin" / "python"))
    _uv("pip", "install", "--quiet", *target, "--require-hashes", "--no-deps", "-r", str(lock))
    # As for the project's own: without compiled modules every start of a client compiles again.
    subprocess.run(
        [str(folder / "bin" / "python"), "-m", "compileall", "-q", "-j", "0", str(folder / "lib")],
        check=False,
        capture_output=True,
        timeout=SECONDS,
    )
    (folder / WHOLE).touch()


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise FileNotFoundError("uv is neither on the PATH nor in .venv/bin: run `make setup`")
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"uv {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Several test processes may want the same environment at once: the others wait for the first."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
