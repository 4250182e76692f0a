"""One comment, updated in place, on a server that behaves as GitHub and GitLab do; and everything that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.comments import Platform, publish, require_head
from cli.comments.github import GitHub
from cli.comments.gitlab import GitLab
from cli.comments.http import Api
from cli.pages.diff_markdown import marker
from problems import InputError, Missing
from tests.cli import wrong
from tests.cli.differences import document, environment, hostile, row
from tests.cli.forge import TOKEN, Forge, forge

here, tradewind = wrong.here, wrong.tradewind

MARK = marker()
BODY = f"new\n\n{MARK}\n"
VARIABLES = ("GITHUB_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GITHUB_API_URL", "CI_API_V4_URL", "GITHUB_REPOSITORY", "GITLAB_CI", "CI_PROJECT_PATH", "CI_MERGE_REQUEST_IID")  # fmt: skip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with forge() as running:
        yield running


def platform(kind: str, server: Forge, **rest: Any) -> Platform:
    waits: list[float] = rest.pop("waits", [])
    if kind == "github":
        seen = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url}
        return GitHub("o/r", 7, {**seen, **rest}, sleep=waits.append)
    return GitLab(
        "g/s/r", 7, {"GITLAB_TOKEN": TOKEN, "CI_API_V4_URL": server.url, **rest}, sleep=waits.append
    )


both = pytest.mark.parametrize("kind", ["github", "gitlab"])


@both
def test_created_once_then_updated_in_place(kind: str, server: Forge) -> None:
    server.add("somebody says something", 5)
    assert publish(platform(kind, server), BODY, MARK).done == "created"
    assert publish(platform(kind, server), BODY.replace("new", "newer"), MARK).done == "updated"
    assert publish(platform(kind, server), BODY.replace("new", "newer"), MARK).done == "unchanged"
    assert [it["body"] for it in server.comments] == ["somebody says something", BODY.replace("new", "newer")]


@both
def test_it_is_found_behind_many_others(kind: str, server: Forge) -> None:
    for index in range(250):
        server.add(f"{index}", 5)
    ours = server.add(f"old {MARK}")
    server.add("last", 5)
    assert publish(platform(kind, server), BODY, MARK).done == "updated"
    assert ours["body"] == BODY
    assert len(server.comments) == 252


@both
def test_a_strangers_comment_with_our_marker_is_left_alone(kind: str, server: Forge) -> None:
    theirs = server.add(f"look at me {MARK}", 5)
    assert publish(platform(kind, server), BODY, MARK).done == "created"
    assert theirs["body"].startswith("look at me")


def test_an_apps_token_is_not_told_who_it_is_and_takes_a_bots_comment(server: Forge) -> None:
    server.me = None
    server.add(f"of a person {MARK}", 5)
    ours = server.add(f"old {MARK}", 9, bot=True)
    assert publish(platform("github", server), BODY, MARK).done == "updated"
    assert ours["body"] == BODY


def test_a_jobs_token_asks_for_its_job(server: Forge) -> None:
    ours = server.add(f"old {MARK}")
    job = GitLab("g/s/r", 7, {"CI_JOB_TOKEN": TOKEN, "CI_API_V4_URL": server.url})
    assert publish(job, BODY, MARK).done == "updated"
    assert ours["body"] == BODY
    assert ("GET", "/job") in server.seen


@both
def test_another_tag_is_another_comment(kind: str, server: Forge) -> None:
    other = server.add(f"old {marker('other')}")
    assert publish(platform(kind, server), BODY, MARK).done == "created"
    assert other["body"].startswith("old")


@both
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_in_trouble_is_asked_again(kind: str, server: Forge, status: int) -> None:
    waits: list[float] = []
    server.failures = [(status, {"Retry-After": "7"}, {}), (status, {}, {"message": "slow down"})]
    assert publish(platform(kind, server, waits=waits), BODY, MARK).done == "created"
    assert waits == [7.0, 2.0]


@both
def test_asking_again_has_an_end(kind: str, server: Forge) -> None:
    waits: list[float] = []
    server.failures = [(503, {"Retry-After": "99999"}, {"message": "x"})] * 1000
    with pytest.raises(Missing, match="answered 503"):
        publish(platform(kind, server, waits=waits), BODY, MARK, sleep=waits.append)
    assert len(server.seen) <= 15
    assert max(waits) <= 60


@both
def test_a_write_whose_answer_was_lost_is_not_done_twice(kind: str, server: Forge) -> None:
    server.lose_answers_to_posts = 1
    found = publish(platform(kind, server), BODY, MARK, sleep=lambda _: None)
    assert found.done == "unchanged"
    assert len(server.comments) == 1


@both
def test_nobody_there(kind: str, server: Forge) -> None:
    seen = {"GITHUB_API_URL": "http://127.0.0.1:1", "CI_API_V4_URL": "http://127.0.0.1:1"}
    with pytest.raises(Missing, match="does not answer") as raised:
        publish(platform(kind, server, **seen), BODY, MARK, sleep=lambda _: None)
    assert TOKEN not in str(raised.value)


@both
@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        ((401, {}, {"message": f"Bad credentials: {TOKEN}"}), Missing, "does not accept the token in"),
        ((403, {}, {"message": "Resource not accessible"}), Missing, "needs the right to write comments"),
        ((404, {}, {"message": "Not Found"}), InputError, "there is no such"),
        ((422, {}, {"message": "Validation Failed"}), InputError, "answer 422"),
        ((301, {"Location": "http://elsewhere.invalid/"}, {}), Missing, "sends elsewhere"),
        ((200, {}, b"<html>a login page"), Missing, "answered no JSON"),
        ((200, {}, {"items": []}), Missing, "something else than a list"),
        ((403, {"X-RateLimit-Remaining": "0"}, {"message": "rate limit"}), None, ""),
    ],
)
def test_each_refusal_has_its_message(
    kind: str,
    server: Forge,
    failure: tuple[int, dict[str, str], Any],
    error: type[Exception] | None,
    words: str,
) -> None:
    where = platform(kind, server)
    if failure[0] in (401, 403, 404) or failure[2] == {"items": []}:
        server.failures = [(200, {}, {"id": 1, "login": "user1"})]  # who we are; what follows is refused
    server.failures.append(failure)
    if error is None:
        assert publish(where, BODY, MARK).done == "created"
        return
    with pytest.raises(error, match=words) as raised:
        publish(where, BODY, MARK)
    assert TOKEN not in str(raised.value)
    assert "elsewhere.invalid" not in str(server.seen)


@both
@pytest.mark.parametrize("answer", [[1], [{"id": "x"}], [{"body": 5}], ["x"]])
def test_an_answer_of_another_form(kind: str, server: Forge, answer: Any) -> None:
    server.failures = [(200, {}, {"id": 1, "login": "user1"}), (200, {}, answer)]
    with pytest.raises(Missing, match="another form"):
        publish(platform(kind, server), BODY, MARK)
    server.failures = [(200, {}, answer)]
    with pytest.raises(Missing, match="another form"):
        require_head(platform(kind, server), "a" * 40)
    server.failures = [(500, {}, {})] * 9
    with pytest.raises(Missing, match="answered 500"):
        require_head(platform(kind, server), "a" * 40)


@pytest.mark.parametrize(
    "address",
    ["http://api.example.com", "ftp://x", "https://", "https://u:p@example.com", "file:///etc/passwd", "x"],
)
def test_a_token_goes_over_https_only(address: str) -> None:
    with pytest.raises(InputError, match="https address only"):
        Api(address, {}, "X", "t")


def test_the_token_is_in_no_representation() -> None:
    api = Api("https://example.com", {"Authorization": f"Bearer {TOKEN}"}, "GITHUB_TOKEN", TOKEN)
    assert TOKEN not in repr(api)


@both
def test_the_head_is_looked_at(kind: str, server: Forge) -> None:
    require_head(platform(kind, server), "A" * 40)
    for expected in ("b" * 40, ""):
        with pytest.raises(InputError, match="stands at another commit"):
            require_head(platform(kind, server), expected)


# The command.


@pytest.fixture
def file(here: Path) -> Path:
    path = here / "diff.json"
    found = document(environment("prod", row("web", 5, 9)), gates=("prod: --budget: too much",))
    path.write_text(json.dumps(found.to_dict()))
    return path


def test_a_dry_run_needs_nothing(tradewind: wrong.Tradewind, file: Path, server: Forge) -> None:
    said = tradewind("comment", "--from", str(file), "--dry-run")
    assert said.code == 0
    assert said.out.startswith("**prod: +$4.00 a month")
    assert said.out.rstrip().endswith(MARK)
    assert server.seen == []


@both
def test_the_command_writes_and_says_where(
    kind: str, tradewind: wrong.Tradewind, file: Path, server: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", server.url)
    monkeypatch.setenv("CI_API_V4_URL", server.url)
    repo = "o/r" if kind == "github" else "g/s/r"
    arguments = (
        "comment",
        "--from",
        str(file),
        "--platform",
        kind,
        "--repo",
        repo,
        "--pr",
        "7",
        "--expect-head",
    )
    said = tradewind(*arguments, "a" * 40)
    assert (said.code, said.out.split()[0]) == (0, "created")
    assert TOKEN not in said.out + said.err
    assert "prod" in server.comments[0]["body"]
    refused = tradewind(*arguments, "b" * 40)
    assert refused.code == 1
    assert len(server.comments) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--pr", "7", "--repo", "o/r"), 4, "GITHUB_TOKEN is not set"),
        (("--pr", "7", "--repo", "g/r", "--platform", "gitlab"), 4, "GITLAB_TOKEN is not set"),
        (("--pr", "7"), 2, "--repo OWNER/NAME"),
        (("--pr", "0", "--repo", "o/r"), 2, "--pr"),
        (("--pr", "7", "--repo", "o/r/../x"), 1, "no repository"),
        (("--pr", "7", "--repo", "x y", "--platform", "gitlab"), 1, "no project"),
        (("main", "prod", "--dry-run"), 2, "in place of BASE and HEAD"),
        (("--budget", "5", "--dry-run"), 2, "Gates are held"),
    ],
)
def test_wrong_ways_to_call_it(
    tradewind: wrong.Tradewind, file: Path, server: Forge, arguments: tuple[str, ...], code: int, words: str
) -> None:
    said = tradewind("comment", "--from", str(file), *arguments)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert server.seen == []


def _without(key: str) -> dict[str, Any]:
    found = document(environment("prod", row("web", 5, 9))).to_dict()
    del found[key]
    return found


def _with(value: Any, *path: Any) -> dict[str, Any]:
    found: Any = document(environment("prod", row("web", 5, 9))).to_dict()
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return found


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '"x"', "[" * 100_000, '{"schema": "tradewind.plan/1"}', "\udcff",
        json.dumps(_without("environments")),
        json.dumps(_with("x", "extra")),
        json.dumps(_with("1e9", "environments", 0, "cost", "expected_after")),
        json.dumps(_with("NaN", "environments", 0, "cost", "expected_after")),
        json.dumps(_with("9" * 5000 + ".00", "environments", 0, "cost", "expected_after")),
        json.dumps(_with(12.5, "environments", 0, "cost", "expected_after")),
        json.dumps(_with("maybe\n::error::x", "environments", 0, "rows", 0, "operation")),
        json.dumps(_with({"a": 1}, "environments", 0, "rows", 0, "name")),
        json.dumps(_with(10**400, "unverified")),
        json.dumps(_with({"explode": 1}, "environments", 0, "counts")),
    ],
)  # fmt: skip
def test_a_document_that_is_none_is_refused(
    tradewind: wrong.Tradewind, here: Path, server: Forge, text: str
) -> None:
    (here / "diff.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    said = tradewind("comment", "--from", "diff.json", "--dry-run")
    wrong.assert_refused(said)
    assert not any(line.startswith("::") for line in said.err.splitlines())


def test_a_hostile_document_is_shown_and_does_nothing(
    tradewind: wrong.Tradewind, here: Path, server: Forge
) -> None:
    (here / "diff.json").write_text(json.dumps(hostile().to_dict()))
    said = tradewind("comment", "--from", "diff.json", "--dry-run")
    assert said.code == 0
    assert said.out.rstrip().endswith(MARK)
    assert "\u202e" not in said.out
