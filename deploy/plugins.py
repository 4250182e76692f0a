"""Which plugins the engine would use here: the language host for Python, and the providers of this project.

The engine looks in four places, in this order: `plugins:` of the project's `Pulumi.yaml`, PATH, the folder
of the engine itself, `$PULUMI_HOME/plugins`. From the first three any version is taken; from the last only
the version that the installed SDK asks for. What is nowhere is fetched by the engine when it is needed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

__all__ = ["PLUGINS", "Plugin", "find_plugins"]

PLUGINS = (
    ("language", "python", ""),
    ("resource", "aws", "pulumi-aws"),
    ("resource", "kubernetes", "pulumi-kubernetes"),
)
"""Kind, name and the Python package whose version the plugin must have."""
_LISTS = {"language": "languages", "resource": "providers"}


@dataclass(frozen=True, slots=True)
class Plugin:
    """`source` says where it is from, empty when it is nowhere; `version` is empty when nothing tells it."""

    name: str
    required: str
    source: str
    path: Path | None
    version: str
    other: tuple[str, ...] = ()
    """Versions in `$PULUMI_HOME` that will not do."""


def find_plugins(
    project: Path | None, engine: Path | None, variables: Mapping[str, str] | None = None
) -> tuple[Plugin, ...]:
    """Each of `PLUGINS`, as the engine at `engine` would find it for the project in the folder `project`."""
    given = os.environ if variables is None else variables
    named = _named(project)
    return tuple(_find(*each, project, named, engine, given) for each in PLUGINS)


def _find(
    kind: str,
    short: str,
    package: str,
    project: Path | None,
    named: Mapping[str, Any],
    engine: Path | None,
    variables: Mapping[str, str],
) -> Plugin:
    command = f"pulumi-{kind}-{short}"
    required = _installed(package)

    def found(source: str, path: Path, told: str = "") -> Plugin:
        return Plugin(command, required, source, path, told)

    for entry in _entries(named, _LISTS[kind]):
        if entry.get("name") == short and project is not None:
            return found(
                "Pulumi.yaml",
                (project / str(entry.get("path", ""))).resolve(),
                str(entry.get("version") or ""),
            )
    on_path = shutil.which(command, path=variables.get("PATH"))
    beside = engine.parent / command if engine is not None else None
    if beside is not None and beside.is_file() and (on_path is None or Path(on_path) == beside):
        return found("with the engine", beside)
    if on_path and not _is_set(variables, "PULUMI_IGNORE_AMBIENT_PLUGINS"):
        return found("PATH", Path(on_path))
    if beside is not None and beside.is_file():
        return found("with the engine", beside)
    kept = _kept(Path(variables.get("PULUMI_HOME") or Path.home() / ".pulumi"), f"{kind}-{short}")
    if required in kept or (kept and not required):
        chosen = required or max(kept, key=_order)
        return found("PULUMI_HOME", kept[chosen], chosen)
    return Plugin(command, required, "", None, "", tuple(sorted(kept, key=_order)))


def _named(project: Path | None) -> Mapping[str, Any]:
    """`plugins:` of the project; empty where there is none or it can't be read."""
    try:
        document = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8")) if project else None
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    plugins = document.get("plugins") if isinstance(document, dict) else None
    return plugins if isinstance(plugins, dict) else {}


def _entries(named: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    entries = named.get(key)
    return [it for it in entries if isinstance(it, dict)] if isinstance(entries, list) else []


def _kept(home: Path, prefix: str) -> dict[str, Path]:
    """Versions of one plugin in `$PULUMI_HOME/plugins`, without those whose download was cut off."""
    folder = home / "plugins"
    return {
        path.name.removeprefix(f"{prefix}-v"): path
        for path in folder.glob(f"{prefix}-v*")
        if path.is_dir() and not (folder / f"{path.name}.partial").exists()
    }


def _order(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _installed(package: str) -> str:
    try:
        return version(package) if package else ""
    except PackageNotFoundError:
        return ""


def _is_set(variables: Mapping[str, str], name: str) -> bool:
    return variables.get(name, "").lower() in ("1", "true")
