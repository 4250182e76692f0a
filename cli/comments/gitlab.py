"""Notes of a merge request on GitLab, anybody's (`CI_API_V4_URL`)."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from cli.comments import Comment
from cli.comments.http import Api, Forbidden, Gone
from cli.pages.diff_markdown import GITLAB
from problems import InputError, Missing, Problem

__all__ = ["GitLab"]

_REPO = re.compile(r"[0-9]+|[A-Za-z0-9_.][A-Za-z0-9_. -]*(/[A-Za-z0-9_.][A-Za-z0-9_. -]*)+")


class GitLab:
    """The merge request `number` of `repo` ("group/name" or the project's number).

    The token comes from GITLAB_TOKEN (scope `api`), else from CI_JOB_TOKEN, which most servers let read only.
    """

    limit = GITLAB

    def __init__(self, repo: str, number: int, environment: Mapping[str, str], **rest: Any) -> None:
        if not _REPO.fullmatch(repo):
            problem = Problem(
                "--repo", "", repo[:100], "it is no project of GitLab", "group/name, or its number"
            )
            raise InputError([problem], "nothing was sent")
        self._is_job = not environment.get("GITLAB_TOKEN")
        variable = "CI_JOB_TOKEN" if self._is_job else "GITLAB_TOKEN"
        token = environment.get(variable, "")
        if not token:
            raise Missing(
                "GITLAB_TOKEN is not set: make a project access token with the scope api and keep it as a masked "
                "variable of the pipeline; or look at the comment with --dry-run"
            )
        base = environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4"
        headers = {"JOB-TOKEN" if self._is_job else "PRIVATE-TOKEN": token}
        self._api = Api(base, headers, variable, token, **rest)
        self._repo, self._number = repo, number
        self._place = f"/projects/{urllib.parse.quote(repo, safe='')}/merge_requests/{number}"

    def comments(self) -> Iterator[Comment]:
        me = self._me()
        try:
            for item in self._api.pages(f"{self._place}/notes?sort=asc"):
                author = (item.get("author") or {}).get("id")
                mine = me is not None and author == me and not item.get("system")
                yield Comment(int(item["id"]), str(item.get("body") or ""), mine)
        except Gone:
            raise self._nowhere() from None

    def _me(self) -> int | None:
        """The number of whom the token belongs to; a job's token is asked for its job."""
        try:
            found = self._api.get("/job" if self._is_job else "/user")
            return int((found["user"] if self._is_job else found)["id"])
        except (Gone, Forbidden, KeyError, TypeError, ValueError):
            return None

    def create(self, body: str) -> str:
        try:
            made = self._api.post(f"{self._place}/notes", {"body": body})
        except Gone:
            raise self._nowhere() from None
        return f"note {made.get('id', '')}"

    def update(self, id: int, body: str) -> str:
        self._api.put(f"{self._place}/notes/{id}", {"body": body})
        return f"note {id}"

    def head(self) -> str:
        try:
            return str(self._api.get(self._place)["sha"])
        except Gone:
            raise self._nowhere() from None

    def _nowhere(self) -> InputError:
        but = "there is no such merge request, or the token may not see the project"
        got = f"{self._repo}!{self._number}"
        return InputError([Problem("--repo, --pr", "", got, but, "check both")], "nothing was written")
