"""`tradewind export --to terraform`: the folder that is written, and what is said about it."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import number
from problems import InputError, Problem

if TYPE_CHECKING:
    from plan.export.terraform.model import Export, Kind
    from plan.graph import Graph

__all__ = ["plan_text", "write_folder"]

_SHOWN = 8
_TITLES: dict[Kind, str] = {
    "left-out": "left out",
    "argument": "arguments left out",
    "unknown": "became variables: decided during deployment",
    "secret": "became sensitive variables: secrets",
    "asset": "to pack before applying",
    "read": "read, not managed",
    "option": "options without a counterpart",
    "name": "names chosen in the engine's place",
}


def plan_text(graph: Graph) -> str:
    """The plan document of `graph`; what is not in it is said on stderr."""
    from plan.export.terraform import export, plan_json

    made = export(graph)
    _say(made)
    return plan_json(made)


def write_folder(graph: Graph, folder: Path) -> None:
    """Write the configuration of `graph` to `folder`, and say what is not in it.

    Nothing is replaced before everything is written beside it. In a folder that an earlier export filled, its
    files give way to the new ones; what Terraform made there stays.
    Raises `InputError` when something else stands there.
    """
    from plan.export.terraform import export, files
    from plan.export.terraform.files import RECORD

    made = export(graph)
    texts = files(made)
    try:
        there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
        if there and RECORD not in there:
            raise InputError([_occupied(folder, there[0])], "nothing was written")
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            for name, text in texts.items():
                (fresh / name).write_text(text, encoding="utf-8")
            _take_over(fresh, folder, set(texts), there)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except (OSError, UnicodeEncodeError) as error:
        raise InputError([_unwritable(folder, error)], "nothing was written") from None
    _say(made)
    click.echo(
        f"wrote {folder}: {number(len(made.blocks), 'resource')}, {number(len(texts), 'file')}", err=True
    )


def _take_over(fresh: Path, folder: Path, names: set[str], there: list[str]) -> None:
    """Move the new files into `folder`; of what an earlier export wrote, nothing stays that is not new."""
    folder.mkdir(exist_ok=True)
    for name in sorted(names):
        (fresh / name).replace(folder / name)
    for name in there:
        if (name.endswith(".resources.tf.json") and name not in names) or name in _OPTIONAL - names:
            (folder / name).unlink()


_OPTIONAL = {"variables.tf.json", "outputs.tf.json", "imports.tf.json"}


def _say(made: Export) -> None:
    """Everything in which the export is not the program, on stderr; all of it stands in the record, too."""
    for kind, title in _TITLES.items():
        notes = made.of_kind(kind)
        if not notes:
            continue
        click.echo(f"{title}: {len(notes)}", err=True)
        if kind == "name":
            continue
        groups = Counter((note.text, note.path if kind == "argument" else "") for note in notes)
        for (text, path), count in groups.most_common(_SHOWN):
            example = next(note for note in notes if note.text == text)
            where = f"  {example.source}" if example.source else ""
            said = f"{path}: {text}" if path else text
            click.echo(f"  {said}{f' ({count})' if count > 1 else ''}{where}", err=True)
        if len(groups) > _SHOWN:
            click.echo(f"  + {len(groups) - _SHOWN} more", err=True)


def _occupied(folder: Path, name: str) -> Problem:
    but = "the folder holds something that no export wrote"
    return Problem(str(folder), "", name, but, "name a new folder, or an empty one")


def _unwritable(folder: Path, error: OSError | UnicodeEncodeError) -> Problem:
    got = getattr(error, "strerror", None) or str(error)
    return Problem(str(folder), "", got, "the folder cannot be written", "name a folder that may be written")
