"""Reading a Pulumi project folder: `Pulumi.yaml`, the stacks' configuration, the interpreter to use.

    program = find("path/to/project").program("dev")

What is encrypted is never decrypted: a fixed placeholder goes in as a secret.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plan.config_values import PLACEHOLDER, is_secure, namespaced, text
from plan.yaml_text import line_of, read_yaml
from problems import InputError, Problem

__all__ = ["PLACEHOLDER", "Program", "Project", "find"]

_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,100}")
_OTHER_RUNTIMES = (
    "plan it with Pulumi itself, `pulumi preview --json --show-sames > preview.json`, and pass that file"
)


@dataclass(frozen=True, slots=True)
class Program:
    """A Pulumi program with everything that a run of it needs.

    `main` is the file or folder that is run, `config` holds namespaced keys with the texts that the
    command line interface would pass, `environment` the variables the program may see besides the few
    that every process needs. `place` is where to change its configuration, for messages.
    """

    folder: Path
    stack: str
    project: str
    main: Path
    python: Path = Path(sys.executable)
    config: Mapping[str, str] = field(default_factory=dict)
    secret_keys: tuple[str, ...] = ()
    organization: str = "organization"
    environment: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a `Pulumi.yaml`. `stacks` are those that have a configuration file, sorted."""

    folder: Path
    name: str
    main: Path
    file: Path
    settings: Mapping[str, Any]
    config_folder: Path
    stacks: tuple[str, ...]

    def program(
        self,
        stack: str | None = None,
        *,
        python: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        organization: str = "organization",
    ) -> Program:
        """The program as the stack configures it.

        `stack` may be left out where there is one only; a stack without a configuration file is
        accepted. Raises `InputError` when the stack is not told, a file is malformed or no interpreter is
        found.
        """
        name = self._stack(stack)
        file = self._stack_file(name)
        config, secret, said = self._config(file)
        interpreter, remark = _python(self, python)
        return Program(
            folder=self.folder,
            stack=name,
            project=self.name,
            main=self.main,
            python=interpreter,
            config=config,
            secret_keys=secret,
            organization=organization,
            environment=dict(environment or {}),
            assumptions=(*said, *remark),
            place=_shown(file or self.config_folder / f"Pulumi.{name}.yaml"),
        )

    def _stack(self, stack: str | None) -> str:
        if stack is not None:
            parts = stack.split("/")
            if len(parts) > 3 or not all(_NAME.fullmatch(part) for part in parts):
                raise _wrong(
                    _shown(self.folder),
                    "stack",
                    repr(stack)[:120],
                    "it is no name of a stack",
                    "letters, digits, hyphens, underscores and periods",
                )
            if self.stacks and parts[-1] not in self.stacks:
                raise _wrong(
                    _shown(self.folder), "stack", parts[-1], "the project has no configuration file for this stack",
                    f"one of {', '.join(self.stacks)}; or add Pulumi.{parts[-1]}.yaml",
                )  # fmt: skip
            return parts[-1]
        if len(self.stacks) == 1:
            return self.stacks[0]
        if not self.stacks:
            return "dev"
        raise _wrong(
            _shown(self.folder), "", "no stack named", f"the project has {len(self.stacks)}: {', '.join(self.stacks)}",
            f"say which: --stack {self.stacks[0] if self.stacks else 'dev'}",
        )  # fmt: skip

    def _stack_file(self, stack: str) -> Path | None:
        names = (self.config_folder / f"Pulumi.{stack}{end}" for end in (".yaml", ".yml", ".json"))
        return next((path for path in names if os.path.lexists(path)), None)

    def _config(self, file: Path | None) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
        """Texts by namespaced key, which of them are secret, and what was assumed."""
        config, secret = self._defaults()
        if file is None:
            return config, tuple(sorted(secret)), ()
        document = _mapping(read_yaml(file, _shown(file)), file, "")
        for key, value in _mapping(document.get("config") or {}, file, "config").items():
            full = namespaced(str(key), self.name)
            config[full] = text(value)
            if wrong := self._mistyped(full, value):
                place = f"{_shown(file)}:{line_of(file, 'config', str(key))}"
                got = f"a value of the type {type(value).__name__}"  # not the value: it may be a secret
                raise _wrong(
                    place, full, got, wrong, f"correct it, or the declaration in {_shown(self.file)}"
                )
            secret = secret - {full} | ({full} if is_secure(value) else set())
        environments = document.get("environment") or ()
        if isinstance(environments, str):
            environments = [environments]
        names = environments if isinstance(environments, list) else []
        said = tuple(f"the values of the Pulumi ESC environment {name} were not read" for name in names)
        return config, tuple(sorted(secret)), said

    def _mistyped(self, key: str, value: Any) -> str:
        """Why `value` is not what the project declares for `key`; "" where it is, or where nothing is."""
        block = self.settings.get("config")
        declared = (
            {namespaced(str(name), self.name): entry for name, entry in block.items()}
            if isinstance(block, dict)
            else {}
        )
        entry = declared.get(key)
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or kind not in _TYPES or value is None or is_secure(value):
            return ""
        return "" if _TYPES[kind](value) else f"{_shown(self.file)} declares the type {kind}"

    def _defaults(self) -> tuple[dict[str, str], set[str]]:
        config: dict[str, str] = {}
        secret: set[str] = set()
        block = self.settings.get("config")
        if block is None or isinstance(block, str):
            return config, secret
        for key, entry in _mapping(block, self.file, "config").items():
            full = namespaced(str(key), self.name)
            declared = isinstance(entry, dict)
            value = entry.get("value", entry.get("default")) if declared else entry
            if value is not None:
                config[full] = text(value)
            if declared and (entry.get("secret") is True or is_secure(value)):
                secret.add(full)
        return config, secret


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: not isinstance(value, dict | list),
    "integer": lambda value: re.fullmatch(r"[-+]?\d+", str(value)) is not None,
    "boolean": lambda value: str(value).lower() in ("true", "false"),
}
"""Plain types that `Pulumi.yaml` may declare, with a test of a value."""


def find(path: str | Path) -> Project:
    """The project in the folder `path`, or of the file `path`.

    Raises `InputError` when it is not a Pulumi project in Python or its files cannot be read.
    """
    path = Path(path)
    named = os.path.lexists(path) and not _is_folder(path)
    folder = path.parent if named else path
    names = [path] if named else [folder / name for name in ("Pulumi.yaml", "Pulumi.yml")]
    # What is there and no file is told by whoever reads it.
    file = next((name for name in names if os.path.lexists(name)), None)
    if file is None:
        got = "no Pulumi.yaml" if _is_folder(folder) else "no such folder"
        raise _wrong(
            str(path),
            "",
            got,
            "a Pulumi project is a folder with a Pulumi.yaml",
            "name the folder that holds Pulumi.yaml",
        )
    folder = file.parent.absolute()
    settings = _mapping(read_yaml(file, _shown(file)), file, "")
    name = settings.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong(
            _shown(file),
            "name",
            repr(name)[:120],
            "a project needs a name of letters, digits, hyphens, underscores and periods",
            "add a line `name: my-project`",
        )
    _python_only(settings.get("runtime"), file)
    config_folder = settings.get("stackConfigDir") or (
        settings["config"] if isinstance(settings.get("config"), str) else ""
    )
    stacks_in = folder / str(config_folder)
    stacks = {
        name.removeprefix("Pulumi.").rpartition(".")[0]
        for name in _names_in(stacks_in)
        if name.startswith("Pulumi.") and name.endswith((".yaml", ".yml"))
    }
    return Project(
        folder,
        name,
        _main(settings.get("main"), folder, file),
        file,
        settings,
        stacks_in,
        tuple(sorted(stacks - {""})),
    )


def _names_in(folder: Path) -> list[str]:
    try:
        return [item.name for item in folder.iterdir()]
    except (OSError, ValueError):
        return []


def _mode(path: Path) -> int:
    """What `path` is; 0 also where the path is too long, or not allowed."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(_mode(path))


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_mode(path))


def _main(main: Any, folder: Path, file: Path) -> Path:
    path = folder / str(main or "")
    if not (_is_folder(path) or _is_file(path)):
        raise _wrong(
            _shown(file),
            "main",
            str(main)[:120],
            "there is no such file or folder in the project",
            "name the folder that holds __main__.py",
        )
    if _is_folder(path) and not _is_file(path / "__main__.py"):
        raise _wrong(
            _shown(path),
            "",
            "no __main__.py",
            "a Pulumi program in Python starts with it",
            "add __main__.py, or name the program's folder as `main:` in Pulumi.yaml",
        )
    return Path(os.path.normpath(path))


def _python_only(runtime: Any, file: Path) -> None:
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if not isinstance(name, str):
        raise _wrong(
            _shown(file), "runtime", repr(name), "a project names its runtime", "add a line `runtime: python`"
        )
    if name != "python":
        raise _wrong(
            _shown(file),
            "runtime",
            name,
            "an offline plan runs programs with `runtime: python` only",
            _OTHER_RUNTIMES,
        )


def _python(project: Project, explicit: str | Path | None) -> tuple[Path, tuple[str, ...]]:
    """The program's interpreter, and what was assumed in choosing it."""
    if explicit is not None:
        path = Path(explicit)
        found = path if _is_file(path) else _interpreter(path)
        if found is None:
            raise _wrong(
                str(explicit),
                "",
                "no interpreter",
                "the program needs a Python with the Pulumi SDK",
                "name a python executable or a virtual environment",
            )
        return found.absolute(), ()
    runtime = project.settings.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else {}
    options = options if isinstance(options, dict) else {}
    named = options.get("virtualenv")
    for folder in _virtual_environments(project.folder, named, options.get("toolchain")):
        if found := _interpreter(folder):
            return found, ()
    if importlib.util.find_spec("pulumi") is None:
        raise _wrong(
            _shown(project.folder), "", "no virtual environment", "the program needs a Python with the Pulumi SDK",
            f"make one: python -m venv {named or '.venv'} && {named or '.venv'}/bin/pip install -r requirements.txt",
        )  # fmt: skip
    said = (
        (f"the virtual environment {named} does not exist: the program ran on the packages of this command",)
        if named
        else ()
    )
    return Path(sys.executable), said


def _virtual_environments(folder: Path, named: Any, toolchain: Any) -> Iterator[Path]:
    if named:
        yield folder / str(named)
    yield folder / ".venv"
    yield folder / "venv"
    for parent in folder.parents:
        if toolchain == "uv" or (parent / "uv.lock").is_file():
            yield parent / ".venv"


def _interpreter(folder: Path) -> Path | None:
    # Not resolved: a virtual environment is known by the path of its interpreter.
    candidates = (folder / "bin" / "python", folder / "bin" / "python3", folder / "Scripts" / "python.exe")
    return next((path for path in candidates if _is_file(path)), None)


def _mapping(value: Any, file: Path, path: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(
            _shown(file),
            path,
            type(value).__name__,
            "keys with values are expected here",
            "write `key: value` lines",
        )
    return value


def _shown(path: Path) -> str:
    """`path` as a person would write it from where they stand."""
    try:
        return str(path.absolute().relative_to(Path.cwd())) or "."
    except (ValueError, OSError):
        return str(path)


def _wrong(place: str, path: str, got: str, but: str, fix: str) -> InputError:
    return InputError([Problem(place, path, got, but, fix)])
