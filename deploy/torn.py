"""Files that an engine was killed in the middle of writing, in a backend that is a folder.

Beside every file of such a backend the engine keeps a note, `<file>.attrs`, with a checksum and a content
type. It writes the file itself so that it is whole or not there, but not the note: one that is torn makes
the whole stack unreadable ("failed to load checkpoint: EOF"), although the state beside it is sound. The
engine does without notes, so a torn one may be taken away. With `?metadata=skip` in the backend's URL it
writes none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from deploy.location import backend_of
from deploy.stack import CellStack

__all__ = ["torn_notes"]


def torn_notes(stack: CellStack, project: str) -> tuple[Path, ...]:
    """The torn notes that keep the engine from reading `stack` of the project called `project`."""
    backend = urlsplit(backend_of(stack))
    if backend.scheme != "file":
        return ()
    folder = Path(f"{backend.netloc}{backend.path}").expanduser() / ".pulumi"
    return tuple(path for path in _notes(folder, project, stack.stack) if _is_torn(path))


def _notes(folder: Path, project: str, stack: str) -> Iterator[Path]:
    yield from folder.glob("*.attrs")
    yield from (folder / "stacks" / project).glob(f"{stack}.*.attrs")
    for kind in (f"locks/organization/{project}", f"history/{project}", f"backups/{project}"):
        yield from (folder / kind / stack).glob("*.attrs")


def _is_torn(path: Path) -> bool:
    try:
        return not isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except ValueError:
        return True
    except OSError:
        return False  # taken away meanwhile
