"""Targets at a commit: what is read is what was committed, and a hostile repository cannot do anything."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.git_target import GitTarget, commit_of, parse, tree
from problems import InputError

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.fixture
def git(repository: Path) -> Git:
    def command(*arguments: str, stdin: bytes | None = None) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=repository, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    command("init", "--quiet", "-b", "main")
    return command


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("prod", None),
        ("git:main", GitTarget("main", "")),
        ("git:HEAD^1:prod", GitTarget("HEAD^1", "prod")),
        ("git:v1:infra/a:b", GitTarget("v1", "infra/a:b")),
    ],
)
def test_how_a_target_is_written(text: str, found: GitTarget | None) -> None:
    assert parse(text) == found


@pytest.mark.parametrize("text", ["git:", "git::prod", "git:--upload-pack=touch x", "git:a..b", "git:a\nb"])
def test_what_is_no_commit_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no commit is named"):
        parse(text)


def test_the_files_of_a_commit_and_nothing_else(repository: Path, git: Git, tmp_path: Path) -> None:
    content = {
        "a.txt": b"one\r\n",
        "deep/b.bin": bytes(range(256)),
        "deep/empty": b"",
        "name with\tblank": b"x",
    }
    for name, data in content.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_bytes(data)
    (repository / "deep" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (repository / "deep" / "run.sh").chmod(0o755)
    git("add", "-A")
    git("commit", "--quiet", "-m", "x")
    (repository / "a.txt").write_bytes(b"changed")
    (repository / "untracked").write_bytes(b"x")
    with tree(repository / "deep", "main") as place:
        found = files(place)
        assert found == {**content, "deep/run.sh": b"#!/bin/sh\n"}
        assert os.access(place / "deep" / "run.sh", os.X_OK)
        assert not os.access(place / "a.txt", os.X_OK)
    assert not place.exists()
    assert git("status", "--porcelain") == "M a.txt\n?? untracked"


def test_attributes_filters_and_hooks_of_the_repository_do_nothing(
    repository: Path, git: Git, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    (repository / ".gitattributes").write_text("* filter=evil\nhidden export-ignore\nid export-subst\n")
    (repository / "hidden").write_text("still here")
    (repository / "id").write_text("$Format:%H$")
    git("add", "-A")
    git("commit", "--quiet", "-m", "x")
    script = f"touch {touched}"
    for key in (
        "filter.evil.smudge",
        "filter.evil.process",
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
    ):
        git("config", key, script)
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    with tree(repository, "main") as place:
        assert files(place)["hidden"] == b"still here"
        assert files(place)["id"] == b"$Format:%H$"
    assert not touched.exists()


def test_links_stay_inside(repository: Path, git: Git, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (repository / "x" / "y").mkdir(parents=True)
    (repository / "x" / "real").write_text("real")
    links = {
        "inside": "x/real", "absolute": str(tmp_path / "secret"), "up": "../secret", "etc": "/etc/passwd",
        "x/y/top": "../../..", "through": "x/y/top/secret", "dangling": "nowhere",
    }  # fmt: skip
    for name, target in links.items():
        (repository / name).symlink_to(target)
    git("add", "-A")
    git("commit", "--quiet", "-m", "x")
    with tree(repository, "main") as place:
        assert (place / "inside").read_text() == "real"
        for path in place.rglob("*"):
            assert str(path.resolve()).startswith(str(place.resolve()))
        assert not any(os.path.lexists(place / name) for name in ("absolute", "up", "etc", "x/y/top"))


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT"])
def test_names_that_lead_out_are_refused(repository: Path, git: Git, name: bytes) -> None:
    blob = git("hash-object", "-w", "--stdin", stdin=b"x")
    inner = b"100644 f\0" + bytes.fromhex(blob)
    subtree = git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=inner)
    outer = b"40000 " + name + b"\0" + bytes.fromhex(subtree)
    top = git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=outer)
    git("update-ref", "refs/heads/evil", git("commit-tree", top, "-m", "x"))
    with pytest.raises(InputError, match="leads out of its folder"), tree(repository, "evil"):
        pass


def test_a_commit_that_is_not_there(repository: Path, git: Git) -> None:
    git("commit", "--quiet", "--allow-empty", "-m", "x")
    assert commit_of(repository, "main") == git("rev-parse", "HEAD")
    with pytest.raises(InputError, match="no such commit"), tree(repository, "nowhere"):
        pass


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"), tree(tmp_path, "main"):
        pass


def test_the_repository_is_that_of_the_folder_whatever_the_environment_says(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "ours").write_text("x")
    git("add", "-A")
    git("commit", "--quiet", "-m", "x")
    other = tmp_path / "other"
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    with tree(repository, "main") as place:
        assert set(files(place)) == {"ours"}


def test_content_that_a_partial_clone_lacks_is_not_fetched(
    repository: Path, git: Git, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    (repository / "f").write_text("x")
    git("add", "-A")
    git("commit", "--quiet", "-m", "x")
    whole = tmp_path / "whole"
    git("clone", "--quiet", "--bare", str(repository), str(whole))
    blob = git("rev-parse", "HEAD:f")
    settings = {
        "core.repositoryformatversion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true",
        "remote.origin.url": str(whole), "remote.origin.uploadpack": f"touch {touched}; git-upload-pack",
        "protocol.allow": "always",
    }  # fmt: skip
    for key, value in settings.items():
        git("config", key, value)
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(InputError), tree(repository, "main"):
        pass
    assert not touched.exists()
    # What would happen without the guard: git fetches, by the command that the repository names.
    subprocess.run(["git", "cat-file", "-p", blob], cwd=repository, capture_output=True, check=False)
    assert touched.exists()
