"""Options of the commands that run the engine with the policy packs, and what follows from them."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from problems import InputError, Problem

if TYPE_CHECKING:
    from policies import Config

__all__ = ["Packs", "packs_given", "policy_options"]

Function = TypeVar("Function", bound=Callable[..., Any])
MANIFEST = "PulumiPolicy.yaml"


@dataclass(frozen=True, slots=True)
class Packs:
    """Policy packs for the engine, each a folder, with a configuration file for each."""

    folders: tuple[Path, ...] = ()
    configs: tuple[Path, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(folder) for folder in self.folders)


def policy_options(function: Function) -> Function:
    """`--pack`, `--config` as `tradewind check` has them, and `--no-policy`."""
    options = (
        click.option(
            "--pack",
            "packs",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="A CrossGuard pack to run besides the project's own; may be repeated.",
        ),
        click.option(
            "--config", type=click.Path(path_type=Path), metavar="FILE", help="Levels and exemptions."
        ),
        click.option("--no-policy", is_flag=True, help="Without the project's own rules."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@contextlib.contextmanager
def packs_given(
    root: Path, settings: Config, packs: Sequence[Path], no_policy: bool, undone: str
) -> Iterator[Packs]:
    """The packs for a run, while the block runs: the project's own, as `settings` say, and `packs`.

    Raises `InputError` when one of `packs` is none.
    """
    problems = [
        Problem(
            str(pack), "", f"no {MANIFEST}", "a policy pack is a folder with one", "name the pack's folder"
        )
        for pack in packs
        if not (pack / MANIFEST).is_file()
    ]
    if problems:
        raise InputError(problems, undone)
    from policies.pack_config import pack_config

    with tempfile.TemporaryDirectory(prefix="tradewind-policy-") as folder:
        given = [] if no_policy else [(own_pack(root), pack_config(settings))]
        given += [(pack.resolve(), {}) for pack in packs]
        configs = []
        for number, (_, document) in enumerate(given):
            configs.append(Path(folder, f"{number}.json"))
            configs[-1].write_text(json.dumps(document), encoding="utf-8")
        yield Packs(tuple(pack for pack, _ in given), tuple(configs))


def own_pack(root: Path) -> Path:
    """The rules of the project in `root`; where it has none of its own, those that came with this command."""
    import policies

    own = root / "policies"
    return own if (own / MANIFEST).is_file() else Path(policies.__file__).parent
