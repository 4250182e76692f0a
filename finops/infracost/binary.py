"""Where Infracost is, and whether it is a version that this project can read.

Only the line 0.10 takes a Terraform plan document. Version 2 is another program under the same name: it
reads folders of Terraform alone, has no usage file, and always asks its maker's service.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from finops.infracost import child
from problems import Missing

__all__ = ["HOW", "checked", "find"]

BUILT = Path(__file__).parents[2] / ".tools" / "infracost"
"""Where `make tools` of a clone puts it."""
HOW = "install Infracost 0.10 so that `infracost` is found, or run `make tools` in a clone of this project"
_VERSION = re.compile(r"Infracost v(\d+)\.(\d+)\.(\d+)\b")
_SECONDS = 30.0
_LARGEST = 2**20


def find() -> str | None:
    """Path of Infracost: the one on PATH, else the one that this project built; None where there is neither."""
    return shutil.which("infracost") or (str(BUILT) if BUILT.exists() else None)


def checked(command: str | None, environment: dict[str, str], folder: Path) -> str:
    """The version of `command`, run with `environment` in `folder`.

    Raises `Missing` where there is no Infracost, it does not start, or it is not of the line 0.10.
    """
    if command is None:
        raise Missing(f"Infracost is not installed: {HOW}")
    words = folder / "version"
    try:
        child.run(
            [command, "--version"], folder, environment, words, seconds=_SECONDS, limits={words: _LARGEST}
        )
    except child.TooLong:
        raise Missing(f"{command} did not tell its version within {_SECONDS:.0f} seconds: {HOW}") from None
    except child.TooMuch:
        raise Missing(
            f"{command} is no Infracost that is known here: asked for its version, it did not stop writing; {HOW}"
        ) from None
    except OSError as error:
        raise Missing(f"{command} cannot be started: {error.strerror}; {HOW}") from None
    said = words.read_text(encoding="utf-8", errors="replace")
    found = _VERSION.search(said)
    if found is None:
        first = (said.strip().splitlines() or ["nothing"])[0][:80]
        raise Missing(
            f"{command} is no Infracost that is known here: asked for its version, it said {first!r}; {HOW}"
        )
    version = ".".join(found.groups())
    if int(found[1]) >= 2:
        raise Missing(
            f"Infracost {version} cannot read a plan: since version 2 it takes folders of Terraform only, no plan "
            f"document and no usage file; {HOW}"
        )
    if found.group(1, 2) != ("0", "10"):
        raise Missing(f"Infracost {version} is not known here, only 0.10 is: {HOW}")
    return version
