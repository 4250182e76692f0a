"""Project folders that are wrong: refused before anything runs, with the place and the way out."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from plan import offline
from plan.project import find
from problems import InputError, Missing


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A folder that cannot be read to its end is a failure after 8 s, not a test that hangs."""

    def hangs(*_: object) -> None:
        pytest.fail("it does not come to an end", pytrace=False)

    previous = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def folder_of(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "__main__.py").write_text("import pulumi\n")
    for name, text in files.items():
        (folder / name.replace("__yaml", ".yaml").replace("Pulumi_", "Pulumi.")).write_text(
            textwrap.dedent(text)
        )
    return folder


@dataclass(frozen=True)
class WrongProject:
    """`Pulumi.yaml` and `Pulumi.dev.yaml` as bytes (None: not there), the stack asked for, and what is said."""

    name: str
    project: bytes | None = b"name: wrong\nruntime: python\n"
    stack_file: bytes | None = b"config: {}\n"
    stack: str | None = "dev"
    says: tuple[str, ...] = ()
    place: str = ""
    more: tuple[str, ...] = ()


BOMB = "config:\n  wrong:a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  wrong:{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, here in pairwise("abcdefghijklm")
)
"""Nine to the power of thirteen values, in a few lines of aliases."""

PROJECTS = [
    WrongProject("no Pulumi.yaml", project=None, says=("Pulumi.yaml",)),
    WrongProject("empty", project=b"", says=("Pulumi.yaml",), place="Pulumi.yaml"),
    WrongProject("only a comment", project=b"# nothing yet\n", place="Pulumi.yaml"),
    WrongProject("a list", project=b"- name: wrong\n", place="Pulumi.yaml"),
    WrongProject("no name", project=b"runtime: python\n", says=("name",), place="Pulumi.yaml"),
    WrongProject(
        "name is a list", project=b"name: [a]\nruntime: python\n", says=("name",), place="Pulumi.yaml"
    ),
    WrongProject(
        "name is a path", project=b"name: ../../etc\nruntime: python\n", says=("name",), place="Pulumi.yaml"
    ),
    WrongProject("no runtime", project=b"name: wrong\n", says=("runtime",), place="Pulumi.yaml"),
    WrongProject(
        "another language",
        project=b"name: wrong\nruntime: nodejs\n",
        says=("nodejs", "preview"),
        place="Pulumi.yaml",
    ),
    WrongProject(
        "another language, long form",
        project=b"name: wrong\nruntime: {name: go}\n",
        says=("go",),
        place="Pulumi.yaml",
    ),
    WrongProject(
        "malformed", project=b"name: wrong\nruntime: {name: python\nmain: x\n", place="Pulumi.yaml:"
    ),
    WrongProject(
        "a tab", project=b"name: wrong\nruntime:\n\tname: python\n", says=(r"'\t'",), place="Pulumi.yaml:3"
    ),
    WrongProject(
        "a key twice",
        project=b"name: wrong\nname: other\nruntime: python\n",
        says=("name",),
        place="Pulumi.yaml:2",
    ),
    WrongProject("NUL bytes", project=b"name: wro\0ng\nruntime: python\n", place="Pulumi.yaml"),
    WrongProject(
        "not UTF-8",
        project=b"name: wrong\ndescription: caf\xe9\nruntime: python\n",
        says=("UTF-8",),
        place="Pulumi.yaml",
    ),
    WrongProject(
        "nested too deeply", project=b"name: wrong\nruntime: python\nx: " + b"[" * 20_000, place="Pulumi.yaml"
    ),
    WrongProject(
        "a Python object", project=b"!!python/object/apply:os.system ['touch planted']\n", place="Pulumi.yaml"
    ),
    WrongProject(
        "main is not there",
        project=b"name: wrong\nruntime: python\nmain: src/\n",
        says=("src",),
        place="Pulumi.yaml",
    ),
    WrongProject(
        "configuration of a wrong type",
        project=b"name: wrong\nruntime: python\nconfig: [a]\n",
        says=("config",),
        place="Pulumi.yaml",
    ),
    WrongProject("unknown stack", stack="prod", says=("prod", "dev")),
    WrongProject("several stacks, none chosen", stack=None, says=("dev", "prod"), more=("Pulumi.prod.yaml",)),
    WrongProject("a stack that is a path", stack="../../../etc/passwd", says=("stack",)),
    WrongProject("a stack that is empty", stack="", says=("stack",)),
    WrongProject("a stack with NUL", stack="de\0v", says=("stack",)),
    WrongProject("a stack of 300 letters", stack="s" * 300, says=("stack",)),
    WrongProject("stack file malformed", stack_file=b"config:\n  a: 'x\n", place="Pulumi.dev.yaml"),
    WrongProject("aliases that multiply", stack_file=BOMB.encode(), place="Pulumi.dev.yaml"),
    WrongProject("stack file is a list", stack_file=b"- a\n", place="Pulumi.dev.yaml"),
    WrongProject(
        "stack file's config is text",
        stack_file=b"config: words\n",
        says=("config",),
        place="Pulumi.dev.yaml",
    ),
    WrongProject(
        "stack file with a tab", stack_file=b"config:\n\ta: b\n", says=(r"'\t'",), place="Pulumi.dev.yaml:2"
    ),
    WrongProject("stack file not UTF-8", stack_file=b"config:\n  a: \xff\xfe\n", place="Pulumi.dev.yaml"),
    WrongProject(
        "stack file with a key twice",
        stack_file=b"config:\n  wrong:a: b\n  wrong:a: c\n",
        says=("wrong:a",),
        place="Pulumi.dev.yaml:3",
    ),
    WrongProject(
        "configuration that the project declares otherwise",
        project=b"name: wrong\nruntime: python\nconfig:\n  size: {type: integer}\n",
        stack_file=b"config:\n  wrong:size: large\n",
        says=("size", "integer"),
        place="Pulumi.dev.yaml:2",
    ),
    WrongProject(
        "no __main__.py",
        project=b"name: wrong\nruntime: python\nmain: empty\n",
        more=("empty/",),
        says=("__main__.py",),
    ),
]


@pytest.mark.parametrize("wrong", PROJECTS, ids=lambda wrong: wrong.name)
def test_a_wrong_project_is_refused_before_anything_runs(wrong: WrongProject, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "__main__.py").write_text("open('ran', 'w').close()\n")
    for name, content in (("Pulumi.yaml", wrong.project), ("Pulumi.dev.yaml", wrong.stack_file)):
        if content is not None:
            (folder / name).write_bytes(content)
    for name in wrong.more:
        (folder / name).mkdir() if name.endswith("/") else (folder / name).write_text("config: {}\n")
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        offline.run(find(folder).program(wrong.stack), timeout=50.0)
    text = str(caught.value)
    for word in (*wrong.says, wrong.place):
        assert word in text
    assert "Traceback" not in text
    assert "\0" not in text
    assert len(text) < 4000
    assert all(problem.place and problem.but and problem.fix for problem in caught.value.problems)
    assert time.monotonic() - started < 60  # it ends; how fast is not the point
    assert not (folder / "ran").exists()
    assert not (folder / "planted").exists()


def test_a_virtual_environment_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The program's own interpreter was asked for: that another one is taken is refused, or at least said."""
    folder = folder_of(
        tmp_path,
        Pulumi__yaml="name: wrong\nruntime:\n  name: python\n  options: {virtualenv: venv}\n",
        Pulumi_dev__yaml="config: {}\n",
    )
    try:
        said = " ".join(offline.run(find(folder).program("dev"), timeout=50.0).assumptions)
    except (InputError, Missing) as error:
        said = str(error)
    assert "virtual environment venv" in said


def test_a_project_file_that_is_something_else_is_refused_at_once(tmp_path: Path) -> None:
    """A named pipe has no end, a folder no text, a circle of links neither."""
    makes: dict[str, Callable[[Path], None]] = {
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
        "circle": lambda path: path.symlink_to("Pulumi.yaml"),
    }
    for name, make in makes.items():
        folder = tmp_path / name
        folder.mkdir()
        make(folder / "Pulumi.yaml")
        started = time.monotonic()
        with pytest.raises(InputError, match=r"Pulumi\.yaml"):
            find(folder)
        assert time.monotonic() - started < 2


def test_a_project_file_of_200_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, Pulumi_dev__yaml="config: {}\n")
    with (folder / "Pulumi.yaml").open("wb") as file:
        file.truncate(200_000_000)
    started = time.monotonic()
    with pytest.raises(InputError, match=r"Pulumi\.yaml"):
        find(folder).program("dev")
    assert time.monotonic() - started < 4


def test_a_project_behind_links_is_planned_as_any_other(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path, Pulumi__yaml="name: linked\nruntime: python\n", Pulumi_dev__yaml="config: {}\n"
    )
    (tmp_path / "link").symlink_to(folder)
    assert len(offline.run(find(tmp_path / "link").program("dev"), timeout=50.0)) >= 1
