"""Comments of a pull request on GitHub, or on a GitHub Enterprise Server (`GITHUB_API_URL`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cli.comments import Comment
from cli.comments.http import Api, Forbidden, Gone
from cli.pages.diff_markdown import GITHUB
from problems import InputError, Missing, Problem

__all__ = ["GitHub"]

_REPO = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


class GitHub:
    """The pull request `number` of `repo` ("owner/name"); the token comes from GITHUB_TOKEN."""

    limit = GITHUB

    def __init__(self, repo: str, number: int, environment: Mapping[str, str], **rest: Any) -> None:
        if not _REPO.fullmatch(repo) or repo.endswith(("/.", "/..")):
            problem = Problem("--repo", "", repo[:100], "it is no repository of GitHub", "owner/name")
            raise InputError([problem], "nothing was sent")
        token = environment.get("GITHUB_TOKEN", "")
        if not token:
            raise Missing(
                "GITHUB_TOKEN is not set: give the step `env: GITHUB_TOKEN: ${{ github.token }}` and its job "
                "`permissions: pull-requests: write`; or look at the comment with --dry-run"
            )
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        base = environment.get("GITHUB_API_URL") or "https://api.github.com"
        self._api = Api(base, headers, "GITHUB_TOKEN", token, **rest)
        self._repo, self._number = repo, number

    def comments(self) -> Iterator[Comment]:
        me = self._me()
        try:
            for item in self._api.pages(f"/repos/{self._repo}/issues/{self._number}/comments"):
                user = item.get("user") or {}
                # An app's own token is not told who it is; what it wrote is written by a bot.
                mine = user.get("login") == me if me else user.get("type") == "Bot"
                yield Comment(int(item["id"]), str(item.get("body") or ""), mine)
        except Gone:
            raise self._nowhere() from None

    def _me(self) -> str:
        try:
            return str(self._api.get("/user").get("login", ""))
        except (Forbidden, Gone):
            return ""

    def create(self, body: str) -> str:
        try:
            made = self._api.post(f"/repos/{self._repo}/issues/{self._number}/comments", {"body": body})
        except Gone:
            raise self._nowhere() from None
        return str(made.get("html_url", ""))

    def update(self, id: int, body: str) -> str:
        path = f"/repos/{self._repo}/issues/comments/{id}"
        return str(self._api.put(path, {"body": body}, method="PATCH").get("html_url", ""))

    def head(self) -> str:
        try:
            return str(self._api.get(f"/repos/{self._repo}/pulls/{self._number}")["head"]["sha"])
        except Gone:
            raise self._nowhere() from None

    def _nowhere(self) -> InputError:
        but = "there is no such pull request, or the token may not see the repository"
        got = f"{self._repo}#{self._number}"
        return InputError([Problem("--repo, --pr", "", got, but, "check both")], "nothing was written")
